/* SPDX-License-Identifier: Apache-2.0 */
/* A server's settings in a folder of the test, plain HTTP at a port of its own on loopback, and a connection to it. */
#ifndef TEST_UNIT_SERVED_H
#define TEST_UNIT_SERVED_H

#include "test/unit/test.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/file.h"
#include "server/http/http.h"
#include "test/folder.h"

static char folder[] = "/tmp/quorum11-served.XXXXXX", state_dir[64];
static struct conf *conf;
static struct srv *srv;
static struct srv_http *http;

static inline int setup(void **state)
{
	char path[64], text[200];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/conf", folder);
	(void)snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
	(void)snprintf(text, sizeof(text), "[server]\nhttp = yes\nlisten = 127.0.0.1:0\nstate = %s\n", state_dir);
	assert_int_equal(file_write(path, 0600, rd_str(text)), ERR_OK);
	assert_int_equal(conf_load_file(path, &conf), ERR_OK);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	conf_free(&conf);
	return folder_remove(folder);
}

static inline int dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *port = strrchr(srv_http_url(http), ':');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_non_null(port);
	a.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "test/agent_rig.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/manifest.h"
#include "agent/socket.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "sc-hsm/key.h"

static struct agent_rules rules;
static struct pka_manifest *manifest;
static struct conf *conf;
static struct agent_socket agent_socket;
static struct agent_run agent;
static pthread_t thread;
static char receipts[128], socket_path[128];

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

static void *serve(void *ctx)
{
	assert_int_equal(agent_serve(ctx), ERR_OK);
	return NULL;
}

void agent_rig_start(const char *more)
{
	char text[2048], why[200];
	int ready[2];
	char line[16];

	(void)snprintf(socket_path, sizeof(socket_path), "%s/agent", rig_folder);
	(void)snprintf(receipts, sizeof(receipts), "%s/receipts", rig_folder);
	(void)mkdir(receipts, 0700);
	(void)snprintf(text, sizeof(text), "%s\n[agent]\nsocket = %s\nreceipts = %s\n", more, socket_path, receipts);
	rig_conf(text);
	assert_int_equal(conf_load(&conf), ERR_OK);
	assert_int_equal(conf_log(conf), ERR_OK);
	rules = (struct agent_rules){ .conf = conf };
	pka_limits_init(&rules.limits);
	if (conf->agent.limits)
		assert_int_equal(pka_limits_read(rd_str(conf->agent.limits), &rules.limits, why, sizeof(why)), ERR_OK);
	if (conf->agent.manifest) {
		assert_int_equal(agent_manifest_load(conf->agent.manifest, &manifest, &rules.limits), ERR_OK);
		rules.manifest = manifest;
	}
	assert_int_equal(agent_socket_open(conf->agent.socket, NULL, NULL, &agent_socket), ERR_OK);
	assert_int_equal(pipe(ready), 0);
	agent = (struct agent_run){ &rules, agent_socket.fd, fd_event(), -1, ready[1] };
	assert_int_equal(pthread_create(&thread, NULL, serve, &agent), 0);
	assert_int_equal(read(ready[0], line, sizeof(line)), 6);
	(void)close(ready[0]);
}

void agent_rig_stop(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(agent.signals, &one, sizeof(one)), sizeof(one));
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(agent.signals);
	agent_socket_close(&agent_socket);
	pka_manifest_free(&manifest);
	conf_free(&conf);
}

struct agent_at agent_rig_at(void)
{
	return (struct agent_at){ .socket = socket_path, .own_only = true, .program = "test", .reason = "a test" };
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_receipt(const struct dirent *d)
{
	return strstr(d->d_name, ".receipt") != NULL;
}

size_t agent_rig_receipts(void)
{
	struct dirent **v = NULL;
	int n = scandir(receipts, &v, is_receipt, compare);

	for (int i = 0; i < n; i++)
		free(v[i]);
	free(v);
	return n > 0 ? (size_t)n : 0;
}

const char *agent_rig_receipt(struct wr *w)
{
	static char path[512];
	struct dirent **v = NULL;
	int n = scandir(receipts, &v, is_receipt, compare);

	assert_true(n > 0);
	(void)snprintf(path, sizeof(path), "%s/%s", receipts, v[n - 1]->d_name);
	for (int i = 0; i < n; i++)
		free(v[i]);
	free(v);
	assert_int_equal(file_read(path, 1 << 24, w), ERR_OK);
	return path;
}

/* ---- clients ---- */

void agent_user_come(struct agent_user *u)
{
	agent_user_come_to(u, RIG_READER);
}

void agent_user_come_to(struct agent_user *u, const char *reader)
{
	struct agent_at at = agent_rig_at();
	struct apdu_link *link = NULL;

	*u = (struct agent_user){ .card = NULL };
	assert_int_equal(agent_open(&at, reader, &link, u->why, sizeof(u->why)), ERR_OK);
	assert_int_equal(hsm_card_new(link, &u->card), ERR_OK);
	assert_int_equal(hsm_card_select(u->card, &u->version, &never), ERR_OK);
}

void agent_user_go(struct agent_user *u)
{
	hsm_card_free(&u->card, false);
}

enum err agent_user_login(struct agent_user *u, const char *pin, const char *limits)
{
	struct secret *s = NULL;
	enum err e;

	if (pin)
		assert_int_equal(secret_new(rd_str(pin), &s), ERR_OK);
	e = agent_login(hsm_card_link(u->card), &(struct agent_login_params){ .pin = s, .limits = limits },
			u->why, sizeof(u->why), &never);
	secret_free(&s);
	return e;
}

enum err agent_user_sign(struct agent_user *u, uint32_t digest)
{
	uint8_t hash[SHA256_SIZE] = { 0 }, bytes[256];
	struct wr sig;
	enum err e;

	memcpy(hash, &digest, sizeof(digest));
	WR_ARR(&sig, bytes);
	e = hsm_key_sign(u->card, 1, HSM_ECDSA, RD_ARR(hash), &sig, &never);
	(void)snprintf(u->why, sizeof(u->why), "%s", agent_why(hsm_card_link(u->card)));
	return e;
}

bool agent_user_sees_open(struct agent_user *u)
{
	struct hsm_version v = u->version;
	struct hsm_status s;

	assert_int_equal(hsm_card_status(u->card, &v, &s, &never), ERR_OK);
	return s.open;
}

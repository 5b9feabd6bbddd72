/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/receipt_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define NAMES_MAX 1000          /* receipts of one device that begin in one second */

struct agent_receipt {
	struct receipt_chain chain;
	char path[PATH_MAX];
	int fd;
	off_t size;             /* of what is whole */
	struct wr lines;        /* what is being written; its memory is kept */
	bool has_head, broken;
};

/* O_DSYNC: what write(2) has taken is on the disk, with the file's new size, when it returns. */
static enum err create(struct agent_receipt *r)
{
	r->fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_DSYNC, 0600);
	if (r->fd >= 0)
		return ERR_OK;
	return errno == EEXIST ? ERR_CONDITIONS : ERR_IO;
}

static enum err create_named(struct agent_receipt *r, const char *folder, const char *device_id, int64_t when)
{
	time_t t = (time_t)when;
	enum err e = ERR_CONDITIONS;
	char stamp[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm))
		return ERR_BUG;
	for (int i = 1; i <= NAMES_MAX && e == ERR_CONDITIONS; i++) {
		int n = snprintf(r->path, sizeof(r->path), "%s/%s-%s-%d.receipt", folder, device_id, stamp, i);

		if (n < 0 || (size_t)n >= sizeof(r->path))
			return ERR_LIMIT;
		e = create(r);
	}
	return e;
}

/* The name must be there after a crash as well. */
static enum err sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd, rc;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = 0;
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	rc = fsync(fd);
	(void)close(fd);
	return rc ? ERR_IO : ERR_OK;
}

enum err agent_receipt_open(const char *path, const char *folder, const char *device_id, int64_t when,
			    struct agent_receipt **out)
{
	struct agent_receipt *r = calloc(1, sizeof(*r));
	enum err e = ERR_NOMEM;

	*out = NULL;
	if (!r)
		goto out;
	r->fd = -1;
	receipt_chain_init(&r->chain);
	wr_init_heap(&r->lines, RECEIPT_HEAD_MAX);
	e = ERR_LIMIT;
	if (path && strlen(path) >= sizeof(r->path))
		goto out;
	if (path) {
		(void)snprintf(r->path, sizeof(r->path), "%s", path);
		e = create(r);
	} else {
		e = create_named(r, folder, device_id, when);
	}
	if (!e)
		e = sync_folder(r->path);
out:
	if (e) {
		log_tell("receipt %s: %s; without one nothing is signed",
			 path ? path : r && *r->path ? r->path : folder,
			 e == ERR_IO ? strerror(errno) : e == ERR_CONDITIONS ? "exists already" : err_text(e));
		agent_receipt_close(&r);
	}
	*out = r;
	return e;
}

/* All bytes, and on the disk; or none. */
static enum err put(struct agent_receipt *r, struct rd bytes)
{
	const off_t after = r->size + (off_t)bytes.n;

	while (!rd_end(&bytes)) {
		ssize_t n = write(r->fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		bytes = rd_of(bytes.p + n, bytes.n - (size_t)n);
	}
	if (!rd_end(&bytes)) {
		const int saved = errno;

		if (ftruncate(r->fd, r->size))
			log_line(LOG_AGENT, LOG_ERROR, "receipt %s ends with half a record", r->path);
		errno = saved;
		return ERR_IO;
	}
	r->size = after;
	return ERR_OK;
}

/* What is in lines; e: whether it could be made. */
static enum err append(struct agent_receipt *r, enum err e)
{
	if (r->broken)
		e = ERR_IO;
	if (!e)
		e = put(r, wr_view(&r->lines));
	wr_reset(&r->lines);
	if (e && !r->broken)
		log_tell("receipt %s cannot be written: %s; nothing more is signed", r->path,
			 e == ERR_IO ? strerror(errno) : err_text(e));
	r->broken = r->broken || e;
	return e;
}

enum err agent_receipt_head(struct agent_receipt *r, const struct receipt_head *h)
{
	enum err e = append(r, receipt_write_head(&r->chain, h, &r->lines));

	r->has_head = !e;
	return e;
}

enum err agent_receipt_use(struct agent_receipt *r, const struct receipt_use *u)
{
	return append(r, receipt_write_use(&r->chain, u, &r->lines));
}

enum err agent_receipt_end(struct agent_receipt *r, const struct receipt_end *end)
{
	return r->has_head ? append(r, receipt_write_end(&r->chain, end, &r->lines)) : ERR_OK;
}

const char *agent_receipt_path(const struct agent_receipt *r)
{
	return r->path;
}

void agent_receipt_close(struct agent_receipt **r)
{
	if (!*r)
		return;
	if ((*r)->fd >= 0) {
		(void)close((*r)->fd);
		if (!(*r)->has_head)
			(void)unlink((*r)->path);
	}
	wr_free(&(*r)->lines);
	free(*r);
	*r = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/cache.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto_digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

/*
 * MAGIC || u32 n, EF.C_DevAut || u16 n, the card's list of files, u16 each || u16 n, of each file: its id (u16),
 * whether it exists (u8), its content (u32 n, bytes) || SHA-256 of all that.
 */
#define MAGIC RD_LIT("quorum11 objects 1\n")
#define CACHE_MAX (8u << 20)
#define NAME_SIZE 32                    /* hexadecimal digits of a hash of the device's certificates */

static bool join(char out[PATH_MAX], const char *a, const char *b)
{
	int n = snprintf(out, PATH_MAX, "%s%s", a, b);

	return n > 0 && n < PATH_MAX;
}

/* A relative XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification). make: the folders, too. */
static bool folder_of(char out[PATH_MAX], bool make)
{
	const char *xdg = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
	bool use_xdg = xdg && xdg[0] == '/';
	char above[PATH_MAX];

	if (!use_xdg && (!home || home[0] != '/'))
		return false;
	if (!join(above, use_xdg ? xdg : home, use_xdg ? "" : "/.cache") || !join(out, above, "/quorum11"))
		return false;
	/* Where it cannot be made, writing the file says why. */
	if (make && mkdir(above, 0700) && errno != EEXIST)
		return true;
	if (make)
		(void)mkdir(out, 0700);
	return true;
}

static bool path_of(struct rd devaut, char out[PATH_MAX], bool make)
{
	uint8_t hash[SHA256_SIZE];
	char folder[PATH_MAX], name[NAME_SIZE + 10];
	struct wr n;

	WR_ARR(&n, name);
	if (sha256(devaut, hash) || !folder_of(folder, make))
		return false;
	wr_text(&n, "/objects-");
	wr_hex(&n, rd_of(hash, NAME_SIZE / 2));
	wr_u8(&n, 0);
	return !wr_done(&n) && join(out, folder, name);
}

static bool is_ours(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077);
}

static bool read_sized(struct rd *r, struct rd *out)
{
	uint32_t n;

	return rd_u32(r, &n) && rd_take(r, n, out);
}

static bool same_list(struct rd *r, const struct hsm_fids *now)
{
	uint16_t n, fid;

	if (!rd_u16(r, &n) || n != now->n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!rd_u16(r, &fid) || fid != now->v[i])
			return false;
	return true;
}

static bool read_files(struct rd *r, struct p11_files *f)
{
	struct p11_file file = { .old = true };
	uint8_t exists;
	uint16_t n;

	if (!rd_u16(r, &n))
		return false;
	while (n--) {
		if (!rd_u16(r, &file.fid) || !rd_u8(r, &exists) || !read_sized(r, &file.bytes))
			return false;
		file.exists = exists != 0;
		if (p11_files_put(f, &file))
			return false;
	}
	return rd_end(r);
}

static bool is_whole(struct rd file, struct rd *content)
{
	uint8_t hash[SHA256_SIZE];
	struct rd sum;

	return file.n > SHA256_SIZE && rd_take(&file, file.n - SHA256_SIZE, content) &&
	       rd_take(&file, SHA256_SIZE, &sum) && !sha256(*content, hash) && rd_eq(RD_ARR(hash), sum);
}

static bool read_all(struct rd r, struct rd devaut, struct p11_files *f)
{
	struct rd content, magic, device;

	return is_whole(r, &content) && rd_take(&content, MAGIC.n, &magic) && rd_eq(magic, MAGIC) &&
	       read_sized(&content, &device) && rd_eq(device, devaut) && same_list(&content, &f->fids) &&
	       read_files(&content, f);
}

void p11_cache_read(struct rd devaut, struct p11_files *f)
{
	char path[PATH_MAX];
	struct wr w;

	if (!path_of(devaut, path, false) || !is_ours(path))
		return;
	wr_init_heap(&w, CACHE_MAX);
	if (file_read(path, CACHE_MAX, &w) || !read_all(wr_view(&w), devaut, f)) {
		p11_files_forget(f);
		log_line(LOG_P11, LOG_INFO, "%s is not of the card as it is: all its objects are read", path);
	}
	wr_free(&w);
}

static void put_sized(struct wr *w, struct rd bytes)
{
	wr_u32(w, (uint32_t)bytes.n);
	wr_put(w, bytes);
}

static enum err put_all(struct wr *w, struct rd devaut, const struct p11_files *f)
{
	uint8_t hash[SHA256_SIZE];
	enum err e;

	wr_put(w, MAGIC);
	put_sized(w, devaut);
	wr_u16(w, (uint16_t)f->fids.n);
	for (size_t i = 0; i < f->fids.n; i++)
		wr_u16(w, f->fids.v[i]);
	wr_u16(w, (uint16_t)f->n);
	for (size_t i = 0; i < f->n; i++) {
		wr_u16(w, f->v[i].fid);
		wr_u8(w, f->v[i].exists);
		put_sized(w, f->v[i].bytes);
	}
	e = wr_done(w);
	if (!e)
		e = sha256(wr_view(w), hash);
	if (!e)
		wr_put(w, RD_ARR(hash));
	return e ? e : wr_done(w);
}

void p11_cache_write(struct rd devaut, const struct p11_files *f)
{
	char path[PATH_MAX];
	struct wr w;
	enum err e;

	if (!path_of(devaut, path, true))
		return;
	wr_init_heap(&w, CACHE_MAX);
	e = put_all(&w, devaut, f);
	if (!e)
		e = file_write(path, 0600, wr_view(&w));
	wr_free(&w);
	if (e)
		log_line(LOG_P11, LOG_INFO, "%s: %s; the next program reads the card again", path,
			 e == ERR_IO ? strerror(errno) : err_text(e));
}

void p11_cache_forget(struct rd devaut)
{
	char path[PATH_MAX];

	if (path_of(devaut, path, false))
		(void)unlink(path);
}

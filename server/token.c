/* SPDX-License-Identifier: Apache-2.0 */
#include "server/token.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/text.h"
#include "server/path.h"

#define TOKEN_BYTES 32

enum err srv_token_make(const char *state, bool replace)
{
	uint8_t raw[TOKEN_BYTES], text[TOKEN_BYTES * 2];
	char path[SRV_PATH_MAX];
	struct wr w;
	enum err e;

	WR_ARR(&w, text);
	e = srv_path(path, state, "token", "");
	if (!e)
		e = rand_bytes(raw, sizeof(raw));
	if (e)
		goto out;
	wr_base64url(&w, RD_ARR(raw));
	wr_u8(&w, '\n');
	e = wr_done(&w);
	if (!e)
		e = replace ? file_write(path, 0600, wr_view(&w)) : file_create(path, 0600, wr_view(&w));
out:
	wipe(raw, sizeof(raw));
	wipe(text, sizeof(text));
	return e;
}

enum err srv_token_read(const char *state, struct secret **out)
{
	char path[SRV_PATH_MAX];
	enum err e = srv_path(path, state, "token", "");

	*out = NULL;
	return e ? e : secret_read_file(path, out);
}

bool srv_token_fits(const char *state, struct rd token)
{
	struct secret *own = NULL;
	enum err e = srv_token_read(state, &own);
	bool fits = false;

	if (!e)
		fits = secret_size(own) && rd_eq_secret(token, secret_view(own));
	else if (e != ERR_NOT_FOUND)
		log_line(LOG_SRV, LOG_WARN, "event=token result=unreadable why=\"%s\"", err_text(e));
	secret_free(&own);
	return fits;
}

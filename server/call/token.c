/* SPDX-License-Identifier: Apache-2.0 */
#include "server/call/token.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "server/base/path.h"
#include "server/base/random.h"

enum err srv_token_make(const char *state, bool replace)
{
	char path[SRV_PATH_MAX], text[SRV_RANDOM_TEXT_SIZE];
	enum err e = srv_path(path, state, "token", "");

	if (!e)
		e = srv_random_text(text);
	if (e)
		return e;
	text[sizeof(text) - 1] = '\n';
	e = replace ? file_write(path, 0600, RD_ARR(text)) : file_create(path, 0600, RD_ARR(text));
	wipe(text, sizeof(text));
	return e;
}

enum err srv_token_read(const char *state, struct secret **out)
{
	char path[SRV_PATH_MAX];
	enum err e = srv_path(path, state, "token", "");

	*out = NULL;
	return e ? e : srv_path_secret(path, out);
}

enum err srv_token_verify(const char *state, struct rd token)
{
	struct secret *own = NULL;
	enum err e = srv_token_read(state, &own);

	if (e == ERR_NOT_FOUND || (!e && !(secret_size(own) && rd_eq_secret(token, secret_view(own)))))
		e = ERR_DENIED;
	secret_free(&own);
	return e;
}

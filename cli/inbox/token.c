/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inbox/token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto_digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/line/home.h"
#include "cli/line/say.h"
#include "pka/inbox.h"
#include "pka/sign.h"

#define PATH_SIZE 4096
#define UNKNOWN_MS 60000
#define NAME_SIZE (sizeof("inbox/") + 2 * SHA256_SIZE)

struct cli_inbox_token {
	struct cli_api *api;
	struct cli_custodians *mine;
	struct secret **v;              /* mine->n; NULL: not looked for yet */
	uint64_t *unknown_until;        /* mine->n; boot ms: the server does not know the key, ask no sooner */
	size_t at;                      /* the one that was shown last */
	bool is_old;                    /* it came from the file, and may have expired */
};

/* Which file: the server's address and the key decide. */
static enum err file_name(const struct cli_inbox_token *t, char name[NAME_SIZE])
{
	uint8_t hash[SHA256_SIZE];
	const struct rd parts[] = { rd_str(cli_api_url(t->api)), RD_LIT("\n"), rd_str(t->mine->v[t->at].chr) };
	struct wr w;
	enum err e = sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), hash);

	wr_init(&w, name, NAME_SIZE - 1);
	wr_text(&w, "inbox/");
	wr_hex(&w, RD_ARR(hash));
	name[w.n] = 0;
	return e ? e : wr_done(&w);
}

/* NULL: none is kept. One that cannot be read is none: another is obtained. */
static struct secret *kept(const struct cli_inbox_token *t)
{
	char name[NAME_SIZE], path[PATH_SIZE];
	struct secret *s = NULL;

	if (file_name(t, name) || cli_home_path(HOME_STATE, name, path, sizeof(path)) || secret_read_file(path, &s))
		return NULL;
	return s;
}

/* What cannot be kept still serves now. */
static void keep(const struct cli_inbox_token *t, const struct secret *s)
{
	char name[NAME_SIZE], path[PATH_SIZE];
	int folder = -1;
	enum err e = file_name(t, name);

	if (!e)
		e = cli_home_make(HOME_STATE, name, path, sizeof(path), &folder);
	if (!e)
		e = file_write(path, 0600, secret_view(s));
	if (e)
		log_tell("the token of your inbox could not be kept (%s); your card will be asked again",
			 e == ERR_IO ? strerror(errno) : err_text(e));
	if (folder >= 0)
		(void)close(folder);
}

/* The statement over the nonce of the server's answer. */
static enum err write_statement(const struct cli_inbox_token *t, const json_t *answer, struct wr *text)
{
	uint8_t server[PKA_INBOX_SERVER_MAX + 1];
	struct pka_inbox s = { .key = rd_str(t->mine->v[t->at].chr) };
	const char *nonce;
	struct wr w, url;
	enum err e;

	wr_init(&w, s.nonce, sizeof(s.nonce));
	if (cli_api_text(answer, "nonce", &nonce) || text_unhex(rd_str(nonce), &w) || w.n != sizeof(s.nonce))
		return cli_refuse(ERR_PROTOCOL, "%s: a malformed nonce", cli_api_url(t->api));
	WR_ARR(&url, server);
	e = pka_inbox_server(cli_api_url(t->api), &url);
	s.server = wr_view(&url);
	if (!e)
		e = pka_inbox_write(&s, text);
	return cli_fail(e, "the statement for your inbox");
}

static enum err sign(struct cli *cli, struct cli_custodian *me, struct rd text, uint8_t buf[EC_SIG_MAX], struct rd *sig)
{
	struct pka_answers in = { .n = 0 };
	struct pka_batch batch;
	struct wr answers;
	enum err e;

	pka_batch_init(&batch);
	wr_init_heap(&answers, CUSTODIAN_ANSWER_MAX);
	hsm_enc_sign(&batch.bytes, me->key, HSM_ECDSA_SHA256, text);
	pka_batch_close(&batch);
	log_tell("card %s signs that this inbox is yours; this approves nothing", me->device);
	e = cli_fail(wr_done(&batch.bytes), "the statement for your inbox");
	if (!e)
		e = cli_custodian_sign(cli, me, &batch, &answers, &in);
	if (!e)
		e = cli_fail(pka_sign_take(in.v[0], text, me->curve, cli_custodian_point(me), buf, sig),
			     "the card's signature");
	wr_free(&answers);
	pka_batch_fini(&batch);
	return e;
}

/* body is taken. */
static enum err post(struct cli *cli, struct cli_inbox_token *t, json_t *body, json_t **answer)
{
	int status = 0;
	enum err e;

	if (!body)
		return cli_fail(ERR_NOMEM, "asking for your inbox");
	e = cli_api_call(cli, t->api, "/api/v1/inbox", body, &status, answer);
	return e ? e : cli_api_fail(t->api, status, *answer, "asking for your inbox");
}

static enum err token_take(const struct cli_inbox_token *t, const json_t *answer, struct secret **out)
{
	const char *token;
	enum err e = cli_api_text(answer, "token", &token);

	if (e || !*token)
		return cli_refuse(ERR_PROTOCOL, "%s: no token for your inbox", cli_api_url(t->api));
	e = secret_new(rd_str(token), out);
	return cli_fail(e, "the token of your inbox");
}

/* Two calls: for a nonce, and with what the card has signed. */
static enum err obtain(struct cli *cli, struct cli_inbox_token *t, struct secret **out)
{
	struct cli_custodian *me = &t->mine->v[t->at];
	uint8_t statement[STATEMENT_MAX], buf[EC_SIG_MAX];
	json_t *first = NULL, *second = NULL;
	struct wr text;
	struct rd sig;
	enum err e;

	WR_ARR(&text, statement);
	e = post(cli, t, json_pack("{s:s}", "chr", me->chr), &first);
	if (!e)
		e = write_statement(t, first, &text);
	if (!e)
		e = sign(cli, me, wr_view(&text), buf, &sig);
	if (!e)
		e = post(cli, t, json_pack("{s:s, s:o, s:o}", "chr", me->chr, "statement",
					   cli_api_from_bytes(wr_view(&text)), "statement_signature",
					   cli_api_from_bytes(sig)), &second);
	if (!e)
		e = token_take(t, second, out);
	if (!e)
		keep(t, *out);
	json_decref(first);
	json_decref(second);
	return e;
}

/* The token of the key at hand: from before, from the file, or a new one. */
static enum err show(struct cli *cli, struct cli_inbox_token *t, bool renew)
{
	if (renew)
		secret_free(&t->v[t->at]);
	t->is_old = !renew;
	if (!t->v[t->at] && !renew)
		t->v[t->at] = kept(t);
	if (t->v[t->at])
		return ERR_OK;
	t->is_old = false;
	cli_api_authorize(t->api, NULL);
	return obtain(cli, t, &t->v[t->at]);
}

/* A kept one that the server has refused is replaced; else it is the next key's turn. */
static enum err next(void *ctx, struct cli *cli, int status, bool first, const struct secret **out)
{
	struct cli_inbox_token *t = ctx;
	bool renew = !first && t->is_old && status == 401;
	enum err e = ERR_NOT_FOUND;

	t->at = first ? 0 : t->at + !renew;
	for (; t->at < t->mine->n; t->at++, renew = false) {
		if (clock_boot_ms() < t->unknown_until[t->at]) {
			e = ERR_DENIED;
			continue;
		}
		e = show(cli, t, renew);
		*out = t->v[t->at];
		if (e != ERR_DENIED)
			return e;
		t->unknown_until[t->at] = clock_boot_ms() + UNKNOWN_MS; /* it has been said, and another may do */
	}
	return first ? e : ERR_NOT_FOUND;
}

enum err cli_inbox_token_use(struct cli_api *api, struct cli_custodians *mine, struct cli_inbox_token **out)
{
	struct cli_inbox_token *t = calloc(1, sizeof(*t));

	*out = t;
	if (!t)
		return cli_fail(ERR_NOMEM, "your inbox");
	t->api = api;
	t->mine = mine;
	t->v = calloc(mine->n + 1, sizeof(*t->v));
	t->unknown_until = calloc(mine->n + 1, sizeof(*t->unknown_until));
	if (!t->v || !t->unknown_until) {
		cli_inbox_token_free(out);
		return cli_fail(ERR_NOMEM, "your inbox");
	}
	cli_api_when_asked(api, next, t);
	return ERR_OK;
}

void cli_inbox_token_free(struct cli_inbox_token **t)
{
	struct cli_inbox_token *it = *t;

	*t = NULL;
	if (!it)
		return;
	cli_api_when_asked(it->api, NULL, NULL);
	cli_api_authorize(it->api, NULL);
	for (size_t i = 0; it->v && i < it->mine->n; i++)
		secret_free(&it->v[i]);
	free(it->v);
	free(it->unknown_until);
	free(it);
}

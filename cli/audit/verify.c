/* SPDX-License-Identifier: Apache-2.0 */
/* quorum11 audit verify: a server's audit, offline. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/spki.h"
#include "base/text.h"
#include "cli/line/get.h"
#include "cli/line/json.h"
#include "cli/line/say.h"
#include "cli/line/verb.h"
#include "pka/chain.h"

#define EXPORT_MAX (1u << 30)
#define PEM_MAX 4096

/* What stands between the lines BEGIN PUBLIC KEY and END PUBLIC KEY (RFC 7468), decoded. */
static enum err pem_read(struct rd pem, struct wr *der)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----", end[] = "-----END PUBLIC KEY-----";
	const char *at = pem.n ? memmem(pem.p, pem.n, begin, sizeof(begin) - 1) : NULL, *stop;
	uint8_t text[PEM_MAX];
	struct wr w;
	enum err e;

	if (!at)
		return ERR_FORMAT;
	at += sizeof(begin) - 1;
	stop = memmem(at, (size_t)((const char *)pem.p + pem.n - at), end, sizeof(end) - 1);
	if (!stop)
		return ERR_FORMAT;
	WR_ARR(&w, text);
	for (; at < stop; at++)
		if (!strchr("=\r\n", *at))
			wr_u8(&w, (uint8_t)(*at == '+' ? '-' : *at == '/' ? '_' : *at));
	e = wr_done(&w);
	return e ? e : text_unbase64url(wr_view(&w), der);
}

/* The server's public key; path NULL: none is given, and key stays empty. */
static enum err key_read(const char *path, struct wr *key)
{
	uint8_t text[PEM_MAX], bytes[PEM_MAX];
	struct wr pem, der;
	struct spki spki;
	enum err e;

	if (!path)
		return ERR_OK;
	WR_ARR(&pem, text);
	WR_ARR(&der, bytes);
	e = cli_get_file(path, sizeof(text), &pem);
	if (e)
		return e;
	e = pem_read(wr_view(&pem), &der);
	if (!e)
		e = spki_read(wr_view(&der), &spki);
	if (!e && (spki.is_rsa || spki.curve != EC_SECP256R1))
		e = ERR_UNSUPPORTED;
	if (e)
		return cli_refuse(ERR_FORMAT, "%s: no public key of an audit; quorum11-server audit key shows it",
				  path);
	wr_put(key, spki.q);
	return wr_done(key);
}

/* A key in short, as quorum11-server audit key shows it: SHA-256 of its point. */
static void key_print(const uint8_t key[CHAIN_POINT_SIZE], char out[2 * SHA256_SIZE + 1])
{
	uint8_t hash[SHA256_SIZE];
	struct wr w;

	wr_init(&w, out, 2 * SHA256_SIZE);
	out[0] = '\0';
	if (sha256(rd_of(key, CHAIN_POINT_SIZE), hash))
		return;
	wr_hex(&w, RD_ARR(hash));
	out[2 * SHA256_SIZE] = '\0';
}

static void print(const char *path, const struct chain_verdict *v, bool is_key_given)
{
	char key[2 * SHA256_SIZE + 1], when[64];
	struct wr w;

	printf("%s: %" PRIu64 " entries", path, v->entries);
	if (v->entries)
		printf(", %" PRIu64 " to %" PRIu64, v->first, v->last);
	printf(", %" PRIu64 " checkpoints\n", v->checkpoints);
	if (v->first > 1)
		printf("  what was before entry %" PRIu64 " is not in this file\n", v->first);
	if (v->checkpoints) {
		key_print(v->key, key);
		WR_ARR(&w, when);
		wr_time(&w, v->signed_time);
		printf("  signed up to entry %" PRIu64 ", %s\n", v->signed_seq, wr_cstr(&w));
		printf("  by the key %s%s\n", key, is_key_given ? "" : ", which you have to compare (--key)");
	}
	if (v->keys > 1)
		printf("  checkpoints before are signed by other keys, %" PRIu64 " in all\n", v->keys);
	if (v->last > v->signed_seq)
		printf("  entries after %" PRIu64 " are covered by no checkpoint: some may be cut off or changed\n",
		       v->signed_seq);
	if (v->line)
		printf("  BROKEN at line %" PRIu64 ": %s\n", v->line, v->why);
	else
		printf("  nothing is missing, changed or added\n");
}

static enum err print_json(const struct chain_verdict *v)
{
	char key[2 * SHA256_SIZE + 1];

	key_print(v->key, key);
	return cli_json_print(json_pack(
		"{s:b, s:I, s:I, s:I, s:I, s:I, s:s?, s:I, s:s?}", "good", !v->line, "entries", (json_int_t)v->entries,
		"first", (json_int_t)v->first, "last", (json_int_t)v->last, "checkpoints", (json_int_t)v->checkpoints,
		"signed_to", (json_int_t)v->signed_seq, "key", v->checkpoints ? key : NULL, "broken_line",
		(json_int_t)v->line, "why", v->line ? v->why : NULL));
}

enum err verb_audit_verify(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	uint8_t point[EC_POINT_MAX];
	struct chain_verdict v;
	struct wr text, key;
	enum err e;

	WR_ARR(&key, point);
	wr_init_heap(&text, EXPORT_MAX);
	e = key_read(a->audit_key, &key);
	if (!e)
		e = cli_get_file(a->v[0], EXPORT_MAX, &text);
	if (!e) {
		e = chain_verify(wr_view(&text), wr_view(&key), &v);
		if (!e || e == ERR_REFUSED) {
			if (!a->json)
				print(a->v[0], &v, key.n > 0);
			else if (print_json(&v))
				e = ERR_NOMEM;
		} else {
			e = cli_fail(e, "%s", a->v[0]);
		}
	}
	wr_free(&text);
	return e;
}

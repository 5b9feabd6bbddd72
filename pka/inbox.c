/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/inbox.h"

#include <string.h>
#include <strings.h>

#include "base/crypto_digest.h"
#include "base/cvc.h"
#include "pka/line.h"

static const char first_line[] = "quorum11 inbox v1\n";
static const struct {
	const char *scheme, *port;
} schemes[] = { { "https://", ":443" }, { "http://", ":80" } };
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static bool ends_with(const char *text, size_t n, const char *end)
{
	size_t k = strlen(end);

	return n >= k && !memcmp(text + n - k, end, k);
}

enum err pka_inbox_server(const char *url, struct wr *out)
{
	size_t before = out->n, all = strlen(url), i = 0, host, named;

	while (i < SCHEMES && strncasecmp(url, schemes[i].scheme, strlen(schemes[i].scheme)))
		i++;
	if (i == SCHEMES || all > PKA_INBOX_SERVER_MAX || !pka_line_is_printable(rd_str(url)))
		return ERR_ARG;
	while (all && url[all - 1] == '/')
		all--;
	host = strlen(schemes[i].scheme);
	if (all <= host)
		return ERR_ARG;
	url += host;
	all -= host;
	host = strcspn(url, "/");
	if (host > all)
		host = all;
	named = host - (ends_with(url, host, schemes[i].port) ? strlen(schemes[i].port) : 0);
	/* No host, or two ports: no URL, and the form of its form would be another one. */
	if (!named || url[0] == ':' || ends_with(url, named, schemes[i].port))
		return ERR_ARG;
	wr_text(out, schemes[i].scheme);
	for (size_t k = 0; k < named; k++)
		wr_u8(out, (uint8_t)(url[k] >= 'A' && url[k] <= 'Z' ? url[k] | 0x20 : url[k]));
	wr_put(out, rd_of(url + host, all - host));
	if (!wr_done(out) && out->n - before > PKA_INBOX_SERVER_MAX)
		wr_fail(out, ERR_ARG);
	return wr_done(out);
}

enum err pka_inbox_write(const struct pka_inbox *s, struct wr *text)
{
	size_t before = text->n;

	if (!cvc_reference_is_valid(s->key) || !s->server.n || s->server.n > PKA_INBOX_SERVER_MAX ||
	    !pka_line_is_printable(s->server))
		return ERR_ARG;
	wr_text(text, first_line);
	pka_line_put(text, "server: ", s->server);
	pka_line_put_hex(text, "nonce: ", RD_ARR(s->nonce));
	pka_line_put(text, "key: ", s->key);
	if (!wr_done(text) && (text->n - before < STATEMENT_MIN || text->n - before > STATEMENT_MAX))
		wr_fail(text, ERR_LIMIT);
	return wr_done(text);
}

enum err pka_inbox_read(struct rd text, struct pka_inbox *out)
{
	uint8_t canonical[STATEMENT_MAX];
	struct rd r = text, start;
	struct wr w;

	memset(out, 0, sizeof(*out));
	if (text.n < STATEMENT_MIN || text.n > STATEMENT_MAX)
		return ERR_FORMAT;
	if (!rd_take(&r, sizeof(first_line) - 1, &start) || !rd_eq_str(start, first_line) ||
	    !pka_line_take(&r, "server: ", &out->server) ||
	    !pka_line_take_hex(&r, "nonce: ", out->nonce, sizeof(out->nonce)) ||
	    !pka_line_take(&r, "key: ", &out->key))
		return ERR_FORMAT;
	/* One meaning, one text. */
	WR_ARR(&w, canonical);
	if (pka_inbox_write(out, &w) != ERR_OK || !rd_eq(wr_view(&w), text))
		return ERR_FORMAT;
	return ERR_OK;
}

enum err pka_inbox_verify(struct rd text, struct rd sig, enum ec_curve curve, struct rd q, struct pka_inbox *out)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = pka_inbox_read(text, out);

	if (!e)
		e = sha256(text, hash);
	if (!e)
		e = ec_verify(curve, q, RD_ARR(hash), sig);
	return e;
}

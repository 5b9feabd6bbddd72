/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a custodian's card signs for his inbox (pka/inbox.h), his statements (pka/statement.h) and a server's URL, from
 * any bytes: what is read has one form only, and nobody's signature holds for it.
 */
#include <stdlib.h>
#include <string.h>

#include "pka/inbox.h"
#include "pka/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inbox(struct rd text)
{
	static const uint8_t q[EC_POINT_MAX] = { 4 }, sig[64] = { 1 };
	struct pka_inbox s;
	struct wr w;

	if (!pka_inbox_verify(text, RD_ARR(sig), EC_SECP256R1, rd_of(q, 65), &s))
		abort();
	if (pka_inbox_read(text, &s))
		return;
	wr_init_heap(&w, 4096);
	if (pka_inbox_write(&s, &w) || !rd_eq(wr_view(&w), text))
		abort();
	wr_free(&w);
}

static void statement(struct rd text)
{
	struct pka_statement s;
	struct wr w;

	if (pka_statement_read(text, &s))
		return;
	if (text.n <= 64 || text.n > STATEMENT_MAX)     /* never a message for a card */
		abort();
	wr_init_heap(&w, 4096);
	if (pka_statement_write(&s, &w) || !rd_eq(wr_view(&w), text))
		abort();
	wr_free(&w);
}

/* Its form is a URL of the same form. */
static void server(struct rd text)
{
	char url[2000], once[PKA_INBOX_SERVER_MAX + 1];
	uint8_t twice[PKA_INBOX_SERVER_MAX];
	struct wr w, v;

	if (text.n >= sizeof(url))
		return;
	if (text.n)
		memcpy(url, text.p, text.n);
	url[text.n] = '\0';
	WR_ARR(&w, once);
	if (pka_inbox_server(url, &w))
		return;
	wr_u8(&w, 0);
	WR_ARR(&v, twice);
	if (wr_done(&w) || pka_inbox_server(once, &v) || !rd_eq(wr_view(&v), rd_str(once)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	inbox(rd_of(data, size));
	statement(rd_of(data, size));
	server(rd_of(data, size));
	return 0;
}

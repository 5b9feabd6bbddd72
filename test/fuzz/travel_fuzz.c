/* SPDX-License-Identifier: Apache-2.0 */
/* Files that travel between a custodian's machines (cli/inbox/travel.h), and his address book: any bytes. */
#include <stdlib.h>

#include "cli/book/book.h"
#include "cli/inbox/travel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cli_book book = { .kind = BOOK_DEVICES };
	struct cli_travel_decision d;
	struct cli_travel_request r;
	const char *bad;
	unsigned line;
	struct wr w;

	wr_init_heap(&w, TRAVEL_MAX);
	if (cli_travel_request_parse(rd_of(data, size), &r, &bad) == ERR_OK)
		cli_travel_request_free(&r);
	if (cli_travel_decision_parse(rd_of(data, size), &d, &bad) == ERR_OK) {
		/* What was read can be written, and is a decision again. */
		if (cli_travel_decision_write(&d, &w))
			abort();
		cli_travel_decision_free(&d);
		if (cli_travel_decision_parse(wr_view(&w), &d, &bad))
			abort();
		cli_travel_decision_free(&d);
	}
	wr_reset(&w);
	if (cli_book_parse(rd_of(data, size), &book, &line) == ERR_OK) {
		cli_book_write(&book, &w);
		if (cli_book_parse(wr_view(&w), &book, &line))
			abort();
	}
	wr_free(&w);
	return 0;
}

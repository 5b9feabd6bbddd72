/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages with a search have in common: the form, its fields in the address, and the way to older pages. */
#ifndef SERVER_WEB_SEARCH_H
#define SERVER_WEB_SEARCH_H

#include "server/web/page.h"

#define SEARCH_MAX 100                  /* bytes of a field */
#define SEARCH_FIELDS 4
struct search {
	const char *path;
	size_t n;
	struct search_field {
		const char *name;       /* a literal */
		char value[SEARCH_MAX];
	} field[SEARCH_FIELDS];
	uint64_t before;                /* the page: entries below this number; 0: the latest */
};
/* The fields of these names (SEARCH_FIELDS at most, NULL ends) as the address has them. */
void search_read(struct search *s, const char *path, const char *const *names, const char *query);
const char *search_value(const struct search *s, const char *name);
bool search_is_empty(const struct search *s);

void search_open(struct html *h, const struct search *s);
/* type: of the input element. */
void search_input(struct html *h, const struct search *s, const char *name, const char *type, const char *label);
void search_close(struct html *h);
/* Where to go on; before 0: nothing is older. */
void search_pages(struct html *h, const struct search *s, uint64_t before);

#endif

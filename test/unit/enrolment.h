/* SPDX-License-Identifier: Apache-2.0 */
/* An operator's JSON from certificates made at run time, for the tests of server/. */
#ifndef TEST_UNIT_ENROLMENT_H
#define TEST_UNIT_ENROLMENT_H

#include "test/unit/test.h"

#include "test/pki.h"

#define ENROLMENT_MAX 5

struct enrolment {
	struct rd devaut;
	int n;
	size_t m;
	struct rd files[ENROLMENT_MAX];
	size_t keys_n;
	int keys[ENROLMENT_MAX];
	struct rd attestations[ENROLMENT_MAX];
	const char *more;       /* further members, each with a comma before it; NULL: none */
};

static inline void enrolment_bytes(struct wr *w, struct rd bytes)
{
	wr_text(w, "\"");
	wr_base64url(w, bytes);
	wr_text(w, "\"");
}

/* Appended to w. */
static inline struct rd enrolment_json(const struct enrolment *e, struct wr *w)
{
	size_t from = w->n;

	wr_text(w, "{\"devaut\": ");
	enrolment_bytes(w, e->devaut);
	wr_printf(w, ", \"n\": %d, \"pka_files\": [", e->n);
	for (size_t i = 0; i < e->m; i++) {
		wr_text(w, i ? ", " : "");
		enrolment_bytes(w, e->files[i]);
	}
	wr_text(w, "], \"attestations\": [");
	for (size_t i = 0; i < e->keys_n; i++) {
		wr_printf(w, "%s{\"key\": %d, \"attestation\": ", i ? ", " : "", e->keys[i]);
		enrolment_bytes(w, e->attestations[i]);
		wr_text(w, "}");
	}
	wr_printf(w, "]%s}", e->more ? e->more : "");
	assert_int_equal(wr_done(w), ERR_OK);
	return rd_of(w->p + from, w->n - from);
}

#endif

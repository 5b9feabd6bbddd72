/* SPDX-License-Identifier: Apache-2.0 */
/* A card that plays recorded exchanges. */
#ifndef TEST_UNIT_CARD_H
#define TEST_UNIT_CARD_H

#include "test/unit/test.h"

#include "test/replay.h"
#include "sc-hsm/card.h"

#define SELECT_41  "> 00A404000BE82B0601040181C31F020100\n< 6F0A8201788505000106040190" "00\n"

static inline struct hsm_card *open_card(const char *text)
{
	struct apdu_link *link = NULL;
	struct hsm_card *c = NULL;

	assert_int_equal(replay_open(text, &link), ERR_OK);
	assert_int_equal(hsm_card_new(link, &c), ERR_OK);
	return c;
}

/* Everything recorded must have been asked for. */
static inline void close_card(struct hsm_card *c)
{
	assert_true(replay_is_done(hsm_card_link(c)));
	hsm_card_free(&c, false);
	assert_null(c);
	hsm_card_free(&c, false);
}

#endif

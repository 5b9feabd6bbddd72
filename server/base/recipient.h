/* SPDX-License-Identifier: Apache-2.0 */
/* Whom [notify] names, of what they are told, and the ways to each of them. */
#ifndef SERVER_BASE_RECIPIENT_H
#define SERVER_BASE_RECIPIENT_H

#include "base/conf.h"

#define SRV_WAYS_MAX (3 * CONF_LIST_MAX)
#define SRV_WAY_WORDS 16
#define SRV_RECIPIENT_MAX 64            /* bytes of a name */

enum srv_way_kind { SRV_BY_WEBHOOK, SRV_BY_MAIL, SRV_BY_COMMAND, SRV_WAY_KINDS };
extern const char *const srv_way_names[SRV_WAY_KINDS];  /* as in the settings */
struct srv_way {
	enum srv_way_kind kind;
	char *text, *line;              /* as in the settings, and cut into words */
	size_t n;
	char *word[SRV_WAY_WORDS + 1];  /* the first is the recipient's name; NULL after the last */
};

/* What people are told. */
enum srv_occasion {
	SRV_TOLD_REQUEST,       /* custodians are asked */
	SRV_TOLD_REFUSED,       /* an enrolled card's request has ended before anybody was asked */
	SRV_TOLD_OPENED,        /* a card was opened */
	SRV_TOLD_ENDED,         /* custodians were asked, and it was not; or what was opened has been ended */
	SRV_OCCASIONS
};
extern const char *const srv_occasion_names[SRV_OCCASIONS];

struct srv_recipients {
	bool about[SRV_OCCASIONS];
	size_t n;
	struct srv_way v[SRV_WAYS_MAX];
};
/* As [notify] of conf says, nothing of which it needs afterwards. ERR_CONFIG, ERR_NOMEM: said. */
MUST enum err srv_recipients_new(const struct conf *conf, struct srv_recipients **out);
void srv_recipients_free(struct srv_recipients **r);    /* NULL-safe */
bool srv_recipients_has(const struct srv_recipients *r, const char *name);
/* The way that is written so in the settings, NULL: there is none any more. */
const struct srv_way *srv_recipients_find(const struct srv_recipients *r, const char *kind, const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target's policy: what the operator demands of a request before any custodian is asked. One table (policy.c) says
 * how each item is read from JSON, shown, and checked, and when. An item that is not set demands nothing beyond the
 * server's settings, and without any item everything is as it is without a policy.
 */
#ifndef SERVER_POLICY_POLICY_H
#define SERVER_POLICY_POLICY_H

#include "pka/activation.h"
#include "pka/limits.h"
#include "server/base/json.h"
#include "server/policy/window.h"

#define SRV_POLICY_NAMES_MAX 64
#define SRV_POLICY_NAME_MAX 64          /* bytes */
#define SRV_POLICY_TEXT_MAX 16384       /* of a policy as JSON, bytes */
#define SRV_POLICY_ITEMS 8

struct srv_names {
	size_t n;
	char v[SRV_POLICY_NAMES_MAX][SRV_POLICY_NAME_MAX + 1];
};
enum srv_attested { SRV_ATTESTED_NONE, SRV_ATTESTED_ALL, SRV_ATTESTED_LISTED };

struct srv_policy {
	bool has_roots, has_chip_auth, has_hosts, has_windows, has_limits, has_tell;
	struct srv_names roots;         /* holder references; the chain of the card ends at one of them */
	bool chip_auth;                 /* demanded; otherwise as the server's settings say */
	enum srv_attested attested;
	bool attested_key[KEYS_MAX + 1];        /* of LISTED */
	unsigned deadline;              /* seconds, 0: the server's */
	struct srv_names hosts;         /* identities of hosts; a * at the end matches the rest */
	struct srv_names tell;          /* recipients of [notify] who are told */
	struct srv_windows windows;     /* when a request may begin */
	struct pka_limits limits;       /* what may be asked for at most: the items that were given */
};

void srv_policy_init(struct srv_policy *p);
/* ERR_FORMAT: why says what is wrong, safe to show. */
MUST enum err srv_policy_read(const json_t *j, struct srv_policy *out, char *why, size_t cap);
/* The same from text. */
MUST enum err srv_policy_parse(struct rd text, struct srv_policy *out, char *why, size_t cap);
/* All items; what is not set is null. Reads back to the same. NULL: no memory. */
json_t *srv_policy_json(const struct srv_policy *p);

/* What the server has: a policy must not name what is not there. Borrowed. */
struct srv_recipients;
struct srv_policy_server {
	const struct att_anchors *anchors;
	unsigned deadline;              /* seconds, of [server] */
	const struct srv_recipients *recipients;
};
/* ERR_REFUSED: why says what does not fit this server. */
MUST enum err srv_policy_fits(const struct srv_policy *p, const struct srv_policy_server *s, char *why, size_t cap);

/* When an item is checked. */
enum srv_policy_when {
	SRV_AT_IDENTIFICATION,          /* it is known which card asks, and who and what for */
	SRV_BEFORE_PEOPLE,              /* the card is proved and its keys are known */
	SRV_NEVER                       /* it demands nothing of a request */
};
struct srv_policy_facts {               /* borrowed */
	const struct att_chain *chain;
	const char *host;               /* the identity that the server has verified; NULL: none */
	struct rd host_json;            /* what the host says of itself */
	int64_t now;                    /* seconds since 1970 */
	size_t keys_n;                  /* SRV_BEFORE_PEOPLE only */
	const struct pka_key_facts *keys;
};
struct srv_policy_check {
	const char *item;
	enum att_result result;
	enum err refusal;               /* how the ceremony ends if it failed */
	char text[160];                 /* safe to show */
};
struct srv_policy_verdict {
	size_t n;
	struct srv_policy_check v[SRV_POLICY_ITEMS];
};
/* Checks all set items of that time, adds what came out, and says whether all of the verdict passed so far. */
bool srv_policy_check(const struct srv_policy *p, enum srv_policy_when when, const struct srv_policy_facts *f,
		      struct srv_policy_verdict *v);
/* The checks that are not made any more, as the ceremony has ended. */
void srv_policy_not_made(const struct srv_policy *p, enum srv_policy_when when, struct srv_policy_verdict *v);
/*
 * Of a complete one on the heap: gives back the memory of the checks that it does not have, and all of it (NULL) if it
 * has none. It must not be copied as a whole any more.
 */
void srv_policy_verdict_pack(struct srv_policy_verdict **v);
/* For the host, in one line: the first failure and how many more there are. How the ceremony ends. */
MUST enum err srv_policy_refusal(const struct srv_policy_verdict *v, char *why, size_t cap);

#endif

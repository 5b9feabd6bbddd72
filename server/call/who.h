/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls, and what he may. A bearer token or a client certificate becomes one identity here and nowhere else; what a
 * role may stands in role.c, the table of routes (front.c) says what each path asks for.
 */
#ifndef SERVER_CALL_WHO_H
#define SERVER_CALL_WHO_H

#include "base/buf.h"
#include "base/limits.h"
#include "server/base/rate.h"
#include "server/base/role.h"

struct srv_identity {
	unsigned roles;                 /* SRV_ROLE()s; 0: nobody in particular */
	unsigned may;                   /* srv_may, of the roles and of everybody */
	char name[SRV_WHO_MAX + 1];     /* "": nobody in particular; letters, digits and ._- */
	char chr[CHR_MAX + 1];          /* of a custodian, whose requests these are; else "" */
};
#define SRV_OPERATOR_NAME "operator"    /* of the token in STATE/token */
bool srv_who_name_is_valid(const char *name);   /* 1 to SRV_WHO_MAX letters, digits and ._- */

/* A client certificate whose chain was verified for its purpose. */
struct srv_peer {
	uint8_t fingerprint[32];        /* SHA-256 of its SubjectPublicKeyInfo */
	char subject[SRV_WHO_MAX + 1];  /* common name, safe to show; for messages only */
};

struct srv_who;
struct srv_call;
struct srv_request;
struct srv_db;
struct srv_events;
struct srv_who_config {                 /* borrowed */
	struct srv_db *db;              /* tokens and identities */
	struct srv_events *events;
	const char *state;              /* folder with the operator's token */
	bool wants_certificate;         /* [server] client_ca, client_cert = demanded: nobody comes in without one */
	bool named_hosts;               /* [server] hosts = named */
};
MUST enum err srv_who_new(const struct srv_who_config *config, struct srv_who **out);
void srv_who_free(struct srv_who **w);          /* NULL-safe */

/*
 * Whose call is this? What it shows is one identity: that of the token if there is one, else that of the certificate.
 * ERR_DENIED: it shows a token that does not hold; else the database's errors. On any error nobody.
 */
MUST enum err srv_who_verify(struct srv_who *w, const struct srv_request *q, struct srv_identity *out);
/*
 * Where certificates are wanted: has it shown one? And: may it do one of what needs says (srv_may)? Sets call->who.
 * false: the call is refused (401, 403, 429, 503); that is logged, as often as its address may fail. now_ms: boot time.
 */
bool srv_who_is_certified(const struct srv_who *w, struct srv_call *call);
bool srv_who_admit(struct srv_who *w, struct srv_call *call, unsigned needs, uint64_t now_ms);
/* One more of these: false if its address or its identity has done too many; then the call is refused (429). */
bool srv_who_admit_rate(struct srv_who *w, struct srv_call *call, enum srv_rate what, uint64_t now_ms);
/* An inbox is for its own key's requests and turns: false if it is another's; then the call is refused (403). */
bool srv_who_is_key(struct srv_call *call, const char *chr);

#endif

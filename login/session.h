/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of login.c, from its beginning to its end: what is kept of it, and its conversation with the server
 * through the helper.
 */
#ifndef LOGIN_SESSION_H
#define LOGIN_SESSION_H

#include "login/advice.h"
#include "login/helper.h"
#include "login/login.h"
#include "ramoverhttp/client.h"
#include "sc-hsm/filter.h"

struct login_session {
	struct hsm_card *card;
	const struct login_params *p;
	struct hsm_filter filter;
	struct pka_witness *witness;
	struct login_helper *helper;
	struct ram_client *ram;
	uint8_t login_id[LOGIN_ID_SIZE];
	struct wr host_json;                    /* as sent */
	struct wr proofs;                       /* the server's answer, which consents look into */
	struct pka_consents consents;
	struct pka_limits limits;               /* asked for, then in force */
	char last[RAM_MESSAGE_MAX + 1];         /* the server's last words, safe to show */
	char why[300];                          /* detail of the first failure, safe to show */
	struct login_advice own;                /* of a failure that is our own, not the server's; or NULLs */
};
/* What the RAMOverHTTP machine asks of us; its ctx is the session. */
extern const struct ram_client_ops login_session_ops;
/* An answer of the server, while the card must be there. */
MUST enum err login_session_ask(struct login_session *s, enum login_frame type, struct rd content, int *status,
				struct wr *body, struct deadline *dl);
/* All that the server wants of the card, until it has nothing more. Its no is an error, its yes proves nothing. */
MUST enum err login_session_converse(struct login_session *s, struct deadline *dl);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's side of RAMOverHTTP as a machine without sockets (reference ramoverhttp 5.1): a response in, the next
 * POST body out. It decides nothing about commands: allow does.
 */
#ifndef RAMOVERHTTP_CLIENT_H
#define RAMOVERHTTP_CLIENT_H

#include "base/deadline.h"
#include "ramoverhttp/ram.h"

struct ram_client_ops {
	/* May this command go to the card? why gets a phrase if not. */
	bool (*allow)(void *ctx, struct rd cmd, char *why, size_t cap);
	enum err (*transmit)(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl);
	/* NULL: a reset is refused. */
	enum err (*reset)(void *ctx, struct wr *atr);
	void (*notify)(void *ctx, int32_t id, struct rd message);
};
enum ram_next { RAM_POST, RAM_DONE };
struct ram_client;
/* ops is copied. */
MUST enum err ram_client_new(const struct ram_client_ops *ops, void *ctx, struct ram_client **out);
void ram_client_free(struct ram_client **c);
MUST enum err ram_client_begin(struct ram_client *c, struct rd atr, struct wr *body);
/*
 * status and body of the last response. ERR_OK: *next says whether body is to be posted, or the session is over
 * well (204). Any error ends the session; body then may hold a last template with the close object (n > 0) that is
 * worth one try. The last notification's id and text: ram_client_last. ERR_REFUSED: a command was not allowed;
 * ERR_PROTOCOL; ERR_NOT_FOUND (404), ERR_HTTP, ERR_SERVER (5xx); the card's errors.
 */
MUST enum err ram_client_step(struct ram_client *c, int status, struct rd body, struct wr *out,
			      enum ram_next *next, struct deadline *dl);
void ram_client_last(const struct ram_client *c, int32_t *id, struct rd *message);
const char *ram_client_why(const struct ram_client *c);        /* reason of the failure, for people, safe to show */

#endif

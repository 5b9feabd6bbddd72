/* SPDX-License-Identifier: Apache-2.0 */
/* Private to server/ceremony*.c: ceremony.c has the wire and the machine, ceremony_people.c what people do. */
#ifndef SERVER_CEREMONY_INT_H
#define SERVER_CEREMONY_INT_H

#include "server/ceremony.h"

extern const struct pka_answers srv_no_answers;

/* Go on with what there is. The machine is not touched while the host still works on the last commands. */
void srv_ceremony_advance(struct srv_ceremony *c, const struct pka_answers *answers, uint64_t now_ms);

static inline bool srv_ceremony_is_over(const struct pka_facts *f)
{
	return f->state == PKA_OPEN || f->state == PKA_FAILED;
}

#endif

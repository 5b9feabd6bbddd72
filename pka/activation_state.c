/* SPDX-License-Identifier: Apache-2.0 */
/* What every step of a ceremony needs: what is permitted, how it fails, which answer is awaited. */
#include "pka/activation_int.h"

#include <stdarg.h>
#include <stdio.h>

/* What people and the server may do in which state; otherwise ERR_CONDITIONS and nothing changes. */
#define IN(state) (1u << (state))
static const unsigned permitted[] = {
	[PKA_EV_HOST]   = IN(PKA_IDENTIFY) | IN(PKA_LOOKUP) | IN(PKA_CHECK),
	[PKA_EV_TARGET] = IN(PKA_LOOKUP),
	[PKA_EV_TURN]   = IN(PKA_COLLECT) | IN(PKA_TURN) | IN(PKA_SUBMIT),
	[PKA_EV_DECIDE] = IN(PKA_COLLECT) | IN(PKA_TURN),
};

bool pka_event_fits(enum pka_event ev, enum pka_state state)
{
	return permitted[ev] & IN(state);
}

bool pka_is_permitted(const struct pka_activation *a, enum pka_event ev)
{
	return pka_event_fits(ev, a->facts.state);
}

bool pka_is_over(const struct pka_activation *a)
{
	return a->facts.state == PKA_OPEN || a->facts.state == PKA_FAILED;
}

void pka_challenge_drop(struct pka_activation *a)
{
	a->facts.challenge = RD_NONE;
}

void pka_fail(struct pka_activation *a, enum err e, const char *fmt, ...)
{
	va_list ap;

	if (pka_is_over(a))
		return;
	a->facts.state = PKA_FAILED;
	a->facts.result = e;
	va_start(ap, fmt);
	vsnprintf(a->facts.why, sizeof(a->facts.why), fmt, ap);
	va_end(ap);
	pka_challenge_drop(a);
	a->facts.turn = NULL;
}

void pka_fail_sw(struct pka_activation *a, enum hsm_op op, uint16_t sw, const char *what)
{
	const struct hsm_cmd *row = hsm_cmd_get(op);
	char text[80];
	enum err e = hsm_sw_err(row, sw, NULL);

	pka_fail(a, e ? e : ERR_CARD, "%s: %s", what, hsm_sw_text(row, sw, text, sizeof(text)));
}

void pka_asked(struct pka_activation *a, struct pka_batch *b, enum hsm_op op, size_t arg)
{
	pka_batch_close(b);
	if (a->asked_n < PKA_BATCH_MAX)
		a->asked[a->asked_n++] = (struct pka_asked){ op, arg };
}

const struct pka_custodian *pka_custodian_find(const struct pka_activation *a, struct rd chr)
{
	for (unsigned i = 0; i < a->target.m; i++)
		if (rd_eq_str(chr, a->target.custodians[i].chr))
			return &a->target.custodians[i];
	return NULL;
}

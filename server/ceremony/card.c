/* SPDX-License-Identifier: Apache-2.0 */
/* Which card it is, and what is demanded of it: from its first answer until people may be asked, and what it showed. */
#include "server/ceremony/ceremony_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

const struct pka_answers srv_no_answers;

void srv_ceremony_fail(struct srv_ceremony *c, enum err result, const char *fmt, ...)
{
	char why[SHOWN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(why, sizeof(why), fmt, ap) < 0)
		why[0] = '\0';
	va_end(ap);
	pka_activation_end(c->activation, result, why);
}

/* What the policy judges by. */
struct srv_policy_facts srv_ceremony_policy_facts(const struct srv_ceremony *c)
{
	const struct pka_facts *f = srv_ceremony_facts(c);

	return (struct srv_policy_facts){ .chain = f->chain,
					  .host = c->host[0] ? c->host : NULL,
					  .host_json = wr_view(&c->host_json),
					  .now = clock_wall_s(),
					  .keys_n = f->keys_n,
					  .keys = f->keys };
}

/* The policy of the card that is identified. false: the ceremony has ended. */
static bool policy_admits(struct srv_ceremony *c)
{
	struct srv_policy_facts f = srv_ceremony_policy_facts(c);
	char why[SHOWN_MAX + 1];
	enum err e = srv_rules_identified(&c->rules, c->env->store, c->target->device_id, &f, why, sizeof(why));

	if (!e) {
		c->deadline_ms = srv_rules_deadline_ms(&c->rules, c->deadline_ms);
		e = pka_activation_demand(c->activation, srv_rules_chip_auth(&c->rules, c->env->chip_auth),
					  c->deadline_ms);
		(void)snprintf(why, sizeof(why), "the server failed: %s", err_text(e));
	}
	if (e)
		srv_ceremony_fail(c, e == ERR_CONDITIONS ? ERR_SERVER : e, "%s", why);
	return !e;
}

/* The card is an enrolled one, and the one that it must be; false: the ceremony has ended. */
static bool target_take(struct srv_ceremony *c, const struct att_chain *chain)
{
	const struct srv_store *store = c->env->store;
	struct srv_target *t = store->ops->get(store->ctx, chain->id);

	if (c->only[0] && strcmp(c->only, chain->id)) {
		srv_ceremony_fail(c, ERR_POLICY,
				  "this login has asked for another card before; another card is another login");
		return false;
	}
	if (!t) {
		srv_ceremony_fail(c, ERR_NOT_ENROLLED,
				  "device %s is not enrolled at %s; an operator does that by quorum11 enrol",
				  chain->id, c->env->url ? c->env->url : "this server");
		return false;
	}
	c->target = srv_target_ref(t);
	return true;
}

/* The activation has read which card it is and asks for its enrolment. */
static void lookup(struct srv_ceremony *c, const struct att_chain *chain)
{
	const struct srv_store *store = c->env->store;
	struct srv_target *t;
	enum err e;

	if (!c->target && !target_take(c, chain))
		return;
	if (c->hold == SRV_HOLD_IDLE || !policy_admits(c))
		return;
	t = c->target;
	c->view = (struct pka_target){ .device_id = t->device_id,
				       .devaut = t->devaut,
				       .unverified = t->unverified,
				       .n = t->n,
				       .m = t->m,
				       .custodians = t->custodians,
				       .archived = t->archived,
				       .archived_n = t->archived_n };
	c->view.has_profile =
		c->has_firmware && store->ops->mode(store->ctx, t->device_id, c->firmware, &c->view.profile);
	e = pka_activation_target(c->activation, &c->view);
	if (e)
		srv_ceremony_fail(c, ERR_SERVER, "the server failed: %s", err_text(e));
}

/* The first answer of all is SELECT's and names the firmware. */
static void firmware_take(struct srv_ceremony *c, const struct pka_answers *answers)
{
	struct hsm_version v;
	struct rd data;
	uint16_t sw;

	if (c->is_begun || !answers->n)
		return;
	c->is_begun = true;
	if (apdu_answer(answers->v[0], &data, &sw) || hsm_dec_select(data, &v))
		return;
	c->firmware = (uint16_t)(v.major << 8 | v.minor);
	c->has_firmware = c->firmware != SRV_ANY_FIRMWARE;
}

void srv_ceremony_step(struct srv_ceremony *c, const struct pka_answers *answers, uint64_t now_ms)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	enum err e;

	firmware_take(c, answers);
	e = pka_activation_step(c->activation, answers, now_ms, &c->batch);
	if (!e && f->state == PKA_LOOKUP && f->chain) {
		lookup(c, f->chain);
		if (!srv_ceremony_is_over(f))
			e = pka_activation_step(c->activation, &srv_no_answers, now_ms, &c->batch);
	}
	pka_batch_reset(&c->answers);
	if (e)
		srv_ceremony_fail(c, ERR_SERVER, "the server failed: %s", err_text(e));
}

void srv_ceremony_learn(const struct srv_ceremony *c)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	const struct srv_store *store = c->env->store;
	struct srv_event ev;

	if (!c->target || !c->has_firmware || !(f->changed_mode || (f->state == PKA_OPEN && f->n > 1)))
		return;
	if (!store->ops->learn(store->ctx, c->target->device_id, c->firmware, f->mode))
		return;
	srv_ceremony_event(c, "learn", &ev);
	srv_event_word(&ev, "mode", srv_mode_name(f->mode));
	srv_event_word(&ev, "result", "not-kept");
	srv_event_emit(c->env->events, &ev);
}

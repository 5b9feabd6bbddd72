/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/permits.h"

#include "pka/activation_int.h"

#define NAMED(x) [x] = #x
static const char *const states[] = {
	NAMED(PKA_IDENTIFY), NAMED(PKA_LOOKUP), NAMED(PKA_CHECK), NAMED(PKA_COLLECT), NAMED(PKA_TURN),
	NAMED(PKA_SUBMIT), NAMED(PKA_OPEN), NAMED(PKA_FAILED),
};
static const char *const events[] = {
	NAMED(PKA_EV_HOST), NAMED(PKA_EV_TARGET), NAMED(PKA_EV_TURN), NAMED(PKA_EV_DECIDE),
};
#define STATES (sizeof(states) / sizeof(*states))
#define EVENTS (sizeof(events) / sizeof(*events))

static void numbers_write(struct wr *w, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_printf(w, "#define %s %zu\n", names[i], i);
}

/* Operations have numbers of this file's own: the place of their first row. */
static size_t op_number(enum hsm_op op)
{
	enum pka_state state;
	enum hsm_op it;
	size_t i = 0;

	while (pka_answer_row(i, &state, &it) && it != op)
		i++;
	return i;
}

static void ops_write(struct wr *w)
{
	enum pka_state state;
	enum hsm_op op;
	const char *name;

	for (size_t i = 0; (name = pka_answer_row(i, &state, &op)); i++)
		if (op_number(op) == i)
			wr_printf(w, "#define %s %zu\n", name, i);
}

static void events_write(struct wr *w)
{
	wr_text(w, "#define PERMITS(ev, st) ( \\\n");
	for (size_t ev = 0; ev < EVENTS; ev++)
		for (size_t st = 0; st < STATES; st++)
			if (pka_event_fits((enum pka_event)ev, (enum pka_state)st))
				wr_printf(w, "\t((ev) == %s && (st) == %s) || \\\n", events[ev], states[st]);
	wr_text(w, "\tfalse)\n");
}

static void answers_write(struct wr *w)
{
	enum pka_state state;
	enum hsm_op op;
	const char *name;

	wr_text(w, "#define TAKES(st, op) ( \\\n");
	for (size_t i = 0; (name = pka_answer_row(i, &state, &op)); i++)
		wr_printf(w, "\t((st) == %s && (op) == %s) || \\\n", states[state], name);
	wr_text(w, "\tfalse)\n");
}

void pka_permits_write(struct wr *w)
{
	wr_text(w, "/* What the server permits in which state: quorum11-server --dump-permits. */\n");
	numbers_write(w, states, STATES);
	numbers_write(w, events, EVENTS);
	ops_write(w);
	events_write(w);
	answers_write(w);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/pcsc.h"

#include <stdlib.h>
#include <string.h>

#include "apdu/pcsc_int.h"

#define WAIT_SLICE_MS 250       /* a caller who gives up is noticed after this */

static enum err list_names(SCARDCONTEXT context, struct apdu_readers *out)
{
	char names[APDU_READERS_MAX * READER_NAME_MAX + 1];
	DWORD size = sizeof(names) - 1;
	LONG rv = SCardListReaders(context, NULL, names, &size);
	size_t n;

	out->n = 0;
	if ((uint32_t)rv == (uint32_t)SCARD_E_NO_READERS_AVAILABLE)
		return ERR_OK;
	if (rv != SCARD_S_SUCCESS)
		return pcsc_opening("SCardListReaders", "readers", rv);
	names[size] = 0;
	/* One name after the other, each with its terminator; an empty one is the end. */
	for (const char *name = names; *name && out->n < APDU_READERS_MAX; name += n + 1) {
		struct apdu_reader *r = &out->v[out->n];

		n = strlen(name);
		if (n >= sizeof(r->name))
			return ERR_LIMIT;
		memset(r, 0, sizeof(*r));
		memcpy(r->name, name, n);
		out->n++;
	}
	return ERR_OK;
}

/* The readers and what is in them now; states can then be given to SCardGetStatusChange to wait for the next change. */
static enum err look(SCARDCONTEXT context, struct apdu_readers *out, SCARD_READERSTATE states[APDU_READERS_MAX])
{
	enum err e = list_names(context, out);
	LONG rv;

	if (e || out->n == 0)
		return e;
	memset(states, 0, out->n * sizeof(*states));
	for (size_t i = 0; i < out->n; i++)
		states[i].szReader = out->v[i].name;
	rv = SCardGetStatusChange(context, 0, states, (DWORD)out->n);
	if (!pcsc_has_looked(rv))
		return pcsc_opening("SCardGetStatusChange", "readers", rv);
	for (size_t i = 0; i < out->n; i++) {
		struct apdu_reader *r = &out->v[i];
		DWORD state = states[i].dwEventState;

		r->has_card = state & SCARD_STATE_PRESENT;
		/* pcscd says one or the other */
		r->in_use = state & (SCARD_STATE_INUSE | SCARD_STATE_EXCLUSIVE);
		r->exclusive = state & SCARD_STATE_EXCLUSIVE;
		r->events = (uint32_t)pcsc_events(state);
		if (r->has_card && states[i].cbAtr <= sizeof(r->atr)) {
			r->atr_size = states[i].cbAtr;
			memcpy(r->atr, states[i].rgbAtr, r->atr_size);
		}
		states[i].dwCurrentState = state & ~(DWORD)SCARD_STATE_CHANGED;
	}
	return ERR_OK;
}

enum err pcsc_list(struct apdu_readers *out)
{
	SCARD_READERSTATE states[APDU_READERS_MAX];
	SCARDCONTEXT context;
	LONG rv;
	enum err e;

	out->n = 0;
	rv = pcsc_establish(&context);
	if (rv != SCARD_S_SUCCESS)
		return pcsc_opening("SCardEstablishContext", "readers", rv);
	e = look(context, out, states);
	(void)SCardReleaseContext(context);
	return e;
}

enum err pcsc_wait(struct apdu_readers *last, struct deadline *dl)
{
	SCARD_READERSTATE states[APDU_READERS_MAX];
	struct apdu_readers *now = malloc(sizeof(*now));
	SCARDCONTEXT context;
	struct deadline slice;
	enum err e = ERR_OK;
	LONG rv;

	if (!now)
		return ERR_NOMEM;
	rv = pcsc_establish(&context);
	if (rv != SCARD_S_SUCCESS) {
		free(now);
		return pcsc_opening("SCardEstablishContext", "readers", rv);
	}
	while (!e) {
		e = look(context, now, states);
		if (!e && !apdu_readers_is_same(now, last)) {
			*last = *now;
			break;
		}
		if (!e)
			e = deadline_check(dl);
		if (e)
			break;
		slice = deadline_within(dl, WAIT_SLICE_MS);
		if (now->n == 0) {
			/* Nothing to wait on: a reader that is plugged in is found by looking again. */
			e = deadline_wait(&slice, -1);
			if (e == ERR_TIMEOUT)
				e = ERR_OK;
			continue;
		}
		rv = SCardGetStatusChange(context, (DWORD)deadline_left_ms(&slice), states, (DWORD)now->n);
		if (!pcsc_has_looked(rv) && (uint32_t)rv != (uint32_t)SCARD_E_UNKNOWN_READER)
			e = pcsc_opening("SCardGetStatusChange", "readers", rv);
	}
	(void)SCardReleaseContext(context);
	free(now);
	return e;
}

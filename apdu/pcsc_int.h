/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of PC/SC share: its return values as our errors, and how it is met. */
#ifndef APDU_PCSC_INT_H
#define APDU_PCSC_INT_H

#include <stdbool.h>
#include <winscard.h>

#include "base/err.h"

/*
 * What a return value is for whoever looks for a card, and for whoever is connected to one: pcsc_code.c has the table.
 * Anything but success is logged, with the call's name and the reader's.
 */
enum err pcsc_opening(const char *call, const char *reader, LONG rv);
enum err pcsc_connected(const char *call, const char *reader, LONG rv);
/* A connection to the service; it is none of the host's descriptors 0 to 2, whatever the host has closed. */
LONG pcsc_establish(SCARDCONTEXT *context);
/* Of SCardGetStatusChange: it has told the states. That nothing changed within its time is no failure. */
static inline bool pcsc_has_looked(LONG rv)
{
	return rv == SCARD_S_SUCCESS || (uint32_t)rv == (uint32_t)SCARD_E_TIMEOUT;
}
/* The reader's counter of cards put in and taken out, as dwEventState has it. */
static inline DWORD pcsc_events(DWORD event_state)
{
	return event_state >> 16 & 0xffff;
}

#endif

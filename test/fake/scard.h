/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCard* in place of libpcsclite's at link time: readers with virtual cards in this process, shared and exclusive as
 * pcscd 1.9.9 does it (virtual-reader reference; public-key-authentication 7.1). For tests with several threads.
 *
 * What no program of ours may do ends the test program with a line on stderr: SCardReconnect that changes the share
 * mode, and the use of a context or card in a forked child that its parent opened.
 */
#ifndef TEST_FAKE_SCARD_H
#define TEST_FAKE_SCARD_H

#include "base/buf.h"

/* Nothing plugged in, counters at zero. */
void fake_scard_start(void);
/* Pulls all cards. How many contexts and card handles our side has left open: a test wants 0. */
unsigned fake_scard_stop(void);

/* ---- what people do ---- */

void fake_reader_plug(const char *reader);
void fake_reader_unplug(const char *reader);
/* The virtual card of a folder (vcard_create); one card in one reader at a time. As vcard_open. */
MUST enum err fake_card_insert(const char *reader, const char *dir);
/* Waits for the exchange that is going on, if any. */
void fake_card_remove(const char *reader);
/* Half a second without a connection: pcscd powers the card off. Nothing happens if somebody is connected. */
void fake_card_idle(const char *reader);
/* A card of another kind, which knows no command of ours (6A82, 6D00), until it is pulled. */
void fake_card_foreign(const char *reader);
/* This user may see the reader and not use its card, as polkit has it (SCARD_W_SECURITY_VIOLATION). */
void fake_reader_deny(const char *reader, bool deny);
/*
 * What the card itself answers to a command now, past whoever holds it: not counted, not observed. As vcard_exchange,
 * and ERR_NO_CARD.
 */
MUST enum err fake_card_ask(const char *reader, struct rd cmd, struct wr *rsp);
/*
 * Its reader has a pad for PINs: what is typed there from now on, "" is cancel, NULL nobody. fake_reader_plug: none.
 */
void fake_reader_pad(const char *reader, const char *typed);
/* Who is asked there next takes his time: fake_held tells that he is asked, fake_release lets him go on. */
void fake_reader_pad_hold(const char *reader);
/* As fake_reader_pad, and the pad can change a PIN: this is typed as the new one, and once more. */
void fake_reader_pad_change(const char *reader, const char *typed, const char *fresh, const char *again);
/* It carries commands with this INS only (6B80). */
void fake_reader_pad_knows(const char *reader, uint8_t ins);
void fake_service(bool runs);                                  /* pcscd; stopped, every call fails */

/* ---- another program ---- */

struct fake_other;
/* NULL: sharing violation. */
struct fake_other *fake_other_connect(const char *reader, bool exclusive);
/* Resets the card or leaves it. NULL-safe. */
void fake_other_disconnect(struct fake_other **o, bool reset_card);
/* One exchange of its own, for example SELECT, which logs out. Not counted and not observed. */
MUST enum err fake_other_send(struct fake_other *o, struct rd cmd, struct wr *rsp);
void fake_other_lock(struct fake_other *o, bool lock);         /* begin or end a transaction */

/* ---- what happened ---- */

uint64_t fake_exchanges(const char *reader);                   /* SCardTransmit of ours */
uint64_t fake_calls(void);                                     /* all SCard* calls of ours */
unsigned fake_connections(const char *reader);                 /* of ours, now */
/*
 * Called for each exchange of ours, before the answer is given; no lock is held, but the exchange is going on: it
 * must not pull this card. NULL: nobody.
 */
void fake_observe(void (*see)(void *ctx, const char *reader, struct rd cmd, struct rd rsp), void *ctx);

/* ---- bad luck, at the k-th exchange of ours from now (1: the next) ---- */

enum fake_fault {
	FAKE_BROKEN,            /* the command does not reach the card: SCARD_E_NOT_TRANSACTED */
	FAKE_LOST,              /* the card runs it, the answer is lost: SCARD_E_NOT_TRANSACTED */
	FAKE_RESET,             /* somebody resets the card just before: SCARD_W_RESET_CARD */
	FAKE_REMOVED,           /* the card is pulled just before: SCARD_W_REMOVED_CARD */
	FAKE_UNKNOWN,           /* a card of before this command: 6D00 */
	FAKE_HELD               /* waits, before the card gets it, until fake_release or the card is pulled */
};
void fake_fault(const char *reader, unsigned k, enum fake_fault fault);
/* Wait until a FAKE_HELD exchange is there. ERR_TIMEOUT. */
MUST enum err fake_held(const char *reader, uint64_t ms);
void fake_release(const char *reader);

#endif

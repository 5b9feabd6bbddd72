/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients and the agent say to each other over a Unix socket of type SOCK_SEQPACKET: one message is one packet, a
 * type byte and TLV elements. A client asks, and waits for the one answer, AGENT_OK or AGENT_FAIL; while AGENT_LOGIN is
 * unanswered the agent may send AGENT_PROGRESS and the client AGENT_CANCEL, which has no answer of its own. One
 * connection is at most one open card, and its end is a logout. Both ends are of one version; still neither trusts a
 * length. Here are bytes, and how one packet goes over a socket.
 */
#ifndef APDU_AGENT_PROTO_H
#define APDU_AGENT_PROTO_H

#include "apdu/link.h"
#include "apdu/readers.h"
#include "base/tlv.h"

#define AGENT_PROTO_VERSION 1
#define AGENT_MESSAGE_MAX (APDU_RSP_MAX + 1024)         /* bytes of one packet */
#define AGENT_TEXT_MAX 512                              /* program, reason, why */

enum agent_type {
	AGENT_HELLO = 1,        /* VERSION, PROGRAM, REASON (both may be missing): first, once; answer: VERSION */
	AGENT_LIST,             /* answer: CARD elements */
	AGENT_OPEN,             /* READER; answer: ATR, STATE */
	AGENT_SEND,             /* APDU: a command; answer: APDU, with status word */
	AGENT_PRESENT,          /* is the card that was opened still there */
	AGENT_LOGIN,            /* PIN (may be missing), LIMITS (may be missing); answer when it is decided */
	AGENT_CANCEL,
	AGENT_LOGOUT,           /* of this client only */
	AGENT_END,              /* READER (missing: all): ends the approval for everybody */
	AGENT_STATUS,           /* answer: TEXT, JSON */
	AGENT_PAD,              /* PAD, PIN (what stands in the old one's place; may be missing): answer as to SEND */
	AGENT_OK = 0x80,
	AGENT_FAIL,             /* ERR, TEXT */
	AGENT_PROGRESS          /* TEXT */
};
enum agent_tag {
	AGENT_T_VERSION = 0x80, AGENT_T_PROGRAM, AGENT_T_REASON, AGENT_T_READER, AGENT_T_ATR, AGENT_T_APDU, AGENT_T_PIN,
	AGENT_T_LIMITS, AGENT_T_ERR, AGENT_T_TEXT, AGENT_T_EVENTS, AGENT_T_STATE, AGENT_T_PAD, AGENT_T_CARD = 0xA0
};
enum { AGENT_HAS_CARD = 1, AGENT_HAS_PAD = 2, AGENT_HAS_PAD_CHANGE = 4 };       /* bits of AGENT_T_STATE */

/* A message being written: the type, then wr_tlv of the caller's. */
void agent_msg_begin(struct wr *w, enum agent_type type);
void agent_msg_fail(struct wr *w, enum err e, const char *text);        /* a whole AGENT_FAIL */
void agent_msg_card(struct wr *w, const struct apdu_reader *r);         /* one AGENT_T_CARD element */

/* type and elements of a packet; every element well formed. ERR_FORMAT, ERR_LIMIT. */
MUST enum err agent_msg_read(struct rd packet, enum agent_type *type, struct rd *elements);
/*
 * A change of PIN on the reader: the AGENT_T_PAD and AGENT_T_PIN elements of it. Read: the old one is a view into
 * elements; ERR_FORMAT: not one that a pad could do.
 */
void agent_msg_pad(struct wr *w, const struct pinpad_ask *ask);
MUST enum err agent_pad_read(struct rd elements, struct pinpad_ask *ask);

/* An AGENT_FAIL: the error (never ERR_OK; what is not known is ERR_PROTOCOL) and its text, made safe to show. */
enum err agent_fail_read(struct rd elements, char *why, size_t cap);
/* The next AGENT_T_CARD. false: none is left, or (*bad) it is malformed. */
MUST bool agent_card_read(struct rd *elements, struct apdu_reader *out, bool *bad);

/*
 * One packet over a connected socket, which is non-blocking or has AGENT_SLICE_MS as its SO_RCVTIMEO. ERR_REMOVED: the
 * other end is gone; ERR_LIMIT, ERR_TIMEOUT, ERR_CANCELLED, ERR_IO. Never raises SIGPIPE. Receive appends, and a packet
 * that has no room is lost; buffers are the caller's to wipe.
 */
#define AGENT_SLICE_MS 1000     /* the boot clock is looked at so often: recv(2) does not count the time of a suspend */
MUST enum err agent_msg_send(int fd, struct rd packet, const struct deadline *dl);
MUST enum err agent_msg_receive(int fd, struct wr *packet, const struct deadline *dl);

#endif

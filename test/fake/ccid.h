/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CCID reader in software, with a card in its one slot: messages in, packets out. What a reader may be like,
 * and what it may do wrong, stands in its spec.
 */
#ifndef TEST_FAKE_CCID_H
#define TEST_FAKE_CCID_H

#include "apdu/usb/ccid_desc.h"
#include "test/vcard/t1.h"

#define FAKE_CCID_DESC 54
#define FAKE_CCID_AUTO 0xFE             /* dwFeatures: all that a reader can do by itself */

struct fake_ccid_spec {
	enum ccid_level level;
	uint32_t features;              /* besides the level */
	uint32_t message_max;           /* 0: 65554 */
	uint32_t ifsd;                  /* 0: 254 */
	uint32_t max_rate;              /* 0: any */
	size_t packet;                  /* 0: 64 */
	bool empty_packet;              /* after a message of whole packets */
	uint8_t voltages;               /* 0: all */
	uint8_t works_by;               /* bit of the voltages by which the card works; 0: all */
	bool pad, pad_changes;
	unsigned extend;                /* how often more time is asked for before an exchange's answer */
	unsigned busy;                  /* the first so many exchanges are answered "slot busy" */
	enum { FAKE_PPS_GOOD, FAKE_PPS_MUTE, FAKE_PPS_OTHER } pps;
	bool no_abort;
	uint8_t slots;                  /* 0: one; in the others there is never a card */
	uint8_t interface_class;        /* 0: CCID's */
	uint16_t product;               /* 0: one of the device list */
};

/* What is in the slot. */
struct fake_ccid_card {
	bool (*present)(void *ctx);
	bool (*power)(void *ctx, bool on, struct wr *atr);
	bool (*run)(void *ctx, struct rd cmd, struct wr *rsp); /* false: the card says nothing */
	void *ctx;
};

struct fake_ccid {
	struct fake_ccid_spec spec;
	struct fake_ccid_card card;
	struct vcard_t1 t1;
	bool powered, broken;           /* broken: the card has not answered */
	uint8_t pad_knows;              /* the only INS that its pad carries; 0: each */
	uint8_t pins[64];               /* the last command with PINs that it made */
	size_t pins_n;
	const char *typed;              /* on the pad; "" is cancel, NULL nobody */
	const char *typed_new, *typed_again;
	unsigned busy;
	bool parameters_set;
	uint8_t fi_di;                  /* as the card and the reader use it; 0: the reader sees to it */
	uint8_t power_select;           /* of the last PowerOn */
	unsigned pps_seen;
	/* Every answer, before it is sent; may be changed. NULL: nobody. */
	void (*spoil)(void *ctx, struct wr *message);
	void *spoil_ctx;
	bool silent;                    /* answers nothing any more */
	struct wr chain;                /* parts of a command */
	struct wr answer;               /* of the card, what was not yet fetched */
	size_t answer_at;
	struct wr queue;                /* messages, each behind its length */
	size_t queue_at, message_left;
	bool empty_due;
};

void fake_ccid_init(struct fake_ccid *f, const struct fake_ccid_spec *spec, const struct fake_ccid_card *card);
void fake_ccid_free(struct fake_ccid *f);
void fake_ccid_desc(const struct fake_ccid *f, uint8_t out[FAKE_CCID_DESC]);
void fake_ccid_moved(struct fake_ccid *f);                      /* the card went or came: it has no power */
/* A message of the computer's; false: a stall. */
MUST bool fake_ccid_hear(struct fake_ccid *f, struct rd message);
/* One transfer of at most max bytes, appended. false: there is nothing to say. */
MUST bool fake_ccid_say(struct fake_ccid *f, struct wr *out, size_t max);
/* A transfer of n bytes of max that has nothing at its end by which it would end. */
MUST bool fake_ccid_unended(const struct fake_ccid *f, size_t n, size_t max);

#endif

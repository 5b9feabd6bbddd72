/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAMOverHTTP templates (reference ramoverhttp 3 and 4). Codec only. Lengths up to 82 hhll, minimal; a child never
 * runs past its parent.
 */
#ifndef RAMOVERHTTP_RAM_H
#define RAMOVERHTTP_RAM_H

#include "base/buf.h"
#include "base/limits.h"

#define RAM_TYPE_REQUEST  "application/org.openscdp-content-mgt-response;version=1.0"
#define RAM_TYPE_RESPONSE "application/org.openscdp-content-mgt;version=1.0"

/* Client to server. */
struct ram_initiation { struct rd atr; uint32_t max_cmd, max_rsp; };                    /* 0: not given */
void ram_write_initiation(struct wr *w, const struct ram_initiation *i);
MUST enum err ram_read_initiation(struct rd body, struct ram_initiation *out);

enum ram_kind { RAM_COMMAND, RAM_RESET, RAM_NOTIFY };
struct ram_unit {                                               /* one object of a command template */
	enum ram_kind kind;
	struct rd cmd;                                          /* COMMAND */
	int32_t id;                                             /* NOTIFY: < 0 error, 0 completed, > 0 progress */
	struct rd message;                                      /* NOTIFY, UTF-8 */
	uint32_t seconds;                                       /* NOTIFY, expected time, 0 not given */
};
/* Server writes, client reads. */
void ram_write_command(struct wr *w, struct rd cmd);            /* units, to be put into one template */
void ram_write_reset(struct wr *w);
void ram_write_notify(struct wr *w, int32_t id, struct rd message);
void ram_write_template(struct wr *w, struct rd units);         /* AA { units } */
MUST enum err ram_open_template(struct rd body, struct rd *units);   /* nothing may follow AA */
/* ERR_NOT_FOUND at the end; ERR_FORMAT (unknown objects, too), ERR_LIMIT: nothing moves. */
MUST enum err ram_next_unit(struct rd *units, struct ram_unit *out);

/* Client writes, server reads. */
enum ram_result_kind { RAM_ANSWER, RAM_NEW_ATR, RAM_CLOSE };
struct ram_result { enum ram_result_kind kind; struct rd bytes; int32_t code; };        /* CLOSE: bytes is the reason */
void ram_write_answer(struct wr *w, struct rd rsp);
void ram_write_new_atr(struct wr *w, struct rd atr);
void ram_write_close(struct wr *w, struct rd reason);
void ram_write_results(struct wr *w, struct rd results, int32_t count); /* AB { results, 80 count } */
MUST enum err ram_open_results(struct rd body, struct rd *results);  /* takes AB; the count is advisory and dropped */
MUST enum err ram_next_result(struct rd *results, struct ram_result *out);

#endif

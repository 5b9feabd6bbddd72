/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something that happened. Each goes one way: into the log at once, into the audit, and then to those who listen
 * (notifications, pages, figures), all in the server's thread.
 */
#ifndef SERVER_EVENT_EVENT_H
#define SERVER_EVENT_EVENT_H

#include "base/limits.h"
#include "base/log.h"
#include "server/store/store.h"

#define SRV_EVENT_NAME 24
#define SRV_EVENT_FIELDS 12
#define SRV_EVENT_TEXT 1200             /* bytes of all its values; what is more is cut */

enum srv_field_kind { SRV_WORD, SRV_TEXT, SRV_NUMBER };
struct srv_event {                      /* holds no pointers but keys: may be copied */
	char name[SRV_EVENT_NAME];
	enum log_level level;
	int64_t when;                   /* seconds since 1970 */
	char request[SRV_ID_SIZE];      /* "": none */
	char device[CHR_MAX + 1];       /* "": none */
	size_t n, used;
	struct srv_field {
		const char *key;        /* a literal */
		enum srv_field_kind kind;
		size_t at;              /* in text */
	} field[SRV_EVENT_FIELDS];
	char text[SRV_EVENT_TEXT];
};
/* Names and keys are literals; request and device NULL: none. The level is LOG_INFO; the caller may change it. */
void srv_event_init(struct srv_event *ev, const char *name, const char *request, const char *device);
/* In the order of the log line. Never a secret: no token, cookie, login_id, PIN. */
void srv_event_word(struct srv_event *ev, const char *key, const char *word);   /* of ours, or an address: no blank */
void srv_event_text(struct srv_event *ev, const char *key, const char *text);   /* anything; quoted and escaped */
void srv_event_number(struct srv_event *ev, const char *key, int64_t v);
/* A value as text; "" if there is no such key. */
const char *srv_event_get(const struct srv_event *ev, const char *key);
/* One JSON object: event, request, device, and the fields. */
void srv_event_json(const struct srv_event *ev, struct wr *out);

struct srv_listener {                   /* the listener's own; stays where it is while it listens */
	struct srv_listener *next;
	void (*hear)(void *ctx, const struct srv_event *ev);
	void *ctx;
};

struct srv_audit;
struct srv_events;
MUST enum err srv_events_new(struct srv_store *store, struct srv_audit *audit, struct srv_events **out); /* borrowed */
/* NULL-safe. Writes what waits and a checkpoint; what cannot be written is lost, and said. */
void srv_events_free(struct srv_events **b);
void srv_events_listen(struct srv_events *b, struct srv_listener *l);
void srv_events_leave(struct srv_events *b, struct srv_listener *l);

/*
 * It has happened, and nothing that is answered depends on its being kept: in the log now, in the audit and with the
 * listeners at the end of this round (srv_events_flush), or as soon as the store can be written again.
 */
void srv_event_emit(struct srv_events *b, const struct srv_event *ev);
/*
 * It happens only if it is kept: write (may be NULL) changes the store, ev goes into the audit, both or neither. Then
 * the log and the listeners. On failure nothing has happened, and the caller must not answer as if it had.
 */
typedef enum err srv_event_write(void *ctx, const struct srv_store *store);
MUST enum err srv_event_commit(struct srv_events *b, const struct srv_event *ev, srv_event_write *write, void *ctx);
/*
 * It has happened, whatever the store says, and changes it: as srv_event_commit, now or as soon as the store can be
 * written again, in the order in which things happened. write must not refuse (ERR_CONDITIONS); drop frees ctx (heap),
 * also where it was never written. Whether it is kept already.
 */
typedef void srv_event_drop(void *ctx);
bool srv_event_keep(struct srv_events *b, const struct srv_event *ev, srv_event_write *write, void *ctx,
		    srv_event_drop *drop);
/*
 * Write what waits, and a checkpoint SRV_CHECKPOINT_MS after the first entry that none covers. The boot time to come
 * again at (UINT64_MAX: never).
 */
#define SRV_CHECKPOINT_MS (10 * 60 * 1000)
uint64_t srv_events_flush(struct srv_events *b, uint64_t now_ms);
/* A checkpoint now, for an export. */
MUST enum err srv_events_checkpoint(struct srv_events *b);
/* What went wrong with the store last, for people. */
const char *srv_events_why(const struct srv_events *b);

#endif

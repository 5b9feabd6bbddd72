/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server keeps over a restart: enrolments, which challenge mode a device showed, requests with what was
 * decided about them, and the audit. STATE/quorum11.db, mode 0600 (sqlite.h).
 */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include "attest/anchor.h"
#include "pka/chain.h"
#include "pka/statement.h"
#include "server/target/target.h"

#define SRV_ID_BYTES 16                 /* of a request */
#define SRV_ID_SIZE (2 * SRV_ID_BYTES + 1)      /* hex */

#define SRV_AUDIT_SCAN 10000            /* some ten milliseconds, in which everybody else waits */

#define SRV_DATABASE "quorum11", ".db"  /* name and suffix of the file, for srv_path */

/*
 * A request as it is kept, from when people are asked, or from its end where nobody was. All of it is borrowed. Times
 * are seconds since 1970.
 */
struct srv_kept {
	int64_t number;                 /* grows with each request; the store's */
	const char *id, *device_id;
	const char *host, *from;        /* the identity that asks ("": nobody in particular) and its address */
	struct rd login_id;
	int64_t target;                 /* srv_target.row */
	const char *instance;           /* the server process that has the card's connection */
	int64_t created, due, ended;    /* due: when its time is over; ended: 0 while it goes on */
	const char *outcome;            /* "result" of docs/API.md; "" while it goes on */
	bool may_return;                /* its host was lost, and may ask again */
	const char *words;              /* what people search for */
	const char *facts;              /* as docs/API.md shows a request, without what the enrolment has */
};
struct srv_kept_decision {
	const char *chr, *from;
	enum pka_decision decision;
	int64_t when;
	struct rd statement, statement_sig, sig;        /* sig: over M, of an approval */
};
/* Which requests; what is NULL, empty or 0 asks for nothing. */
struct srv_kept_filter {
	const char *id, *device_id, *outcome;
	const char *host, *chr;         /* whose they are; which key they ask for */
	const char *search;             /* in words; case of ASCII letters aside */
	struct rd login_id, link;       /* link: its SHA-256 */
	int64_t from, until;            /* created, both inclusive */
	int64_t before, least;          /* number, exclusive; inclusive */
	int64_t ended_from;             /* ended, inclusive */
	bool is_over;
	const char *not_of;             /* going on, and not at this instance: at one that is gone */
};
struct srv_db;
typedef enum err srv_kept_take(void *arg, const struct srv_kept *r);    /* anything but ERR_OK ends it */
typedef enum err srv_decision_take(void *arg, const struct srv_kept_decision *d);
typedef enum err srv_audit_take(void *arg, const struct chain_entry *e);        /* anything but ERR_OK ends it */
struct srv_store_ops {
	const char *name;
	/* The target, borrowed until the next adopt; NULL: not enrolled. */
	struct srv_target *(*get)(void *ctx, const char *device_id);
	/* Enumerate: the first for NULL, then the one after last; NULL at the end. */
	struct srv_target *(*next)(void *ctx, const struct srv_target *last);
	/*
	 * Write t, and after the commit adopt it (a reference of the store's own): from then on get gives it.
	 * ERR_CONDITIONS: the device is enrolled and replace is false; else as sqlite.h says.
	 */
	enum err (*put)(void *ctx, struct srv_target *t, bool replace);
	void (*adopt)(void *ctx, struct srv_target *t);
	/*
	 * The challenge mode that the device showed. firmware: major << 8 | minor; a mode learnt under another
	 * firmware is none.
	 */
	bool (*mode)(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode *mode);
	enum err (*learn)(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode mode);
	/*
	 * The audit (event/audit.h). last: seq 0 if there is none; event is not given; is_checkpoint may be NULL.
	 * read: at most max entries from number from on that hold search ("": all), the oldest first; back: those
	 * below number before (0: all), the latest first. A search looks through SRV_AUDIT_SCAN entries and no more;
	 * *next (may be NULL) is what from or before must be to go on with it, 0 if it has looked through all.
	 */
	enum err (*audit_last)(void *ctx, struct chain_entry *out, bool *is_checkpoint);
	enum err (*audit_add)(void *ctx, const struct chain_entry *e);
	enum err (*audit_read)(void *ctx, uint64_t from, const char *search, size_t max, srv_audit_take *take,
			       void *arg, uint64_t *next);
	enum err (*audit_back)(void *ctx, uint64_t before, const char *search, size_t max, srv_audit_take *take,
			       void *arg, uint64_t *next);
	/*
	 * Requests. put: new, or what has changed of it; link: SHA-256 of a further link, or empty; asked: the target
	 * whose custodians they are. each: at most max, the latest first. decide: ERR_CONDITIONS: an approval or a
	 * denial of what does not go on at this instance, an end of what has not opened its card, or was ended before.
	 * decisions: all about this request, the oldest first.
	 */
	enum err (*request_put)(void *ctx, const struct srv_kept *r, struct rd link, const struct srv_target *asked);
	enum err (*request_each)(void *ctx, const struct srv_kept_filter *f, size_t max, srv_kept_take *take,
				 void *arg);
	enum err (*request_decide)(void *ctx, const char *id, const char *instance, const struct srv_kept_decision *d);
	enum err (*decisions)(void *ctx, int64_t number, srv_decision_take *take, void *arg);
	/*
	 * Requests that ended before then, at most max: how many there are; and forget them, the oldest first, with
	 * their links, whom they asked and what was decided, and the replaced enrolments that nothing refers to then.
	 */
	enum err (*requests_old)(void *ctx, int64_t before, size_t max, size_t *n);
	enum err (*requests_forget)(void *ctx, int64_t before, size_t max);
	/*
	 * Until when its servers have lived, of what srv/forget.c believes (seconds since 1970); where nothing says
	 * so yet, when the latest request has ended. ERR_NOT_FOUND: none has. live_on never takes anything back.
	 */
	enum err (*lived)(void *ctx, int64_t *until);
	enum err (*live_on)(void *ctx, int64_t until);
	/* The enrolment (JSON) of this row, in force or not any more. ERR_NOT_FOUND */
	enum err (*enrolment)(void *ctx, int64_t target, struct wr *json);
	/* What is written between these is written as a whole or not at all; end: commit, unless e. */
	enum err (*begin)(void *ctx);
	enum err (*end)(void *ctx, enum err e);
	const char *(*why)(void *ctx);          /* what went wrong last, for people */
	void (*close)(void *ctx);
};
struct srv_store {
	const struct srv_store_ops *ops;
	void *ctx;
	struct srv_db *db;      /* for the files of server/store/ with tables of their own */
};
/* How many devices are enrolled. */
size_t srv_store_target_count(const struct srv_store *s);
const char *srv_mode_name(enum pka_challenge_mode mode);        /* as in docs/API.md */
#define SRV_ANY_FIRMWARE 0xFFFF         /* for mode: whatever was learnt last */

/* To serve, or only to look: then nothing in the folder changes, and what is written is forgotten. */
enum srv_store_use { SRV_STORE_SERVE, SRV_STORE_LOOK };
/*
 * DIR/quorum11.db, read once here with every check repeated. An enrolment that fails is said (device, reason) and left
 * out; *refused counts them. Once, it takes in what DIR/targets and DIR/modes hold (the files of an older version).
 * ERR_CONFIG, ERR_IO, ERR_FORMAT, ERR_SHARING, ERR_LIMIT: said; ERR_NOMEM.
 */
MUST enum err srv_store_open(const char *dir, enum srv_store_use use, const struct att_anchors *anchors, int64_t now,
			     struct srv_store *out, size_t *refused);
/* The store over a database that the caller has opened and closes himself; no enrolment is read. */
MUST enum err srv_store_over(struct srv_db *db, struct srv_store *out);
/* Copy the database of the folder, whether a server uses it or not, to a new file of mode 0600. All errors are said. */
MUST enum err srv_store_copy(const char *dir, const char *path);
/* NULL-safe: a store of zeros is closed already. */
void srv_store_close(struct srv_store *s);

#endif

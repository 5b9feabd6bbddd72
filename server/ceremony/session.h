/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One RAMOverHTTP session on the wire (reference ramoverhttp 5.2): which POST may come, and what answers it. No
 * socket, no clock; it does not know what the commands do.
 *
 *   READY   a POST is here and waits for its answer
 *   BUSY    a template is out, its results are due
 *   LAST    the result was told; the next POST gets 204
 *   CLOSED  over
 */
#ifndef SERVER_CEREMONY_SESSION_H
#define SERVER_CEREMONY_SESSION_H

#include "pka/activation.h"
#include "ramoverhttp/ram.h"

#define SRV_LOST_MS        40000        /* no POST for so long after an answer: the client is lost (ramoverhttp 2.3) */
#define SRV_NUDGE_MS       5000         /* the same, of a host in whose way another one's request stands */
#define SRV_LOST_KEYGEN_MS 330000       /* the same while a key is being generated */

enum srv_session_state { SRV_READY, SRV_BUSY, SRV_LAST, SRV_CLOSED };
struct srv_session {
	enum srv_session_state state;
	size_t due;             /* BUSY: answers owed; 0 after a template without commands */
	bool is_reset_due;      /* BUSY: instead, the answer to a reset */
	uint32_t templates;     /* sent so far */
	uint64_t until_ms;      /* READY: answer at the latest; BUSY and LAST: then the client is lost */
};
struct srv_note {               /* a notification; text is cut at RAM_MESSAGE_MAX */
	int32_t id;             /* > 0: progress, 0: opened, < 0: failed (pka/result.h) */
	const char *text;
};

/* The first POST. ERR_FORMAT: not an initiation. poll_ms: the longest wait for an answer. */
MUST enum err srv_session_begin(struct srv_session *s, struct rd body, uint64_t now_ms, uint64_t poll_ms);
/*
 * A further POST, in BUSY: the answers, as views into body, exactly as many as were owed. ERR_CONDITIONS: one is
 * being held already (409); ERR_NOT_FOUND: the session is over (404); ERR_CANCELLED: the client closed it, reason
 * says why; ERR_FORMAT, ERR_PROTOCOL: the bytes, or the number of answers, are wrong; after these three the session
 * is closed. In LAST: ERR_EXPIRED, and it is closed: answer 204.
 */
MUST enum err srv_session_results(struct srv_session *s, struct rd body, uint64_t now_ms, uint64_t poll_ms,
				  struct pka_answers *answers, struct rd *reason);
/*
 * Answer the waiting POST: commands (NULL: none) after a notification (NULL: none); with neither the empty template.
 * ERR_LIMIT: too many templates.
 */
MUST enum err srv_session_send(struct srv_session *s, const struct pka_batch *commands, const struct srv_note *note,
			       uint64_t now_ms, struct wr *body);
/* Answer the waiting POST by a reset of the card, which closes it. */
MUST enum err srv_session_reset(struct srv_session *s, uint64_t now_ms, struct wr *body);
/*
 * Answer the waiting POST by the result, alone in its template: some clients end at once when they see it (reference
 * 5.3, 2).
 */
MUST enum err srv_session_last(struct srv_session *s, const struct srv_note *note, uint64_t now_ms, struct wr *body);
void srv_session_close(struct srv_session *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "login/watch.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "login/frame.h"
#include "login/helper.h"
#include "login/proof.h"

#define HTTP_OK 200

struct login_watch {
	struct login_helper *helper;    /* NULL: gone */
	struct wr part;                 /* of the frame that is arriving */
};

enum err login_watch_open(const struct conf *conf, struct rd login_id, struct login_watch **out)
{
	struct login_watch *w = NULL;
	char why[SHOWN_MAX] = "";
	enum err e;

	*out = NULL;
	if (login_id.n != LOGIN_ID_SIZE)
		return ERR_ARG;
	w = calloc(1, sizeof(*w));
	if (!w)
		return ERR_NOMEM;
	wr_init_heap(&w->part, LOGIN_FRAME_MAX + 4);
	e = login_helper_start(conf, NULL, &w->helper, why, sizeof(why));
	/* It reads this once it has read its settings. */
	if (!e)
		e = login_helper_tell(w->helper, LOGIN_WATCH, login_id);
	if (e) {
		log_line(LOG_PKA, LOG_WARN, "nobody can end this approval from elsewhere: %s",
			 *why ? why : err_text(e));
		login_watch_close(&w);
	}
	*out = w;
	return e;
}

int login_watch_fd(const struct login_watch *w)
{
	return w->helper ? login_helper_fd(w->helper) : -1;
}

static enum err read_reply(struct rd content, struct wr *pka_file, struct wr *statement, struct wr *statement_sig)
{
	struct pka_proof proof;
	uint16_t status;

	if (!rd_u16(&content, &status) || status != HTTP_OK || !login_proof_read(&content, &proof) || !rd_end(&content))
		return ERR_PROTOCOL;
	wr_put(pka_file, proof.pka_file);
	wr_put(statement, proof.statement);
	wr_put(statement_sig, proof.statement_sig);
	if (wr_done(pka_file) || wr_done(statement) || wr_done(statement_sig))
		return ERR_LIMIT;
	return ERR_OK;
}

enum err login_watch_step(struct login_watch *w, bool *ended, struct wr *pka_file, struct wr *statement,
			  struct wr *statement_sig)
{
	char why[SHOWN_MAX] = "";
	struct rd content;
	uint8_t type;
	enum err e = w->helper ? ERR_OK : ERR_IO;

	*ended = false;
	while (!e && !*ended) {
		e = login_frame_collect(login_helper_fd(w->helper), &w->part, &type, &content);
		if (e == ERR_TIMEOUT)
			return ERR_OK;
		if (e)
			break;
		if (type == LOGIN_REPLY) {
			e = read_reply(content, pka_file, statement, statement_sig);
			*ended = !e;
		} else if (type == LOGIN_FAIL) {
			e = login_helper_failure(content, why, sizeof(why));
		} else if (type != LOGIN_READY) {
			e = ERR_PROTOCOL;
		}
		wr_reset(&w->part);
	}
	if (e && w->helper) {
		log_line(LOG_PKA, LOG_WARN, "nobody can end this approval from elsewhere any more: %s",
			 *why ? why : e == ERR_IO ? "the helper process ended" : err_text(e));
		login_helper_close(&w->helper);
	}
	return e;
}

void login_watch_close(struct login_watch **w)
{
	struct login_watch *it = *w;

	*w = NULL;
	if (!it)
		return;
	login_helper_close(&it->helper);
	wr_free(&it->part);
	free(it);
}

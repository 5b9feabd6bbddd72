/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/ceremony.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "pkcs11/module/token.h"

static void ceremony_unref(struct p11_ceremony *w)
{
	if (--w->refs)
		return;
	(void)close(w->cancel_fd);
	free(w);
}

enum err p11_ceremony_start(struct p11_token *t, const struct p11_session *owner, bool is_login)
{
	struct p11_ceremony *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_NOMEM;
	w->refs = 1;
	w->owner = owner;
	w->is_login = is_login;
	w->cancel_fd = fd_event();
	if (w->cancel_fd < 0) {
		free(w);
		return ERR_IO;
	}
	t->ceremony = w;
	t->login = P11_PENDING;
	return ERR_OK;
}

void p11_ceremony_end(struct p11_token *t, CK_RV rv)
{
	struct p11_ceremony *w = t->ceremony;

	t->ceremony = NULL;
	w->rv = rv;
	w->done = true;
	cond_wake(&t->changed);
	ceremony_unref(w);
}

CK_RV p11_ceremony_wait(struct p11_token *t)
{
	struct p11_ceremony *w = t->ceremony;
	CK_RV rv;

	w->refs++;
	while (!w->done)
		cond_wait(&t->changed, &t->lock);
	rv = w->rv;
	ceremony_unref(w);
	return rv;
}

void p11_ceremony_wait_pin(struct p11_token *t)
{
	while (t->ceremony && !t->ceremony->is_login) {
		log_line(LOG_P11, LOG_INFO, "card %s: this call waits until its PIN is changed", t->device_id);
		(void)p11_ceremony_wait(t);
	}
}

void p11_ceremony_cancel(struct p11_token *t)
{
	const uint64_t one = 1;

	if (!t->ceremony)
		return;
	t->ceremony->cancelled = true;
	if (write(t->ceremony->cancel_fd, &one, sizeof(one)) < 0)
		log_line(LOG_P11, LOG_ERROR, "cannot wake the login on card %s", t->device_id);
}

void p11_ceremony_progress(void *ctx, const char *text)
{
	const struct p11_token *t = ctx;
	enum conf_progress p = t->conf->login.progress;

	if (p == CONF_PROGRESS_STDERR || (p == CONF_PROGRESS_AUTO && isatty(STDERR_FILENO)))
		log_tell("card %s: %s", t->device_id, text);
	else
		log_line(LOG_P11, LOG_INFO, "card %s: %s", t->device_id, text);
}

enum err p11_ceremony_error(enum err e, const struct deadline *dl)
{
	switch (e) {
	case ERR_TIMEOUT:
		return deadline_left_ms(dl) ? e : ERR_EXPIRED;
	case ERR_FORMAT:
	case ERR_LIMIT:
	case ERR_NOT_FOUND:
	case ERR_DATA:
		return ERR_PROTOCOL;
	case ERR_RESET:
	case ERR_AUTH:
		return ERR_CONDITIONS;
	default:
		return e;
	}
}

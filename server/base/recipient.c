/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/recipient.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tell/address.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

const char *const srv_way_names[SRV_WAY_KINDS] = {
	[SRV_BY_WEBHOOK] = "webhook", [SRV_BY_MAIL] = "mail", [SRV_BY_COMMAND] = "command",
};
const char *const srv_occasion_names[SRV_OCCASIONS] = {
	[SRV_TOLD_REQUEST] = "request", [SRV_TOLD_REFUSED] = "refused", [SRV_TOLD_OPENED] = "opened",
	[SRV_TOLD_ENDED] = "ended",
};
/* Refusals are left out: whoever reaches the server may cause them, without having a card. */
static const bool usual[SRV_OCCASIONS] = {
	[SRV_TOLD_REQUEST] = true, [SRV_TOLD_OPENED] = true, [SRV_TOLD_ENDED] = true,
};

/* ---- one way ---- */

static const char *webhook_flaw(const struct srv_way *w)
{
	if (!tell_is_webhook(w->word[1]))
		return "the URL must begin with https:// (http:// only to this machine)";
	return w->n > 2 && w->word[2][0] != '/' ? "the secret file's path begins with /" : NULL;
}

static const char *mail_flaw(const struct srv_way *w)
{
	return tell_is_mail(w->word[1]) ? NULL : "that is no mail address";
}

static const char *command_flaw(const struct srv_way *w)
{
	return w->word[1][0] == '/' ? NULL : "the program's path begins with /";
}

/* How many words there are, the name among them, and what else must hold. */
static const struct {
	size_t min, max;
	const char *form;
	const char *(*flaw)(const struct srv_way *w);
} kinds[SRV_WAY_KINDS] = {
	[SRV_BY_WEBHOOK] = { 2, 3, "NAME URL [SECRET-FILE]", webhook_flaw },
	[SRV_BY_MAIL] = { 2, 2, "NAME ADDRESS", mail_flaw },
	[SRV_BY_COMMAND] = { 2, SRV_WAY_WORDS, "NAME PROGRAM [ARGUMENT]...", command_flaw },
};

static bool is_name(const char *s)
{
	return *s && strlen(s) <= SRV_RECIPIENT_MAX && strspn(s, NAME_CHARS) == strlen(s);
}

static const char *flaw(const struct srv_way *w)
{
	if (w->n < kinds[w->kind].min || w->n > kinds[w->kind].max)
		return kinds[w->kind].form;
	if (!is_name(w->word[0]))
		return "a name has letters, digits, dots, hyphens and underscores";
	return kinds[w->kind].flaw(w);
}

static enum err way_read(struct srv_recipients *r, enum srv_way_kind kind, const char *text)
{
	struct srv_way *w = &r->v[r->n];
	char *save = NULL, *word;
	const char *why;

	*w = (struct srv_way){ .kind = kind, .text = strdup(text), .line = strdup(text) };
	r->n++;         /* so that what there is of it is freed */
	if (!w->text || !w->line)
		return ERR_NOMEM;
	for (word = strtok_r(w->line, " \t", &save); word; word = strtok_r(NULL, " \t", &save), w->n++)
		if (w->n < SRV_WAY_WORDS)
			w->word[w->n] = word;
	why = flaw(w);
	if (!why && srv_recipients_find(r, srv_way_names[kind], text) != w)
		why = "that stands there twice";
	if (why)
		log_tell("[notify] %s = %s: %s", srv_way_names[kind], text, why);
	return why ? ERR_CONFIG : ERR_OK;
}

static enum err ways_read(struct srv_recipients *r, enum srv_way_kind kind, const struct conf_list *list)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; !e && i < list->n; i++)
		e = way_read(r, kind, list->v[i]);
	return e;
}

/* ---- all of it ---- */

static enum err about_read(struct srv_recipients *r, const struct conf_list *list)
{
	size_t i, k;

	memcpy(r->about, usual, sizeof(usual));
	if (list->n)
		memset(r->about, 0, sizeof(r->about));
	for (i = 0; i < list->n; i++) {
		for (k = 0; k < SRV_OCCASIONS && strcmp(srv_occasion_names[k], list->v[i]); k++)
			;
		if (k == SRV_OCCASIONS) {
			log_tell("[notify] about = %s: it is some of request, refused, opened, ended", list->v[i]);
			return ERR_CONFIG;
		}
		r->about[k] = true;
	}
	return ERR_OK;
}

static enum err mail_read(const struct conf *conf)
{
	const char *why = NULL;

	if (conf->notify.mail.n && (!conf->notify.smtp || !conf->notify.smtp_from))
		why = "mail needs smtp and smtp_from";
	else if (conf->notify.smtp && !tell_is_mail_server(conf->notify.smtp))
		why = "smtp is smtp://HOST:PORT or smtps://HOST:PORT";
	else if (conf->notify.smtp_from && !tell_is_mail(conf->notify.smtp_from))
		why = "smtp_from is no mail address";
	else if (!conf->notify.smtp_user != !conf->notify.smtp_password)
		why = "smtp_user and smtp_password go together";
	if (why)
		log_tell("[notify] %s", why);
	return why ? ERR_CONFIG : ERR_OK;
}

enum err srv_recipients_new(const struct conf *conf, struct srv_recipients **out)
{
	struct srv_recipients *r = calloc(1, sizeof(*r));
	enum err e = r ? about_read(r, &conf->notify.about) : ERR_NOMEM;

	if (!e)
		e = ways_read(r, SRV_BY_WEBHOOK, &conf->notify.webhook);
	if (!e)
		e = ways_read(r, SRV_BY_MAIL, &conf->notify.mail);
	if (!e)
		e = ways_read(r, SRV_BY_COMMAND, &conf->notify.command);
	if (!e)
		e = mail_read(conf);
	if (e == ERR_NOMEM)
		log_tell("%s", err_text(e));
	if (e)
		srv_recipients_free(&r);
	*out = r;
	return e;
}

void srv_recipients_free(struct srv_recipients **r)
{
	size_t i;

	if (!*r)
		return;
	for (i = 0; i < (*r)->n; i++) {
		free((*r)->v[i].text);
		free((*r)->v[i].line);
	}
	free(*r);
	*r = NULL;
}

bool srv_recipients_has(const struct srv_recipients *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (!strcmp(r->v[i].word[0], name))
			return true;
	return false;
}

const struct srv_way *srv_recipients_find(const struct srv_recipients *r, const char *kind, const char *text)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (!strcmp(srv_way_names[r->v[i].kind], kind) && !strcmp(r->v[i].text, text))
			return &r->v[i];
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One message to one recipient: a job as JSON on standard input, how it went as the exit status (0: delivered) and one
 * line on standard error. The server starts it, and again if it fails.
 *
 *   {"way": "webhook", "url", "secret_file"?, "ca"?, "message": {...}}
 *   {"way": "mail", "smtp", "from", "to", "user"?, "password_file"?, "ca"?, "message": {...}}
 *
 * A webhook gets the message as it is; a mail is made of its members "subject", "text", "id" and "sent".
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "tell/mail.h"
#include "tell/smtp.h"
#include "tell/webhook.h"

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static enum err secret_of(const json_t *job, const char *key, struct secret **out, char *why, size_t cap)
{
	const char *path = text_of(job, key);
	enum err e = path ? secret_read_file(path, out) : ERR_OK;

	if (e)
		(void)snprintf(why, cap, "%s: %s", path, err_text(e));
	return e;
}

static enum err by_webhook(const json_t *job, char *why, size_t cap)
{
	char *body = json_dumps(json_object_get(job, "message"), JSON_COMPACT);
	struct secret *secret = NULL;
	struct webhook w = { .url = text_of(job, "url"), .ca = text_of(job, "ca"),
			     .proxy = text_of(job, "proxy") };
	enum err e = body && w.url ? secret_of(job, "secret_file", &secret, why, cap) : ERR_FORMAT;

	w.body = body ? rd_str(body) : RD_NONE;
	w.secret = secret;
	if (!e)
		e = webhook_send(&w, why, cap);
	secret_free(&secret);
	free(body);
	return e;
}

static enum err by_mail(const json_t *job, char *why, size_t cap)
{
	const json_t *m = json_object_get(job, "message");
	struct mail mail = { .from = text_of(job, "from"), .to = text_of(job, "to"), .subject = text_of(m, "subject"),
			     .text = text_of(m, "text"), .id = text_of(m, "id"),
			     .when = json_integer_value(json_object_get(m, "sent")) };
	struct smtp_config c = { .url = text_of(job, "smtp"), .ca = text_of(job, "ca"), .user = text_of(job, "user") };
	struct secret *password = NULL;
	struct wr w;
	enum err e;

	if (!mail.from || !mail.to || !mail.subject || !mail.text || !mail.id || !c.url)
		return ERR_FORMAT;
	wr_init_heap(&w, MAIL_MAX);
	e = mail_write(&mail, &w);
	if (!e)
		e = secret_of(job, "password_file", &password, why, cap);
	c.password = password;
	if (!e)
		e = smtp_send(&c, mail.from, mail.to, wr_view(&w), why, cap);
	secret_free(&password);
	wr_free(&w);
	return e;
}

static const struct {
	const char *way;
	enum err (*send)(const json_t *job, char *why, size_t cap);
} ways[] = { { "webhook", by_webhook }, { "mail", by_mail } };

int main(void)
{
	json_t *job = json_loadf(stdin, JSON_REJECT_DUPLICATES, NULL);
	const char *way = text_of(job, "way");
	char why[200] = "";
	enum err e = ERR_FORMAT;
	size_t i;

	log_name("tell");
	for (i = 0; way && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].way, way))
			e = ways[i].send(job, why, sizeof(why));
	if (e)
		(void)fprintf(stderr, "%s\n", why[0] ? why : err_text(e));
	json_decref(job);
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}

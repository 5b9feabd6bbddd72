/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/smtp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tell/address.h"

#define CONNECT_MS 10000L
#define TOTAL_MS   20000L
#define PASSWORD_MAX 256        /* secret_read_file reads no more */

static size_t on_read(char *to, size_t size, size_t n, void *user)
{
	struct rd *left = user, part;

	n = size * n < left->n ? size * n : left->n;
	if (!rd_take(left, n, &part))
		return CURL_READFUNC_ABORT;
	if (n)
		memcpy(to, part.p, n);
	return n;
}

static CURLcode set(CURL *e, const struct smtp_config *c, const char *from, const struct curl_slist *to,
		    struct rd *mail)
{
	CURLcode rc = CURLE_OK;

#define SET(option, value) do { if (!rc) rc = curl_easy_setopt(e, option, value); } while (0)
	SET(CURLOPT_URL, c->url);
	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	SET(CURLOPT_TIMEOUT_MS, TOTAL_MS);
	SET(CURLOPT_USE_SSL, (long)(tell_is_local_server(c->url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (c->ca) {
		SET(CURLOPT_CAINFO, c->ca);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_MAIL_FROM, from);
	SET(CURLOPT_MAIL_RCPT, to);
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_READFUNCTION, on_read);
	SET(CURLOPT_READDATA, mail);
	SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->n);
	if (c->user)
		SET(CURLOPT_USERNAME, c->user);
#undef SET
	return rc;
}

static CURLcode set_password(CURL *e, const struct secret *password)
{
	struct rd value = password ? secret_view(password) : RD_NONE;
	char text[PASSWORD_MAX + 1];
	CURLcode rc;

	if (!password)
		return CURLE_OK;
	if (value.n >= sizeof(text))
		return CURLE_BAD_FUNCTION_ARGUMENT;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	rc = curl_easy_setopt(e, CURLOPT_PASSWORD, text);
	wipe(text, sizeof(text));
	return rc;
}

enum err smtp_send(const struct smtp_config *c, const char *from, const char *to, struct rd mail, char *why, size_t cap)
{
	char error[CURL_ERROR_SIZE] = "", address[260];
	struct curl_slist *list;
	CURL *e;
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	if (!tell_is_mail_server(c->url)) {
		(void)snprintf(why, cap, "the mail server's URL is no smtp:// or smtps:// one");
		return ERR_CONFIG;
	}
	(void)snprintf(address, sizeof(address), "<%s>", to);
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return ERR_IO;
	list = curl_slist_append(NULL, address);
	e = curl_easy_init();
	(void)snprintf(address, sizeof(address), "<%s>", from);
	if (list && e)
		rc = curl_easy_setopt(e, CURLOPT_ERRORBUFFER, error);
	if (!rc)
		rc = set(e, c, address, list, &mail);
	if (!rc)
		rc = set_password(e, c->password);
	if (!rc)
		rc = curl_easy_perform(e);
	if (rc)
		(void)text_shown(rd_str(error[0] ? error : curl_easy_strerror(rc)), why, cap);
	curl_easy_cleanup(e);
	curl_slist_free_all(list);
	curl_global_cleanup();
	return rc ? ERR_CONNECT : ERR_OK;
}

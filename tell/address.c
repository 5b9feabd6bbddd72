/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/address.h"

#include <string.h>

#include "base/text.h"
#include "ramoverhttp/http.h"

#define ADDRESS_MAX 254

/* Without a name or a password, which would be shown in logs, and would make of the host something else. */
static bool is_plain(const char *url)
{
	for (; *url; url++)
		if (*url <= ' ' || *url > '~' || *url == '@' || *url == '\\')
			return false;
	return true;
}

static const char *behind(const char *url, const char *scheme)
{
	size_t n = strlen(scheme);

	return !strncmp(url, scheme, n) && url[n] && url[n] != '/' && url[n] != ':' ? url + n : NULL;
}

bool tell_is_webhook(const char *url)
{
	return http_url_is_allowed(url, false);
}

bool tell_is_mail_server(const char *url)
{
	return is_plain(url) && (behind(url, "smtp://") || behind(url, "smtps://"));
}

bool tell_is_local_server(const char *url)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]", "localhost" };
	const char *host = behind(url, "smtp://");
	size_t i, n;

	if (!host)
		host = behind(url, "smtps://");
	for (i = 0; host && i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		n = strlen(hosts[i]);
		if (!strncmp(host, hosts[i], n) && (!host[n] || host[n] == ':' || host[n] == '/'))
			return true;
	}
	return false;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Atoms of these characters with single dots between them; up to end, *end not included. */
static bool is_dot_atom(const char *at, const char *end, const char *more)
{
	bool was_dot = true;

	for (; at < end; at++) {
		if (*at == '.' ? was_dot : !is_alnum(*at) && !strchr(more, *at))
			return false;
		was_dot = *at == '.';
	}
	return !was_dot;
}

bool tell_is_mail(const char *address)
{
	const char *at = strchr(address, '@'), *end = address + strlen(address);

	return at && end - address <= ADDRESS_MAX && is_dot_atom(address, at, "!#$%&'*+-/=?^_`{|}~") &&
	       is_dot_atom(at + 1, end, "-");
}

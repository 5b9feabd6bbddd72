/* SPDX-License-Identifier: Apache-2.0 */
#include "ramoverhttp/http.h"

#include <string.h>
#include <strings.h>

static bool skip_prefix(const char **s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncasecmp(*s, prefix, n) != 0)
		return false;
	*s += n;
	return true;
}

/* 127.a.b.c in plain decimal: other ways to write it mean different hosts to different programs. */
static bool is_loopback_v4(struct rd host)
{
	unsigned parts = 0;
	size_t i = 0;

	while (i < host.n) {
		unsigned value = 0;
		size_t from = i;

		for (; i < host.n && host.p[i] >= '0' && host.p[i] <= '9' && i - from < 3; i++)
			value = value * 10 + (host.p[i] - '0');
		if (i == from || value > 255 || (i - from > 1 && host.p[from] == '0') || (parts == 0 && value != 127))
			return false;
		parts++;
		if (i < host.n && host.p[i++] != '.')
			return false;
		if (i == host.n && parts < 4)
			return false;
	}
	return parts == 4 && host.p[host.n - 1] != '.';
}

static bool is_loopback(struct rd host)
{
	return rd_eq_str(host, "localhost") || rd_eq_str(host, "[::1]") || is_loopback_v4(host);
}

/*
 * Only what every program reads the same way: a host, perhaps a port, a path. No user in it, no backslash, no
 * space, no control character.
 */
static bool take_host(const char *at, struct rd *host)
{
	size_t n = at[0] == '[' ? strcspn(at, "]") : strcspn(at, ":/?#");

	if (at[0] == '[' && at[n++] != ']')
		return false;
	for (const char *c = at; *c; c++)
		if (*c <= ' ' || *c == 0x7f || *c == '\\' || (*c == '@' && strcspn(at, "/?#") > (size_t)(c - at)))
			return false;
	*host = rd_of(at, n);
	return n > 0 && (at[n] == 0 || strchr(":/?#", at[n]));
}

bool http_url_is_allowed(const char *url, bool allow_http)
{
	const char *at = url;
	struct rd host;

	if (!url)
		return false;
	if (skip_prefix(&at, "https://"))
		return take_host(at, &host);
	return skip_prefix(&at, "http://") && take_host(at, &host) && (allow_http || is_loopback(host));
}

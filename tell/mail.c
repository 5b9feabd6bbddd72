/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/mail.h"

#include <string.h>
#include <time.h>

#include "tell/address.h"

#define LINE_BYTES 57           /* of base64 in one line of 76 characters */
#define WORD_BYTES 39           /* of UTF-8 in one encoded word, whose line has at most 76 characters (RFC 2047 2) */

static bool is_id(const char *id)
{
	size_t i;

	for (i = 0; id[i]; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-", id[i]))
			return false;
	return i > 0 && i <= 64;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((uint8_t)*s >= 0x7F || ((uint8_t)*s < 0x20 && *s != '\n'))
			return false;
	return true;
}

static void put_base64(struct wr *w, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t v;
	size_t i;

	for (i = 0; i < n; i += 3) {
		v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0u);
		wr_u8(w, (uint8_t)digits[v >> 18]);
		wr_u8(w, (uint8_t)digits[v >> 12 & 63]);
		wr_u8(w, i + 1 < n ? (uint8_t)digits[v >> 6 & 63] : '=');
		wr_u8(w, i + 2 < n ? (uint8_t)digits[v & 63] : '=');
	}
}

/* Always as encoded words, each of whole characters: no byte of foreign text is seen by who parses headers. */
static void put_subject(struct wr *w, const char *s)
{
	uint8_t flat[WORD_BYTES];
	const char *between = "Subject: ";
	size_t n, i;

	while (*s) {
		n = strnlen(s, WORD_BYTES);
		while (n && s[n] && ((uint8_t)s[n] & 0xC0) == 0x80)
			n--;
		if (!n)         /* no UTF-8: cut anywhere */
			n = strnlen(s, WORD_BYTES);
		for (i = 0; i < n; i++)
			flat[i] = (uint8_t)s[i] < 0x20 || s[i] == 0x7F ? ' ' : (uint8_t)s[i];
		wr_printf(w, "%s=?UTF-8?B?", between);
		put_base64(w, flat, n);
		wr_text(w, "?=\r\n");
		between = " ";
		s += n;
	}
}

/* RFC 5322 3.3, without the C library's locale. */
static void put_date(struct wr *w, int64_t when)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&t, &tm)) {
		wr_fail(w, ERR_ARG);
		return;
	}
	wr_printf(w, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		  tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Lines short enough as they are (RFC 5322 2.1.1)? */
static bool is_short(const char *s)
{
	for (; *s; s += strcspn(s, "\n") + (s[strcspn(s, "\n")] != '\0'))
		if (strcspn(s, "\n") > 900)
			return false;
	return true;
}

/* With line ends as on the wire (RFC 2045 6.8 wants them so under base64, too). */
static void put_lines(struct wr *w, const char *s)
{
	size_t n;

	while (*s) {
		n = strcspn(s, "\n");
		wr_put(w, rd_of(s, n));
		wr_text(w, "\r\n");
		s += n + (s[n] != '\0');
	}
}

static void put_encoded(struct wr *w, const char *s)
{
	struct wr lines;
	struct rd left, part;

	wr_init_heap(&lines, MAIL_MAX);
	put_lines(&lines, s);
	wr_fail(w, wr_done(&lines));
	left = wr_view(&lines);
	while (!rd_end(&left) && rd_take(&left, left.n < LINE_BYTES ? left.n : LINE_BYTES, &part)) {
		put_base64(w, part.p, part.n);
		wr_text(w, "\r\n");
	}
	wr_free(&lines);
}

enum err mail_write(const struct mail *m, struct wr *out)
{
	if (!tell_is_mail(m->from) || !tell_is_mail(m->to) || !is_id(m->id))
		return ERR_ARG;
	put_date(out, m->when);
	wr_printf(out, "From: quorum11 <%s>\r\nTo: <%s>\r\n", m->from, m->to);
	wr_printf(out, "Message-ID: <%s@%s>\r\n", m->id, strchr(m->from, '@') + 1);
	put_subject(out, m->subject);
	wr_text(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"       /* RFC 3834 */
		     "Content-Type: text/plain; charset=utf-8\r\n");
	if (is_ascii(m->text) && is_short(m->text)) {
		wr_text(out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
		put_lines(out, m->text);
	} else {
		wr_text(out, "Content-Transfer-Encoding: base64\r\n\r\n");
		put_encoded(out, m->text);
	}
	return wr_done(out);
}

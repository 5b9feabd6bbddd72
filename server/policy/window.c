/* SPDX-License-Identifier: Apache-2.0 */
#include "server/policy/window.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAYS 7
#define DAY_MIN (24 * 60)
#define ZONE_MAX (14 * 60)

static const char days[DAYS][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

/* ---- reading ---- */

static bool take_char(const char **at, char c)
{
	bool is = **at == c;

	*at += is;
	return is;
}

static bool take_day(const char **at, unsigned *day)
{
	unsigned i;

	for (i = 0; i < DAYS; i++)
		if (!strncmp(*at, days[i], 3)) {
			*day = i;
			*at += 3;
			return true;
		}
	return false;
}

static bool take_days(const char **at, uint8_t *set)
{
	unsigned from, to;

	*set = 0;
	do {
		if (!take_day(at, &from))
			return false;
		to = from;
		if (take_char(at, '-') && !take_day(at, &to))
			return false;
		for (;; from = (from + 1) % DAYS) {
			*set |= (uint8_t)(1u << from);
			if (from == to)
				break;
		}
	} while (take_char(at, ','));
	return true;
}

static bool take_two(const char **at, unsigned max, unsigned *out)
{
	const char *p = *at;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	*at += 2;
	return *out <= max;
}

static bool take_time(const char **at, unsigned *minutes)
{
	unsigned h, m;

	if (!take_two(at, 24, &h) || !take_char(at, ':') || !take_two(at, 59, &m))
		return false;
	*minutes = h * 60 + m;
	return *minutes <= DAY_MIN;
}

enum err srv_window_read(const char *text, struct srv_window *out)
{
	unsigned from, to;
	const char *at = text;

	if (!take_days(&at, &out->days) || !take_char(&at, ' ') || !take_time(&at, &from) || !take_char(&at, '-') ||
	    !take_time(&at, &to) || *at || from == to || from == DAY_MIN || to == 0)
		return ERR_FORMAT;
	out->from = (uint16_t)from;
	out->to = (uint16_t)to;
	return ERR_OK;
}

enum err srv_zone_read(const char *text, struct srv_zone *out)
{
	unsigned h, m;
	const char *at = text;
	bool west;

	*out = (struct srv_zone){ .is_local = !strcmp(text, "local") };
	if (out->is_local || !strcmp(text, "UTC"))
		return ERR_OK;
	west = take_char(&at, '-');
	if ((!west && !take_char(&at, '+')) || !take_two(&at, 14, &h) || !take_char(&at, ':') ||
	    !take_two(&at, 59, &m) || *at || h * 60 + m > ZONE_MAX)
		return ERR_FORMAT;
	out->east = (west ? -1 : 1) * (int)(h * 60 + m);
	return ERR_OK;
}

/* ---- writing ---- */

void srv_window_write(const struct srv_window *w, char out[SRV_WINDOW_TEXT])
{
	struct wr t;
	unsigned i, to;

	wr_init(&t, out, SRV_WINDOW_TEXT - 1);
	for (i = 0; i < DAYS; i = to + 1) {
		to = i;
		if (!(w->days >> i & 1))
			continue;
		while (to + 1 < DAYS && w->days >> (to + 1) & 1)
			to++;
		wr_printf(&t, to > i ? "%s%s-%s" : "%s%s", t.n ? "," : "", days[i], days[to]);
	}
	wr_printf(&t, " %02u:%02u-%02u:%02u", w->from / 60u, w->from % 60u, w->to / 60u, w->to % 60u);
	out[t.n] = '\0';
}

void srv_zone_write(const struct srv_zone *z, char out[SRV_ZONE_TEXT])
{
	unsigned away = (unsigned)(z->east < 0 ? -z->east : z->east) % DAY_MIN;

	if (z->is_local || !z->east)
		(void)snprintf(out, SRV_ZONE_TEXT, "%s", z->is_local ? "local" : "UTC");
	else
		(void)snprintf(out, SRV_ZONE_TEXT, "%c%02u:%02u", z->east < 0 ? '-' : '+', away / 60 % 24, away % 60);
}

/* ---- the clock on the wall there ---- */

static void clock_at(const struct srv_zone *z, int64_t t, unsigned *day, unsigned *minutes)
{
	int64_t there = t + z->east * INT64_C(60);
	time_t at = (time_t)t;
	struct tm tm;

	if (z->is_local && localtime_r(&at, &tm)) {
		*day = (unsigned)(tm.tm_wday + DAYS - 1) % DAYS;
		*minutes = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	} else {
		if (there < 0)
			there = 0;
		*day = (unsigned)((there / 86400 + 3) % DAYS);  /* 1970 began on a Thursday */
		*minutes = (unsigned)(there % 86400 / 60);
	}
}

static bool is_within(const struct srv_window *w, unsigned day, unsigned minutes)
{
	bool today = w->days >> day & 1, yesterday = w->days >> (day + DAYS - 1) % DAYS & 1;

	if (w->from < w->to)
		return today && minutes >= w->from && minutes < w->to;
	return (today && minutes >= w->from) || (yesterday && minutes < w->to);
}

bool srv_windows_admit(const struct srv_windows *w, int64_t t)
{
	unsigned day, minutes;
	size_t i;

	clock_at(&w->zone, t, &day, &minutes);
	for (i = 0; i < w->n; i++)
		if (is_within(&w->v[i], day, minutes))
			return true;
	return false;
}

void srv_zone_clock(const struct srv_zone *z, int64_t t, char out[SRV_WINDOW_TEXT])
{
	unsigned day, minutes;

	clock_at(z, t, &day, &minutes);
	(void)snprintf(out, SRV_WINDOW_TEXT, "%s %02u:%02u", days[day], minutes / 60 % 24, minutes % 60);
}

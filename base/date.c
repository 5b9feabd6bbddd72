/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"

#define DAY_S 86400

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned month_length(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days before the first of January. */
static int64_t days_before(unsigned year)
{
	unsigned y = year - 1;

	return 365 * ((int64_t)year - 1970) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) + (y / 400 - 1969 / 400);
}

enum err date_days(unsigned year, unsigned month, unsigned day, int64_t *days)
{
	if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > month_length(year, month))
		return ERR_FORMAT;
	*days = days_before(year) + day - 1;
	for (unsigned m = 1; m < month; m++)
		*days += month_length(year, m);
	return ERR_OK;
}

void wr_time(struct wr *w, int64_t t)
{
	int64_t days = t > 0 ? t / DAY_S : 0;
	unsigned s = t > 0 ? (unsigned)(t % DAY_S) : 0, year, month = 1;

	year = (unsigned)(1970 + days / 366);
	while (days_before(year + 1) <= days)
		year++;
	days -= days_before(year);
	while (days >= month_length(year, month))
		days -= month_length(year, month++);
	wr_printf(w, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, (unsigned)days + 1, s / 3600, s / 60 % 60, s % 60);
}

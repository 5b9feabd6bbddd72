/* SPDX-License-Identifier: Apache-2.0 */
/* Days and times of the civil calendar in UTC, without the C library's time zone lock (a child of a fork may log). */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/buf.h"

/* Days since 1970-01-01 of a date from 1970 to 9999. ERR_FORMAT if there is no such day. */
MUST enum err date_days(unsigned year, unsigned month, unsigned day, int64_t *days);
/* Seconds since 1970 (0 if negative) as RFC 3339 text: 2026-11-20T23:59:59Z. */
void wr_time(struct wr *w, int64_t t);

#endif

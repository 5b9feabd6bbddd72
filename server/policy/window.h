/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of the week in which something is allowed, as text: "Mon-Fri 08:00-18:00". Days are Mon to Sun, single, as a
 * range, or several of both with commas between them; a range may go over Sunday. A time is HH:MM, 24:00 only at the
 * end; one that ends before it begins goes on after midnight and belongs to the day on which it begins.
 */
#ifndef SERVER_POLICY_WINDOW_H
#define SERVER_POLICY_WINDOW_H

#include "base/buf.h"

#define SRV_WINDOWS_MAX 16
#define SRV_WINDOW_TEXT 48      /* days and times as text, and terminator */
#define SRV_ZONE_TEXT 8

struct srv_window {
	uint8_t days;           /* bit 0: Monday */
	uint16_t from, to;      /* minutes of the day; to is not within */
};
/* In which time zone: the server's own, with its summer time, or always so many minutes before UTC. */
struct srv_zone {
	bool is_local;
	int east;               /* minutes */
};
struct srv_windows {
	struct srv_zone zone;
	size_t n;
	struct srv_window v[SRV_WINDOWS_MAX];
};
/* ERR_FORMAT. */
MUST enum err srv_window_read(const char *text, struct srv_window *out);
void srv_window_write(const struct srv_window *w, char out[SRV_WINDOW_TEXT]);
/* "local", "UTC", "+HH:MM" or "-HH:MM", up to 14 hours. ERR_FORMAT. */
MUST enum err srv_zone_read(const char *text, struct srv_zone *out);
void srv_zone_write(const struct srv_zone *z, char out[SRV_ZONE_TEXT]);
/* Is the time t, seconds since 1970, within one of them? */
bool srv_windows_admit(const struct srv_windows *w, int64_t t);
/* "Mon 07:59", as it is there at t. */
void srv_zone_clock(const struct srv_zone *z, int64_t t, char out[SRV_WINDOW_TEXT]);

#endif

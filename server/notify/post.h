/* SPDX-License-Identifier: Apache-2.0 */
/* What happens becomes messages in the store, one for each way to somebody whom it concerns. */
#ifndef SERVER_NOTIFY_POST_H
#define SERVER_NOTIFY_POST_H

#include "server/base/rate.h"
#include "server/notify/notify.h"
#include "server/store/outbox.h"

struct srv_post_office {                /* borrowed */
	const struct srv_notify_config *config;
	const struct srv_recipients *recipients;
	struct srv_rates *rates;
};
/* What could not become messages is an event of its own (tell). true: the store may have other ones than before. */
bool srv_post(const struct srv_post_office *o, const struct srv_event *ev);
/* Begin the event (tell) about a message. */
void srv_tell_event(const struct srv_outgoing *o, const char *result, enum log_level level, struct srv_event *ev);

#endif

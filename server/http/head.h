/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at of a request's header fields before anything else. */
#ifndef SERVER_HTTP_HEAD_H
#define SERVER_HTTP_HEAD_H

#include <stdbool.h>

struct MHD_Connection;
/* Fields that contradict each other. */
bool srv_http_head_is_ambiguous(struct MHD_Connection *mhd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a card or reader cannot take, one row each with its reason. */
#ifndef APDU_QUIRK_H
#define APDU_QUIRK_H

#include "apdu/apdu.h"

/*
 * The longest whole command APDU, in bytes, that a card with this answer to reset takes through a reader of this
 * name: the smallest limit of the rows that match; never more than APDU_CMD_MAX. Source: APDU reference 1.2.
 */
size_t quirk_cmd_max(struct rd atr, const char *reader);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's file. */
#ifndef CLI_ENROL_POLICY_H
#define CLI_ENROL_POLICY_H

#include <jansson.h>

#include "base/err.h"

/* A JSON object, which the caller drops; the server judges what it says. Errors are said. */
MUST enum err cli_policy_read(const char *path, json_t **out);

#endif

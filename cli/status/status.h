/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways to show what `status` found out. */
#ifndef CLI_STATUS_STATUS_H
#define CLI_STATUS_STATUS_H

#include <jansson.h>

#include "cli/status/report.h"

void cli_report_print(const struct cli_report *r);
/* NULL: no memory. */
json_t *cli_report_json(const struct cli_report *r);

#endif

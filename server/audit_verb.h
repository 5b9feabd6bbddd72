/* SPDX-License-Identifier: Apache-2.0 */
/* quorum11-server audit: to standard output, whether a server runs or not. Exit statuses; errors are said. */
#ifndef SERVER_AUDIT_VERB_H
#define SERVER_AUDIT_VERB_H

#include "base/conf.h"

int srv_audit_print(const struct conf *conf);           /* all entries, for quorum11 audit verify */
int srv_audit_print_key(const struct conf *conf);       /* PEM */

#endif

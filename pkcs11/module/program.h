/* SPDX-License-Identifier: Apache-2.0 */
/* Which program we live in, and whether it may ask for approvals. */
#ifndef PKCS11_MODULE_PROGRAM_H
#define PKCS11_MODULE_PROGRAM_H

#include "base/conf.h"

/* The file name of the running program, into buf, which is returned; safe to show. */
const char *p11_program_name(char *buf, size_t cap);
/* [login] programs: empty admits all. */
bool p11_program_may(const struct conf *conf, const char *program);

#endif

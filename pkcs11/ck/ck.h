/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types and names of PKCS#11 2.40. Everything else here is hidden; the functions of the standard are what others
 * may see.
 */
#ifndef PKCS11_CK_CK_H
#define PKCS11_CK_CK_H

#pragma GCC visibility push(default)
#include <p11-kit/pkcs11.h>
#pragma GCC visibility pop

#endif

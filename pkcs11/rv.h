/* SPDX-License-Identifier: Apache-2.0 */
/* The border between our errors and those of PKCS#11. */
#ifndef PKCS11_RV_H
#define PKCS11_RV_H

#include "base/err.h"
#include "pkcs11/ck.h"

CK_RV p11_rv(enum err e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The border between our errors and those of PKCS#11, and the one rule of its outputs. */
#ifndef PKCS11_CK_RV_H
#define PKCS11_CK_RV_H

#include "base/err.h"
#include "pkcs11/ck/ck.h"

CK_RV p11_rv(enum err e);

/*
 * The rule of every function with an output (PKCS#11 2.40 5.2): true, go to work. False: *rv is the answer, *n is set
 * to need; buf NULL asked for the length, or it is too short.
 */
bool p11_out(size_t need, const void *buf, CK_ULONG *n, CK_RV *rv);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that PKCS#11 leaves to vendors. Those of attributes and of the certificate type are the numbers that the
 * card's maker gave them in his module, so that programs written for it find the same here; their names are ours.
 */
#ifndef PKCS11_CK_VENDOR_H
#define PKCS11_CK_VENDOR_H

#include "pkcs11/ck/ck.h"

#define P11_CKC_CVC (CKC_VENDOR_DEFINED | 0x001UL)              /* TR-03110 part 3, C */

/* of a card verifiable certificate; bytes as they stand in it */
#define P11_CKA_CVC_CAR (CKA_VENDOR_DEFINED | 0x100UL)          /* authority reference */
#define P11_CKA_CVC_CHR (CKA_VENDOR_DEFINED | 0x102UL)          /* holder reference */
#define P11_CKA_CVC_CED (CKA_VENDOR_DEFINED | 0x103UL)          /* six digits YYMMDD, a byte each: valid from */
#define P11_CKA_CVC_CXD (CKA_VENDOR_DEFINED | 0x104UL)          /* ... to */

/* of a private or secret key on the card; in a template for a new one, too */
#define P11_CKA_USE_COUNTER (CKA_VENDOR_DEFINED | 0x108UL)      /* CK_ULONG, uses that are left; none: no limit */
#define P11_CKA_ALGORITHMS (CKA_VENDOR_DEFINED | 0x109UL)       /* the card's algorithm ids, a byte each; none: all */
#define P11_CKA_KEY_DOMAIN (CKA_VENDOR_DEFINED | 0x111UL)       /* CK_BYTE */

/* of both halves of a key pair: the attestation, an authenticated request, that the card signed when it made the key */
#define P11_CKA_ATTESTATION (CKA_VENDOR_DEFINED | 0x110UL)

/* Mechanisms; the parameter is the bytes that a key is derived by. */
#define P11_CKM_EC_DERIVE (CKM_VENDOR_DEFINED | 0x012UL)        /* of an EC key another, both on the card */
#define P11_CKM_AES_DERIVE (CKM_VENDOR_DEFINED | 0x013UL)       /* of an AES key a session's key, by SP 800-56C */
/*
 * The card's own way to wrap a key under the key encryption key of its domain; no parameter, and CK_INVALID_HANDLE for
 * the wrapping key. The low byte is the card's number for it (0x92); the number as a whole is ours.
 */
#define P11_CKM_SC_HSM_WRAP (CKM_VENDOR_DEFINED | 0x192UL)

/* Of PKCS#11 3.0, which p11-kit's header has only since its 0.25. */
#define P11_CKA_UNIQUE_ID 0x004UL                               /* CKA_UNIQUE_ID */
#define P11_CKO_PROFILE 0x009UL                                 /* CKO_PROFILE */
#define P11_CKA_PROFILE_ID 0x601UL                              /* CKA_PROFILE_ID */
#define P11_CKP_PUBLIC_CERTIFICATES 0x004UL                     /* CKP_PUBLIC_CERTIFICATES_TOKEN */

#endif

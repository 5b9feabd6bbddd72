/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#15 descriptions as the card's files hold them, reference 8. Readers take one TLV and ignore what follows (old
 * tails), accept the older encodings; writers make what OpenSC and sc-hsm-embedded both read.
 */
#ifndef SC_HSM_P15_H
#define SC_HSM_P15_H

#include "base/tlv.h"
#include "base/limits.h"

enum p15_type { P15_RSA, P15_EC, P15_AES };
enum {                                                         /* KeyUsageFlags, PKCS#15 6.3 */
	P15_USE_ENCRYPT = 1 << 0, P15_USE_DECRYPT = 1 << 1, P15_USE_SIGN = 1 << 2, P15_USE_SIGN_RECOVER = 1 << 3,
	P15_USE_WRAP = 1 << 4, P15_USE_UNWRAP = 1 << 5, P15_USE_VERIFY = 1 << 6, P15_USE_VERIFY_RECOVER = 1 << 7,
	P15_USE_DERIVE = 1 << 8, P15_USE_NON_REPUDIATION = 1 << 9
};
struct p15_key {
	enum p15_type type;
	struct rd label;            /* UTF-8 */
	struct rd id;               /* CKA_ID */
	unsigned usage;
	unsigned bits;              /* modulus or field size; 0 not given */
	bool is_imported;           /* written only: it came wrapped, so it was outside before */
};
MUST enum err p15_key_read(struct rd file, struct p15_key *out);   /* views into file */
MUST enum err p15_key_write(const struct p15_key *k, struct wr *out);

struct p15_cert {
	struct rd label, id;
	bool authority;
	uint16_t fid;               /* of the certificate; 0 not given */
};
MUST enum err p15_cert_read(struct rd file, struct p15_cert *out);
MUST enum err p15_cert_write(const struct p15_cert *c, struct wr *out);

struct p15_data {
	struct rd label, application;
	struct rd oid;              /* content of the OBJECT IDENTIFIER; empty: none */
	uint16_t fid;               /* of the data; 0 not given */
};
MUST enum err p15_data_read(struct rd file, struct p15_data *out);
MUST enum err p15_data_write(const struct p15_data *d, bool is_private, struct wr *out);

struct p15_token {
	struct rd label, manufacturer, serial;
};
MUST enum err p15_token_read(struct rd file, struct p15_token *out);
MUST enum err p15_token_write(const struct p15_token *t, struct wr *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/role.h"

static const uint8_t oid_ecdsa_sha256[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02, 0x03 };
static const uint8_t oid_role[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x03, 0x01, 0x01 };

const struct rd att_oid_ecdsa_sha256 = { oid_ecdsa_sha256, sizeof(oid_ecdsa_sha256) };

bool att_role_is(const struct cvc *c, uint8_t role)
{
	return c->has_chat && c->role == role && rd_eq(c->chat_oid, RD_ARR(oid_role));
}

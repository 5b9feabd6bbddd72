/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/xkek.h"

#include "sc-hsm/card_int.h"

/* 1.3.6.1.4.1.24991.3.2.2 */
static const uint8_t oid_uid[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x03, 0x02, 0x02 };

enum { TAG_MEMBER = 0x54, TAG_DISCRETIONARY = 0x73, TAG_UID = 0x80, UNCOMPRESSED = 0x04 };

enum err hsm_member_message(struct rd device_point, struct wr *out)
{
	uint8_t form;
	struct rd x;

	if (!rd_u8(&device_point, &form) || form != UNCOMPRESSED || !rd_take(&device_point, device_point.n / 2, &x) ||
	    !x.n || device_point.n != x.n)
		return ERR_FORMAT;
	wr_u8(out, TAG_MEMBER);
	wr_put(out, x);
	return wr_done(out);
}

bool hsm_member_domain(const struct cvc *inner, struct rd *uid)
{
	struct rd r = inner->extensions, in, oid;

	return rd_tlv(&r, TAG_DISCRETIONARY, &in) && rd_end(&r) && rd_tlv(&in, 0x06, &oid) &&
	       rd_eq(oid, RD_ARR(oid_uid)) && rd_tlv(&in, TAG_UID, uid) && rd_end(&in) && uid->n == HSM_UID_SIZE;
}

enum err hsm_domain_join(struct hsm_card *c, uint8_t domain, const struct hsm_proof *signer, struct rd sig,
			 struct hsm_domain *out, struct deadline *dl)
{
	struct wr content, cmd, answer;
	enum err e;

	if (sig.n != HSM_MEMBER_SIZE)
		return hsm_card_refuse(c, ERR_ARG);
	wr_init_heap(&content, APDU_DATA_MAX);
	wr_init_heap(&answer, APDU_RSP_MAX);
	wr_put(&content, signer->request->content);
	wr_tlv(&content, TAG_MEMBER, sig);
	e = wr_done(&content);
	if (!e)
		e = hsm_auth_choose(c, signer, dl);
	if (e)
		goto out;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_domain(&cmd, HSM_DOMAIN_JOIN, domain, wr_view(&content));
	if (hsm_card_fits(c, &cmd)) {
		e = hsm_card_send(c, HSM_KEY_DOMAIN, &cmd, &answer, dl);
	} else {
		wr_reset(&cmd);
		hsm_enc_domain(&cmd, HSM_DOMAIN_JOIN, domain, RD_NONE);
		e = hsm_card_send_by_file(c, HSM_DOMAIN_JOIN_FILE, &cmd, wr_view(&content), &answer, dl);
	}
	if (!e)
		e = hsm_dec_domain(wr_view(&answer), out);
	if (!e && out->kind != HSM_DOMAIN_XKEK)
		e = ERR_FORMAT;
out:
	wr_free(&answer);
	wr_free(&content);
	return e;
}

enum err hsm_domain_agree(struct hsm_card *c, uint8_t key, const struct hsm_proof *peer, struct deadline *dl)
{
	return hsm_decipher_request(c, key, HSM_ECDH_DOMAIN, peer, NULL, dl);
}

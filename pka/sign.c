/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/sign.h"

#include "base/crypto_digest.h"
#include "pka/activation.h"

enum err pka_sign_take(struct rd rsp, struct rd signed_bytes, enum ec_curve curve, struct rd q, uint8_t buf[EC_SIG_MAX],
		       struct rd *sig)
{
	const struct ec_domain *d = ec_domain_get(curve);
	const struct hsm_cmd *row = hsm_cmd_get(HSM_SIGN);
	uint8_t hash[SHA256_SIZE];
	struct rd der;
	struct wr w;
	uint16_t sw;
	enum err e;

	if (!d)
		return ERR_UNSUPPORTED;
	e = apdu_answer(rsp, &der, &sw);
	if (!e)
		e = hsm_sw_err(row, sw, NULL);
	wr_init(&w, buf, EC_SIG_MAX);
	if (!e)
		e = ec_sig_from_der(der, d->n.n, &w);
	if (!e)
		e = sha256(signed_bytes, hash);
	if (!e)
		e = ec_verify(curve, q, RD_ARR(hash), wr_view(&w));
	if (!e)
		*sig = wr_view(&w);
	return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/end.h"

#include <string.h>

#include "pka/file.h"

static bool is_about(const struct pka_statement *s, struct rd device_id, struct rd login_id, struct rd host_json)
{
	uint8_t message[SHA256_SIZE], request[SHA256_SIZE];

	return sha256(device_id, message) == ERR_OK && sha256(host_json, request) == ERR_OK &&
	       rd_eq(RD_ARR(s->message), RD_ARR(message)) && rd_eq(RD_ARR(s->login_id), login_id) &&
	       rd_eq(RD_ARR(s->request), RD_ARR(request));
}

enum err pka_end_check(struct rd pka_file, struct rd statement, struct rd statement_sig, struct rd device_id,
		       struct rd login_id, struct rd host_json, char who[CHR_MAX + 1])
{
	struct pka_statement s;
	struct pka_file f;
	struct rd chr;
	enum err e;

	who[0] = '\0';
	e = pka_file_read(pka_file, &f);
	if (e)
		return e;
	chr = f.request.inner.chr;
	if (f.curve == EC_NONE)
		return ERR_FORMAT;
	e = pka_statement_verify(statement, statement_sig, f.curve, f.request.inner.key.q, &s);
	if (e)
		return e;
	if (s.decision != PKA_END || !rd_eq(s.key, chr) || !is_about(&s, device_id, login_id, host_json))
		return ERR_SIGNATURE;
	memcpy(who, chr.p, chr.n);      /* base/cvc.h has made sure that it is short and printable */
	who[chr.n] = '\0';
	return ERR_OK;
}

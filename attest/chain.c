/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/chain.h"

#include "attest/role.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVAUT_MIN 200              /* reference key-attestation 5, step 1 */
#define DEVAUT_MAX 2048
#define SERIAL_SIZE 5               /* end of a holder reference, TR-03110 part 3 A.6.1 */

static void text_copy(char *out, struct rd chr)
{
	memcpy(out, chr.p, chr.n);
	out[chr.n] = '\0';
}

/*
 * Below the root a certificate inherits the curve; one that names its own must name the same (TR-03110 part 3 D.3.3).
 */
static bool key_is_on(const struct cvc *c, enum ec_curve curve)
{
	return rd_eq(c->key.oid, att_oid_ecdsa_sha256) && cvc_key_curve(&c->key, curve) == curve &&
	       ec_point_is_valid(curve, c->key.q);
}

static bool is_signed(const struct cvc *c, const struct cvc *by, enum ec_curve curve)
{
	return key_is_on(by, curve) && cvc_verify(&by->key, curve, c->body, c->sig) == ERR_OK;
}

/* Last day included: the certificate is good until the end of that day. */
static void check_dates(const struct cvc *c, const char *who, int64_t now, struct att_verdict *v)
{
	int64_t from, to;

	if (cvc_date(c->from, &from) || cvc_date(c->to, &to) || from > to)
		att_verdict_add(v, ATT_TIME, ATT_FAIL, "%s certificate: no valid dates", who);
	else if (now < from)
		att_verdict_add(v, ATT_TIME, ATT_FAIL, "%s certificate: not valid yet", who);
	else if (now >= to + 24 * 60 * 60)
		att_verdict_add(v, ATT_TIME, ATT_FAIL, "%s certificate: expired", who);
	else
		att_verdict_add(v, ATT_TIME, ATT_PASS, "%s certificate: within its dates", who);
}

static void path_make(const struct att_anchor *root, struct att_chain *c)
{
	const struct rd chr[] = { root->cvc.chr, c->issuer.chr, c->device.chr };
	size_t at = 0;

	for (size_t i = 0; i < 3; i++) {
		c->path[at++] = '/';
		memcpy(c->path + at, chr[i].p, chr[i].n - SERIAL_SIZE);
		at += chr[i].n - SERIAL_SIZE;
	}
	c->path[at] = '\0';
}

/* One certificate that signed itself: open firmware. It proves nothing, but its key is usable if it is a key at all. */
static void check_alone(struct att_chain *c, int64_t now, struct att_verdict *v)
{
	enum ec_curve curve = cvc_key_curve(&c->device.key, EC_NONE);

	att_verdict_add(v, ATT_GENUINE, ATT_FAIL, "the device certificate has no issuer: not a genuine SmartCard-HSM");
	att_verdict_add(v, ATT_CHAIN, ATT_NOT_MADE, "no chain");
	att_verdict_add(v, ATT_ANCHOR, ATT_NOT_MADE, "no chain");
	if (att_verdict_check(v, ATT_SIG_CHAIN, curve != EC_NONE &&
			      cvc_verify(&c->device.key, curve, c->device.body, c->device.sig) == ERR_OK,
			      "the device certificate verifies with its own key (this proves no origin)",
			      "the device certificate does not verify with its own key"))
		c->curve = curve;
	att_verdict_add(v, ATT_ROLE, ATT_NOT_MADE, "no chain");
	check_dates(&c->device, "device", now, v);
}

/* Every check is made that can be made, whatever failed before. */
static void check_pair(const struct att_anchors *anchors, struct att_chain *c, int64_t now, struct att_verdict *v)
{
	const struct cvc *device = &c->device, *issuer = &c->issuer;
	const struct att_anchor *root = att_anchors_find(anchors, issuer->car);
	bool issuer_signed = root && is_signed(issuer, &root->cvc, root->curve);
	bool device_signed = root && is_signed(device, issuer, root->curve) && key_is_on(device, root->curve);
	bool good;

	good = att_verdict_check(v, ATT_GENUINE, !rd_eq(device->car, device->chr),
				 "the device certificate has an issuer",
				 "the device certificate names itself as issuer");
	good &= att_verdict_check(v, ATT_CHAIN, rd_eq(device->car, issuer->chr),
				  "the second certificate is the issuer's",
				  "the second certificate is not the issuer's");
	att_verdict_add(v, ATT_ANCHOR, root ? ATT_PASS : ATT_FAIL, "root %.*s is %s", (int)issuer->car.n,
			(const char *)issuer->car.p, !root ? "not trusted here" :
			root->class == ATT_PRODUCTION ? "the production root" : "trusted by configuration");
	if (root) {
		good &= att_verdict_check(v, ATT_SIG_CHAIN, issuer_signed, "issuer signed by the root",
					  "the issuer's certificate is not signed by the root");
		good &= att_verdict_check(v, ATT_SIG_CHAIN, device_signed, "device signed by the issuer",
					  "the device certificate is not signed by the issuer");
	} else {
		good = false;
		att_verdict_add(v, ATT_SIG_CHAIN, ATT_NOT_MADE, "no root to verify the issuer with");
		att_verdict_add(v, ATT_SIG_CHAIN, ATT_NOT_MADE, "no issuer to verify the device with");
	}
	good &= att_verdict_check(v, ATT_ROLE, att_role_is(issuer, CVC_ROLE_ISSUER), "the issuer may issue devices",
				  "the issuer's certificate may not issue devices");
	good &= att_verdict_check(v, ATT_ROLE, att_role_is(device, CVC_ROLE_DEVICE),
				  "the device certificate is a device's", "the device certificate is not a device's");
	check_dates(device, "device", now, v);
	check_dates(issuer, "issuer", now, v);
	if (root)
		check_dates(&root->cvc, "root", now, v);
	if (!good)
		return;
	c->is_genuine = true;
	c->class = root->class;
	c->curve = root->curve;
	path_make(root, c);
}

enum err att_chain_check(const struct att_anchors *anchors, struct rd devaut, int64_t now, struct att_chain *out,
			 struct att_verdict *v)
{
	bool good;

	memset(out, 0, sizeof(*out));
	good = devaut.n >= DEVAUT_MIN && devaut.n <= DEVAUT_MAX &&
	       cvc_devaut_read(devaut, &out->device, &out->issuer, &out->has_issuer) == ERR_OK;
	if (!att_verdict_check(v, ATT_FORMAT, good, "device certificate file is well formed",
			       "device certificate file (2F02) is malformed")) {
		memset(out, 0, sizeof(*out));
		return ERR_FORMAT;
	}
	text_copy(out->id, out->device.chr);
	if (out->has_issuer)
		check_pair(anchors, out, now, v);
	else
		check_alone(out, now, v);
	return ERR_OK;
}

enum err att_chain_fingerprint(const struct att_chain *chain, uint8_t out[SHA256_SIZE])
{
	return chain->device.key.q.n ? sha256(chain->device.key.q, out) : ERR_FORMAT;
}

void att_chain_pack(struct att_chain **chain)
{
	void *less = realloc(*chain, offsetof(struct att_chain, device));

	if (less)
		*chain = less;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/tlv.h"
#include "test/vcard/mint.h"
#include "test/vcard/pki.h"

#define ROOT   "UTVIRTCA00001"
#define ISSUER "UTVIRTDI00001"
#define PKI_MAX 8192

/* APDU reference 9.1; key-attestation 10: open firmware has another role and value. */
static const uint8_t oid_role[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x03, 0x01, 0x01 };
static const uint8_t oid_open_role[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02, 0x02 };
#define OPEN_ROLE 0x01

/* Today and some years later. A day earlier, so that no time zone makes a new certificate one of the future. */
static void put_dates(struct vcard_mint *m, unsigned years)
{
	time_t t = (time_t)(clock_wall_s() - 86400);
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	for (int i = 0; i < 2; i++) {
		unsigned year = (unsigned)tm.tm_year % 100 + (i ? years : 0);
		const unsigned n[] = { year, (unsigned)tm.tm_mon + 1,
				       (unsigned)(i && tm.tm_mday > 28 ? 28 : tm.tm_mday) };
		uint8_t *out = i ? m->to : m->from;

		for (size_t k = 0; k < 3; k++) {
			out[2 * k] = (uint8_t)(n[k] / 10 % 10);
			out[2 * k + 1] = (uint8_t)(n[k] % 10);
		}
	}
}

static enum err mint(const char *car, struct rd chr, uint8_t role, const struct vcard_private *key,
		     const struct vcard_private *signer, struct wr *out)
{
	struct vcard_mint m = {
		.car = rd_str(car),
		.chr = chr,
		.key = key,
		.params = role == CVC_ROLE_ROOT,
		.is_certificate = true,
		.role_oid = RD_ARR(oid_role),
		.role = role,
		.empty_extensions = role == CVC_ROLE_ISSUER,
	};

	put_dates(&m, role == CVC_ROLE_DEVICE ? 5 : 8);
	return vcard_mint_cvc(&m, signer, out);
}

enum err vcard_pki_device(const struct vcard_pki *p, struct rd id, struct ec_key *device, struct wr *devaut)
{
	const struct vcard_private key = { .ec = device };
	enum err e = mint(ISSUER, id, CVC_ROLE_DEVICE, &key, &p->issuer, devaut);

	if (!e)
		wr_put(devaut, wr_view(&p->issuer_cvc));
	return e ? e : wr_done(devaut);
}

enum err vcard_pki_self(struct rd id, struct ec_key *device, struct wr *devaut)
{
	const struct vcard_private key = { .ec = device };
	struct vcard_mint m = {
		.car = id, .chr = id, .key = &key, .params = true,
		.is_certificate = true, .role_oid = RD_ARR(oid_open_role), .role = OPEN_ROLE,
	};

	put_dates(&m, 5);
	return vcard_mint_cvc(&m, &key, devaut);
}

/* ---- the files ---- */

static enum err make(struct vcard_pki *p)
{
	enum err e;

	e = ec_key_generate(EC_BP256R1, &p->root.ec);
	if (!e)
		e = ec_key_generate(EC_BP256R1, &p->issuer.ec);
	if (!e)
		e = mint(ROOT, RD_LIT(ROOT), CVC_ROLE_ROOT, &p->root, &p->root, &p->root_cvc);
	if (!e)
		e = mint(ROOT, RD_LIT(ISSUER), CVC_ROLE_ISSUER, &p->issuer, &p->root, &p->issuer_cvc);
	return e;
}

static enum err parse(struct rd r, struct vcard_pki *p)
{
	struct rd root, issuer, root_cvc, issuer_cvc;
	enum err e;

	if (!rd_tlv(&r, 0x80, &root) || !rd_tlv(&r, 0x81, &root_cvc) || !rd_tlv(&r, 0x82, &issuer) ||
	    !rd_tlv(&r, 0x83, &issuer_cvc) || !rd_end(&r))
		return ERR_FORMAT;
	e = ec_key_import(EC_BP256R1, root, &p->root.ec);
	if (!e)
		e = ec_key_import(EC_BP256R1, issuer, &p->issuer.ec);
	wr_put(&p->root_cvc, root_cvc);
	wr_put(&p->issuer_cvc, issuer_cvc);
	if (!e)
		e = wr_done(&p->root_cvc);
	return e ? e : wr_done(&p->issuer_cvc);
}

static enum err store(const char *path, const struct vcard_pki *p)
{
	uint8_t root_d[64], issuer_d[64], bytes[PKI_MAX];
	struct wr root, issuer, w;
	enum err e;

	WR_ARR(&root, root_d);
	WR_ARR(&issuer, issuer_d);
	WR_ARR(&w, bytes);
	e = ec_key_export(p->root.ec, &root);
	if (!e)
		e = ec_key_export(p->issuer.ec, &issuer);
	if (!e) {
		wr_tlv(&w, 0x80, wr_view(&root));
		wr_tlv(&w, 0x81, wr_view(&p->root_cvc));
		wr_tlv(&w, 0x82, wr_view(&issuer));
		wr_tlv(&w, 0x83, wr_view(&p->issuer_cvc));
		e = wr_done(&w);
	}
	if (!e)
		e = file_create(path, 0600, wr_view(&w));
	wr_free(&w);
	wr_free(&issuer);
	wr_free(&root);
	return e;
}

static void reset(struct vcard_pki *p)
{
	wr_init_heap(&p->root_cvc, CVC_MAX);
	wr_init_heap(&p->issuer_cvc, CVC_MAX);
	p->root = (struct vcard_private){ 0 };
	p->issuer = (struct vcard_private){ 0 };
}

static enum err load(const char *path, struct vcard_pki *p)
{
	uint8_t bytes[PKI_MAX];
	struct wr w;
	enum err e;

	WR_ARR(&w, bytes);
	e = file_read(path, sizeof(bytes), &w);
	if (!e)
		e = parse(wr_view(&w), p);
	wr_free(&w);
	return e;
}

enum err vcard_pki_open(const char *dir, struct vcard_pki *out)
{
	struct wr path, root;
	enum err e;

	reset(out);
	wr_init_heap(&path, PATH_MAX);
	wr_init_heap(&root, PATH_MAX);
	wr_printf(&path, "%s/pki", dir);
	wr_printf(&root, "%s/root.cvc", dir);
	if (mkdir(dir, 0700) && errno != EEXIST) {
		e = ERR_IO;
		goto out;
	}
	e = wr_done(&path);
	if (!e)
		e = wr_done(&root);
	if (!e)
		e = load(wr_cstr(&path), out);
	if (e == ERR_NOT_FOUND) {
		e = make(out);
		if (!e)
			e = store(wr_cstr(&path), out);
		/* Somebody else was faster: his counts. */
		if (e == ERR_CONDITIONS) {
			vcard_pki_close(out);
			reset(out);
			e = load(wr_cstr(&path), out);
		}
	}
	if (!e)
		e = file_create(wr_cstr(&root), 0644, wr_view(&out->root_cvc));
	if (e == ERR_CONDITIONS)
		e = ERR_OK;
out:
	wr_free(&root);
	wr_free(&path);
	if (e)
		vcard_pki_close(out);
	return e;
}

void vcard_pki_close(struct vcard_pki *p)
{
	ec_key_free(&p->root.ec);
	ec_key_free(&p->issuer.ec);
	wr_free(&p->root_cvc);
	wr_free(&p->issuer_cvc);
}

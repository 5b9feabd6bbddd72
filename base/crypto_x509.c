/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_x509.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <time.h>

#include "base/crypto_int.h"
#include "base/tlv.h"

static bool is_accepted(struct rd der)
{
	X509 *cert = crypto_ctx() && der.n <= INT32_MAX ? X509_new_ex(crypto_ctx(), NULL) : NULL;
	const uint8_t *p = der.p;
	bool accepted;

	crypto_begin();
	/* On failure d2i_X509 frees cert and clears it. */
	accepted = cert && d2i_X509(&cert, &p, (long)der.n) && p == der.p + der.n;
	X509_free(cert);
	crypto_end();
	return accepted;
}

static bool take_whole(struct rd *r, uint32_t tag, struct rd *whole)
{
	struct rd val;

	return rd_tlv_whole(r, tag, whole, &val);
}

/* UTCTime or GeneralizedTime, RFC 5280 4.1.2.5. */
static bool take_time(struct rd *r, struct rd *whole)
{
	return take_whole(r, 0x17, whole) || take_whole(r, 0x18, whole);
}

enum err x509_parse(struct rd der, struct x509 *out)
{
	struct rd rest = der, cert, tbs, skipped, validity;
	struct x509 x;

	/* RFC 5280 4.1 */
	if (!rd_tlv(&rest, 0x30, &cert) || !rd_end(&rest) || !rd_tlv(&cert, 0x30, &tbs))
		return ERR_FORMAT;
	if (rd_tlv_peek(tbs) == 0xa0 && !rd_tlv(&tbs, 0xa0, &skipped))
		return ERR_FORMAT;
	if (!take_whole(&tbs, 0x02, &x.serial) || !take_whole(&tbs, 0x30, &skipped) ||
	    !take_whole(&tbs, 0x30, &x.issuer) || !rd_tlv(&tbs, 0x30, &validity) ||
	    !take_whole(&tbs, 0x30, &x.subject) || !take_whole(&tbs, 0x30, &x.spki) ||
	    !take_time(&validity, &x.not_before) || !take_time(&validity, &x.not_after) || !rd_end(&validity))
		return ERR_FORMAT;
	if (!is_accepted(der))
		return ERR_FORMAT;
	*out = x;
	return ERR_OK;
}

static bool put_name(struct rd der, struct wr *out)
{
	const uint8_t *p = der.p;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.n);
	BIO *text = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	bool ok = name && text &&
		  X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0;
	long n = ok ? BIO_get_mem_data(text, &bytes) : 0;

	wr_put(out, rd_of(bytes, n > 0 ? (size_t)n : 0));
	BIO_free(text);
	X509_NAME_free(name);
	return ok;
}

static bool put_day(struct rd der, char day[X509_DAY_SIZE])
{
	const uint8_t *p = der.p;
	ASN1_TIME *t = d2i_ASN1_TIME(NULL, &p, (long)der.n);
	struct tm tm;
	bool ok = t && ASN1_TIME_to_tm(t, &tm) && strftime(day, X509_DAY_SIZE, "%Y-%m-%d", &tm) > 0;

	ASN1_TIME_free(t);
	return ok;
}

enum err x509_text(const struct x509 *x, struct wr *subject, char day[X509_DAY_SIZE])
{
	bool ok;

	crypto_begin();
	ok = put_name(x->subject, subject) && put_day(x->not_after, day);
	crypto_end();
	return ok ? wr_done(subject) : ERR_FORMAT;
}

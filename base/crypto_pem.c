/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_pem.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/crypto_x509.h"
#include "base/spki.h"

#define SEQUENCE 0x30   /* what DER begins with, and PEM cannot */

static enum err find_block(BIO *in, const char *wanted, struct wr *der)
{
	enum err e = ERR_NOT_FOUND;

	while (e == ERR_NOT_FOUND) {
		char *name = NULL, *header = NULL;
		unsigned char *data = NULL;
		long n = 0;

		if (!PEM_read_bio(in, &name, &header, &data, &n)) {
			/* Nothing begins any more, or what began was no base64 or had no end. */
			if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
				e = ERR_FORMAT;
			break;
		}
		if (strcmp(name, wanted) == 0) {
			wr_put(der, rd_of(data, (size_t)n));
			e = wr_done(der);
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(data);
		if (e != ERR_NOT_FOUND)
			break;
	}
	ERR_clear_error();
	return e;
}

enum err pem_read(struct rd file, const char *name, struct wr *der)
{
	BIO *in;
	enum err e;

	if (file.n && file.p[0] == SEQUENCE) {
		wr_put(der, file);
		return wr_done(der);
	}
	if (file.n > INT_MAX)
		return ERR_LIMIT;
	in = BIO_new_mem_buf(file.p, (int)file.n);
	if (!in)
		return ERR_NOMEM;
	e = find_block(in, name, der);
	BIO_free(in);
	return e;
}

enum err pem_write(const char *name, struct rd der, struct wr *text)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;
	enum err e = ERR_NOMEM;

	if (!out || der.n > LONG_MAX)
		goto out;
	if (!PEM_write_bio(out, name, "", der.p, (long)der.n))
		goto out;
	n = BIO_get_mem_data(out, &p);
	wr_put(text, rd_of((const uint8_t *)p, n > 0 ? (size_t)n : 0));
	e = wr_done(text);
out:
	BIO_free(out);
	return e;
}

enum err pem_read_spki(struct rd file, struct wr *spki)
{
	struct spki key;
	struct x509 x;
	struct wr der;
	enum err e;

	wr_init_heap(&der, file.n);
	e = pem_read(file, "PUBLIC KEY", &der);
	if (e == ERR_NOT_FOUND)
		e = pem_read(file, "CERTIFICATE", &der);
	if (!e && x509_parse(wr_view(&der), &x) == ERR_OK)
		wr_put(spki, x.spki);
	else if (!e && spki_read(wr_view(&der), &key) != ERR_FORMAT)
		wr_put(spki, wr_view(&der));
	else if (!e)
		e = ERR_FORMAT;
	wr_free(&der);
	return e ? e : wr_done(spki);
}

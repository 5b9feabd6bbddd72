/* SPDX-License-Identifier: Apache-2.0 */
/* Domain parameters of the curves, read once from libcrypto. */
#include "base/crypto_ec.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <pthread.h>
#include <string.h>

#include "base/crypto_int.h"

static const struct { const char *name; int nid; } curves[EC_CURVES] = {
	[EC_SECP192R1] = { "secp192r1", NID_X9_62_prime192v1 },
	[EC_SECP256R1] = { "secp256r1", NID_X9_62_prime256v1 },
	[EC_SECP384R1] = { "secp384r1", NID_secp384r1 },
	[EC_SECP521R1] = { "secp521r1", NID_secp521r1 },
	[EC_BP192R1] = { "brainpoolP192r1", NID_brainpoolP192r1 },
	[EC_BP224R1] = { "brainpoolP224r1", NID_brainpoolP224r1 },
	[EC_BP256R1] = { "brainpoolP256r1", NID_brainpoolP256r1 },
	[EC_BP320R1] = { "brainpoolP320r1", NID_brainpoolP320r1 },
	[EC_BP384R1] = { "brainpoolP384r1", NID_brainpoolP384r1 },
	[EC_BP512R1] = { "brainpoolP512r1", NID_brainpoolP512r1 },
	[EC_BP192T1] = { "brainpoolP192t1", NID_brainpoolP192t1 },
	[EC_BP224T1] = { "brainpoolP224t1", NID_brainpoolP224t1 },
	[EC_BP256T1] = { "brainpoolP256t1", NID_brainpoolP256t1 },
	[EC_BP320T1] = { "brainpoolP320t1", NID_brainpoolP320t1 },
	[EC_BP384T1] = { "brainpoolP384t1", NID_brainpoolP384t1 },
	[EC_BP512T1] = { "brainpoolP512t1", NID_brainpoolP512t1 },
	[EC_SECP192K1] = { "secp192k1", NID_secp192k1 },
	[EC_SECP256K1] = { "secp256k1", NID_secp256k1 },
};

static struct ec_domain domains[EC_CURVES];     /* name NULL: not available */
static EC_GROUP *groups[EC_CURVES];
static uint8_t numbers[EC_CURVES][4 * EC_FIELD_MAX + EC_POINT_MAX];

static bool put_number(const BIGNUM *n, size_t size, struct wr *to, struct rd *view)
{
	const uint8_t *at = to->p + to->n;

	if (crypto_put_bn(n, size, to))
		return false;
	*view = rd_of(at, size);
	return true;
}

static bool read_domain(enum ec_curve c, const EC_GROUP *group, BIGNUM *bn[3])
{
	struct ec_domain *d = &domains[c];
	const ASN1_OBJECT *oid = OBJ_nid2obj(curves[c].nid);
	uint8_t *g;
	struct wr w;

	WR_ARR(&w, numbers[c]);
	if (!oid || EC_GROUP_get_curve(group, bn[0], bn[1], bn[2], NULL) != 1)
		return false;
	d->curve = c;
	d->bits = (unsigned)BN_num_bits(bn[0]);
	d->size = (d->bits + 7) / 8;
	d->oid = rd_of(OBJ_get0_data(oid), OBJ_length(oid));
	if (!put_number(bn[0], d->size, &w, &d->p) || !put_number(bn[1], d->size, &w, &d->a) ||
	    !put_number(bn[2], d->size, &w, &d->b) ||
	    !put_number(EC_GROUP_get0_order(group), (size_t)BN_num_bytes(EC_GROUP_get0_order(group)), &w, &d->n))
		return false;
	g = wr_space(&w, 2 * d->size + 1);
	if (!g || EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED, g,
				     2 * d->size + 1, NULL) != 2 * d->size + 1)
		return false;
	d->g = rd_of(g, 2 * d->size + 1);
	d->h = (uint8_t)BN_get_word(EC_GROUP_get0_cofactor(group));
	d->name = curves[c].name;
	return true;
}

static void read_domains(void)
{
	BIGNUM *bn[3] = { BN_new(), BN_new(), BN_new() };

	crypto_begin();
	for (int c = EC_NONE + 1; bn[0] && bn[1] && bn[2] && crypto_ctx() && c < EC_CURVES; c++) {
		EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(crypto_ctx(), NULL, curves[c].nid);

		if (group && read_domain((enum ec_curve)c, group, bn))
			groups[c] = group;
		else
			EC_GROUP_free(group);
	}
	for (int i = 0; i < 3; i++)
		BN_free(bn[i]);
	crypto_end();
}

const struct ec_domain *ec_domain_get(enum ec_curve c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, read_domains);
	return c > EC_NONE && c < EC_CURVES && groups[c] ? &domains[c] : NULL;
}

const EC_GROUP *crypto_ec_group(enum ec_curve c)
{
	return ec_domain_get(c) ? groups[c] : NULL;
}

void crypto_ec_free_groups(void)
{
	for (int c = EC_NONE + 1; c < EC_CURVES; c++) {
		EC_GROUP_free(groups[c]);
		groups[c] = NULL;
	}
}

static bool same_number(struct rd a, struct rd b)
{
	return rd_eq(rd_magnitude(a), rd_magnitude(b));
}

const struct ec_domain *ec_domain_find(struct rd p, struct rd a, struct rd b, struct rd g, struct rd n, struct rd h)
{
	for (int c = EC_NONE + 1; c < EC_CURVES; c++) {
		const struct ec_domain *d = ec_domain_get((enum ec_curve)c);

		if (d && same_number(d->p, p) && same_number(d->a, a) && same_number(d->b, b) && rd_eq(d->g, g) &&
		    same_number(d->n, n) && same_number(rd_of(&d->h, 1), h))
			return d;
	}
	return NULL;
}

const struct ec_domain *ec_domain_by_oid(struct rd oid)
{
	for (int c = EC_NONE + 1; c < EC_CURVES; c++) {
		const struct ec_domain *d = ec_domain_get((enum ec_curve)c);

		if (d && rd_eq(d->oid, oid))
			return d;
	}
	return NULL;
}

const struct ec_domain *ec_domain_by_name(const char *name)
{
	for (int c = EC_NONE + 1; c < EC_CURVES; c++) {
		const struct ec_domain *d = ec_domain_get((enum ec_curve)c);

		if (d && strcmp(d->name, name) == 0)
			return d;
	}
	return NULL;
}

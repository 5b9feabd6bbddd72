/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/result.h"

/* Ids below -100 are free of the protocol's own and end the session (reference ramoverhttp 4). */
static const struct {
	enum err e;
	int id;
} results[] = {
	{ ERR_OK,              0 },
	{ ERR_DENIED,       -101 },
	{ ERR_EXPIRED,      -102 },
	{ ERR_CANCELLED,    -103 },
	{ ERR_NOT_ENROLLED, -110 },
	{ ERR_ATTESTATION,  -111 },
	{ ERR_POLICY,       -112 },
	{ ERR_SERVER,       -120 },     /* and everything that has no row */
};
#define RESULTS (sizeof(results) / sizeof(*results))

int pka_result_id(enum err e)
{
	for (size_t i = 0; i < RESULTS; i++)
		if (results[i].e == e)
			return results[i].id;
	return pka_result_id(ERR_SERVER);
}

enum err pka_result_err(int id)
{
	if (id >= 0)
		return ERR_OK;
	for (size_t i = 0; i < RESULTS; i++)
		if (results[i].id == id)
			return results[i].e;
	return ERR_SERVER;
}

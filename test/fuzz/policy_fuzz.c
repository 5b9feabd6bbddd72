/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target's policy (server/policy/policy.h) from any bytes, and what it says of a request whose words are any bytes,
 * too: the input is the policy, a zero byte, and what the host says.
 */
#include <stdlib.h>
#include <string.h>

#include "server/policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Before people are asked, and before that: of a card with a key that is attested and one that is not. */
static void judge(const struct srv_policy *p, struct rd host_json)
{
	static const struct pka_key_facts keys[] = {
		{ .key = 1, .label = "fit", .is_attested = true }, { .key = 2, .label = "other" },
	};
	static const struct att_chain chain = { .id = "DENK0400001", .path = "/DESRCACC100001/DENK00001/DENK0400001" };
	struct srv_policy_facts f = { .chain = &chain, .host = "build1", .host_json = host_json, .now = 1700000000,
				      .keys_n = 2, .keys = keys };
	struct srv_policy_verdict v = { .n = 0 };
	enum srv_policy_when when;
	size_t i;

	for (when = SRV_AT_IDENTIFICATION; when <= SRV_BEFORE_PEOPLE; when++)
		(void)srv_policy_check(p, when, &f, &v);
	for (i = 0; i < v.n; i++)
		if (!v.v[i].text[0] || !memchr(v.v[i].text, 0, sizeof(v.v[i].text)))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct srv_policy p, again;
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	struct rd text = rd_of(data, end ? (size_t)(end - data) : size);
	struct rd host_json = end ? rd_of(end + 1, size - text.n - 1) : RD_NONE;
	struct wr first, second;
	char why[200];

	if (srv_policy_parse(text, &p, why, sizeof(why)))
		return 0;
	judge(&p, host_json);
	/* What was read can be shown, and reads back to the same. */
	wr_init_heap(&first, 4 * SRV_POLICY_TEXT_MAX);
	wr_init_heap(&second, 4 * SRV_POLICY_TEXT_MAX);
	srv_json_write(srv_policy_json(&p), &first);
	if (wr_done(&first) || srv_policy_parse(wr_view(&first), &again, why, sizeof(why)))
		abort();
	srv_json_write(srv_policy_json(&again), &second);
	if (wr_done(&second) || !rd_eq(wr_view(&first), wr_view(&second)))
		abort();
	wr_free(&first);
	wr_free(&second);
	return 0;
}

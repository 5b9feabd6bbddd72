/* SPDX-License-Identifier: Apache-2.0 */
/* How the address of who connects is shown: in logs, to custodians, and to what counts by address. */
#include <arpa/inet.h>
#include <string.h>

#include "server/http/listen.h"
#include "test/unit/test.h"

static const char *shown(int family, const char *address)
{
	static char out[INET6_ADDRSTRLEN];
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr *sa = family == AF_INET ? (void *)&v4 : (void *)&v6;

	assert_int_equal(inet_pton(family, address, family == AF_INET ? (void *)&v4.sin_addr : &v6.sin6_addr), 1);
	srv_listen_peer(sa, out, sizeof(out));
	return out;
}

static void test_peer(void **state)
{
	char out[INET6_ADDRSTRLEN];

	(void)state;
	assert_string_equal(shown(AF_INET, "192.0.2.7"), "192.0.2.7");
	assert_string_equal(shown(AF_INET6, "2001:db8::7"), "2001:db8::7");
	assert_string_equal(shown(AF_INET6, "::1"), "::1");
	/* by a socket that has both */
	assert_string_equal(shown(AF_INET6, "::ffff:192.0.2.7"), "192.0.2.7");
	srv_listen_peer(NULL, out, sizeof(out));
	assert_string_equal(out, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_peer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

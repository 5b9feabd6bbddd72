/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a program: calls from exit handlers, also when the host's libcrypto is gone by then, and programs that
 * never call C_Finalize. Each case is a process of its own, made by fork, which leaves by exit().
 */
#include "test/p11/agent.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static int report;                      /* a pipe's end: what happened in the exit handler */

static void tell(CK_RV rv)
{
	if (write(report, &rv, sizeof(rv)) != sizeof(rv))
		_exit(99);
}

static void sign_with_hash(void)
{
	CK_BYTE data[] = "text", sig[64];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = rig_sign_begin(session, CKM_ECDSA_SHA256, key);

	tell(rv ? rv : C_Sign(session, data, 4, sig, &n));
}

static void sign_plain(void)
{
	tell(rig_sign(session, key));
}

static void finalize(void)
{
	tell(C_Finalize(NULL));
}

static void nothing(void)
{
	tell(CKR_OK);
}

/* The host's libcrypto in use, so that its own exit handler is there. */
static void use_libcrypto(void)
{
	unsigned char hash[32];

	if (EVP_Digest("x", 1, hash, NULL, EVP_sha256(), NULL) != 1)
		_exit(98);
}

/* Handlers run in the opposite order: what is registered first finds libcrypto gone. */
static _Noreturn void run_child(void (*handler)(void), bool crypto_first)
{
	if (rig_is_direct())
		(void)rig_card_simple();
	if (crypto_first)
		use_libcrypto();
	(void)atexit(handler);
	use_libcrypto();
	rig_initialize();
	session = rig_session();
	assert_ok(rig_login(session, RIG_PIN));
	key = rig_find(session, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(session, key));
	if (!crypto_first)
		/* As libcrypto's own handler would do before ours, whoever registered first in this process. */
		OPENSSL_cleanup();
	exit(0);
}

/* What the handler reported; the child must end by itself, with status 0. */
static CK_RV child(void (*handler)(void), bool crypto_first)
{
	CK_RV rv = CKR_GENERAL_ERROR;
	int ends[2], status = -1;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(ends[0]);
		report = ends[1];
		(void)alarm(PATIENCE_S);
		run_child(handler, crypto_first);
	}
	(void)close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(ends[0], &rv, sizeof(rv)), sizeof(rv));
	(void)close(ends[0]);
	return rv;
}

/* An agent's card serves all children; without one each has its own. */
static void start(void)
{
	if (!rig_is_direct())
		(void)rig_card_simple();
}

static void test_crypto_alive(void **state)
{
	(void)state;
	start();
	assert_rv(child(sign_with_hash, true), CKR_OK);
	assert_rv(child(sign_plain, true), CKR_OK);
	assert_rv(child(finalize, true), CKR_OK);
	assert_rv(child(nothing, true), CKR_OK);
}

/*
 * A virtual card in this process has no libcrypto either. Where it is in another one, at an agent and in
 * test/e2e/exit.sh, signatures without a hash must be good.
 */
static void test_crypto_gone(void **state)
{
	(void)state;
	start();
	assert_rv(child(sign_with_hash, false), CKR_FUNCTION_FAILED);
	if (!rig_is_direct())
		assert_rv(child(sign_plain, false), CKR_OK);
	assert_rv(child(finalize, false), CKR_OK);
	assert_rv(child(nothing, false), CKR_OK);
}

/* ---- the program ends in the middle of a call, as a signal handler that calls exit() makes it ---- */

static void see(void *ctx, const char *reader, struct rd cmd, struct rd rsp)
{
	(void)ctx;
	(void)reader;
	(void)cmd;
	(void)rsp;
	exit(7);
}

static void test_exit_inside(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(PATIENCE_S);
		(void)rig_card_simple();
		rig_initialize();
		session = rig_session();
		assert_ok(rig_login(session, RIG_PIN));
		key = rig_find(session, CKO_PRIVATE_KEY, "ec");
		fake_observe(see, NULL);
		(void)rig_sign(session, key);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_crypto_alive),
		RIG_TEST(test_crypto_gone),
		AGENT_TEST(test_exit_inside),
	};

	agent_process_main(argc, argv);
	return RUN_BOTH(tests);
}

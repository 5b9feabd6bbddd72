/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that uses a PKCS#11 module, step by step as its arguments say:
 *
 *   p11steps MODULE STEP...
 *
 *   login           C_Login without a PIN            login=PIN       with one
 *   sign=LABEL      CKM_ECDSA with the private key   sign-hash=LABEL CKM_ECDSA_SHA256
 *   logout          C_Logout                         finalize        C_Finalize
 *   cleanup         OPENSSL_cleanup, as a program's end does it
 *   fork=STEP       STEP in a child that begins anew (C_Initialize, a session)
 *   at-exit=STEP    STEP in an exit handler; the last one named runs first
 *   wait            until standard input ends
 *   drop            unload the module, fork a child without it, load it again and begin anew; CKR_FUNCTION_FAILED if it
 *                   stayed in memory
 *   heap            CKR_HOST_MEMORY if much more of it is in use than at the step of this name before
 *
 * Each step prints a line "STEP RV" with the return value in hexadecimal; a signature is verified with the module's own
 * public key. Exit status 0 if all steps answered 0.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#define AT_EXIT_MAX 8
/* Bytes: what was freed and waits in a cache of the thread counts as used. */
#define HEAP_NOISE 16384

static const char *path;
static void *module;
static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;
static const char *at_exit_steps[AT_EXIT_MAX];
static size_t at_exit_n;
static bool failed;

static CK_RV begin(void)
{
	CK_SLOT_ID slot[16];
	CK_ULONG n = 16;
	CK_RV rv = p11->C_Initialize(NULL);

	if (!rv)
		rv = p11->C_GetSlotList(CK_TRUE, slot, &n);
	if (!rv && n == 0)
		rv = CKR_TOKEN_NOT_PRESENT;
	return rv ? rv : p11->C_OpenSession(slot[0], CKF_SERIAL_SESSION, NULL, NULL, &session);
}

static CK_RV load(void)
{
	CK_C_GetFunctionList get;

	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!module) {
		(void)fprintf(stderr, "p11steps: %s\n", dlerror());
		return CKR_GENERAL_ERROR;
	}
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	return get ? get(&p11) : CKR_GENERAL_ERROR;
}

static CK_RV find(CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *out)
{
	char text[64];
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, text, strlen(label) } };
	CK_ULONG n = 0;
	CK_RV rv;

	if (strlen(label) > sizeof(text))
		return CKR_ARGUMENTS_BAD;
	memcpy(text, label, strlen(label));
	rv = p11->C_FindObjectsInit(session, t, 2);
	if (!rv)
		rv = p11->C_FindObjects(session, out, 1, &n);
	if (!rv)
		rv = p11->C_FindObjectsFinal(session);
	return rv || n ? rv : CKR_KEY_HANDLE_INVALID;
}

static CK_RV sign(CK_MECHANISM_TYPE type, const char *label)
{
	CK_BYTE data[32] = "thirty-two bytes to be signed..", sig[256];
	CK_MECHANISM mech = { type, NULL, 0 };
	CK_OBJECT_HANDLE priv, pub;
	CK_ULONG n = sizeof(sig);
	CK_RV rv = find(CKO_PRIVATE_KEY, label, &priv);

	if (!rv)
		rv = p11->C_SignInit(session, &mech, priv);
	if (!rv)
		rv = p11->C_Sign(session, data, sizeof(data), sig, &n);
	/* Without libcrypto nobody can verify here; the signature was made all the same. */
	if (rv || at_exit_n)
		return rv;
	rv = find(CKO_PUBLIC_KEY, label, &pub);
	if (!rv)
		rv = p11->C_VerifyInit(session, &mech, pub);
	return rv ? rv : p11->C_Verify(session, data, sizeof(data), sig, n);
}

static CK_RV login(const char *pin)
{
	CK_UTF8CHAR copy[64];
	size_t n = pin ? strlen(pin) : 0;

	if (n > sizeof(copy))
		return CKR_ARGUMENTS_BAD;
	memcpy(copy, pin ? pin : "", n);
	return p11->C_Login(session, CKU_USER, pin ? copy : NULL, n);
}

static void step(const char *text);

static CK_RV fork_step(const char *text)
{
	int status = -1;
	CK_RV rv;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		return CKR_HOST_MEMORY;
	if (pid == 0) {
		failed = false;
		rv = begin();
		if (rv)
			printf("begin %lx\n", rv);
		else
			step(text);
		(void)fflush(stdout);
		_exit(rv || failed);
	}
	(void)waitpid(pid, &status, 0);
	return status ? CKR_FUNCTION_FAILED : CKR_OK;
}

static CK_RV drop(void)
{
	int status = -1;
	pid_t pid;
	CK_RV rv;

	if (dlclose(module) || dlopen(path, RTLD_NOW | RTLD_NOLOAD))
		return CKR_FUNCTION_FAILED;
	(void)fflush(stdout);
	/* Whatever it had registered for forks and ends is gone, too. */
	pid = fork();
	if (pid == 0)
		exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return CKR_FUNCTION_FAILED;
	rv = load();
	return rv ? rv : begin();
}

static CK_RV heap(void)
{
	static size_t before;
	const struct mallinfo2 now = mallinfo2();
	const size_t used = now.uordblks + now.hblkhd;
	const bool grown = before && used > before + HEAP_NOISE;

	if (grown)
		(void)fprintf(stderr, "p11steps: %zu bytes of the heap are in use, %zu before\n", used, before);
	before = used;
	return grown ? CKR_HOST_MEMORY : CKR_OK;
}

static void run_at_exit(void)
{
	if (at_exit_n)
		step(at_exit_steps[--at_exit_n]);
	(void)fflush(stdout);
	if (failed)
		_exit(1);
}

static CK_RV keep_for_exit(const char *text)
{
	if (at_exit_n == AT_EXIT_MAX || atexit(run_at_exit))
		return CKR_HOST_MEMORY;
	at_exit_steps[at_exit_n++] = text;
	return CKR_OK;
}

static CK_RV wait_for_end(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return CKR_OK;
}

/* The argument of a step "NAME=ARGUMENT", or NULL if it is another step. */
static const char *argument(const char *text, const char *name)
{
	size_t n = strlen(name);

	return strncmp(text, name, n) == 0 && text[n] == '=' ? text + n + 1 : NULL;
}

static CK_RV run(const char *text)
{
	const char *a;

	if (strcmp(text, "login") == 0)
		return login(NULL);
	if ((a = argument(text, "login")))
		return login(a);
	if ((a = argument(text, "sign")))
		return sign(CKM_ECDSA, a);
	if ((a = argument(text, "sign-hash")))
		return sign(CKM_ECDSA_SHA256, a);
	if (strcmp(text, "logout") == 0)
		return p11->C_Logout(session);
	if (strcmp(text, "finalize") == 0)
		return p11->C_Finalize(NULL);
	if ((a = argument(text, "fork")))
		return fork_step(a);
	if ((a = argument(text, "at-exit")))
		return keep_for_exit(a);
	if (strcmp(text, "drop") == 0)
		return drop();
	if (strcmp(text, "heap") == 0)
		return heap();
	if (strcmp(text, "wait") == 0)
		return wait_for_end();
	if (strcmp(text, "cleanup") == 0) {
		OPENSSL_cleanup();
		return CKR_OK;
	}
	(void)fprintf(stderr, "p11steps: no step \"%s\"\n", text);
	return CKR_ARGUMENTS_BAD;
}

static void step(const char *text)
{
	CK_RV rv = run(text);

	/* Not the PIN. */
	printf("%.*s %lx\n", (int)strcspn(text, "="), text, rv);
	(void)fflush(stdout);
	failed = failed || rv;
}

int main(int argc, char **argv)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	CK_RV rv;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: p11steps MODULE STEP...\n");
		return 2;
	}
	/* The host uses libcrypto, before the module does. */
	if (EVP_Digest("", 0, hash, NULL, EVP_sha256(), NULL) != 1)
		return 2;
	path = argv[1];
	if (load())
		return 2;
	rv = begin();
	if (rv) {
		printf("begin %lx\n", rv);
		return 1;
	}
	for (int i = 2; i < argc; i++)
		step(argv[i]);
	return failed;
}

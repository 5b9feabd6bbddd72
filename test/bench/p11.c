/* SPDX-License-Identifier: Apache-2.0 */
/* One PKCS#11 client from C_Initialize to C_Finalize, with what each step cost. */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "test/bench/bench.h"

#define SLOTS_MAX 16
#define SIGNATURE_MAX 512

static void must(const char *what, CK_RV rv)
{
	if (rv != CKR_OK)
		bench_die(what, rv);
}

/* The functions of the module; never unloaded, as some modules do not survive that. */
static CK_FUNCTION_LIST *load(const char *path)
{
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_RV (*list)(CK_FUNCTION_LIST **);
	CK_FUNCTION_LIST *f = NULL;

	if (!so) {
		fprintf(stderr, "bench: %s\n", dlerror());
		bench_die(path, 0);
	}
	*(void **)&list = dlsym(so, "C_GetFunctionList");
	if (!list)
		bench_die("C_GetFunctionList", 0);
	must("C_GetFunctionList", list(&f));
	return f;
}

/* The slot whose reader has this name; its description is padded by blanks and may be cut. */
static CK_SLOT_ID find_slot(CK_FUNCTION_LIST *f, const char *reader)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_SLOT_INFO info;

	must("C_GetSlotList", f->C_GetSlotList(CK_TRUE, slots, &n));
	for (CK_ULONG i = 0; i < n; i++) {
		must("C_GetSlotInfo", f->C_GetSlotInfo(slots[i], &info));
		if (memcmp(info.slotDescription, reader, strlen(reader)) == 0)
			return slots[i];
	}
	bench_die(reader, n);
}

static CK_OBJECT_HANDLE find_key(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, char *label)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, label, strlen(label) },
	};
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_ULONG n = 0;

	must("C_FindObjectsInit", f->C_FindObjectsInit(s, template, 2));
	must("C_FindObjects", f->C_FindObjects(s, &key, 1, &n));
	must("C_FindObjectsFinal", f->C_FindObjectsFinal(s));
	if (n != 1)
		bench_die(label, n);
	return key;
}

static CK_MECHANISM_TYPE mechanism_of(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE a = { CKA_KEY_TYPE, &type, sizeof(type) };

	must("C_GetAttributeValue", f->C_GetAttributeValue(s, key, &a, 1));
	return type == CKK_EC ? CKM_ECDSA_SHA256 : CKM_SHA256_RSA_PKCS;
}

static void sign(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM mech = { type, NULL, 0 };
	CK_BYTE data[] = "what is signed again and again", signature[SIGNATURE_MAX];
	CK_ULONG n = sizeof(signature);

	must("C_SignInit", f->C_SignInit(s, &mech, key));
	must("C_Sign", f->C_Sign(s, data, sizeof(data), signature, &n));
}

/*
 * p11 MODULE READER COUNT_FILE LABEL PIN_FILE N: prints how many commands the card got in C_Initialize, from then until
 * the private key was found after a login, and in each of N signatures, and what a signature cost. PIN_FILE "-": log in
 * without a PIN; then the time of C_Login's return is printed, too (login_ns, of the wall clock), and a line of the
 * input is awaited before signatures are measured: what approved has to end first.
 */
int bench_p11(int argc, char **argv)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	struct bench_watch watch;
	CK_SESSION_HANDLE session;
	CK_MECHANISM_TYPE type;
	CK_OBJECT_HANDLE key;
	CK_FUNCTION_LIST *f;
	unsigned long n, count[4];
	struct timespec returned = { 0 };
	char pin[64] = "";

	if (argc != 7)
		return 2;
	n = bench_number(argv[6]);
	if (strcmp(argv[5], "-") != 0)
		bench_line(argv[5], pin, sizeof(pin));
	f = load(argv[1]);

	count[0] = bench_count(argv[3]);
	must("C_Initialize", f->C_Initialize(&args));
	count[1] = bench_count(argv[3]);
	must("C_OpenSession", f->C_OpenSession(find_slot(f, argv[2]), CKF_SERIAL_SESSION, NULL, NULL, &session));
	must("C_Login", f->C_Login(session, CKU_USER, *pin ? (CK_UTF8CHAR *)pin : NULL, strlen(pin)));
	(void)clock_gettime(CLOCK_REALTIME, &returned);
	key = find_key(f, session, argv[4]);
	count[2] = bench_count(argv[3]);
	printf("init=%lu find=%lu", count[1] - count[0], count[2] - count[0]);
	if (!*pin) {
		printf(" login_ns=%lld", (long long)returned.tv_sec * 1000000000 + returned.tv_nsec);
		if (!fgets(pin, sizeof(pin), stdin))
			bench_die("input", 0);
	}
	if (n) {
		type = mechanism_of(f, session, key);
		sign(f, session, key, type);
		count[2] = bench_count(argv[3]);
		bench_start(&watch);
		for (unsigned long i = 0; i < n; i++)
			sign(f, session, key, type);
		printf(" ");
		bench_stop(&watch, n);
		count[3] = bench_count(argv[3]);
		printf(" sign=%.2f", (double)(count[3] - count[2]) / (double)n);
	}
	printf("\n");
	must("C_Finalize", f->C_Finalize(NULL));
	return 0;
}

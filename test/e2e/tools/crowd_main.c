/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many programs at once with one card: crowd MODULE LABEL PIN-FILE PROCESSES EACH Each process logs in by itself; when
 * all are in, all sign EACH different hashes with the P-256 key of this label and verify every signature. Says "N
 * signed, N failed, least N": least is how many the slowest had made when the fastest had made all of its own. Exit
 * status 0 if nothing failed.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 200
#define SIG_MAX 160

struct shared {
	atomic_uint done[PROCESSES_MAX], failed;
	atomic_int least;               /* -1: nobody has made all of its own */
};

static CK_FUNCTION_LIST *load(const char *path)
{
	void *module = dlopen(path, RTLD_NOW);
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	CK_FUNCTION_LIST *f = NULL;

	if (module)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	return get && get(&f) == CKR_OK && f->C_Initialize(NULL) == CKR_OK ? f : NULL;
}

static CK_OBJECT_HANDLE find(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, char *label)
{
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, label, strlen(label) } };
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG n = 0;

	if (f->C_FindObjectsInit(s, t, 2) || f->C_FindObjects(s, &o, 1, &n) || f->C_FindObjectsFinal(s) || n != 1)
		return 0;
	return o;
}

static int sign_one(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
		    unsigned who, unsigned i)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_BYTE hash[32] = { 0 }, sig[SIG_MAX];
	CK_ULONG n = sizeof(sig);

	memcpy(hash, &who, sizeof(who));
	memcpy(hash + sizeof(who), &i, sizeof(i));
	return f->C_SignInit(s, &m, private) || f->C_Sign(s, hash, sizeof(hash), sig, &n) ||
	       f->C_VerifyInit(s, &m, public) || f->C_Verify(s, hash, sizeof(hash), sig, n);
}

static void note_first(struct shared *all, unsigned processes)
{
	unsigned least = all->done[0];
	int none = -1;

	for (unsigned i = 1; i < processes; i++)
		if (all->done[i] < least)
			least = all->done[i];
	(void)atomic_compare_exchange_strong(&all->least, &none, (int)least);
}

static int child(char **argv, struct shared *all, unsigned who, unsigned processes, unsigned each, int in, int go)
{
	CK_FUNCTION_LIST *f = load(argv[1]);
	CK_OBJECT_HANDLE private, public;
	CK_SESSION_HANDLE s;
	CK_SLOT_ID slot;
	CK_ULONG n = 1, pin_n;
	CK_BYTE pin[32];
	FILE *file = fopen(argv[3], "re");
	char byte = 0;

	pin_n = file ? fread(pin, 1, sizeof(pin), file) : 0;
	if (pin_n && pin[pin_n - 1] == '\n')
		pin_n--;
	if (!f || f->C_GetSlotList(CK_TRUE, &slot, &n) || f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s) ||
	    f->C_Login(s, CKU_USER, pin, pin_n))
		return 1;
	private = find(f, s, CKO_PRIVATE_KEY, argv[2]);
	public = find(f, s, CKO_PUBLIC_KEY, argv[2]);
	/* All are in before anybody begins. */
	if (!private || !public || write(in, &byte, 1) != 1 || read(go, &byte, 1) != 0)
		return 1;
	for (unsigned i = 0; i < each; i++) {
		if (sign_one(f, s, private, public, who, i))
			all->failed++;
		else
			all->done[who]++;
	}
	note_first(all, processes);
	return f->C_Finalize(NULL) != CKR_OK;
}

int main(int argc, char **argv)
{
	struct shared *all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned processes = argc == 6 ? (unsigned)strtoul(argv[4], NULL, 10) : 0, each, signed_n = 0;
	int in[2], go[2], status, bad = 0;
	char byte;

	if (all == MAP_FAILED || processes == 0 || processes > PROCESSES_MAX || pipe(in) || pipe(go))
		return 2;
	each = (unsigned)strtoul(argv[5], NULL, 10);
	all->least = -1;
	for (unsigned i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			(void)close(in[0]);
			(void)close(go[1]);
			_exit(child(argv, all, i, processes, each, in[1], go[0]));
		}
		bad |= pid < 0;
	}
	(void)close(in[1]);
	(void)close(go[0]);
	for (unsigned i = 0; i < processes && read(in[0], &byte, 1) == 1; i++)
		continue;
	(void)close(go[1]);
	while (wait(&status) > 0)
		bad |= status != 0;
	for (unsigned i = 0; i < processes; i++)
		signed_n += all->done[i];
	(void)printf("%u signed, %u failed, least %d\n", signed_n, (unsigned)all->failed, (int)all->least);
	return bad || all->failed || signed_n != processes * each;
}

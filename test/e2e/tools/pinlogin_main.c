/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that logs in and keeps no PIN: pinlogin MODULE TOKEN PIN-FILE [drop]
 * Reads the PIN, calls C_Login, wipes its own copy, says "in" or "failed RV", waits for SIGTERM and ends. With "drop"
 * it unloads the module without C_Finalize, forks a child that ends at once, and says "dropped" before it waits.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS_MAX 32

static CK_UTF8CHAR pin[32];
static void *module;

static CK_ULONG read_pin(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, pin, sizeof(pin));

	if (fd >= 0)
		(void)close(fd);
	if (n > 0 && pin[n - 1] == '\n')
		n--;
	return n > 0 ? (CK_ULONG)n : 0;
}

static CK_FUNCTION_LIST *load(const char *path)
{
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	CK_FUNCTION_LIST *f = NULL;

	module = dlopen(path, RTLD_NOW);
	if (module)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	return get && get(&f) == CKR_OK && f->C_Initialize(NULL) == CKR_OK ? f : NULL;
}

static int open_session(CK_FUNCTION_LIST *f, const char *label, CK_SESSION_HANDLE *s)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_TOKEN_INFO t;

	if (f->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
		return -1;
	for (CK_ULONG i = 0; i < n; i++)
		if (f->C_GetTokenInfo(slots[i], &t) == CKR_OK && !memcmp(t.label, label, strlen(label)))
			return f->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL, s) == CKR_OK ? 0 : -1;
	return -1;
}

/* Handlers of the module that outlived it would be called by the fork. */
static int drop(void)
{
	int status = -1;
	pid_t pid;

	if (dlclose(module))
		return -1;
	pid = fork();
	if (pid == 0)
		exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	CK_SESSION_HANDLE s;
	CK_FUNCTION_LIST *f;
	CK_ULONG n;
	sigset_t end;
	CK_RV rv;
	int sig;

	if (argc != 4 && argc != 5)
		return 2;
	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &end, NULL);
	f = load(argv[1]);
	if (!f || open_session(f, argv[2], &s))
		return 1;
	n = read_pin(argv[3]);
	if (!n)
		return 1;
	rv = f->C_Login(s, CKU_USER, pin, n);
	explicit_bzero(pin, sizeof(pin));
	if (rv)
		(void)printf("failed %lx\n", rv);
	else
		(void)printf("in\n");
	(void)fflush(stdout);
	if (argc == 5 && rv == CKR_OK) {
		(void)printf("%s\n", drop() ? "not dropped" : "dropped");
		(void)fflush(stdout);
	}
	(void)sigwait(&end, &sig);
	if (argc == 5)
		return 0;
	return f->C_Finalize(NULL) == CKR_OK && rv == CKR_OK ? 0 : 1;
}

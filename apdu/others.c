/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/others.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"

#define LIBRARY "libpcsclite.so"
#define OPENSC "opensc-pkcs11.so"       /* and onepin-opensc-pkcs11.so */
#define NAMES_MAX 5

/* fopen of /proc/PID/name. */
static FILE *open_of(long pid, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	return fopen(path, "re");
}

static bool has_library(long pid, const char *library)
{
	FILE *f = open_of(pid, "maps");
	char *line = NULL;
	size_t cap = 0;
	bool found = false;

	if (!f)
		return false;
	while (!found && getline(&line, &cap, f) > 0)
		found = strstr(line, library) != NULL;
	free(line);
	(void)fclose(f);
	return found;
}

static void put_name(struct wr *w, long pid)
{
	FILE *f = open_of(pid, "comm");
	char name[64] = "", shown[128];

	if (f) {
		if (!fgets(name, sizeof(name), f))
			name[0] = 0;
		(void)fclose(f);
	}
	name[strcspn(name, "\n")] = 0;
	wr_printf(w, "%s%s (process %ld)", w->n ? ", " : "", text_shown(rd_str(name), shown, sizeof(shown)), pid);
}

const char *apdu_others(char *buf, size_t cap)
{
	DIR *proc = opendir("/proc");
	const struct dirent *d;
	unsigned n = 0;
	struct wr w;

	wr_init_heap(&w, 1024);
	/* p11-kit loads all modules; this one stays connected to each card that it has seen. */
	if (has_library((long)getpid(), OPENSC))
		wr_printf(&w, "OpenSC's module in this program (disable it there, see pkcs11.conf(5))");
	while (proc && n < NAMES_MAX && (d = readdir(proc))) {
		char *end;
		long pid = strtol(d->d_name, &end, 10);

		if (pid <= 0 || *end || pid == (long)getpid() || !has_library(pid, LIBRARY))
			continue;
		put_name(&w, pid);
		n++;
	}
	if (proc)
		(void)closedir(proc);
	if (w.n)
		(void)snprintf(buf, cap, "using smart cards here: %s", wr_cstr(&w));
	else
		(void)snprintf(buf, cap, "this system does not tell which program that is");
	wr_free(&w);
	return buf;
}

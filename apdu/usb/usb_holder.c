/* SPDX-License-Identifier: Apache-2.0 */
/* What the system knows of a reader that cannot be had: sysfs says which driver has it, /proc which process. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apdu/usb/usb_find.h"
#include "base/file.h"
#include "base/text.h"

#define PATH_SIZE 320
#define WORD_SIZE 64

/* usb:1-2.3 or usb:1-2.3:1 is 1-2.3 in sysfs. */
static void sysfs_name(const struct usb_reader *r, char out[WORD_SIZE])
{
	const char *from = r->place + strlen(USB_PREFIX);

	(void)snprintf(out, WORD_SIZE, "%.*s", (int)strcspn(from, ":"), from);
}

uint64_t usb_plugged_ms(const struct usb_reader *r)
{
	char path[PATH_SIZE], device[WORD_SIZE];
	uint64_t ms = UINT64_MAX;
	char *end;
	struct wr w;

	sysfs_name(r, device);
	(void)snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/power/connected_duration", device);
	wr_init_heap(&w, WORD_SIZE);
	if (file_read(path, WORD_SIZE - 1, &w) == ERR_OK) {
		ms = strtoull(wr_cstr(&w), &end, 10);
		if (*end != '\n')       /* not a number */
			ms = UINT64_MAX;
	}
	wr_free(&w);
	return ms;
}

/* The driver of our interface; usbfs is a program's. "": none. */
static void find_driver(const struct usb_reader *r, char out[WORD_SIZE])
{
	char path[PATH_SIZE], device[WORD_SIZE], to[PATH_SIZE] = "";
	const char *base;

	sysfs_name(r, device);
	(void)snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s:1.%u/driver", device, r->interface);
	out[0] = 0;
	if (readlink(path, to, sizeof(to) - 1) <= 0)
		return;
	base = strrchr(to, '/');
	(void)snprintf(out, WORD_SIZE, "%.60s", base ? base + 1 : to);
}

/* Has this process the device's file open? */
static bool has_open(const char *pid, const char *node)
{
	char path[PATH_SIZE], to[PATH_SIZE];
	struct dirent *entry;
	bool found = false;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	d = opendir(path);
	while (d && !found && (entry = readdir(d))) {
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, entry->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		to[n > 0 ? n : 0] = 0;
		found = strcmp(to, node) == 0;
	}
	if (d)
		(void)closedir(d);
	return found;
}

static void command_of(const char *pid, char out[WORD_SIZE])
{
	char path[PATH_SIZE];
	struct wr w;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	wr_init_heap(&w, WORD_SIZE);
	out[0] = 0;
	if (file_read(path, WORD_SIZE - 1, &w) == ERR_OK) {
		if (w.n && w.p[w.n - 1] == '\n')
			wr_cut(&w, w.n - 1);
		(void)text_shown(wr_view(&w), out, WORD_SIZE);
	}
	wr_free(&w);
}

/*
 * The process, other than this one, that has the device open; of those that we may look into. *pcscd: one of that name
 * runs, whether we see its files or not.
 */
static bool find_process(const struct usb_reader *r, char pid[WORD_SIZE], char name[WORD_SIZE], bool *pcscd)
{
	char node[WORD_SIZE], own[WORD_SIZE], command[WORD_SIZE];
	DIR *d = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	(void)snprintf(node, sizeof(node), "/dev/bus/usb/%03u/%03u", libusb_get_bus_number(r->device),
		       libusb_get_device_address(r->device));
	(void)snprintf(own, sizeof(own), "%ld", (long)getpid());
	*pcscd = false;
	while (d && !found && (entry = readdir(d))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || strcmp(entry->d_name, own) == 0)
			continue;
		command_of(entry->d_name, command);
		*pcscd |= strcmp(command, "pcscd") == 0;
		found = has_open(entry->d_name, node);
		if (found) {
			(void)snprintf(pid, WORD_SIZE, "%.20s", entry->d_name);
			memcpy(name, command, WORD_SIZE);
		}
	}
	if (d)
		(void)closedir(d);
	return found;
}

static void explain_held(const struct usb_reader *r, char *why, size_t cap)
{
	char driver[WORD_SIZE], pid[WORD_SIZE], name[WORD_SIZE];
	bool pcscd = false, found;

	find_driver(r, driver);
	if (driver[0] && strcmp(driver, "usbfs") != 0) {
		(void)snprintf(why, cap, "the kernel's driver %s has it; unbind it from there", driver);
		return;
	}
	found = find_process(r, pid, name, &pcscd);
	if (found && strcmp(name, "pcscd") != 0)
		(void)snprintf(why, cap, "the program %s (process %s) has it; end it, or have both use the agent", name,
			       pid);
	else if (found || pcscd)
		(void)snprintf(why, cap, "%s; use the card through it (pcsc in [transport] order), or stop it "
			       "(systemctl stop pcscd.socket pcscd), or have it ignore %04x:%04x (docs/HARDWARE.md)",
			       found ? "pcscd has it" : "another program has it, pcscd perhaps", r->vendor, r->product);
	else
		(void)snprintf(why, cap, "a program of another user has it; end it, or have both use the agent");
}

void usb_explain(const struct usb_reader *r, enum err e, char *why, size_t cap)
{
	why[0] = 0;
	if (e == ERR_SHARING)
		explain_held(r, why, cap);
	else if (e == ERR_REFUSED)
		(void)snprintf(why, cap, "this user may not open it; put the udev rules in place and the user into "
			       "the group quorum11, then plug it in again (docs/HARDWARE.md)");
	else if (e)
		(void)snprintf(why, cap, "%s", err_text(e));
	else if (!r->usable)
		(void)snprintf(why, cap, "it does not say what it can do (no CCID class descriptor)");
	else if (r->desc.level == CCID_CHARACTER)
		(void)snprintf(why, cap, "it leaves single characters to the computer, which is not supported");
}

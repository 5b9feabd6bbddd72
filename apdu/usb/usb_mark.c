/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/usb_mark.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES   "/sys/bus/usb/devices"
#define PATH_SIZE 320
#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static uint64_t mix(uint64_t sum, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (uint8_t)bytes[i]) * FNV_PRIME;
	return sum;
}

/* A device's port and its number, which is a new one each time that something is plugged in there. */
static uint64_t mark_of(const char *name)
{
	uint64_t sum = mix(FNV_START, name, strlen(name));
	char path[PATH_SIZE], number[16];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), DEVICES "/%.255s/devnum", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sum;
	n = read(fd, number, sizeof(number));
	(void)close(fd);
	return mix(sum, number, n > 0 ? (size_t)n : 0);
}

void usb_mark_read(struct usb_mark *out)
{
	DIR *d = opendir(DEVICES);
	struct dirent *entry;

	*out = (struct usb_mark){ .known = d != NULL };
	/* An interface has a colon in its name. The order does not count. */
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && !strchr(entry->d_name, ':'))
			out->value += mark_of(entry->d_name);
	if (d)
		(void)closedir(d);
}

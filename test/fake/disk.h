/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write, fsync and fdatasync before the C library's: what reaches the disk in which order, and a disk that hangs or
 * fails. Some files are watched, which are known by how their names end; all others are as ever.
 */
#ifndef TEST_FAKE_DISK_H
#define TEST_FAKE_DISK_H

#include <stdbool.h>

/*
 * before: called in the thread that is about to write to such a file, or to wait until it is on the disk, no lock held.
 * What it returns is the errno with which that fails, nothing done; 0: it is done. ending is borrowed; NULL: no file.
 */
void fake_disk_watch(const char *ending, int (*before)(void *ctx), void *ctx);
/* Is all that was written to them since on the disk? By O_DSYNC, or by a sync that came after it. */
bool fake_disk_is_safe(void);

#endif

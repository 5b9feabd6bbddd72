/* SPDX-License-Identifier: Apache-2.0 */
/* A test's folder. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

/* With all that is in it. 0, or another number if something is left. */
int folder_remove(const char *path);

#endif

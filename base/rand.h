/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel; tests replace this file at link time. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "base/err.h"

MUST enum err rand_bytes(void *p, size_t n);

#endif

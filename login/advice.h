/* SPDX-License-Identifier: Apache-2.0 */
/* What a login's failure is called for people, and what they can do about it. */
#ifndef LOGIN_ADVICE_H
#define LOGIN_ADVICE_H

#include "base/err.h"

struct login_advice {
	const char *what, *advice;      /* literals */
};
struct login_advice login_advice_for(enum err e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/verdict.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

const char *att_step_name(enum att_step s)
{
	static const char *const names[ATT_STEPS] = {
		[ATT_FORMAT] = "FORMAT",
		[ATT_GENUINE] = "GENUINE",
		[ATT_CHAIN] = "CHAIN",
		[ATT_ANCHOR] = "ANCHOR",
		[ATT_SIG_CHAIN] = "SIG_CHAIN",
		[ATT_ROLE] = "ROLE",
		[ATT_TIME] = "TIME",
		[ATT_LIVE] = "LIVE",
		[ATT_OTHER_DEVICE] = "OTHER_DEVICE",
		[ATT_SIG_ATT] = "SIG_ATT",
		[ATT_KEYPARAM] = "KEYPARAM",
		[ATT_SIG_INNER] = "SIG_INNER",
		[ATT_KEY_MISMATCH] = "KEY_MISMATCH",
		[ATT_PKA_NAMES] = "PKA_NAMES",
		[ATT_ARCHIVE] = "ARCHIVE",
	};

	return (unsigned)s < ATT_STEPS ? names[s] : "?";
}

void att_verdict_add(struct att_verdict *v, enum att_step s, enum att_result r, const char *fmt, ...)
{
	struct att_check *c;
	va_list ap;

	if (v->n < ATT_CHECKS_MAX)
		c = &v->v[v->n++];
	else if (r != ATT_PASS)
		c = &v->v[ATT_CHECKS_MAX - 1];  /* a full list may lose a pass, never a failure */
	else
		return;
	c->step = s;
	c->result = r;
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

bool att_verdict_check(struct att_verdict *v, enum att_step s, bool ok, const char *passed, const char *failed)
{
	att_verdict_add(v, s, ok ? ATT_PASS : ATT_FAIL, "%s", ok ? passed : failed);
	return ok;
}

void att_verdict_pack(struct att_verdict **v)
{
	void *less = realloc(*v, offsetof(struct att_verdict, v) + (*v)->n * sizeof((*v)->v[0]));

	if (less)
		*v = less;
}

bool att_verdict_is_good(const struct att_verdict *v)
{
	return v->n > 0 && !att_verdict_first_failure(v);
}

const struct att_check *att_verdict_first_failure(const struct att_verdict *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].result != ATT_PASS)
			return &v->v[i];
	return NULL;
}

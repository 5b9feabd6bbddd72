/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/verdict.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool att_verdict_next(const struct att_verdict *v, struct att_check *c)
{
	const uint8_t *p = v->bytes + c->end;

	if (c->number >= v->n)
		return false;
	c->step = (enum att_step)p[0];
	c->result = (enum att_result)p[1];
	c->text = (const char *)p + 2;
	c->number++;
	c->end += 2 + strlen(c->text) + 1;
	return true;
}

/* Where check number i (from 0) begins, or the next one if there are so many. */
static size_t place(const struct att_verdict *v, size_t i)
{
	struct att_check c = { .number = 0 };

	while (c.number < i && att_verdict_next(v, &c))
		;
	return c.end;
}

void att_verdict_add(struct att_verdict *v, enum att_step s, enum att_result r, const char *fmt, ...)
{
	uint8_t *p;
	va_list ap;

	if (v->n == ATT_CHECKS_MAX && r == ATT_PASS)
		return;
	if (v->n == ATT_CHECKS_MAX)
		v->n--;                 /* a full list may lose a pass, never a failure */
	p = v->bytes + place(v, v->n);
	p[0] = (uint8_t)s;
	p[1] = (uint8_t)r;
	va_start(ap, fmt);
	if (vsnprintf((char *)p + 2, ATT_TEXT_MAX + 1, fmt, ap) < 0)
		p[2] = 0;
	va_end(ap);
	v->n++;
}

bool att_verdict_check(struct att_verdict *v, enum att_step s, bool ok, const char *passed, const char *failed)
{
	att_verdict_add(v, s, ok ? ATT_PASS : ATT_FAIL, "%s", ok ? passed : failed);
	return ok;
}

void att_verdict_pack(struct att_verdict **v)
{
	void *less = realloc(*v, offsetof(struct att_verdict, bytes) + place(*v, (*v)->n));

	if (less)
		*v = less;
}

bool att_verdict_is_good(const struct att_verdict *v)
{
	return v->n > 0 && !att_verdict_first_failure(v).text;
}

struct att_check att_verdict_first_failure(const struct att_verdict *v)
{
	struct att_check c = { .number = 0 };

	while (att_verdict_next(v, &c))
		if (c.result != ATT_PASS)
			return c;
	return (struct att_check){ .number = 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/receipt_verdict.h"

#include <stdarg.h>
#include <stdio.h>

const char *receipt_check_name(enum receipt_check c)
{
	static const char *const names[RECEIPT_CHECKS] = {
		[RECEIPT_CHECK_FORMAT] = "format", [RECEIPT_CHECK_CHAIN] = "chain", [RECEIPT_CHECK_DEVICE] = "device",
		[RECEIPT_CHECK_KEYS] = "keys", [RECEIPT_CHECK_CONSENTS] = "consents", [RECEIPT_CHECK_QUORUM] = "quorum",
		[RECEIPT_CHECK_LIMITS] = "limits", [RECEIPT_CHECK_SIGNATURES] = "signatures",
		[RECEIPT_CHECK_USES] = "uses", [RECEIPT_CHECK_COUNTERS] = "counters", [RECEIPT_CHECK_END] = "end",
	};

	return (unsigned)c < RECEIPT_CHECKS ? names[c] : "?";
}

static PRINTF(4, 0) void set(struct receipt_finding *f, enum receipt_result r, uint64_t line, const char *fmt,
			     va_list ap)
{
	if (f->result == r) {
		f->count++;
		return;
	}
	if (f->result > r)
		return;
	f->result = r;
	f->line = line;
	f->count = 1;
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
}

void receipt_fail(struct receipt_verdict *v, enum receipt_check c, uint64_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(&v->v[c], RECEIPT_FAIL, line, fmt, ap);
	va_end(ap);
}

void receipt_note(struct receipt_verdict *v, enum receipt_check c, uint64_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(&v->v[c], RECEIPT_NOTE, line, fmt, ap);
	va_end(ap);
}

void receipt_pass(struct receipt_verdict *v, enum receipt_check c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(&v->v[c], RECEIPT_PASS, 0, fmt, ap);
	va_end(ap);
}

bool receipt_verdict_is_good(const struct receipt_verdict *v)
{
	for (size_t i = 0; i < RECEIPT_CHECKS; i++)
		if (v->v[i].result == RECEIPT_NOT_MADE || v->v[i].result == RECEIPT_FAIL)
			return false;
	return true;
}

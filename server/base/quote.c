/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/quote.h"

#include "base/text.h"

const char *srv_quote(const char *text, struct srv_quoted *q)
{
	char *p;

	(void)text_shown(rd_str(text), q->text, sizeof(q->text));
	for (p = q->text; *p; p++)
		if (*p == '"')
			*p = '\'';
	return q->text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/form.h"

#include <string.h>

#include "server/base/query.h"

void form_get(struct rd form, const char *name, char *out, size_t size)
{
	(void)srv_query_field(form, name, out, size);
}

void form_put(struct wr *w, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	const char *p;

	for (p = text; *p; p++)
		if (strchr(plain, *p))
			wr_u8(w, (uint8_t)*p);
		else
			wr_printf(w, "%%%02X", (unsigned)(uint8_t)*p);
}

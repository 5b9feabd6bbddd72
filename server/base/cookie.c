/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/cookie.h"

#include <string.h>

bool srv_cookie_find(const char *header, const char *name, struct rd *value)
{
	size_t n, size = strlen(name);

	*value = RD_NONE;
	while (header && *header) {
		header += strspn(header, "; \t");
		n = strcspn(header, ";");
		if (n > size && !strncmp(header, name, size) && header[size] == '=') {
			if (value->p)
				return false;
			*value = rd_of(header + size + 1, n - size - 1);
		}
		header += n;
	}
	return true;
}

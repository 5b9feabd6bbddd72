/* SPDX-License-Identifier: Apache-2.0 */
/* The files of assets/ and docs/openapi.json, which the build puts into the program (embed.sh). */
#ifndef SERVER_WEB_ASSET_H
#define SERVER_WEB_ASSET_H

#include "base/buf.h"

struct web_asset {
	const char *name;
	const uint8_t *bytes;
	size_t size;
};
extern const struct web_asset web_assets[];     /* ends with a row of zeros; made by embed.sh */

/* Its address, which changes with its content. */
void web_asset_path(const char *name, struct wr *out);

#endif

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Files as one C table, to stdout (server/web/asset.h). The same files give the same bytes.
#	server/web/embed.sh FILE...
set -euo pipefail

printf '#include "server/web/asset.h"\n'
n=0
for file; do
	printf 'static const uint8_t asset_%d[] = {\n' "$n"
	od -An -v -tx1 "$file" | sed 's/ \(..\)/0x\1,/g'
	printf '};\n'
	n=$((n + 1))
done
printf 'const struct web_asset web_assets[] = {\n'
n=0
for file; do
	printf '\t{ "%s", asset_%d, sizeof(asset_%d) },\n' "${file##*/}" "$n" "$n"
	n=$((n + 1))
done
printf '\t{ 0 },\n};\n'

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Build the Debian packages from what git tracks here; where that is no checkout, from all that was not made here.
#	packaging/deb.sh [OUT]
# They are put into OUT (build/deb). The bytes depend on the tree only: twice gives the same.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(realpath -m "${1:-build/deb}")
work=$out/quorum11
rm -rf "$work"
mkdir -p "$work"
sources() {
	git ls-files -z --cached 2>/dev/null ||
		find . \( -name node_modules -o -path ./build \) -prune -o -type f -print0
}
sources | xargs -0 cp --parents -t "$work"
mv "$work/packaging/debian" "$work/debian"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH-$(dpkg-parsechangelog -l "$work/debian/changelog" -S Timestamp)}
export SOURCE_DATE_EPOCH
cd "$work"
# Times of files get into what tar writes.
find . -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
DEB_BUILD_OPTIONS="nocheck parallel=$(nproc) ${DEB_BUILD_OPTIONS-}" dpkg-buildpackage -b -us -uc

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each header compiles alone, and twice, with the flags of the build.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

compile=$(sed 's, / .*,,' "${BUILD:-build/release}/flags")
alone() { printf '#include "%s"\n#include "%s"\n' "$1" "$1" | eval "$compile -fsyntax-only -x c -"; }

while read -r header; do
	[ ! -f "$header" ] || t "$header" alone "$header"
done < <(git ls-files -co --exclude-standard '*.h')
plan

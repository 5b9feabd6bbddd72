#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# No script gives shellcheck anything to say.
# limit: 600
# takes: 60
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

while read -r script; do
	[ ! -f "$script" ] || t "$script" shellcheck -x "$script"
done < <(git ls-files -co --exclude-standard '*.sh' .ci/run)
plan

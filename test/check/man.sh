#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each installed program, each verb and each option that a program's --help shows is in its man page.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

B=${BUILD:-build/release}

# A page as plain text lines, without fonts and escaped hyphens.
plain() { sed 's/\\f[BIRP]//g; s/\\-/-/g; s/^\.[A-Za-z]* *//' "$1"; }
options() { "$@" --help | grep -oE -- '(^|[[:space:][(|])--[a-z][a-z0-9-]*' | grep -oE -- '--[a-z0-9-]+' | sort -u; }

# documents PAGE WORD...: each stands there as a word of its own.
documents() {
	local page=$1 word bad=0
	shift
	[ $# -gt 0 ] || { echo "nothing to look for"; return 1; }
	for word in "$@"; do
		plain "$page" | grep -qE -- "(^|[^a-z0-9-])$word([^a-z0-9-]|$)" || { echo "$page: no $word"; bad=1; }
	done
	return $bad
}

mapfile -t verbs < <("$B/quorum11" --help | sed -n 's/^  \([a-z]\+\( [a-z]\+\)\?\)  .*/\1/p')
t "the command has verbs" [ ${#verbs[@]} -ge 10 ]
t "quorum11.1 has each verb" documents man/quorum11.1 "${verbs[@]}"
for verb in "${verbs[@]}"; do
	read -ra words <<<"$verb"
	mapfile -t found < <(options "$B/quorum11" "${words[@]}")
	t "quorum11.1 has each option of $verb" documents man/quorum11.1 "${found[@]}"
done
mapfile -t found < <(options "$B/quorum11-server")
t "quorum11-server.8 has each option" documents man/quorum11-server.8 "${found[@]}"
for page in man/*; do t "$page is well formed" mandoc -T lint -W error "$page"; done
plan

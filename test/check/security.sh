#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What docs/SECURITY.md calls a proof exists: each file; behind a file of tests each test by its name (C), or by its
# text (shell).
# Backquotes are the document's.
# shellcheck disable=SC2016
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

# A test's function, in the list of tests too, so that it is run.
runs() { [ "$(grep -cw -- "$2" "$1")" -ge 2 ]; }
says() { grep -qF -- "\"$2" "$1"; }

count=0
while read -r file; do
	count=$((count + 1))
	t "$file" test -f "$file"
done < <(grep -oE 'test/[a-z0-9]+/[A-Za-z0-9_./-]+\.(c|sh)' docs/SECURITY.md | sort -u)
t "files are named" test "$count" -ge 20

while read -r line; do
	file=${line#- \`}
	file=${file%%\`*}
	rest=${line#*\`: }
	rest=${rest%% — *}
	if [[ $file == *.c ]]; then
		while read -r name; do t "$file: $name" runs "$file" "$name"; done < <(grep -oE '\w+' <<<"$rest")
	else
		while read -r text; do t "$file: $text" says "$file" "$text"; done < <(grep -oE '"[^"]+"' <<<"$rest" | tr -d '"')
	fi
done < <(grep -E '^- `test/[^`]*`: ' docs/SECURITY.md)
plan

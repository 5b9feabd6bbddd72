#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What docs/SECURITY.md calls a proof exists: each file; behind a file of tests each test by its name (C), or by its
# text (shell).
# Backquotes are the document's.
# shellcheck disable=SC2016
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

# A test's function stands in the list of tests, too, so that it is run.
runs() { [ "$(grep -cw -- "$2" "$1")" -ge 2 ]; }
says() { grep -qF -- "\"$2" "$1"; }
# all CHECK FILE, names from standard input
all() {
	local name bad=0 n=0
	while read -r name; do
		n=$((n + 1))
		"$1" "$2" "$name" || { echo "$2: no $name"; bad=1; }
	done
	[ $bad -eq 0 ] && [ $n -gt 0 ]
}
functions() { all runs "$1" < <(grep -oE '\w+' <<<"$2"); }
texts() { all says "$1" < <(grep -oE '"[^"]+"' <<<"$2" | tr -d '"'); }

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
	case $file in
	*.c) t "$file: its tests" functions "$file" "$rest" ;;
	*) t "$file: its tests" texts "$file" "$rest" ;;
	esac
done < <(grep -E '^- `test/[^`]*`: ' docs/SECURITY.md)
plan

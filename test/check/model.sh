#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The model of a ceremony (docs/model), searched by spin with the permit table of the server that was built. Then with
# tables of which one row is wrong: each must give a counter-example, or the model would say nothing about that row.
# limit: 600
# takes: 90
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

dir=$(mktemp -d)
trap 'tap_end; rm -rf "$dir"' EXIT
table=$dir/permits.pml
"${BUILD:-build/release}/quorum11-server" --dump-permits >"$table"

# verifier TABLE GCC-OPT [ONE]: the program that searches, in a folder of its own, whose name it says.
verifier() {
	local at
	at=$(mktemp -d -p "$dir")
	cp docs/model/ceremony.pml "$at"/
	cp "$1" "$at"/permits.pml
	(
		cd "$at" || exit 1
		spin -a ${3:+-D"$3"} ceremony.pml && gcc -w "$2" -DNFAIR=3 -DCOLLAPSE -DVECTORSZ=1024 -o pan pan.c
	) >"$at"/report 2>&1
	echo "$at"
}
# search FOLDER CLAIM: what the verifier says; it stops at the first counter-example.
search() {
	(cd "$1" && cat report && ./pan -a -f -N "$2" -m1000000 -w22 -n) 2>&1
}
# A search that was cut short, or did not reach its end, has no errors either.
holds() {
	local report
	report=$(search "$@")
	grep -q 'errors: 0$' <<<"$report" &&
	    ! grep -qiE 'max search depth too small|aborted|out of memory|error:' <<<"$report" &&
	    [ "$(awk '/ states, stored/ { print $1 }' <<<"$report")" -gt 100000 ]
}
# One request is few states: they are searched sooner than a compiler's optimiser is done.
fails() {
	local at report
	at=$(verifier "$1" -O0 ONE)
	report=$(search "$at" "$2")
	rm -rf "$at"
	grep -qE 'errors: [1-9]' <<<"$report"
}

t "the server writes its table" grep -q 'PKA_EV_DECIDE && (st) == PKA_COLLECT' "$table"
two=$(verifier "$table" -O2)
for claim in ends_denied ends_late opens; do
	t "two requests, one loss, either kind of card, exhaustively: $claim" holds "$two" "$claim"
done

# without TERM: the table without that row.
without() { grep -vF "$1 ||" "$table" >"$dir/wrong.pml" && ! cmp -s "$table" "$dir/wrong.pml"; }
permits() { echo "((ev) == PKA_EV_$1 && (st) == PKA_$2)"; }
takes() { echo "((st) == PKA_$1 && (op) == HSM_$2)"; }
missing() { without "$1" && fails "$dir/wrong.pml" opens; }
# A decision in a state that must not hear one.
added() {
	sed "s/^#define PERMITS(ev, st) ( /&$(permits DECIDE "$1" | sed 's/&/\\&/g') || /" "$table" >"$dir/wrong.pml" &&
	    ! cmp -s "$table" "$dir/wrong.pml" && fails "$dir/wrong.pml" ends_denied
}

for row in "TARGET LOOKUP" "TURN COLLECT" "DECIDE COLLECT"; do
	# shellcheck disable=SC2086 # two words
	t "noticed: without $row" missing "$(permits $row)"
done
for row in "IDENTIFY SELECT" "IDENTIFY READ" "CHECK MSE_CHIP" "CHECK ENUMERATE" "COLLECT CHALLENGE" "TURN MSE_AUTH" \
    "TURN CHALLENGE" "TURN PKA_STATUS" "SUBMIT MSE_AUTH" "SUBMIT EXTERNAL_AUTH" "SUBMIT PKA_STATUS"; do
	# shellcheck disable=SC2086 # two words
	t "noticed: the card's answer without $row" missing "$(takes $row)"
done
for state in SUBMIT OPEN; do
	t "noticed: a decision in $state" added $state
done
plan

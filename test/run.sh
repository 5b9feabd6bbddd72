#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run tests and count.
#	test/run.sh BUILD GROUP... [-- NAME...]
# GROUP: check (test/check/*.sh), unit and p11 (programs of BUILD/test/),
# tpdu, extended, short (those of p11, over a USB reader of that level), e2e (test/e2e/*.sh but lib.sh), next (what
# runs in the next Debian, see test/chroot.sh), systemd (test/systemd.sh).
# NAME: only these, by their names without a suffix.
#
# Each test prints TAP to stdout. It has failed as a whole, whatever it printed, if it ends with a status other than 0
# without a "not ok", dies, exceeds its time, prints no plan or another number of lines than planned, tests nothing,
# skips, or leaves a process behind (which is then ended). A line "# limit: SECONDS" in a script sets its time limit;
# SLOW=N in the environment makes all of them N times as long, for a machine that has much else to do.
# All groups are one queue, from which JOBS run at once (the environment; else two for each processor: many a test
# waits for cards and people more than it works). A script with a line "# takes: SECONDS" comes first, the longest
# before all, so that none is left alone at the end.
# The table tells seconds on the clock and of the processor. The last line is "N passed, N failed"; exit status 0 only
# if something passed and nothing failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

build=$1
shift
groups=() only=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do groups+=("$1"); shift; done
[ $# -eq 0 ] || { shift; only=("$@"); }

jobs=${JOBS:-$(($(nproc) * 2))}
declare -A limit=([check]=300 [unit]=120 [p11]=120 [tpdu]=120 [extended]=120 [short]=120 [e2e]=300 [next]=300)
logs=$build/test/logs
rm -rf "$logs"
mkdir -p "$logs"

export BUILD=$build CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8
export ASAN_OPTIONS=${ASAN_OPTIONS-abort_on_error=0:detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1}

tests_of() {
	case $1 in
	check) ls test/check/*.sh ;;
	next | systemd) echo "test/$1.sh" ;;
	e2e) find test/e2e -maxdepth 1 -name '*.sh' ! -name lib.sh | sort ;;
	tpdu | extended) tests_of p11 ;;
	# By a reader of short APDUs: what works wholly there (docs/HARDWARE.md).
	short)
		tests_of p11 |
			grep -E '/test_(agent_either|agent_wait|exit|module|people|pin|session|threads)$'
		;;
	unit | p11) for c in test/"$1"/test_*.c; do echo "$build/${c%.c}"; done ;;
	*) echo "run.sh: no group $1" >&2; exit 2 ;;
	esac
}

# All processes that carry this mark in their environment; a process that runs as a daemon carries it too.
marked() {
	grep -lsz "^TEST_MARK=$1\$" /proc/[0-9]*/environ | cut -d / -f 3
}

# However this ends, no test goes on.
end_all() {
	local p
	for p in $(jobs -p) $(marked "$$\..*"); do kill -KILL "$p" 2>/dev/null; done
}
trap end_all EXIT
trap 'exit 130' INT TERM

# A number from a script's line "# WORD: NUMBER".
told() { sed -n "s/^# $1: \([0-9]*\)\$/\1/p" "$2" 2>/dev/null | head -n 1; }

# Run one test; its output to NAME.out, its result "NAME PASSED FAILED MS CPU-SECONDS" to NAME.sum, reasons to NAME.why.
one() {
	local group=$1 path=$2 name secs began rc ok bad skipped planned p mark cpu TIMEFORMAT='%U %S'
	name=$group-$(basename "$path" .sh)
	secs=$(told limit "$path")
	secs=$((${secs:-${limit[$group]}} * ${SLOW:-1}))
	mark=$$.$name
	began=$(date +%s%N)
	case $group in tpdu | extended | short) export QUORUM11_TEST_USB=$group ;; esac
	{ time TEST_MARK=$mark timeout -k 5 "$secs" "$path" >"$logs/$name.out" 2>&1 </dev/null; } \
	    2>"$logs/$name.cpu"
	rc=$?
	cpu=$(awk 'END { print $1 + $2 }' "$logs/$name.cpu")
	: >"$logs/$name.why"
	for p in $(marked "$mark"); do
		echo "left running: $(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null)" >>"$logs/$name.why"
		kill -KILL "$p" 2>/dev/null
	done
	ok=$(grep -ac '^ok ' "$logs/$name.out")
	bad=$(grep -ac '^not ok [0-9]' "$logs/$name.out")
	skipped=$(grep -aicE '^(not )?ok [0-9]+ .*# skip' "$logs/$name.out")
	planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\)\( .*\)\?$/\1/p' "$logs/$name.out" | tail -n 1)
	{
		case $rc in
		0) [ "$bad" -eq 0 ] || echo "exit status 0 in spite of failures" ;;
		124 | 137) echo "not over after $secs s" ;;
		*)
			[ $rc -le 128 ] || echo "ended by signal $((rc - 128))"
			[ $rc -gt 128 ] || [ "$bad" -gt 0 ] || echo "exit status $rc"
			;;
		esac
		[ -n "$planned" ] || echo "no plan"
		[ "${planned:-$((ok + bad))}" -eq $((ok + bad)) ] || echo "planned $planned, ran $((ok + bad))"
		[ $((ok + bad)) -gt 0 ] || echo "nothing tested"
		[ "$skipped" -eq 0 ] || echo "skipped $skipped: what cannot run here has not passed"
	} >>"$logs/$name.why"
	[ ! -s "$logs/$name.why" ] || [ "$bad" -gt 0 ] || bad=1
	echo "$name $ok $bad $((($(date +%s%N) - began) / 1000000)) $cpu" >"$logs/$name.sum"
	if [ "$bad" -gt 0 ]; then
		# One write, so that two tests at once do not mix.
		printf '%s\n' "---- FAILED $name" "$(cat "$logs/$name.out")" "$(sed 's/^/---- /' "$logs/$name.why")"
	fi
}

list=$(for group in "${groups[@]}"; do
	paths=$(tests_of "$group") || exit 2
	for path in $paths; do
		case " ${only[*]:-$(basename "$path" .sh)} " in
		*" $(basename "$path" .sh) "*) echo "$(told takes "$path") $group $path" ;;
		esac
	done
done | awk '{ print NF < 3 ? "0 " $0 : $0 }' | sort -s -k 1,1nr) || exit 2
while read -r _ group path; do
	# Until it has said how it ended, it has failed.
	echo "$group-$(basename "$path" .sh) 0 1 0 0" >"$logs/$group-$(basename "$path" .sh).sum"
	while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do wait -n; done
	one "$group" "$path" &
done <<<"$list"
wait

printf '%-40s %7s %7s %9s %9s\n' test passed failed seconds processor
cat "$logs"/*.sum 2>/dev/null | awk '
	{ printf "%-40s %7d %7d %9.1f %9.1f\n", $1, $2, $3, $4 / 1000, $5; passed += $2; failed += $3; cpu += $5 }
	END { printf "%.0f seconds of the processor\n%d passed, %d failed\n", cpu, passed, failed
		exit failed > 0 || passed == 0 }'

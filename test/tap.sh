# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# TAP for shell tests; sourced.
#   t TEXT CMD...    one line: passes if CMD succeeds; CMD's output is shown if it does not. CMD runs in this shell
#   t_more           called after a failure, if the test has one: shows what else may tell why
#   ok TEXT, not_ok TEXT
#   not CMD...       succeeds if CMD fails
#   plan             the plan, at the end; status 0 if nothing failed

n_ok=0 n_bad=0
tap_out=$(mktemp)
tap_end() { rm -f "$tap_out"; }
trap tap_end EXIT

ok() { n_ok=$((n_ok + 1)); echo "ok $((n_ok + n_bad)) - $1"; }
not_ok() { n_bad=$((n_bad + 1)); echo "not ok $((n_ok + n_bad)) - $1"; }
not() { ! "$@"; }

t() {
	local text=$1
	shift
	if "$@" >"$tap_out" 2>&1 </dev/null; then
		ok "$text"
	else
		not_ok "$text"
		printf '# command: %s\n' "$*"
		sed 's/^/# /' "$tap_out"
		! declare -F t_more >/dev/null || t_more
		return 1
	fi
}

plan() {
	echo "1..$((n_ok + n_bad))"
	[ $n_bad -eq 0 ]
}

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What measures, on top of test/e2e/lib.sh: sourced after it.
#   fail TEXT        the end, with what the programs said last

at_end() {
	local rc=$?
	tap_end
	rm -rf "$T"
	exit $rc
}
trap at_end EXIT

fail() {
	echo "$(basename "$0" .sh): $*" >&2
	tail -n 20 "$T"/*.log | cut -c 1-300 | sed 's/^/| /' >&2
	exit 1
}

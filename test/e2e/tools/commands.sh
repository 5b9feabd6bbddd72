# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The commands that a document names, run as they stand there. Sourced after lib.sh. What they call is given by
# functions of the same names (quorum11, systemctl).
#
#   block FILE HEAD [SED]     the first block of code below the line of docs/FILE that begins with HEAD, changed by SED
#   commands FILE HEAD [SED]  the same, run up to the first command that fails. No block: fails

block() {
	awk -v head="$2" 'index($0, head) == 1 { on = 1 } on && /^ *```/ { n++; next }
	    n == 1 { sub(/^ +/, ""); print } n == 2 { exit }' "$TOP/docs/$1" | sed "${3-}"
}

commands() {
	local text
	text=$(block "$@")
	echo "$text"
	[ -n "$text" ] && eval "$(sed '$!s/$/ \&\&/' <<<"$text")"
}

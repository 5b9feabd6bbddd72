# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The commands that a document names, run as they stand there. Sourced after lib.sh. What they call is given by
# functions of the same names (quorum11, systemctl).
#
#   commands FILE HEAD [SED]  those of the first block of code below the line of docs/FILE that begins with HEAD,
#                             changed by SED; shown, and run up to the first one that fails. No block: fails

commands() {
	local file=$1 head=$2 text
	text=$(awk -v head="$head" 'index($0, head) == 1 { on = 1 } on && /^ *```/ { n++; next }
	    n == 1 { sub(/^ +/, ""); print } n == 2 { exit }' "$TOP/docs/$file" | sed "${3-}")
	echo "$text"
	[ -n "$text" ] && eval "$(sed '$!s/$/ \&\&/' <<<"$text")"
}

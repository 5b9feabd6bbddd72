#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The man pages against the programs, in both directions: each verb, option, setting and variable is in its page, and a
# page tells of none that is not there.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

B=${BUILD:-build/release}

# A page as plain text lines, without fonts and escaped hyphens.
plain() { sed 's/\\f[BIRP]//g; s/\\fR//g; s/\\-/-/g; s/^\.[A-Za-z]* *//' "$1"; }
options() { "$@" --help | grep -oE -- '(^|[[:space:][(|])--[a-z][a-z0-9-]*' | grep -oE -- '--[a-z0-9-]+' | sort -u; }
options_of_page() { plain "$1" | grep -oE -- '(^|[^a-z0-9-])--[a-z][a-z0-9-]*' | grep -oE -- '--[a-z0-9-]+' | sort -u; }

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
# none_but LIST: what is read stands in LIST, one in a line.
none_but() { local odd; odd=$(grep -vxF -f "$1" -); [ -z "$odd" ] || { echo "not there: $odd"; return 1; }; }
# The heads of a section's entries: what follows .TP and .TQ.
heads() {
	awk -v section="$2" '$0 == ".SH " section { on = 1; next } /^\.SH/ { on = 0 }
		on && head { print; head = 0 } on && /^\.T[PQ]/ { head = 1 }' "$1"
}

# ---- the command ----

t_file=$(mktemp)
trap 'tap_end; rm -f "$t_file"' EXIT
mapfile -t verbs < <("$B/quorum11" --help | sed -n 's/^  \([a-z-]\+\( [a-z]\+\)\?\)  .*/\1/p')
t "the command has verbs" [ ${#verbs[@]} -ge 30 ]
# "devices remove NAME, devices rename NAME NEW" are two.
entries() {
	heads man/quorum11.1 VERBS |
	    sed 's/\\fR//g; s/\\fP//g; s/\\-/-/g; s/^\.[A-Z]* *//; s/"//g; s/  */ /g' | tr ',' '\n' |
	    grep -oE '^ *[a-z][a-z-]*( [a-z]+)?' | sed 's/^ *//' | sort -u
}
printf '%s\n' "${verbs[@]}" >"$t_file"
t "quorum11.1 has an entry for each verb" eval "comm -23 <(sort -u '$t_file') <(entries) | tee /dev/stderr | not grep ."
t "... and for nothing else" eval "entries | none_but '$t_file'"
printf '%s\n' --help --version >"$t_file"
for verb in "${verbs[@]}"; do
	read -ra words <<<"$verb"
	mapfile -t found < <(options "$B/quorum11" "${words[@]}")
	printf '%s\n' "${found[@]}" >>"$t_file"
	t "quorum11.1 has each option of $verb" documents man/quorum11.1 "${found[@]}"
done
t "quorum11.1 has no other option" eval "options_of_page man/quorum11.1 | none_but '$t_file'"

# ---- the server ----

mapfile -t found < <(options "$B/quorum11-server")
t "quorum11-server.8 has each option" documents man/quorum11-server.8 "${found[@]}"
printf '%s\n' "${found[@]}" >"$t_file"
t "quorum11-server.8 has no other option" eval "options_of_page man/quorum11-server.8 | none_but '$t_file'"

# ---- settings ----

# The page is made of the example; its entries by section.
known() { sed -n 's/^\tKEY(\([a-z0-9_]*\), \([a-z0-9_]*\), .*/[\1] \2/p' base/conf.c | sort; }
shown() {
	awk '/^\.SH/ { section = "" } /^\.SS / { section = $2 }
		section != "" && head { gsub(/"/, ""); print section, $2 } { head = /^\.T[PQ]/ }' \
	    "$B/quorum11.conf.5" | sort
}
t "quorum11.conf.5 has each setting, once, and no other" diff <(known) <(shown)

# ---- variables and attributes ----

variables() { grep -ohE 'getenv\("QUORUM11_[A-Z]+"' "$@" | grep -oE 'QUORUM11_[A-Z]+' | sort -u; }
of_page() { heads "$1" ENVIRONMENT | grep -oE 'QUORUM11_[A-Z]+' | sort -u; }
mapfile -t found < <(variables base/*.c)
t "variables are read" [ ${#found[@]} -ge 5 ]
for page in man/quorum11.1 man/quorum11-module.7 "$B/quorum11.conf.5"; do
	t "${page##*/} has the variables, and no other" diff <(printf '%s\n' "${found[@]}") <(of_page "$page")
done
mapfile -t found < <(sed -n 's/^#define P11_CKA_[A-Z_]* (CKA_VENDOR_DEFINED | \(0x[0-9a-f]*\)UL).*/\1/p' \
    pkcs11/ck/vendor.h)
t "vendor attributes are defined" [ ${#found[@]} -ge 5 ]
t "quorum11-module.7 has each" documents man/quorum11-module.7 "${found[@]}"

for page in man/*.[1-8] "$B/quorum11.conf.5"; do
	t "${page##*/} is well formed" mandoc -T lint -W error "$page"
done
plan

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
# The verbs of a head: "devices remove NAME, devices rename NAME NEW" are two.
# Of each entry "VERB" and "VERB --option", the latter for each option of the list that ends it.
entries() {
	awk '
	function clean(s) {
		gsub(/\\f[BIRP]|"/, "", s)
		gsub(/\\-/, "-", s)
		gsub(/ +/, " ", s)
		return s
	}
	function take_head(s,   part, n, i) {
		sub(/^\.[A-Z]* */, "", s)
		n = split(clean(s), part, ",")
		for (i = 1; i <= n; i++)
			if (match(part[i], /^ ?[a-z][a-z-]*( [a-z]+)?/)) {
				verb[++verbs] = substr(part[i], 1, RLENGTH)
				sub(/^ /, "", verb[verbs])
				print verb[verbs]
			}
	}
	/^\.S[HS]/ { on = $0 == ".SH VERBS"; listed = 0 }
	!on { next }
	/^\.TP/ { verbs = listed = 0 }
	/^\.T[PQ]/ { head = 1; next }
	head { take_head($0); head = 0; next }
	/^Options: / { listed = 1 }
	listed {
		n = split(clean($0), word, /[ ,.]+/)
		for (i = 1; i <= n; i++)
			for (k = 1; word[i] ~ /^--/ && k <= verbs; k++)
				print verb[k], word[i]
	}' man/quorum11.1 | sort
}
# The options that are described, one in a line, in OPTIONS.
described() { heads man/quorum11.1 OPTIONS | sed 's/\\-/-/g' | grep -oE -- '--[a-z0-9-]+' | sort -u; }

for verb in "${verbs[@]}"; do
	read -ra words <<<"$verb"
	mapfile -t found < <(options "$B/quorum11" "${words[@]}")
	printf '%s\n' "$verb" "${found[@]/#/$verb }" | grep -v -- ' --help$'
done | sort >"$t_file"
t "quorum11.1 has an entry for each verb, which lists each of its options, and no other" diff "$t_file" <(entries)
taken() { { sed -n 's/.* --/--/p' "$t_file"; printf '%s\n' --help --version; } | sort -u; }
t "... and describes each of these" diff <(taken) <(described)
described >"$t_file"
t "... and speaks of no other" eval "options_of_page man/quorum11.1 | none_but '$t_file'"

names() { sed -n 's/^\t\[ERR_[A-Z_]*\] = { "\([a-z-]*\)", .*/\1/p' base/err.c | grep -vx ok; }
t "errors have names" [ "$(names | wc -l)" -ge 40 ]
t "... which quorum11.1 has, and no other" diff <(names | sort) <(heads man/quorum11.1 JSON |
    sed 's/^\.B //; s/\\-/-/g' | sort)

# ---- the server ----

mapfile -t found < <(options "$B/quorum11-server")
t "quorum11-server.8 has each option" documents man/quorum11-server.8 "${found[@]}"
printf '%s\n' "${found[@]}" >"$t_file"
t "quorum11-server.8 has no other option" eval "options_of_page man/quorum11-server.8 | none_but '$t_file'"

# "COMMAND --option", as the usage has it, and as the command's entry speaks of it.
server_usage() {
	"$B/quorum11-server" --help | sed -n 's/^.*quorum11-server \[--config FILE\] \([a-z]\)/\1/p' |
	    sed 's/ | /\n/g' | awk '{ match($0, /^[a-z-]+( [a-z]+)?/); verb = substr($0, 1, RLENGTH)
		while (match($0, /--[a-z-]+/)) { print verb, substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH) } }'
}
server_entries() {
	awk '/^\.SH/ { on = $0 == ".SH COMMANDS" } on { if (/^\.TP/) print ""; else print }' man/quorum11-server.8 |
	    sed 's/\\f[BIRP]//g; s/\\-/-/g; s/^\.[A-Z]* *//; s/"//g' |
	    awk '$0 == "" { head = 1; next }
		head { match($0, /^[a-z-]+( [a-z]+)?/); verb = substr($0, 1, RLENGTH); head = 0 }
		{ while (match($0, /--[a-z-]+/)) { print verb, substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH) } }'
}
t "... and each command's entry speaks of the options that it takes, and no other" \
    diff <(server_usage | sort -u) <(server_entries | sort -u)

# ---- settings ----

# The page is made of the example; its entries by section.
known() { sed -n 's/^\tKEY(\([a-z0-9_]*\), \([a-z0-9_]*\), .*/[\1] \2/p' base/conf_key.c | sort; }
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

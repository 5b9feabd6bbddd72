#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# quorum11 rehearse: one whole ceremony on virtual cards, with a server of its own that has the operator's settings.
# cli/rehearse.c starts it, with the command line checked and in this order:
#	rehearse M N CONFIG POLICY TELL YES REASON
# CONFIG: the server's settings, POLICY: a card's policy; each "" for none. TELL, YES: yes or "".
# Everything is made anew in one folder, which goes at the end. Nothing of it is trusted by anybody: the cards are of a
# root that is in this folder only, and the programs here meet no real reader.
# Whoever fails says so and ends it.
# shellcheck disable=SC2015
set -u
umask 077
m=$1 n=$2 config=$3 policy=$4 tell=$5 yes=$6 reason=$7
here=$(dirname "$0")

program() {
	for p in "$here/$1" "$here/quorum11-$1"; do [ ! -f "$p" ] || { echo "$p"; return; }; done
	command -v "quorum11-$1"
}
say() { printf 'REHEARSAL: %s\n' "$*"; }
fail() {
	say "$*" >&2
	[ ! -s "$work/log" ] || tail -n 15 "$work/log" | sed 's/^/REHEARSAL:   /' >&2
	exit 1
}
quietly() { "$@" >>"$work/log" 2>&1; }
# wait_for TENTHS COMMAND...: until it succeeds, and no longer; looks ten times a second
exec {never}<> <(:)
wait_for() {
	local left=$1
	shift
	until "$@"; do
		[ $((left -= 1)) -gt 0 ] || return 1
		read -r -t 0.1 -u "$never" _
	done
}
ended() { ! kill -0 "$1" 2>/dev/null; }

work=$(mktemp -d "${TMPDIR:-/tmp}/quorum11-rehearsal.XXXXXX") || exit 1
mkdir "$work/card" "$work/home"
server='' host=''
end() {
	for p in $host $server; do kill "$p" 2>/dev/null && wait "$p" 2>/dev/null; done
	rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM HUP

q11=$(program rehearsal) && vcard=$(program vcard) && serve=$(program server) ||
	fail "the programs rehearsal, vcard and quorum11-server are needed; is quorum11-server installed?"
# The user's own settings, address books and tokens are left alone.
export QUORUM11_REHEARSAL="$work" XDG_CONFIG_HOME="$work/home" XDG_STATE_HOME="$work/home" XDG_DATA_HOME="$work/home"
unset QUORUM11_URL QUORUM11_AGENT QUORUM11_REASON
pin=111111
echo $pin >"$work/pin"
echo 3537363231383830 >"$work/so-pin"

# ---- settings ----

# Those of [server] that are about requests, and with --tell [notify]; files named there are looked for where CONFIG is.
taken() {
	[ -z "$config" ] || awk -v tell="$tell" -v dir="$(dirname "$config")" '
		/^[ \t]*\[/ { section = $1 }
		section == "[server]" && /^[ \t]*(deadline|lease|poll|sessions|chip_auth)[ \t]*=/ {
			server = server $0 "\n"
		}
		section == "[notify]" && tell != "" && !/^[ \t]*\[/ {
			if (match($0, /^[ \t]*(ca|program|smtp_password)[ \t]*=[ \t]*/) &&
			    substr($0, RLENGTH + 1, 1) != "/")
				$0 = substr($0, 1, RLENGTH) dir "/" substr($0, RLENGTH + 1)
			notify = notify $0 "\n"
		}
		END { printf "%s", server; if (notify != "") printf "[notify]\n%s", notify }' "$config"
}
trust=$(printf '[trust]\nroots = %s\nproduction = no' "$work/pki/root.cvc")
{
	printf '[server]\nlisten = 127.0.0.1:0\nhttp = yes\nstate = %s\n' "$work/state"
	taken
	printf '%s\n' "$trust"
} >"$work/server.conf"
printf '[module]\nhelper = %s\n[login]\nca =\ncert =\nkey =\npin =\ntoken =\nprogress = stderr\n%s\n' \
    "$(program connect)" "$trust" >"$work/quorum11.conf"
export QUORUM11_CONF="$work/quorum11.conf"

say "nothing here is real: virtual cards, a server on this machine, a PIN that everybody knows ($pin)"
[ -z "$config" ] || say "settings are taken from $config"
[ -z "$tell" ] || say "people are told as [notify] says; tell them that it is a rehearsal"

# ---- cards, registration, server, enrolment ----

quietly "$vcard" new --pki "$work/pki" --id UTREHRSL0000 "$work/card/target" || fail "the target card cannot be made"
set --
i=1
while [ "$i" -le "$m" ]; do
	c="custodian $i"
	quietly "$vcard" new --pki "$work/pki" --id "UTRHRS$(printf %06d $i)" "$work/card/$c" &&
	quietly "$q11" init --reader "REHEARSAL $c" --yes --pin-file "$work/pin" --so-pin-file "$work/so-pin" \
	    --label "$c" &&
	quietly "$q11" custodian keygen --reader "REHEARSAL $c" --pin-file "$work/pin" &&
	quietly "$q11" custodian export --reader "REHEARSAL $c" --out "$work/$i.pka" || fail "$c's card cannot be made"
	set -- "$@" "$work/$i.pka"
	i=$((i + 1))
done
quietly "$q11" init --reader "REHEARSAL target" --yes --custodians "$m" --required "$n" --so-pin-file "$work/so-pin" &&
quietly "$q11" register --reader "REHEARSAL target" --yes "$@" || fail "the custodians cannot be registered"
mkdir "$work/state"
quietly "$serve" token --config "$work/server.conf" || fail "the server's token cannot be made"
quietly "$serve" check-config "$work/server.conf" || fail "check-config finds something wrong with the settings"
"$serve" --config "$work/server.conf" --ready-file "$work/ready" >"$work/server.log" 2>&1 &
server=$!
is_ready() { [ -s "$work/ready" ] || ended $server; }
wait_for 300 is_ready
[ -s "$work/ready" ] || { cat "$work/server.log" >>"$work/log"; fail "the server does not start"; }
url=$(cat "$work/ready")
quietly "$q11" enrol --reader "REHEARSAL target" --token-file "$work/state/token" --name "REHEARSAL target" \
    ${policy:+--policy "$policy"} "$url" "$@" || fail "the card cannot be enrolled"
quietly "$q11" devices add --yes --reader "REHEARSAL target" "REHEARSAL target" ||
	fail "the card cannot be put into the address book"
say "registered custodians: $m; approvals that open the target card: $n"

# ---- the ceremony ----

"$q11" connect --reader "REHEARSAL target" --reason "REHEARSAL: $reason" "$url/rt/hsm" >"$work/host" 2>&1 &
host=$!
code() { grep -o 'code [A-Z2-7]*-[A-Z2-7]*' "$work/host"; }
asks() { code >/dev/null || ended "$host"; }
wait_for 300 asks
code >/dev/null || { cat "$work/host" >>"$work/log"; fail "the request was refused"; }
say "a program on the host asks; it shows $(code | tail -n 1)"
i=1 failed=''
while [ "$i" -le "$n" ]; do
	say "now you are custodian $i; this is what he sees:"
	if [ -n "$yes" ]; then
		"$q11" approve --reader "REHEARSAL custodian $i" --yes --pin-file "$work/pin" --wait 30 "$url"
	else
		"$q11" approve --reader "REHEARSAL custodian $i" --wait 30 "$url"
	fi || { failed=yes; break; }
	i=$((i + 1))
done
# One who said no has ended it; one who gave up has not.
[ -z "$failed" ] || wait_for 50 ended $host || kill $host 2>/dev/null
wait $host
status=$?
host=''
told() { grep -oE "about=($1) to=[^ ]* by=[^ ]*" "$work/server.log" | sort -u | wc -l; }
all_told() { [ "$(told 'opened|ended')" -ge "$(told request)" ]; }
if [ -n "$tell" ]; then         # what is on its way arrives, or was tried once
	wait_for 100 all_told
	grep -o 'event=tell .*' "$work/server.log" | while read -r line; do say "$line"; done
fi
tail -n 1 "$work/host" | while read -r line; do say "the host: $line"; done
[ $status -eq 0 ] || fail "the card was not opened"
say "the card was opened, by $n of $m, and is closed again"

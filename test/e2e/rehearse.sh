#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `quorum11 rehearse`: a ceremony on virtual cards with an operator's own settings, as he and a custodian see it.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir "$T/tmp" "$T/etc" "$T/bin"
export TMPDIR=$T/tmp
# As it is installed: beside the helper of logins, under the names that it has there.
cp "$B/connect" "$T/bin/"
for p in rehearsal vcard tell rehearse; do cp "$B/quorum11-$p" "$T/bin/$p"; done
export PATH=$B:$PATH
printf '[module]\nhelper = %s/connect\n[login]\ntoken = %s/none\nurl = https://192.0.2.1\n' "$T/bin" "$T" \
    >"$T/user.conf"
export QUORUM11_CONF=$T/user.conf
cat >"$T/hook" <<-EOF
	#!/bin/sh
	cat >>$T/told
EOF
chmod 755 "$T/hook"
settings() { # DEADLINE MORE
	cat >"$T/etc/server.conf" <<-EOF
		[server]
		listen = 192.0.2.1:443
		cert = none.pem
		key = none.key
		state = $T/state
		deadline = $1
		[notify]
		$2
		program = ../bin/tell
	EOF
}
rehearse() { run "$B/quorum11" rehearse --config "$T/etc/server.conf" "$@"; return "$status"; }
said() { grep -qE -- "$1" "$T/out" "$T/err"; }
people() { jq -r "$1" "$T/told"; }
left() { [ -n "$(ls -A "$T/tmp")" ] || [ -e "$T/state" ]; }

settings 75 "command = pager $T/hook"
t "2 of 2, with the operator's settings" rehearse --custodians 2 --required 2 --yes --tell --reason spring
t "... says that it is one" said "^REHEARSAL: nothing here is real"
t "... with the operator's deadline" said "time left +1 min (1[0-5]|[0-9]) s"
t "... a custodian's client shows what is rehearsed" said 'reason +"REHEARSAL: spring"'
t "... and the card as what it is" said '"REHEARSAL target", UTREHRSL0000: the name and the key'
t "... two have approved" test "$(grep -c '^approved: ' "$T/out")" -eq 2
t "... the card was opened" said "^REHEARSAL: the card was opened, by 2 of 2"
told_reason() { people 'select(.about == "request") | .claims.reason'; }
t "... people were told of a rehearsal" test "$(told_reason)" = "REHEARSAL: spring"
t "... and of its end" test "$(people 'select(.about == "opened") | .device')" = UTREHRSL0000
rm -f "$T/told"
t "... nothing is left, and the operator's state was not touched" not left

# ---- what does not work is found here, and not with a real card ----

echo '{"hosts": []}' >"$T/policy.json"
t "a policy that lets nobody ask" not rehearse --yes --policy "$T/policy.json"
t "... is said" said "REHEARSAL:.*policy refuses it"
echo '{"tell": ["anna"]}' >"$T/policy.json"
t "a policy that tells somebody unknown" not rehearse --yes --tell --policy "$T/policy.json"
t "... is said" said "REHEARSAL:.*nobody is called anna"
settings 0 ""
t "settings that the server refuses" not rehearse --yes
t "... are said" said 'REHEARSAL:.*"deadline" is a number of seconds'
settings 60 "mail = anna anna"
t "an address that is none" not rehearse --yes --tell
t "... is said" said "REHEARSAL:.*that is no mail address"
t "more required than there are" not rehearse --custodians 2 --required 3
t "nothing is left" not left

# ---- a person at a terminal ----

settings 60 "command = pager $T/hook"
person() {
	run "$TOP/test/e2e/tools/person.py" "$@" -- "$B/quorum11" rehearse --config "$T/etc/server.conf" \
	    --custodians 1 --required 1
	return "$status"
}
t "a custodian types his PIN and yes" person "PIN of" 111111 "Approve? [y/N]" y
t "... the card was opened" said "^REHEARSAL: the card was opened, by 1 of 1"
t "... nobody was told, as that was not asked for" not test -e "$T/told"
t "a custodian says no" not person "PIN of" 111111 "Approve? [y/N]" n
t "... the card was not opened" said "^REHEARSAL: the card was not opened"
t "nothing is left" not left
finish

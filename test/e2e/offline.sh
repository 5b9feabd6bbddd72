#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Approvals that travel as files: a machine with a network and no card, and one with a card and no network; in per-key
# mode, then in shared mode.
# Functions are called through t.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 2: cards, registration, server, enrolment" nofm_new vendor-per-key 2 2 || finish
token=$(cat "$T/state/token")
api() { curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $token" "$@"; }
newest() { api "$URL/api/v1/requests" | jq -r ".requests[0] | $1"; }
waits() { [ "$(newest .state)" = waiting ]; }
chr() {
	custodian "$q11" custodian export --reader "$(reader "$1")" --force --out "$T/$1.pka" |
		sed 's/.*key \([^ ]*\) of.*/\1/'
}
link() { echo "$URL/r/$(newest .link)"; }
c1=$(chr c1) c2=$(chr c2)
said() { grep -qF -- "$1" "$T/err"; }
# The two machines: one has no readers, the other no server.
printf '[module]\nreaders = none\n[custodian]\nurl = %s\n' "$URL" | cat "$T/custodian.conf" - >"$T/online.conf"
online() { run env QUORUM11_CONF="$T/online.conf" "$q11" approve "$@"; return "$status"; }
offline() {
	local c=$1
	shift
	run unshare --net env QUORUM11_CONF="$T/custodian.conf" "$q11" approve --reader "$(reader "$c")" \
	    --pin-file "$T/pin" "$@"
	return "$status"
}
ends() { local want=$1; shift; "$@"; [ "$status" -eq "$want" ]; }
connect() {
	start connect env QUORUM11_CONF="$T/host.conf" "$q11" connect --reader "$(reader target)" --reason "$1" \
	    "$URL/rt/hsm"
}

# ---- shared mode, in which every card is asked first ----

connect first
t "a host asks" wait_for "$LONG" waits
t "a request is saved, on a machine without a card" online --save-request "$T/r1" "$(link)"
t "... how long it is valid is said" grep -q 'valid until [0-9-]* [0-9:]*$' "$T/out"
t "... not over another file" ends 3 online --save-request "$T/r1" "$(link)"
t "what does not come from a server is refused" eval \
    'echo "{}" >"$T/bad"; ends 1 offline c1 --yes --request-file "$T/bad" --out "$T/d0" && said "not a saved request"'
jq '.request.device_id = "UTOTHER0400000"' "$T/r1" >"$T/bad"
t "another device than its certificate is refused" ends 3 offline c1 --yes --request-file "$T/bad" --out "$T/d0"
jq '.valid_until = 1' "$T/r1" >"$T/bad"
t "what is over is refused" ends 3 offline c1 --yes --request-file "$T/bad" --out "$T/d0"
t "... nothing was signed" test ! -e "$T/d0"
custodian "$q11" devices remove "target signer"
t "an unknown card is refused" ends 3 offline c1 --yes --request-file "$T/r1" --out "$T/d0"
t "... it is said how to add it" said "quorum11 devices add \"NAME\" $T/r1"
t "... from the file" custodian "$q11" devices add --yes "target signer" "$T/r1"
jq '.request.seconds_left = 500000' "$T/r1" >"$T/bad"
t "how long it still counts, not what the server said when it was saved" eval \
    'ends 1 offline c1 --request-file "$T/bad" --out "$T/d0" && grep -qE "time left +[0-9]{1,2} min" "$T/out"'
# The list of what was decided here: if it cannot be kept, nothing is signed.
mkdir "$T/list"
mount -t tmpfs -o ro none "$T/list"
signs() { grep -c '^c1 > 8068' "$T/c1.apdu"; }
before=$(signs)
export XDG_STATE_HOME=$T/list
t "a decision that could not be remembered is not made" ends 1 offline c1 --yes --request-file "$T/r1" --out "$T/d1"
t "... it is said" said "$T/list/quorum11: Read-only file system"
t "... and nothing was signed" test "$(signs)" = "$before" -a ! -e "$T/d1"
umount "$T/list"
mount -t tmpfs -o size=4k none "$T/list"
mkdir "$T/list/quorum11"
head -c 4096 /dev/zero >"$T/list/full"
t "no room for the list, of which nobody knew before" ends 1 offline c1 --yes --request-file "$T/r1" --out "$T/d1"
t "... it is said that the decision is there" said "$T/d1 is your approval all the same: send it"
t "... and what happened" said "$T/list/quorum11/signed: No space left on device"
umount "$T/list"
unset XDG_STATE_HOME
mv "$T/d1" "$T/d0"
t "c1 decides without a network" offline c1 --yes --request-file "$T/r1" --out "$T/d1"
for words in 'card  *"target signer"' "CODE   " "Without a network: what you decide counts if it reaches"; do
	t "... was shown: $words" grep -q "$words" "$T/out"
done
t "... not into a file that is there" ends 3 offline c1 --yes --request-file "$T/r1" --out "$T/d1"
t "... not twice" ends 3 offline c1 --yes --request-file "$T/r1" --out "$T/d2"
t "... it is said" said "you have decided already"
jq '.server = "https://other.example.org"' "$T/d1" >"$T/bad"
t "a file for another server is not sent" ends 3 online --send "$T/bad"
t "c1's decision is sent" online --send "$T/d1"
t "... and counts" test "$(newest .approvals)" = 1
t "... once" ends 1 online --send "$T/d1"
# d0 is what a machine leaves that dies before it has written down that he has decided.
t "... and not again from another file" ends 1 online --send "$T/d0"
t "... it is said" said "decided already"
t "... nor is it counted twice" test "$(newest .approvals)" = 1
t "c2 approves at the server, and the card opens" approve c2
t "connect is told" eval 'reap connect && [ "$status" -eq 0 ]'

# ---- per-key mode, in which this card is asked from now on: the file carries the challenge of the turn ----

connect second
turns() { [ "$(newest .mode)" = per-key ] && waits; }
t "another request, with turns" wait_for "$LONG" turns
t "without a name there is no turn" ends 2 online --save-request "$T/r3" "$(link)"
t "the turn of c1 is saved" online --save-request "$T/r3" "$(link)" --key "$c1"
t "... until its end, which is said" grep -q "the end of the turn; until then the others wait" "$T/out"
jq --arg o "$c2" '.turn.chr = $o' "$T/r3" >"$T/bad"
t "somebody else's turn is not for his key" ends 3 offline c1 --yes --request-file "$T/bad" --out "$T/d3"
t "he decides without a network" offline c1 --yes --request-file "$T/r3" --out "$T/d3"
t "... it is sent" online --send "$T/d3"
t "c2 approves at the server, and the card opens" approve c2
t "connect is told" eval 'reap connect && [ "$status" -eq 0 ]'

# ---- no ----

connect third
t "another request" wait_for "$LONG" waits
t "it is saved" online --save-request "$T/r4" "$(link)" --key "$c1"
t "c1 denies without a network" offline c1 --yes --deny --request-file "$T/r4" --out "$T/d4"
t "... it is sent" online --send "$T/d4"
t "connect is told" eval 'reap connect && [ "$status" -eq 1 ] && grep -q denied "$T/connect.log"'
finish

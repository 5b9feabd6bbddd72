#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `end`: a custodian takes back what has opened a card, and whoever keeps that card open hears of it at once, over a
# network that comes and goes.
# Functions are called through t; $ in single quotes is for eval.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "a card of somebody else" card_new stranger --id UTSTR0400000
other_cards=(stranger)
t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 || finish
t "somebody else's key" nofm_custodian stranger

token=$(cat "$T/state/token")
api() { curl -sS --cacert "$T/tls/ca.pem" "$@"; }
newest() { api -H "Authorization: Bearer $token" "$URL/api/v1/requests" | jq -r ".requests[0] | $1"; }
end() {
	local c=$1
	shift
	run custodian "$q11" end --reader "$(reader "$c")" --pin-file "$T/pin" "$@"
	cat "$T/out" "$T/err"
	return "$status"
}
ends() { local want=$1; shift; end "$@"; [ "$status" -eq "$want" ]; }
said() { grep -qF -- "$1" "$T/err"; }
logged() { grep -q -- "$1" "$T/$2.log"; }

# ---- a card is opened ----

waits() { [ "$(newest .state)" = waiting ]; }
start connect env QUORUM11_CONF="$T/host.conf" "$q11" connect --reader "$(reader target)" "$URL/rt/hsm"
t "a host asks" wait_for "$LONG" waits
id=$(newest .id) login=$(newest .login_id)
t "a request that has not opened its card cannot be ended" ends 1 c3 --yes "$URL" "$id"
t "... it is said what to do instead" said "approve --deny"
t "... nor waited for" test "$(api -o "$T/none" -w '%{http_code}' "$URL/api/v1/logins/$login/end")" = 404
t "c1 and c2 approve" eval 'approvers c1 c2; approvers_done c1 c2'
ends_well() { reap "$@" && [ "$status" -eq 0 ]; }
t "the card opens" ends_well connect
t "... the server still knows the request" test "$(newest .state)" = open
newest .host_json | tr -- '-_' '+/' | { tr -d '\n'; echo ====; } | base64 -di >"$T/host.json" 2>"$T/none"

# ---- who waits for its end ----

hold() { start "$1" curl -sS -v --cacert "$T/tls/ca.pem" -o "$T/$1.json" "$URL/api/v1/logins/$login/end"; }
hold one
hold two
t "two hosts wait" eval 'wait_for "$LONG" logged "^> GET" one && wait_for "$LONG" logged "^> GET" two'
port=$(free_port)
forward() { start forward python3 "$TOP/test/e2e/tools/forward.py" "$port" "${URL#https://}"; }
start watch env QUORUM11_CONF="$T/host.conf" QUORUM11_URL="https://127.0.0.1:$port/rt/hsm" \
    "$B/test/e2e/tools/watch" "$login" UTTGT0400000 "$T/host.json"
t "a third one, to which the network is down" wait_for "$LONG" logged "^watching" watch
forward
through() { # lines of /proc/net/tcp: an established connection (01) to the port
	grep -qi "^ *[0-9]*: [0-9A-F]*:[0-9A-F]* [0-9A-F]*:$(printf %04X "$port") 01" /proc/net/tcp
}
t "... gets through when it is up" wait_for "$LONG" through
stop forward
t "... and again after it broke" eval 'forward; wait_for "$LONG" through'
t "another login is no login" test "$(api -o "$T/none" -w '%{http_code}' \
    "$URL/api/v1/logins/00000000000000000000000000000000/end")" = 404
stop two

# ---- who cannot end it ----

c1=$(custodian "$q11" custodian export --reader "$(reader c1)" --force --out "$T/c1.pka" |
    sed 's/.*key \([^ ]*\) of.*/\1/')
t "people have names" custodian "$q11" people add anna "$T/c1.pka"

t "somebody else's card" ends 1 stranger --yes "$URL" "$id"
t "... it is said" said "no card that is enrolled here has a custodian"
t "a request that is none" ends 1 c3 --yes "$URL" 00000000000000000000000000000000
t "a name that is none" ends 2 c3 --yes "$URL" ../targets
t "without a yes nothing is sent" ends 1 c3 "$URL" "$id"
t "... the card is shown by his own name for it" grep -qF \
    '  card           "target signer", UTTGT0400000: the name and the key in your address book' "$T/out"
t "... and whoever has approved" grep -qx "  approved by    .*anna ($c1).* (the server's word)" "$T/out"
t "... in plain words" grep -q "takes this approval back, for everybody" "$T/out"
mkdir -p "$T/broken/quorum11"
echo "no book" >"$T/broken/quorum11/devices"
XDG_CONFIG_HOME=$T/broken t "an address book that cannot be read keeps nobody from it" ends 1 c3 "$URL" "$id"
t "... it is said" said "$T/broken/quorum11/devices:1: not"
t "... and the request is shown" grep -qxF '  card           UTTGT0400000   NOT in your address book' "$T/out"
unseen() {
	custodian run sh -c '"$@" >/dev/full' sh "$q11" end --reader "$(reader c3)" \
	    --pin-file "$T/pin" --yes "$URL" "$id"
	[ "$status" -eq 1 ]
}
t "what cannot be shown is not ended" unseen
t "... is said" said "writing to standard output failed"
post() { api -o "$T/answer" -w '%{http_code}' -d @- "$URL/api/v1/requests/$id/end"; }
api "$URL/api/v1/logins/$login/proofs" | jq '.proofs[0] | del(.pka_file)' >"$T/old.json"
t "an approval sent as an end is refused" test "$(post <"$T/old.json")" = 401
t "... and in another's name" test "$(jq '.chr = "UTSTRANGER00001"' "$T/old.json" | post)" = 401
nobody_told() { [ ! -s "$T/one.json" ] && ! logged "^ended" watch; }
t "nobody was told anything" nobody_told

# ---- the end ----

# A poll that began long ago may be answered before: that one has nothing to say.
stop one
hold one
t "a host waits again" wait_for "$LONG" logged "^> GET" one
sed -i 's/ [0-9a-f]\{8\}/ 00000000/' "$HOME/.config/quorum11/devices"
t "a custodian who has not approved ends it" ends 0 c3 --yes "$URL" "$id"
t "... warned that its key is not the one that he knows" said "THIS ONE HAS ANOTHER KEY"
t "... it is said" grep -q "^ended: request $id" "$T/out"
# A poll that nobody ends has nothing to say in its end.
t "the host that waited is told" ends_well one
t "... by whom" test "$(jq -r .chr "$T/one.json")" = "$(newest .ended_by)"
t "the one behind the bad network, too, and believes it" wait_for "$LONG" logged "^ended by $(newest .ended_by)" watch
t "... its helper stays" running watch
t "who asks later hears it, too" test "$(api "$URL/api/v1/logins/$login/end" | jq -r .chr)" = "$(newest .ended_by)"
t "the server's log has it" logged "event=end-session request=$id .*result=\"accepted\"" server
t "... and not for the one who hung up" not logged "event=end-session .*hosts=3" server
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The server is killed (-9) at each step of a ceremony: what it has confirmed is there afterwards, an approval of a
# challenge that died with it counts for nothing, and the audit is whole. The host that waits asks again by itself,
# until its own time is over.
# Functions are called through t, and nofm.sh gives variables.
# shellcheck disable=SC2317,SC2154
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 || finish
sed -i "s|^listen = .*|listen = ${URL#https://}|" "$T/server.conf"

token=$(cat "$T/state/token")
api() { curl -sS --cacert "$T/tls/ca.pem" "$@"; }
ask() { api -H "Authorization: Bearer $token" "$URL/api/v1/$1"; }
newest() { ask requests | jq -er ".requests[0] | $1"; }
is() { [ "$(newest "$1" 2>>"$T/none")" = "$2" ]; }
# past FILTER WANT: of the request $id, by the history
past() { [ "$(ask "history?search=$id" | jq -r ".requests[0] | $1")" = "$2" ]; }
killed() {
	kill -KILL "${PID[server]}"
	reap server
	server_start "$T/server.conf"
}
waits() { wait_for "$LONG" is .state waiting && wait_for "$LONG" is '.challenge != null' true; }
asks() { # CONF
	start connect env QUORUM11_CONF="$1" "$q11" connect --reader "$(reader target)" "$URL/rt/hsm"
	waits && id=$(newest .id)
}
# said N: so many times the host has said that the server is gone.
said() { [ "$(grep -c "the server is gone; it is asked again in 1 s" "$T/connect.log")" = "$1" ]; }
another() { [ "$(newest .id 2>>"$T/none")" != "$id" ]; }
asks_again() { wait_for "$LONG" another && waits && running connect && id=$(newest .id); }
approved() { past '[.custodians[] | select(.decision == "approve")] | length' "$1"; }

# ---- nobody has decided ----

t "a host asks" asks "$T/host.conf"
t "killed while people are asked" killed
t "... the host says so" wait_for "$LONG" said 1
t "... the request has ended" past .state failed
t "... and says why" past '.why | test("restarted")' true
t "... the card was not opened" not card_got 0082

# ---- one has approved ----

t "the host asks again by itself" asks_again
codes() { [ "$(grep -oE 'code [A-Z2-7]{4}-[A-Z2-7]{4}' "$T/connect.log" | sort -u | wc -l)" = "$1" ]; }
t "... for another code" codes 2
# As files, so that the same bytes can be sent again.
by_file() { run custodian "$q11" approve --pin-file "$T/pin" --reader "$(reader c1)" "$@"; [ "$status" -eq 0 ]; }
t "one takes the request away" by_file --save-request "$T/asked" "$URL/r/$(newest .link)"
t "... signs" by_file --yes --request-file "$T/asked" --out "$T/signed"
t "... and approves" by_file --send "$T/signed" "$URL"
jq '{chr, signature, statement, statement_signature}' "$T/signed" >"$T/old.json"
t "killed when that is confirmed" killed
t "... the host says so" wait_for "$LONG" said 2
t "... the request has ended" past .state failed
t "... the approval is kept" approved 1
first=$id
t "the host asks again, for another challenge" asks_again
post() { api -o "$T/answer" -w '%{http_code}' -d @"$T/old.json" "$URL/api/v1/requests/$1/approve"; }
t "the old approval is none for it" test "$(post "$id")" = 401
t "... nor for the request that has ended" test "$(post "$first")" = 409
t "nobody has approved" is .approvals 0

# ---- the last one has approved ----

t "two approve" eval 'approve c1 && approve c2'
opens() { reap connect && [ "$status" -eq 0 ]; }
t "the card opens" opens
t "killed when it is open" killed
t "... it is known as open" is .state open
t "... by whom" is '[.custodians[] | select(.decision == "approve")] | length' 2
login=$(newest .login_id)
t "... their proofs are there" test "$(api "$URL/api/v1/logins/$login/proofs" | jq '.proofs | length')" = 2

# ---- one takes it back ----

ends() { run custodian "$q11" end --reader "$(reader c3)" --pin-file "$T/pin" --yes "$URL" "$id"; [ "$status" -eq 0 ]; }
t "the third one ends it" ends
t "killed when that is confirmed" killed
t "... the host that asks is told" test "$(api "$URL/api/v1/logins/$login/end" | jq -r .chr)" = "$(newest .ended_by)"

# ---- the server stays away ----

sed "s/^\[login\]\$/&\ntimeout = $((20 * ${SLOW:-1}))/" "$T/host.conf" >"$T/short.conf"
t "a host asks that has twenty seconds" asks "$T/short.conf"
stop server KILL
gives_up() { reap connect && [ "$status" -ne 0 ] && grep -q "no connection to the server" "$T/connect.log"; }
t "killed for good: it asks until its time is over, and says why" gives_up
t "... it has tried" said 1
closed() { [ "$(login_status | jq .open)" = false ]; }
t "... the card is closed" closed

# ---- the audit ----

server_start "$T/server.conf"
server() { "$B/quorum11-server" --config "$T/server.conf" "$@"; }
stop server
exported() { server audit key >"$T/audit.pem" && server audit export >"$T/audit"; }
t "the audit is exported" exported
t "... and whole" "$q11" audit verify --key "$T/audit.pem" "$T/audit"
events() { [ "$(jq -s "[.[].event | select(.event == \"$1\" and $2)] | length" "$T/audit")" = "$3" ]; }
accepted='.result == "accepted"'
t "... with each confirmed decision" events decision "$accepted" 3
t "... the old approval that was sent again" events decision '(.result | test("not verify"))' 1
t "... each end of a request" events end true 4
t "... and the end of the session" events end-session "$accepted" 1
finish

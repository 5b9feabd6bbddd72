#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Several at once: two target cards, of which one takes a challenge for all and one a challenge for each, with the same
# custodians, on a server that demands client certificates and is reached by a proxy; and a custodian who takes his turn
# and goes to lunch.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "a second target" card_new second --profile vendor-per-key --id UTSEC0400000
other_cards=(second)
t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 || finish
target=second
t "the same custodians for the second target" nofm_target 3 2
t "... enrolled" nofm_enrol
t "a key on the second" nofm_key rsa:2048 second
archives=()
target=target
t "a key on the first" nofm_key rsa:2048 fit

# ---- the server demands client certificates ----

client=(--cert "$T/tls/client.pem" --key "$T/tls/client.key")
stop server
sed -i "/^\[server\]/a client_ca = $T/tls/ca.pem\nlease = 10" "$T/server.conf"
sed -i "s/^listen = .*/listen = ${URL#https://}/" "$T/server.conf"
t "the server again, for client certificates only" server_start "$T/server.conf"

token=$(cat "$T/state/token")
api() { curl -sS --cacert "$T/tls/ca.pem" "${client[@]}" "$@"; }
requests() { api -H "Authorization: Bearer $token" "$URL/api/v1/requests" | jq -r ".requests[] | $1"; }
id_of() { requests "select(.device_id==\"$1\" and .state==\"waiting\").id"; }
waiting() { [ -n "$(id_of "$1")" ]; }
member() { api -H "Authorization: Bearer $token" "$URL/api/v1/requests/$1" | jq -r "$2"; }
echo "release 1.2" >"$T/data"
# Looked up before anybody logs in: a list stays connected to every card for as long as it runs, and on a busy machine
# that may be longer than the other program's login waits for it.
declare -A slot
for name in target second; do
	slot[$name]=$(host pkcs11-tool --module "$MODULE" -L 2>/dev/null |
	    sed -n "s/^Slot \([0-9]*\) .*$(reader "$name").*/\1/p")
done
signing() { # READER
	rm -f "$T/$1.sig"
	host pkcs11-tool --module "$MODULE" --slot-index "${slot[$1]}" --login --sign --mechanism SHA256-RSA-PKCS \
	    --input-file "$T/data" --output-file "$T/$1.sig"
}
signed() { reap "sign-$1" && [ "$status" -eq 0 ] && [ -s "$T/$1.sig" ]; }

t_status "without a certificate the login fails" 1 signing target
t "... and it is said why" \
    grep -q "^quorum11: .*does not let this host in (403): see .login. token, cert and key" "$T/err"
for conf in host custodian; do
	sed -i "/^ca = /a cert = $T/tls/client.pem\nkey = $T/tls/client.key" "$T/$conf.conf"
done

# ---- and there is no way to it but a proxy ----

start proxy "$TOP/test/e2e/tools/proxy.py" "$T/proxy.port"
t "a proxy" wait_for "$LONG" test -s "$T/proxy.port"
for conf in host custodian; do
	sed -i "/^ca = /a proxy = http://127.0.0.1:$(cat "$T/proxy.port")" "$T/$conf.conf"
done

# ---- two ceremonies at once ----

start sign-target signing target
start sign-second signing second
t "a request for the first" wait_for "$LONG" waiting UTTGT0400000
t "a request for the second, at the same time" wait_for "$LONG" waiting UTSEC0400000
first=$(id_of UTTGT0400000)
second=$(id_of UTSEC0400000)
t "the second needs turns: that was learnt when its key was made" test "$(member "$second" .mode)" = per-key
decide() { # CARD REQUEST [OPT...]
	local c=$1 request=$2
	shift 2
	custodian "$q11" approve --reader "$(reader "$c")" --pin-file "$T/pin" --yes --wait "$WAIT" "$@" "$URL" \
	    "$request"
}
t "c1 approves the first" decide c1 "$first"
t "... which is no approval of the second" test "$(member "$second" .approvals)" = 0
t "c1 approves the second, too" decide c1 "$second"
t "... both have one of two" test "$(member "$first" .approvals)$(member "$second" .approvals)" = 11
one_way() { [ "$(sort -u "$T/proxy.log")" = "${URL#https://}" ] && [ "$(wc -l <"$T/proxy.log")" -ge 4 ]; }
t "... two hosts and two approvals went by the proxy, and to nobody but the server" one_way

# ---- a turn that is not used ----

chr() { member "$second" ".custodians[] | select(.decision == null) | .chr" | sed -n "$1p"; }
turn() {
	api -H "Authorization: Bearer $token" -X POST -d "{\"chr\": \"$1\"}" "$URL/api/v1/requests/$second/turn" |
	    jq -er .challenge
}
idle=$(chr 1)
# Taken again if it has run out before it is looked at.
his() { turn "$idle" && [ "$(member "$second" .turn)" = "$idle" ]; }
t "somebody takes his turn, and it is his" wait_for "$LONG" his
owner() { if grep -q "$idle" "$T/c2.log"; then echo c3; else echo c2; fi; }
host "$q11" status --reader "$(reader c2)" >"$T/c2.log" 2>&1
other=$(owner)
t "another waits until the turn has run out, and approves" decide "$other" "$second"
t "the second card's program signs" signed second || cat "$T/sign-second.log"
t "the first still waits" test "$(member "$first" .state)" = waiting
t "c3 approves the first" decide c3 "$first"
t "the first card's program signs" signed target || cat "$T/sign-target.log"

finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# takes: 60
#
# `approve`: servers that lie to a custodian, his own mistakes, his terminal, and both challenge modes; the host's side
# is `connect`.
# Functions are called through t.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-per-key 3 2 || finish
login_key=$(host "$q11" status --reader "$(reader target)" | sed -n 's/^device key *//p')
for f in "$T/none.pem" "$T/pin"; do
	t_status "an authority that is none, ${f##*/}" 1 \
	    custodian "$q11" approve --reader "$(reader c1)" --ca "$f" "$URL"
	t "... is said" grep -q "${f##*/}; check --ca" "$T/err"
done
enrol_with() { host "$q11" enrol --reader "$(reader target)" --token-file "$1" "$URL" "${pka[@]}"; }
t_status "no token" 1 enrol_with "$T/none"
t "... is said" grep -q "reading the operator's token: No such file" "$T/err"
t_status "a token that others may read" 3 enrol_with "$T/host.conf"
t "... is said" grep -q "chmod 600" "$T/err"
# The liar speaks plain http to a server that does, too. Custodians always call it by the liar's address, which is
# what the server is called then: their inbox is there.
stop server
port=$(free_port)
sed -i "/^cert\|^key/d; s,^\[server\],[server]\nhttp = yes\nurl = http://127.0.0.1:$port," "$T/server.conf"
t "the server, plain http on loopback" server_start "$T/server.conf"
real=$URL
token=$(cat "$T/state/token")
# The request that lives
id() {
	curl -sS -H "Authorization: Bearer $token" "$real/api/v1/requests" |
		jq -r '[.requests[] | select(.state | IN("checking", "waiting", "opening"))][0].id'
}
request() { curl -sS -H "Authorization: Bearer $token" "$real/api/v1/requests/$(id)"; }
approvals() { request | jq .approvals; }
# Not through a function: a signal for it must reach the command itself.
connect() {
	start connect env QUORUM11_CONF="$T/host.conf" "$q11" connect --reader "$(reader target)" --reason "$1" \
	    "$real/rt/hsm"
}
code() { grep -oE 'code [A-Z2-7]{4}-[A-Z2-7]{4}' "$T/connect.log" | tail -n 1 | cut -d' ' -f2; }
has_code() { [ -n "$(code)" ]; }
person() { custodian "$TOP/test/e2e/tools/person.py" "$@" >"$T/tty"; status=$?; cat "$T/tty"; return "$status"; }
ends() { local want=$1; shift; "$@"; [ "$status" -eq "$want" ]; }
said() { grep -qi -- "$1" "$T/err"; }
shown() { grep -q -- "$1" "$T/out"; }
liar() {
	rm -f "$T/liar.ready"
	stop liar
	start liar python3 "$TOP/test/e2e/tools/liar.py" --ready "$T/liar.ready" --port "$port" "$@"
	ready "liar $1" test -s "$T/liar.ready"
	URL=$(cat "$T/liar.ready")
}
honest() { liar proxy "$real"; }
honest

# ---- without a request ----

t "no request waits" ends 1 approve c1 --wait 0
t "... it is said, and how to wait for one" said "no request waits.*--wait SECONDS waits for one"
t "a request that is none" ends 1 approve c1 00000000000000000000000000000000
t "a request's name that is none" ends 2 approve c1 ../targets
custodian_target() { approve target; }
t "no key at hand" ends 1 custodian_target

# ---- shared mode: who lies is refused, or his code differs ----

connect $'release\e[2J 1.2'
t "a host asks, and shows a code" wait_for "$LONG" has_code
request='/requests/[0-9a-f]*$'
# lies TEXT STATUS WORDS RULE [OPT...]
lies() {
	local text=$1 want=$2 words=$3 rule=$4
	shift 4
	liar proxy "$real" "$rule"
	t "$text" ends "$want" approve c1 "$@"
	t "... it is said" said "$words"
	honest
	t "... nothing was approved" test "$(approvals)" = 0
}
lies "another device id" 3 "refused" "json:$request:device_id=\"UTOTHER0400000\""
lies "a forged certificate" 3 "refused" "flip:$request:devaut"
lies "no certificate" 3 "refused" "json:$request:devaut=null"
lies "a challenge of 4 bytes" 3 "refused" "json:$request:challenge=\"AAAAAA\""
lies "another challenge: another code" 3 "not the expected one" "flip:$request:challenge" --expect-code "$(code)"
lies "other words of the host: another code" 3 "not the expected one" "json:$request:host_json=\"e30\"" \
    --expect-code "$(code)"
lies "another challenge: not what the card waits for" 1 "refused\|signature\|verif" "flip:$request:challenge"
lies "another login" 1 "refused\|signature\|verif" "json:$request:login_id=\"00000000000000000000000000000000\""
lies "a member missing" 1 '"keys" is missing' "remove:$request:keys"
lies "a decision that is none" 1 '"custodians" is missing' "json:$request:custodians.1.decision=\"maybe\""
others=$(jq -cn '[range(3) | {chr: "UTAAAAAAAA\(.)00001", decision: null}]')
lies "several requests" 3 "several requests" "json:/waiting/:requests=[\"$(id)\",\"$(printf '0%.0s' {1..32})\"]"
t "... each by what is known of it" said "  1  $(id)  \"target signer\": 0 of 2 have approved, "
t "... or that nothing is" said "  2  0\{32\}  cannot be read"
lies "a request for others" 1 "no key on the cards" "json:$request:custodians=$others"
json() { printf %s "$1" | basenc -w0 --base64url | tr -d =; }
with() { echo "json:$request:host_json=\"$(json "$1")\""; }
budget='{"v":1,"budget":"sign=5 for=60","manifest":""}'
lies "more signatures than are asked for" 3 "limits: sign is more than" "$(with "$budget")" --limits sign=6
lies "a longer time than is asked for" 3 "limits: for is more than" "$(with "$budget")" --limits "sign=5 for=2h"
lies "limits that are none" 2 'limits: "ten" is the name of no limit' "$(with "$budget")" --limits "ten images"
lies "limits lowered, with another code" 3 "not the expected one" "$(with "$budget")" --limits "sign=2" \
    --expect-code "$(code)"
t "... what is asked for was said in words" shown "at most 5 signatures"
t "... and what it is lowered to" eval "grep -A1 'you lower it to' '$T/out' | grep -q 'at most 2 signatures'"
lies "limits nobody can read" 3 "not readable" "$(with '{"budget":"five"}')" --limits "sign=2"
t "limits for a host without an agent" ends 3 approve c1 --limits "sign=5"
t "... are refused" said "has no agent and keeps no limits"
t "... nothing was approved" test "$(approvals)" = 0
for mode in garbage "status 500" "status 302" huge; do
	# shellcheck disable=SC2086
	liar $mode
	t "a server with $mode" ends 1 approve c1
	honest
done
t "nobody listens" eval "URL=http://127.0.0.1:$(free_port) ends 1 approve c1"
t "plain http to elsewhere" eval "URL=http://192.0.2.1 ends 2 approve c1"

# ---- a custodian's own mistakes ----

echo 111111 >"$T/wrong"
chmod 600 "$T/wrong"
wrong() { run custodian "$q11" approve --reader "$(reader c1)" --pin-file "$T/wrong" --yes "$URL"; }
t "a wrong PIN" ends 1 wrong
t "... says how many tries are left" said "2 tries left"
t "... nothing was approved" test "$(approvals)" = 0
both() { run custodian "$q11" approve --pin-file "$T/pin" --yes "$URL"; }
t "two cards at hand that could decide" ends 3 both
t "... are listed" said UTCUS0402000
no() { person "Approve? [y/N] " n -- "$q11" approve --reader c1 "$URL"; }
t "no is the answer on the terminal" ends 1 no
for words in "genuine: /UT" "2 of 3 custodians; approved so far: nobody" "claimed by the host, checked by nobody" \
    'release\\x1b\[2J 1.2' "CODE           $(code)" \
    "An approval opens every key on the card; limits are kept by the host's agent" \
    "budget *none: the host has no agent" 'card *"target signer", UTTGT0400000: the name and the key'; do
	t "... was shown: $words" grep -q "$words" "$T/tty"
done
t "... nothing was approved" test "$(approvals)" = 0
unseen() {
	custodian run sh -c "\"\$@\" $1" sh "$q11" approve --reader "$(reader c1)" --pin-file "$T/pin" --yes "$URL"
}
for where in ">/dev/full" ">&-"; do
	t "what cannot be shown is not approved, $where" ends 1 unseen "$where"
	t "... is said" said "writing to standard output failed"
	t "... nothing was approved" test "$(approvals)" = 0
done

# ---- his address book ----

book=$HOME/.config/quorum11/devices
t "the card is taken out of the address book" custodian "$q11" devices remove "target signer"
t "an unknown card is refused" ends 3 approve c1
t "... it is said how to add it" said "quorum11 devices add \"NAME\" $URL $(id)"
add() { run custodian "$q11" devices add --pin-file "$T/pin" "$@"; }
t "it is not added without a yes" ends 1 add "Board 7" "$URL" "$(id)"
t "... what was verified is shown" eval 'shown "^card UTTGT0400000" && shown "^  genuine: /UT"'
t "... nothing is in the book" test -z "$(custodian "$q11" devices list)"
t "it is added, from the request" ends 0 add --yes "Board 7" "$URL" "$(id)"
t "... by the key that its keeper sees" eval \
    '[ -n "$login_key" ] && custodian "$q11" devices list | grep -qF "$login_key"'
sed -i 's/ [0-9a-f]\{8\}/ 00000000/' "$book"
t "a known name with another key is refused" ends 3 approve c1
t "... loudly" said "WARNING: card UTTGT0400000 is \"Board 7\" in your address book, but THIS ONE HAS ANOTHER KEY"
t "... nor can it be added again" ends 3 add --yes "Board 7" "$URL" "$(id)"
t "... nothing was approved" test "$(approvals)" = 0
t "it is removed" custodian "$q11" devices remove "Board 7"
t "... and added by its first name" ends 0 add --yes "target signer" "$URL" "$(id)"
first=$(request | jq -r '.custodians[0].chr')
t "people have names, too" custodian "$q11" people add anna "$T/c1.pka"
t "... of the key in their file" eval 'custodian "$q11" people list | grep -q "^$first  \"anna\""'

# ---- led through, and his PIN ----

printf '[custodian]\nurl = http://127.0.0.1:%s, %s\n' "$(free_port)" "$URL" >>"$T/custodian.conf"
led() { person "Approve? [y/N] " n "Deny this request, for everybody? [y/N] " n -- "$q11" approve --reader c1; }
t "without arguments he is shown what waits; neither yes nor no" ends 1 led
t "... from the server that answers" grep -q 'card  *"target signer"' "$T/tty"
t "... nothing was decided" test "$(approvals)" = 0
missed() {
	person "Approve? [y/N] " y "PIN of UTCUS0401000, 2 tries left: " 111111 "or Enter to stop: " "" -- \
	    "$q11" approve --reader c1 "$URL"
}
t "a wrong PIN; then Enter for the last try" ends 3 missed
t "... which is named" grep -q "UTCUS0401000.*ONE TRY IS LEFT" "$T/tty"
t "... and not spent" eval 'custodian "$q11" status --reader c1 --json | jq -e ".pin.tries == 1"'
t "a file does not spend it either" ends 3 approve c1
last() {
	person "Approve? [y/N] " n "Deny this request, for everybody? [y/N] " y "or Enter to stop: " "last try" \
	    "PIN of UTCUS0401000, 1 try left: " 111111 -- "$q11" approve --reader c1
}
t "the last try is spent by whoever types that he means it" ends 1 last
t "... and what to do is said" grep -q "quorum11 pin set" "$T/tty"
t "a blocked PIN: it is said, too" eval 'ends 1 approve c1; said "quorum11 pin set"'
unblock() { run custodian "$q11" pin set --reader c1 --so-pin-file "$T/so-pin" --new-pin-file "$T/pin"; }
t "... the SO-PIN sets a new one" ends 0 unblock
t "... nothing was decided" test "$(approvals)" = 0

# ---- approve, in shared mode, on a card that wants a challenge for each key ----

yes() {
	person "Approve? [y/N] " y "PIN of UTCUS0401000, 3 tries left: " 648219 -- \
	    "$q11" approve --reader c1 --expect-code "$(code)" "$URL"
}
# What could not be read is told at another look, also where something else of the server's could be read between.
c1=$(sed -n 1p <<<"$(request | jq -r '.custodians[].chr')")
liar proxy "$real" "early:$request:1:keys=null"
start watch custodian "$q11" custodian watch --key "$c1" --url "$URL"
t "watch: a request that cannot be read is said" wait_for "$LONG" grep -q '"keys" is missing' "$T/watch.log"
t "... and told at the next look" wait_for "$LONG" grep -q "^$(id)  \"target signer\": 0 of 2" "$T/watch.log"
stop watch
t "... once" test "$(grep -c "^$(id)" "$T/watch.log")" = 1
honest
t "c1 says yes on the terminal" yes
t "... and the PIN is not shown" not grep -q 648219 "$T/tty"
t "... one of two" test "$(approvals)" = 1
t "... not twice" ends 1 approve c1 "$(id)"
t "... it is said" said "decided already"
t "c2 approves, is asked again, and sees the card open" approve c2
t "... asked again" shown "you are asked again"
t "... open" shown "the card has accepted 2 approvals"
t "connect is told" eval "reap connect && [ \$status -eq 0 ]"
t "... and closes the card" eval "login_status >'$T/closed' && [ \$(jq .open '$T/closed') = false ]"

# ---- per-key mode ----

connect "second"
live() { request | jq -e "$1" >/dev/null; }
t "another request, with turns" wait_for "$LONG" live '.mode == "per-key" and .state == "waiting"'
# c1 says yes, which begins his turn, and compares the code until he sees the file: c2 has to wait for him.
start slow custodian "$TOP/test/e2e/tools/person.py" "Approve? [y/N] " "@$T/yes" "PIN of" 648219 \
    "Is it the same code? [y/N] " "@$T/go" -- "$q11" approve --reader c1 "$URL"
t "c1 is asked" wait_for "$LONG" grep -q 'is known when it is your turn' "$T/slow.log"
t "... and has no turn before his yes" live '.turn == null'
touch "$T/yes"
t "... after it he has" wait_for "$LONG" live '.turn != null and .challenge != null'
approvers c2
t "c2 is told whose turn it is" wait_for "$LONG" grep -q "it is the turn of anna ($first)" "$T/approve-c2.log"
touch "$T/go"
t "c1 approves" eval "reap slow && [ \$status -eq 0 ]" || cat "$T/slow.log"
t "... having seen the code with his turn" grep -q "CODE           [A-Z2-7]\{4\}-" "$T/slow.log"
t "c2 gets his turn and approves" approvers_done c2
t "connect is told" eval "reap connect && [ \$status -eq 0 ]"

# ---- work on the card, by ceremony ----

approvers c1 c2
work() {
	run host "$q11" "$@" --reader "$(reader target)" --url "$real/rt/hsm"
	cat "$T/out" "$T/err"
	return "$status"
}
t "keygen" work keygen --type ec:secp256r1 --label ec --token-label fit --archive "$T/ec.pka" --pin-file "$T/pin"
t "... a PIN that the card does not take is not sent" eval "said 'PIN is not used' && not card_got 0020008106"
t "... both approved" approvers_done c1 c2
t "... attested" shown "^attested: /UT"
t "... and the card has its label" eval "login_status | jq -e '.label == \"fit\" and .open == false'"
approvers c1 c2
echo one >"$T/one"
echo two >"$T/two"
t "sign two files with one login" work sign --key ec "$T/one" "$T/two"
t "... both approved" approvers_done c1 c2
public_key() {
	pkcs11-tool --module "$MODULE" --read-object --type pubkey --label ec -o "$T/ec.der" &&
	openssl pkey -pubin -inform DER -in "$T/ec.der" -out "$T/ec.pem"
}
t "the public key" public_key
for f in one two; do
	t "openssl verifies, $f" openssl dgst -sha256 -verify "$T/ec.pem" -signature "$T/$f.sig" "$T/$f"
done
t "a file that cannot be read: nobody is asked" ends 1 work sign --key ec "$T/one" "$T/none"
t "... nobody" test "$(id)" = null

connect "third"
t "a third request" wait_for "$LONG" live '.state == "waiting"'
deny() {
	person "for everybody? [y/N] " y "PIN of" 648219 -- \
	    "$q11" approve --deny --reader c3 --limits "not today" "$URL"
}
mkdir -p "$T/broken/quorum11"
echo "no book" >"$T/broken/quorum11/devices"
XDG_CONFIG_HOME=$T/broken t "a yes needs an address book that can be read" ends 1 approve c3
XDG_CONFIG_HOME=$T/broken t "c3 denies, without one, and without waiting for a turn" deny
t "connect is told" eval "reap connect && [ \$status -eq 1 ] && grep -q denied '$T/connect.log'"
connect "fourth"
t "a fourth request" wait_for "$LONG" live '.state == "waiting"'
# Asked again, but for something else: --yes was meant for what it was asked about first.
liar proxy "$real" "json:/approve\$:approvals=2" "json:$request:custodians.0.decision=null" \
    "late:$request:3:host_json=\"e30\""
t "another request under the same name" ends 3 approve c1
t "... is refused" said "another one than before"
t "... after one approval" test "$(approvals)" = 1
honest
stop connect INT
t "connect gives up at an interrupt" test "$status" = 1
t "... and closes the card" eval "login_status >'$T/closed' && [ \$(jq .open '$T/closed') = false ]"

# ---- the card is at work on somebody else's approval when a custodian comes, and when he decides ----

connect "fifth"
t "a fifth request" wait_for "$LONG" live '.state == "waiting"'
liar proxy "$real" "early:$request:2:state=\"opening\"" "busy:/turn\$:1" "busy:/approve\$:2" "busy:/deny\$:2"
t "c1 waits until it is done, and approves" approve c1
t "... one of two" test "$(approvals)" = 1
t "c2 waits, too, and denies" approve c2 --deny
honest
t "connect is told" eval "reap connect && [ \$status -eq 1 ] && grep -q denied '$T/connect.log'"

finish

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One approval for many programs, with a target of $PROFILE: sourced by agent-PROFILE.sh, one for each profile.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new "${PROFILE:?}" 3 2 || finish
t "an RSA key" nofm_key rsa:2048 fit
cat "$T/host.conf" >"$T/direct.conf"
cat >>"$T/host.conf" <<-END
	[agent]
	socket = $T/agent
	readers = $(reader target)
	receipts = $T/receipts
END

token=$(cat "$T/state/token")
operator() { curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $token" "$@"; }
requests() { operator "$URL/api/v1/requests" | jq '.requests | length'; }
newest() { operator "$URL/api/v1/requests" | jq -r ".requests[0].$1"; }
agent_start() { start agent host exec "$B/quorum11-agent"; }
agent_says() { host "$q11" agent status --json | jq -e ".[0] | $1"; }
is_state() { agent_says ".state == \"$1\""; }
is_closed() { login_status >"$T/closed" && [ "$(jq .open "$T/closed")" = false ]; }

login_opt=(--login)
[ "$PROFILE" != open-firmware ] || login_opt=(--login --pin "$SIGN_PIN")
p11() { host pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM "$@"; }
signing() { # NAME: signs $T/NAME to $T/NAME.sig
	rm -f "$T/$1.sig"
	p11 "${login_opt[@]}" --sign --id 01 --mechanism SHA256-RSA-PKCS --input-file "$T/$1" --output-file "$T/$1.sig"
}
sign() { run signing "$1" && cat "$T/out" "$T/err" && [ "$status" -eq 0 ]; }
sign_start() { start "sign-$1" signing "$1"; }
signed() { reap "sign-$1" && [ "$status" -eq 0 ] && [ -s "$T/$1.sig" ]; }
verifies() { openssl dgst -sha256 -verify "$T/fit.pem" -signature "$T/$1.sig" "$T/$1"; }
for name in one two three four; do echo "release $name" >"$T/$name"; done

agent_start
t "the agent holds the card" wait_for "$LONG" is_state closed || cat "$T/agent.log"
is_confined() { grep -q '^Seccomp:[[:space:]]*2$' "$1" && grep -q '^NoNewPrivs:[[:space:]]*1$' "$1"; }
t "... without what it does not need" is_confined "/proc/${PID[agent]}/status"
t "... and without a core file" grep -q '^Max core file size *0 *0 ' "/proc/${PID[agent]}/limits"
t_status "nobody else can" 3 "$B/test/e2e/tools/holdcard" "$(reader target)"

# ---- public work asks nobody, not even the card ----

before=$(card_count target)
t "objects without a login" p11 --list-objects
t "the public key" p11 --read-object --type pubkey --label fit --output-file "$T/fit.der"
openssl pkey -pubin -inform DER -in "$T/fit.der" -out "$T/fit.pem"
t "... the card was not asked" test "$(card_count target)" = "$before"

# ---- two at once, one approval ----

before=$(requests)
sign_start one
t "a program waits" wait_for "$LONG" is_state asking
sign_start two
t "objects while people are asked" p11 --list-objects
t "two custodians approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "the first program signs" signed one || cat "$T/sign-one.log"
t "the second, too" signed two || cat "$T/sign-two.log"
t "... both signatures are good" eval 'verifies one && verifies two'
t "a third comes later and rides on it" sign three
t "... its signature is good" verifies three
t "... it was one request" test "$(requests)" = $((before + 1))
t "the agent counts" agent_says '.digests == 3'

# ---- a custodian ends it from afar ----

t "a custodian ends it" custodian "$q11" end --reader "$(reader c3)" --pin-file "$T/pin" --yes "$URL" "$(newest id)"
t "... the agent closes the card" wait_for "$LONG" is_state closed
t "... and knows who it was" agent_says '.ended | test("^ended by custodian UT")'

# ---- a custodian lowers the limits ----

sign_start one
t "c1 approves one signature only" approve c1 --limits "sign=1"
t "c2 approves" approve c2
t "it signs" signed one || cat "$T/sign-one.log"
t "the same again is free" sign one
t "another one is refused" not sign two
t "... as not covered" grep -qE "CKR_FUNCTION_REJECTED|0x200" "$T/err"
t "... and it is said why" grep -q "all 1 signatures that were approved are made" "$T/err"
t "... the agent says what holds" agent_says '.limits | startswith("sign=1 ")'

# ---- the server goes away: what is approved goes on, a new one says why not ----

stop server
t "an approval in force does not need the server" sign one
t "it is ended here" host "$q11" agent end
t "... the card is closed" is_state closed
t "without the server nothing can be approved" not sign one
t "... and it is said why" grep -q "no connection to the server" "$T/err"
sed -i "s/^listen = .*/listen = ${URL#https://}/" "$T/server.conf"
t "the server is back" server_start "$T/server.conf"

# ---- no ----

sign_start two
t "c3 denies" approve c3 --deny
t "the program's login fails" reap sign-two
t "... with a status" test "$status" -ne 0
t "... and it is said why" grep -q "denied" "$T/sign-two.log"
before=$(requests)
t "for a while nobody is asked again" not sign two
t "... nobody was" test "$(requests)" = "$before"
stop agent
t "the agent ends" test "$status" = 0
t "... the card is closed" is_closed

# ---- killed ----

agent_start
t "the agent is back" wait_for "$LONG" is_state closed
sign_start two
t "two custodians approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "a program signs" signed two || cat "$T/sign-two.log"
last() { sed -n "s/^target > \($1[0-9A-Fa-f]*\)\$/\1/p" "$T/target.apdu" | tail -n 1; }
signing=$(last 8068)
card_answers() { "$B/test/e2e/tools/askcard" "$(reader target)" "$@" >"$T/said" 2>"$T/none"; }
kill -KILL "${PID[agent]}"
reap agent
t "the agent is killed: others get at the card" wait_for "$LONG" card_answers "$signing"
t "... which signs nothing: it was reset" test "$(cat "$T/said")" = 6E00
t "... nor when it is selected" card_answers "$(last 00a40400)" "$signing"
t "... as nobody is logged in" test "$(tail -n 1 "$T/said")" = 6982
t "... it says so itself" is_closed
agent_start
t "another agent takes its place" wait_for "$LONG" is_state closed
sign_start two
t "... and asks again" wait_for "$LONG" is_state asking
t "... two custodians approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "... a program signs" signed two || cat "$T/sign-two.log"
t "... the signature is good" verifies two

# ---- the card is pulled and put back ----

t "the card is pulled" card_stop target
t "the agent misses it" wait_for "$LONG" is_state empty
t "the card is put back" card_start target
t "the agent holds it again, closed" wait_for "$LONG" is_state closed
stop agent

# ---- what was done can be proved ----

receipts=("$T"/receipts/*.receipt)
t "a receipt for each approval" test ${#receipts[@]} = 4
for receipt in "${receipts[@]}"; do
	t "it verifies offline" host "$q11" audit receipt "$receipt"
done
sed -i 's/^sign /sign 1/' "${receipts[0]}"
t_status "a changed one does not" 3 host "$q11" audit receipt "${receipts[0]}"

# ---- a host without an agent keeps no limits ----

cp "$T/direct.conf" "$T/host.conf"
sign_start one
t "limits for it are refused before anything is signed" not approve c1 --limits "sign=1"
t "... and it is said why" grep -q "keeps no limits" "$T/err"
t "without limits two approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "it signs" signed one || cat "$T/sign-one.log"

finish

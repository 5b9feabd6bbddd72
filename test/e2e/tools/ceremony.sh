# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Ceremonies with a target of $PROFILE, from blank cards to signatures: sourced by ceremony-PROFILE.sh, one for each
# profile.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new "${PROFILE:?}" 3 2 || finish
t "an RSA key, generated after two approvals, attested, enrolled" nofm_key rsa:2048 fit
t "a P-256 key" nofm_key ec:secp256r1 ec

token=$(cat "$T/state/token")
api() { curl -sS --cacert "$T/tls/ca.pem" "$@"; }
operator() { api -H "Authorization: Bearer $token" "$@"; }
requests() { operator "$URL/api/v1/requests" | jq "[.requests[]$1] | length"; }
# The newest request's member: the server lists that first.
newest() { operator "$URL/api/v1/requests" | jq -r ".requests[0] | $1"; }
waits() { [ "$(requests '|select(.state=="waiting")')" = 1 ]; }
is_closed() { login_status >"$T/closed" && [ "$(jq .open "$T/closed")" = false ]; }

login_opt=(--login)
[ "$PROFILE" != open-firmware ] || login_opt=(--login --pin "$SIGN_PIN")
p11() { host pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM "$@"; }
# pkcs11-tool looks for the key to sign with by its id only.
declare -A id=([fit]=01 [ec]=02)
signing() { # LABEL MECHANISM
	p11 "${login_opt[@]}" --sign --id "${id[$1]}" --mechanism "$2" --input-file "$T/data" --output-file "$T/sig" \
	    --signature-format openssl
}
sign_start() { rm -f "$T/sig"; start sign signing "$@"; }
sign_done() { reap sign && [ "$status" -eq 0 ]; }
sign_fails() { reap sign "${1:-$LONG}" && [ "$status" -ne 0 ] && [ ! -s "$T/sig" ]; }
said() { grep -qF -- "$1" "$T/sign.log"; }
public_key() {
	p11 --read-object --type pubkey --label "$1" --output-file "$T/$1.der" &&
	openssl pkey -pubin -inform DER -in "$T/$1.der" -out "$T/$1.pem"
}
verifies() { openssl dgst -sha256 -verify "$T/$1.pem" -signature "$T/sig" "$T/data"; }
echo "release 1.2" >"$T/data"

# ---- public-key work asks nobody ----

before=$(requests "")
t "public objects without a login" p11 --list-objects
t "public RSA key" public_key fit
t "public EC key" public_key ec
t "... no request was opened" test "$(requests "")" = "$before"

# ---- the main thing ----

sign_start fit SHA256-RSA-PKCS
t "c1 approves" approve c1
t "c2 approves" approve c2
t "pkcs11-tool signs with the RSA key" sign_done || cat "$T/sign.log"
t "... openssl verifies" verifies fit
t "... the card is closed again" is_closed
t "... both statements are kept" test "$(newest '[.custodians[]|select(.decision=="approve")]|length')" = 2

sign_start ec ECDSA-SHA256
t "c3 and c1 approve at the same time" eval 'approvers c3 c1; approvers_done c3 c1'
t "pkcs11-tool signs with the EC key" sign_done || cat "$T/sign.log"
t "... openssl verifies" verifies ec

# ---- no approval counts twice, none from elsewhere ----

sign_start fit SHA256-RSA-PKCS
t "c2 approves" approve c2
t "... not twice" not approve c2 --wait 1
t "... which leaves one of two" test "$(newest .approvals)" = 1
t "a wrong code is refused" not approve c1 --expect-code AAAA-AAAA
t "... by our own check" test "$status" = 3
code=$(grep -oE 'code [A-Z2-7]{4}-[A-Z2-7]{4}' "$T/sign.log" | tail -n 1 | cut -d' ' -f2)
t "the right one is not" approve c1 --expect-code "$code"
t "signed" sign_done || cat "$T/sign.log"

# ---- no ----

sign_start fit SHA256-RSA-PKCS
t "c1 approves" approve c1
t "c3 denies" approve c3 --deny
t "the program's login fails" sign_fails
t "... and it is said why" said "denied"
t "... the card is closed" is_closed
t "... and the request is over" test "$(newest .result)" = denied

# ---- the operator cancels ----

sign_start fit SHA256-RSA-PKCS
t "a request waits" wait_for "$LONG" waits
t "the operator cancels it" operator -f -X POST -d '{}' "$URL/api/v1/requests/$(newest .id)/cancel"
t "the program's login fails" sign_fails
t "... and it is said why" said "cancelled"
t "... the card is closed" is_closed

# ---- nobody comes ----

sed -i "s/^listen = .*/listen = ${URL#https://}/" "$T/server.conf"
# On a machine on which 8 s are too short for one custodian, they are more.
one_approves() {
	local seconds
	for seconds in 8 60; do
		stop server
		sed "s/^\[server\]/&\ndeadline = $seconds/" "$T/server.conf" >"$T/short.conf"
		server_start "$T/short.conf" || return 1
		sign_start fit SHA256-RSA-PKCS
		! approve c1 || return 0
		reap sign $((2 * LONG))
	done
	return 1
}
t "the server again, with the enrolments it had, for short requests: c1 approves, nobody else" one_approves
t "the program's login fails" sign_fails $((2 * LONG))
t "... and it is said why" said "in time"
t "... the card is closed" is_closed

finish

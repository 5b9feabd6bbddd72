#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# quorum11 run with a card that needs its PIN besides: it is asked for before anybody else is.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3 and a PIN: cards, registration, server, enrolment" nofm_new open-firmware 3 2 || finish
t "a P-256 key" nofm_key ec:secp256r1 ec
cd "$T" || exit 1
echo data >data
echo 000000 >wrong-pin
chmod 600 wrong-pin
token=$(cat state/token)
requests() {
	curl -sS --cacert tls/ca.pem -H "Authorization: Bearer $token" "$URL/api/v1/requests" | jq '.requests | length'
}
is_closed() { login_status >closed && [ "$(jq .open closed)" = false ]; }
start_run() { start run env QUORUM11_CONF="$T/host.conf" "$q11" run --device "$target_id" "$@"; }
signing=(pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM --sign --id 01 --mechanism ECDSA-SHA256
	--input-file data --output-file sig --signature-format openssl)

before=$(requests)
t_status "a wrong PIN" 1 host "$q11" run --device "$target_id" --pin-file wrong-pin true
t "... is said to be one" grep -q "wrong PIN" err
t "... and asked nobody" test "$(requests)" = "$before"
t_status "no PIN, and no terminal to type it on" 1 host "$q11" run --device "$target_id" true
t "... asked nobody" test "$(requests)" = "$before"

start_run --sign 1 --key ec --pin-file sign-pin --receipt r -- "${signing[@]}" --login --pin "$SIGN_PIN"
t "c1 and c2 approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "the command signs, with the PIN" reap run
t "... its exit status" test "$status" = 0 || cat run.log
host pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM --read-object --type pubkey --label ec -o ec.der
openssl pkey -pubin -inform DER -in ec.der -out ec.pem
t "... openssl verifies" openssl dgst -sha256 -verify ec.pem -signature sig data
t "the card is closed" is_closed
t "the receipt verifies" host "$q11" audit receipt --unverified r
t "... the PIN is not in it" not grep -q "$SIGN_PIN" r

start_run --pin-fd 7 -- "${signing[@]}" --login --pin 000000 7<sign-pin
approvers c3 c1
t "a process with another PIN is not let in" reap run
t "... its exit status is passed on" test "$status" = 1
approvers_done c3 c1
t "... the card was not asked: all tries are left" [ "$(jq .pin_tries closed)" = "$(login_status | jq .pin_tries)" ]

finish

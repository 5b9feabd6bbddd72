#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/CUSTODIANS.md, "A card that is initialised anew", its commands as they stand there: a card whose list of
# custodians is final gets another list, and its key comes back from a back-up. The old custodians open it for the
# back-up, the new ones for all that follows, and who has left counts nowhere.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"
# shellcheck source=test/e2e/tools/commands.sh
. "$TOP/test/e2e/tools/commands.sh"

cd "$T" || exit 1
other_cards=(c4)
init_opt=(--dkek-shares 1)
umask 077
echo "a long password, for what it guards" >password
umask 022
card_new c4 --id UTCUS0404000
"$q11" dkek create share.pbe --password-file password >/dev/null &
share=$!
t "2 of 3, whose list is final" nofm_new vendor-shared 3 2 || finish
t "a fourth custodian's card" nofm_custodian c4
t "a share of a key encryption key" wait $share

# What a person would be asked, and has plugged in.
quorum11() {
	local more=(--reader "$(reader target)")
	case $1 in
	init) more+=(--yes --so-pin-file so-pin) ;;
	register) more+=(--yes --custodian-pin-file pin) ;;
	dkek) more+=(--password-file password) ;;
	esac
	host "$q11" "$@" "${more[@]}"
}
step() { commands CUSTODIANS.md "$1. **$2"; }
operator() { curl -sS --cacert tls/ca.pem -H "Authorization: Bearer $(cat state/token)" "$@"; }
requests() { operator "$URL/api/v1/requests" | jq -r ".requests${1-}"; }
proofs() { curl -sS --cacert tls/ca.pem "$URL/api/v1/logins/$1/proofs"; }
waits() { [ "$(requests '[0].state')" = waiting ]; }
chr_of() { "$q11" status --reader "$(reader "$1")" --json | jq -r '.keys[0].chr'; }
on_card() { login_status | jq -e --arg c "$1" '[.pka.names[].chr] | index($c)'; }
check_value() { host "$q11" domain list --reader "$(reader target)" --json | jq -r '.domains[0].check_value'; }
public_key() {
	pkcs11-tool --module "$MODULE" --read-object --type pubkey --label fit --output-file fit.der &&
	openssl pkey -pubin -inform DER -in fit.der -out "$1"
}
keys() { login_status | jq -r '.keys | length'; }
verified() { openssl dgst -sha256 -verify "$1" -signature release.img.sig release.img; }
old=$(chr_of c3) new=$(chr_of c4)

t "... is imported" quorum11 dkek import share.pbe
t "a key" nofm_key ec:secp256r1 fit
value=$(check_value)
t "... its public key, for those who trust it" host public_key fit.pem
cp fit.cvc fit.pka && cp c1.pka anna.pka && cp c2.pka ben.pka && cp c4.pka cleo-new.pka && cp state/token TOKEN
echo "release 1.2" >release.img

# ---- the list is final ----

before=$(requests '|length')
t_status "c3 cannot be replaced: 3" 3 host "$q11" custodian replace --reader "$(reader target)" --yes "$old" c4.pka
t "... it is said what is left to do" grep -q "A card that is initialised anew" err
t "... nobody was asked" test "$(requests '|length')" = "$before"

# ---- step by step ----

approvers c2 c3
t "1: the key is written to a back-up" step 1 "Write the keys to back-ups"
t "... c2 and c3 have agreed to that" approvers_done c2 c3
proofs "$(requests '[0].login_id')" >step-1
t "... and saw why" grep -q '"back-up of fit: the card is initialised anew' approve-c3.log
t "2: the card is initialised anew, for others" step 2 "Initialise the card"
t "... with the same key encryption key" test "$(check_value)" = "$value"
t "... it has no key" test "$(keys)" = 0
t "... it names who has come" on_card "$new"
t "... and not who has left" not on_card "$old"
t_status "the server does not take it as it is" 1 host "$q11" connect --reader "$(reader target)"
t "3: the server is told" step 3 "Tell the server"
approvers c1 c4
t "4: the key comes back" step 4 "Bring the keys back"
t "... by the new custodians" approvers_done c1 c4
t "... one key" test "$(keys)" = 1

start sign step 5 "Try it"
t "5: a signature is asked for" wait_for "$LONG" waits
link=$(requests '[0].link')
t "... not of who has left" not approve c3 --wait 1
t "... not even by the request's link" not custodian "$q11" approve --reader "$(reader c3)" --pin-file pin --yes "$link"
# What he has signed once, for step 1, is good for nothing now.
jq -c --arg chr "$old" '.proofs[] | select(.chr == $chr) | del(.pka_file) + {signature: .statement_signature}' \
    step-1 >replay
t "... nor by what he has signed in step 1" test "$(curl -sS --cacert tls/ca.pem -d @replay -o body -w '%{http_code}' \
    "$URL/api/v1/requests/$(requests '[0].id')/approve")" = 401
t "... which is said" jq -e '.error == "bad_signature"' body
t "... nothing has changed" test "$(requests '[0] | .state + (.approvals | tostring)')" = waiting0
approvers c4 c2
t "... the new custodians agree" approvers_done c4 c2
t "... it is signed" reap sign
t "... and done" test "$status" -eq 0
t "... by the key that is trusted" verified fit.pem
t "this time custodians can be replaced" jq -e '.options | index("replace-pka")' <(login_status)
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# docs/CUSTODIANS.md, "Lost card" and "A new key": a custodian's key is replaced by the others. Of a card whose list is
# final: reinit.sh.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

other_cards=(c4)
init_opt=(--replaceable)
card_new c4 --id UTCUS0404000
t "2 of 3, which may be replaced" nofm_new vendor-shared 3 2 || finish
t "a key" nofm_key ec:secp256r1 fit
t "a fourth custodian's card" nofm_custodian c4
cd "$T" || exit 1

token=$(cat state/token)
operator() { curl -sS --cacert tls/ca.pem -H "Authorization: Bearer $token" "$@"; }
requests() { operator "$URL/api/v1/requests" | jq '.requests | length'; }
waits() { [ "$(operator "$URL/api/v1/requests" | jq '[.requests[]|select(.state=="waiting")]|length')" = 1 ]; }
chr_of() { custodian "$q11" status --reader "$(reader "$1")" --json | jq -r '.keys[].chr' | tail -n 1; }
on_card() { login_status | jq -e --arg c "$1" '[.pka.names[].chr] | index($c)' >/dev/null; }
on_server() {
	operator "$URL/api/v1/targets" |
	    jq -e --arg d "$target_id" --arg c "$1" '.targets[]|select(.device_id==$d)|.custodians|index($c)' >/dev/null
}
replace() { host "$q11" custodian replace --reader "$(reader "$target")" --yes "$@"; }
connect() { host "$q11" connect --reader "$(reader "$target")"; }
opens_by() { # C...
	start connect connect
	approvers "$@"
	ends_well connect || return
	approvers_done "$@"
}
ends_well() { reap "$1" $((2 * LONG)) && [ "$status" -eq 0 ] && return; cat "$1.log"; return 1; }
replaced_already() { replace "$@" | grep -q "registered already"; }
declare -A chr=()
for c in c1 c2 c3 c4; do chr[$c]=$(chr_of "$c"); done

# ---- refused before anybody is asked ----

before=$(requests)
t_status "no such custodian: 1" 1 replace UTNOBODY00001 c4.pka
t_status "who is one already: 3" 3 replace "${chr[c3]}" c1.pka
t_status "no PKA file: 1" 1 replace "${chr[c3]}" pin
t "... nobody was asked" test "$(requests)" = "$before"

# ---- lost: c3 ----

start replace replace --reason "c3 has lost his card" "${chr[c3]}" c4.pka
approvers c1 c2
t "c3 is replaced by c4, c1 and c2 agree" ends_well replace
approvers_done c1 c2
t "... the card names c4" on_card "${chr[c4]}"
t "... and c3 no more" not on_card "${chr[c3]}"
t "... it says what comes next" grep -q "enrol --replace" replace.log
before=$(requests)
t "once more: it is done already" replaced_already "${chr[c3]}" c4.pka
t "... nobody was asked" test "$(requests)" = "$before"
t "until the server is told it refuses the card" not connect
pka=("$T/c1.pka" "$T/c2.pka" "$T/c4.pka")
t "enrol --replace" nofm_enrol --replace "${archives[@]}"
t "... the server knows c4" on_server "${chr[c4]}"
t "... and c3 no more" not on_server "${chr[c3]}"
t "c4 and c1 open it" opens_by c4 c1
start connect connect
t "a request waits" wait_for "$LONG" waits
t "... not for the card that was lost" not approve c3 --wait 1
t "... but for c4, who says no" approve c4 --deny
reap connect
t "... and that is the end" test "$status" -ne 0

# ---- a new key on the same card: c1 ----

sed -i '/^\[login\]/a cooldown = 0' host.conf
c1() { custodian "$q11" "$@" --reader "$(reader c1)"; }
old=${chr[c1]}
t "c1 makes a second key" c1 custodian keygen --pin-file pin
new=$(chr_of c1)
t "... which is another one" test "$new" != "$old"
t "until it is registered he approves with the old one" opens_by c1 c2
asked() { [ "$(grep -c "signs that this inbox" approve-c1.log)" -le 1 ]; }
t "... his card is asked once what it is to the server, not at each look" asked
t "... exports it" c1 custodian export --key "$new" --out c1-new.pka
start replace replace --reason "c1 has a new key" "$old" c1-new.pka
approvers c2 c4
t "... and the others agree" ends_well replace
approvers_done c2 c4
pka=("$T/c1-new.pka" "$T/c2.pka" "$T/c4.pka")
t "enrol --replace" nofm_enrol --replace "${archives[@]}"
t "he approves with the new key" opens_by c1 c2
t_status "two keys have the same label: 3" 3 c1 delete --key custodian --yes --pin-file pin
t "he deletes the old one, by its name" c1 delete --key "$old" --yes --pin-file pin
t "... the new one is left" test "$(c1 status --json | jq -r '[.keys[].chr] | join(" ")')" = "$new"

finish

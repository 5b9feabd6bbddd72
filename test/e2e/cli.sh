#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# The command on virtual cards, without a server: list, status, init, keygen, custodians, register, sign, and PINs.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

q11=$B/quorum11
export QUORUM11_CONF=$T/conf
printf '[trust]\nroots = %s\n' "$T/pki/root.cvc" >"$QUORUM11_CONF"
mkdir "$T/f"
cd "$T/f" || exit 1
umask 077
echo 648219 >"$T/pin"
echo 111111 >"$T/wrong"
echo 739152 >"$T/pin2"
echo 12345 >"$T/short"
echo 3537363231383830 >"$T/so-pin"
umask 022

# on READER VERB... ; json FILTER of what the last command printed is true
on() { local r=$1; shift; run "$q11" "$@" --reader "$(reader "$r")"; cat "$T/out" "$T/err"; return "$status"; }
refused() { "$@"; [ "$status" -eq 3 ]; }
failed() { "$@"; [ "$status" -eq 1 ]; }
usage() { "$@"; [ "$status" -eq 2 ]; }
json() { jq -e "$1" "$T/out"; }
err_says() { grep -qi -- "$1" "$T/err"; }
pin=(--pin-file "$T/pin")
so=(--so-pin-file "$T/so-pin")
tries() { on "$1" status --json && json "$2 == $3"; }

for i in 1 2 3; do card_new "c$i" --id "UTCUS040${i}0000" || exit 1; done
card_new target --id UTTGT04000000 || exit 1
card_new pinned --id UTTGT04100000 || exit 1
card_new open --profile open-firmware --id UTTGT04200000 || exit 1
card_new old --profile vendor-1.2 --id UTTGT04300000 || exit 1
# spare is put in later: all that c1 is.
t "readers and cards" readers_start target c1 c2 c3 pinned open old spare || finish

# ---- usage ----

t "no verb: usage" usage run "$q11"
t "an unknown verb: usage" usage run "$q11" frobnicate
t "... is named" err_says "no such verb: frobnicate"
t "--version" eval "run '$q11' --version && grep -q '^quorum11 [0-9]' '$T/out'"
t "--help" run "$q11" --help
for verb in list status init keygen "custodian keygen" "custodian export" register enrol approve sign connect; do
	# shellcheck disable=SC2086
	t "$verb --help" eval "run '$q11' $verb --help && grep -q '^usage: quorum11 $verb' '$T/out'"
done
# full COMMAND...: no room for what it prints is a failure, also where that is more than one buffer.
full() { run sh -c '"$@" >/dev/full' sh "$@"; [ "$status" -eq 1 ] && err_says "writing to standard output failed"; }
t "no room for --help" full "$q11" --help
t "... of a verb" full "$q11" approve --help
t "... for what a verb prints, more than a buffer" full "$q11" completion bash
t "an option of another verb" usage run "$q11" list --deny
t "a shortened option" usage run "$q11" list --js
t "a PIN on the command line is no option" usage on c1 keygen --pin=648219
t "... and is not repeated" not grep -q 648219 "$T/err"

# ---- list and status of blank cards ----

t "list" eval "run '$q11' list && [ \$(wc -l <'$T/out') -ge 6 ]"
t "list --json" eval "run '$q11' list --json"
t "... names each card" json '[.readers[] | select(.card)] | length == 7'
t "... by its device id" json '[.readers[] | select(.device_id == "UTTGT04000000")] | length == 1'
t "... blank" json '[.readers[] | select(.device_id == "UTTGT04000000" and .mode == "unset")] | length == 1'
t "status refuses to guess among several cards" refused run "$q11" status
t "... and lists them" err_says UTCUS04020000
t "status by device id" run "$q11" status --device UTTGT04000000 --json
t "... genuine" json '.genuine and .path != null'
t "... version" json '.version == "4.1"'
# ---- a program that asks for JSON gets one document, whatever happens ----

# json_fails STATUS NAME WORD VERB...: exit status, name of the error, and a word of the message, as on stderr
json_fails() {
	local want=$1 name=$2 word=$3
	shift 3
	run "$q11" "$@" --json
	cat "$T/out" "$T/err"
	[ "$status" -eq "$want" ] && json ".error.name == \"$name\" and keys == [\"error\"]" &&
	    jq -r .error.message "$T/out" | grep -qF -- "$word" &&
	    diff <(jq -r .error.message "$T/out") <(sed 's/^quorum11: //' "$T/err")
}
t "JSON of a failure: several cards" json_fails 3 refused UTCUS04020000 status
t "... no such reader" json_fails 1 no-reader nowhere status --reader nowhere
t "... no such card, for list, too" json_fails 1 no-card "quorum11 list" list --device UTNOPE0000000
t "... a reader without a card" json_fails 1 no-card "put it in" status --reader "Virtual HSM c1 00 01"
t "... a file that is not there" json_fails 1 not-found "$T/none" attest verify "$T/none"
t "... of receipts" json_fails 1 not-found "$T/none" audit receipt "$T/none"
t "... of an audit" json_fails 1 not-found "$T/none" audit verify "$T/none"
t "... no agent" json_fails 1 no-service "$T/none" agent status --socket "$T/none"
t "... usage" json_fails 2 usage "--deny" list --deny
t "... usage, with a word too many" json_fails 2 usage usage: status x
printf 'nonsense = 1\n' >"$T/bad.conf"
bad_conf() { QUORUM11_CONF=$T/bad.conf json_fails "$@"; }
t "... settings that cannot be read" bad_conf 1 config "$T/bad.conf" list
no_service() { PCSCLITE_CSOCK_NAME=$T/none json_fails "$@"; }
t "... no service" no_service 1 no-service pcscd list
t "... a verb without --json prints none" eval "usage run '$q11' devices list --json && [ ! -s '$T/out' ]"
t "... a word after -- is no option" eval "usage run '$q11' status -- --json && [ ! -s '$T/out' ]"

t "no such device: it is named, and what to do" eval "failed run '$q11' status --device UTNOPE0000000 &&
	err_says 'card UTNOPE0000000 is in no reader; quorum11 list' && failed run '$q11' list --device UTNOPE0000000"
t "no such reader" eval "failed run '$q11' status --reader nowhere && err_says 'no reader is called nowhere' &&
	failed run '$q11' list --reader nowhere && err_says 'no reader is called nowhere'"
empty="Virtual HSM c1 00 01"
t "a reader without a card" eval "failed run '$q11' status --reader '$empty' && err_says 'no card in $empty: put it in'"

# ---- init ----

t "init asks, and without a terminal the answer is no" failed on c1 init "${pin[@]}" "${so[@]}"
t "n without m" usage on target init --required 2 --yes "${so[@]}"
t "n over m" usage on target init --required 3 --custodians 2 --yes "${so[@]}"
t "both PIN options" usage on target init --required 2 --custodians 3 --with-pin --or-pin --yes "${so[@]}"
t "a PIN that is too short never reaches the card" failed on c1 init --yes --pin-file "$T/short" "${so[@]}"
for i in 1 2 3; do t "init with a PIN, c$i" on "c$i" init --yes "${pin[@]}" "${so[@]}" --label "cust $i"; done
t "... label, mode, tries" eval \
    "on c1 status --json && json '.label == \"cust 1\" and .mode == \"pin\" and .pin.tries == 3'"
t "init 2 of 3" on target init --yes "${so[@]}" --custodians 3 --required 2 --label fit
t "... m, n, missing" eval "on target status --json && json '.pka.m == 3 and .pka.n == 2 and .pka.missing == 3'"
quorum=(--yes --custodians 3 --required 2 "${so[@]}")
pin2=(--pin-file "$T/pin2")
t "a PIN beside custodians that opens alone is refused" refused on pinned init "${quorum[@]}" "${pin2[@]}" --or-pin
t "... and done with --force" on pinned init "${quorum[@]}" "${pin2[@]}" --or-pin --force
t "init 2 of 3 and PIN" on pinned init "${quorum[@]}" "${pin2[@]}" --with-pin --label both
t "... mode" eval "on pinned status --json && json '.mode == \"pka-and-pin\"'"
t "what open firmware cannot be" eval "failed on open init --yes --transport-pin --pin-file '$T/pin2' ${so[*]}"
t "init of open firmware" on open init --yes --custodians 3 --required 2 --with-pin --pin-file "$T/pin2" "${so[@]}"
t "what version 1 cannot be" failed on old init --yes --custodians 3 --required 2 "${so[@]}"
t "... is said" err_says "version 1.2, which has no public key authentication"
t "init of version 1" on old init --yes "${pin[@]}" "${so[@]}" --label old
t "a key that it cannot have costs no PIN" failed on old keygen --type aes:256 --label x --pin-file "$T/missing"
t "... and is told" err_says "which has no AES keys"
t "one that it can have" on old keygen --type ec:secp256r1 --label x "${pin[@]}"
t "status of version 1" eval \
    "on old status --json && json '.version == \"1.2\" and .keys[0].attested and .memory_free == null'"
t "newer ones tell their free memory" eval "on c1 status && grep -q '^memory  *[1-9][0-9]* bytes free$' '$T/out'"
echo 0000000000000000 >"$T/so-wrong"
chmod 600 "$T/so-wrong"
t "a wrong SO-PIN" failed on c1 init --yes "${pin[@]}" --so-pin-file "$T/so-wrong"
t "... how many tries are left is said" err_says "not its SO-PIN, nothing was changed; 14 tries are left"
t "... costs one of its tries and nothing else" eval "tries c1 .so_pin.tries 14 && json '.label == \"cust 1\"'"

# ---- PINs ----

chmod 644 "$T/wrong"
t "a PIN file that others may read" refused on c1 custodian keygen --pin-file "$T/wrong"
chmod 600 "$T/wrong"
t "... costs no try" tries c1 .pin.tries 3
t "no terminal, no PIN file" failed on c1 custodian keygen
t "... says what to give" err_says pin-file
t "a wrong PIN" failed on c1 custodian keygen --pin-file "$T/wrong"
t "... says how many tries are left" err_says "2 tries left"
t "a second" failed on c1 custodian keygen --pin-file "$T/wrong"
t "... one left" err_says "1 try left"
t "the last try is not spent, right PIN or not" refused on c1 custodian keygen "${pin[@]}"
t "... it is still there" tries c1 .pin.tries 1
t "PIN by descriptor, the last try with --force" eval "on c1 custodian keygen --pin-fd 9 --force 9<'$T/pin'"
t "... all tries are back" tries c1 .pin.tries 3
person() { "$TOP/test/e2e/tools/person.py" "$@" >"$T/tty"; status=$?; cat "$T/tty"; return "$status"; }
t "the terminal is asked, with the tries left" failed \
    person ", 3 tries left: " 111111 -- "$q11" custodian keygen --reader c2
t "... and shows nothing of what is typed" not grep -q 111111 "$T/tty"
t "... the wrong PIN is told" grep -q "2 tries left" "$T/tty"
t "init asks before it erases" failed person "[y/N] " n -- "$q11" init --reader c2
t "... and did not erase" eval "on c2 status --json && json '.label == \"cust 2\"'"
t "nor what it could not show, --yes or not" full "$q11" init --yes --reader "$(reader c2)" "${pin[@]}" "${so[@]}"
t "... nothing was changed" eval "on c2 status --json && json '.label == \"cust 2\"'"
t "... nor does a card get into the address book" full "$q11" devices add --yes --reader "$(reader c2)" mine
t "... nothing" eval "run '$q11' devices list && [ ! -s '$T/out' ]"
typed() {
	person "[y/N] " y "15 tries left: " 3537363231383830 "New PIN" 648219 "more: " "$1" -- "$q11" init --reader c2
}
t "init from the terminal, PIN typed twice" typed 648219
t "... two that differ are refused" refused typed 648210

# ---- custodians ----

t "custodian keygen, c2" on c2 custodian keygen "${pin[@]}" --country DE
t "... its reference: country, nine random characters, serial" grep -qE ' DE[A-Z0-9]{9}00001 ' "$T/out"
t "... a country that is none, before a PIN is read" usage on c3 custodian keygen --country d1 --pin-file "$T/none"
t "custodian keygen, c3" on c3 custodian keygen "${pin[@]}"
t "... country of the device id" grep -qE ' UT[A-Z0-9]{9}00001 ' "$T/out"
for i in 1 2 3; do t "custodian export, c$i" on "c$i" custodian export --out "c$i.pka"; done
t "... does not overwrite" refused on c1 custodian export --out c1.pka
t "... but with --force" on c1 custodian export --out c1.pka --force
long=$(printf 'x%.0s' {1..5000})
t "... nor to another place than was named" usage on c1 custodian export --out "$long"
t "... and nothing is written" eval "! ls *00001.pka"
t "status shows the key, attested, on brainpoolP256r1" eval \
    "on c1 status --json && json '.keys[0] | .attested and .type == \"ec:brainpoolP256r1\"'"
chr() { on "$1" status --json >/dev/null && jq -r '.keys[0].chr' "$T/out"; }
chr1=$(chr c1)
t "a custodian's key signs nothing else" failed on c1 sign "${pin[@]}" --key custodian "$T/pin"
t "... nothing written" test ! -e "$T/pin.sig"

# ---- register ----

t "a missing key" refused on target register --yes c1.pka c2.pka
t "the same key twice" refused on target register --yes c1.pka c2.pka c1.pka
t "a file that is none" failed on target register --yes c1.pka c2.pka "$T/so-pin"
t "a file that is not there" failed on target register --yes c1.pka c2.pka none.pka
cp c3.pka broken.pka
printf '\xff' | dd of=broken.pka bs=1 seek=$(($(stat -c %s broken.pka) - 20)) conv=notrunc status=none
t "a broken signature" refused on target register --yes c1.pka c2.pka broken.pka
: >"$T/none.conf"
QUORUM11_CONF=$T/none.conf t "a root that is not trusted" refused on target register --yes c1.pka c2.pka c3.pka
t "... is said with card and reader" err_says "card UTTGT04000000 in $(reader target) is not proved genuine"
t "two keys of one card: second key" on c3 custodian keygen "${pin[@]}" --label second
t "... exported" on c3 custodian export --key second --out c3b.pka
t "... of which export wants to know one" refused on c3 custodian export
t "two keys of one card" refused on target register --yes c1.pka c3.pka c3b.pka
t "RSA key on a custodian's card" on c3 keygen "${pin[@]}" --type rsa:2048 --label rsa --archive rsa.pka
t "an RSA key" refused on target register --yes c1.pka c2.pka rsa.pka
t "nothing was registered so far" eval "on target status --json && json '.pka.missing == 3'"
t "register asks, and without a terminal the answer is no" failed on target register c1.pka c2.pka c3.pka
cust=(--custodian-pin-file "$T/pin")
t "no receipt" eval "refused run '$q11' audit receipt c1.pka && err_says 'c1.pka: not a receipt'"
t "neither a key's name nor a file" eval "failed run '$q11' people add ben nofile &&
	err_says 'nofile: neither the name of a key'"
t "register and prove" on target register --yes --prove "${cust[@]}" --token-label fit c1.pka c2.pka c3.pka
t "... one does not open it" grep -q '^1 of 2: closed' "$T/out"
t "... two do" grep -q '^2 of 2: open' "$T/out"
t "... each at hand was tried" eval "[ \$(grep -c ' signed$' '$T/out') = 4 ]"
t "... the card is closed again" eval "on target status --json && json '.open == false and .pka.authenticated == 0'"
t "... it names its custodians" json "[.pka.names[].chr] | index(\"$chr1\") != null and length == 3"
t "... it has the label now" json '.label == "fit"'
card_stop c1
cp -r "$T/card/c1" "$T/card/spare"
card_start c1
card_start spare
card_stop c2
card_stop c3
t "two cards with one key are one custodian" failed on target register --yes --prove "${cust[@]}" c1.pka c2.pka c3.pka
t "... is said" err_says "needs the cards of 2 custodians, and 1 are here"
card_stop spare
card_start c2
card_start c3
t "the list is final: other keys" refused on target register --yes c1.pka c2.pka c3b.pka --same-device
t "the same again changes nothing" on target register --yes c1.pka c2.pka c3.pka
t "the target as its own custodian" eval "on pinned init --yes ${pin[*]} ${so[*]} --label own &&
	on pinned custodian keygen ${pin[*]} && on pinned custodian export --out own.pka &&
	on pinned init --yes --custodians 2 --required 2 --with-pin --pin-file '$T/pin2' ${so[*]} &&
	refused on pinned register --yes c1.pka own.pka --pin-file '$T/pin2'"
t "PKA and PIN: init" on pinned init --yes --custodians 3 --required 2 --with-pin --pin-file "$T/pin2" "${so[@]}"
t "... register and prove" on pinned register --yes --prove "${cust[@]}" --pin-file "$T/pin2" c1.pka c2.pka c3.pka
t "... the PIN alone does not open it" grep -q '^1 of 2: closed' "$T/out"
files=(c1.pka c2.pka c3.pka)
t "a target without a chain is refused" refused on open register --yes "${cust[@]}" "${pin2[@]}" "${files[@]}"
t "... but with --unverified" on open register --unverified --yes --prove "${cust[@]}" "${pin2[@]}" "${files[@]}"
t "1 of 3 and PIN" on open init --yes --custodians 3 --required 1 --with-pin "${pin2[@]}" "${so[@]}"
t "... custodians' PIN files by name" on open register --unverified --yes --prove "${pin2[@]}" "${files[@]}" \
    --custodian-pin-file "$chr1=$T/pin" --custodian-pin-file "$T/pin"
t "a card of custodians does not open without a server" failed on target keygen --type rsa:2048 --label x
t "... and says what is missing" err_says url

# ---- keygen and sign ----

t "keygen without a label" usage on c1 keygen --type rsa:2048 "${pin[@]}"
t "no such curve" usage on c1 keygen --type ec:none --label x "${pin[@]}"
t "RSA-1024 is refused" refused on c1 keygen --type rsa:1024 --label x "${pin[@]}"
t "an archive in a folder that is not there" failed on c1 keygen --type rsa:2048 --label x --archive none/x "${pin[@]}"
t "... is said, and no key was made for it" eval "err_says 'none/x: nothing can be written there' &&
	on c1 status --json && json '.keys | length == 1'"
t "keygen RSA" on c1 keygen --type rsa:2048 --label "RSA key" --id 0A0B "${pin[@]}"
t "... attested" grep -q '^attested: /UT' "$T/out"
t "... archived" test -s "UTCUS04010000-2.pka"
t "keygen EC" on c1 keygen --type ec:secp256r1 --label ec --archive ec.pka "${pin[@]}"
t "an archive is never overwritten" refused on c1 keygen --type ec:secp256r1 --label ec2 --archive ec.pka "${pin[@]}"
t "... no key was made for it" eval "on c1 status --json && json '.keys | length == 3'"
t "a card without a chain: keygen refuses" eval "on open init --yes ${pin[*]} ${so[*]} &&
	refused on open keygen --type ec:secp256r1 --label n --archive n.pka ${pin[*]}"
t "... and works with --unverified" on open keygen --type ec:secp256r1 --label n --archive n.pka "${pin[@]}" \
    --unverified
t "... saying so" grep -q UNVERIFIED "$T/out"
head -c 3000000 /dev/urandom >big
printf hello >small
t "sign by label" on c1 sign "${pin[@]}" --key "RSA key" big small
t "sign by id" on c1 sign "${pin[@]}" --key 0a0b --mechanism rsa-pkcs1-sha512 --out-suffix .512 small
t "sign with EC" on c1 sign "${pin[@]}" --key ec --out-suffix .ec big small
public() {
	run pkcs11-tool --module opensc-pkcs11.so --slot-index "$(opensc_slot c1)" \
	    --read-object --type pubkey --id "$1" -o "$2.der" &&
	openssl pkey -pubin -inform DER -in "$2.der" -out "$2.pem"
}
opensc_slot() {
	run opensc-tool -l
	awk -v r="$(reader "$1")" '/^[0-9]/ { n++; if (index($0, r)) print n - 1 }' "$T/out"
}
t "public RSA key by OpenSC" public 0a0b rsa
t "public EC key by OpenSC" public 03 ec
for f in big small; do
	t "openssl verifies RSA, $f" openssl dgst -sha256 -verify rsa.pem -signature $f.sig $f
	t "openssl verifies EC, $f" openssl dgst -sha256 -verify ec.pem -signature $f.ec $f
done
t "openssl verifies SHA-512" openssl dgst -sha512 -verify rsa.pem -signature small.512 small
t "no such key is said with the card" eval "failed on c1 sign ${pin[*]} --key nothing small &&
	err_says 'no key of card UTCUS04010000 is called nothing; quorum11 status'"
t "the wrong mechanism" usage on c1 sign "${pin[@]}" --key ec --mechanism rsa-pkcs1-sha256 small
mkdir full && mount -t tmpfs none full && cp small full && mount -o remount,ro full
t "a folder that takes no signature" failed on c1 sign --pin-file "$T/wrong" --key ec full/small
t "... is said" err_says "full/small: no signature can be written beside it"
umount full
t "no such file, and no PIN is spent on it" failed on c1 sign --pin-file "$T/wrong" --key ec none
t "... really not" tries c1 .pin.tries 3
t "a pulled card" eval "card_stop c1 && failed on c1 sign ${pin[*]} --key ec small"

# ---- secrets ----

pins_in() { grep -rlaE '648219|739152|3537363231383830' "$@"; }
t "no PIN in what was printed" not pins_in "$T/out" "$T/err" "$T/tty"
QUORUM11_LOG=trace t "a full trace" on c2 custodian keygen "${pin[@]}" --label traced
t "... holds no PIN" not grep -qE '648219|363438323139' "$T/err"

finish

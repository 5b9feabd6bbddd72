#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# What people do with a card's keys, certificates and PINs, by the command: each result is looked at by OpenSC and
# openssl, which know nothing of us. On a card with a PIN, and what needs its login also on one that custodians open.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

other_cards=(pin)
card_new pin --id UTPIN0400000
t "2 of 2: cards, registration, server, enrolment" nofm_new vendor-shared 2 2 || finish
export QUORUM11_CONF=$T/host.conf
mkdir "$T/f"
cd "$T/f" || exit 1
umask 077
echo 111111 >wrong
echo 482605 >pin2
echo 123 >short
echo 0011223344556677 >so2
umask 022
pin=(--pin-file "$T/pin") so=(--so-pin-file "$T/so-pin")
on() { local r=$1; shift; run "$q11" "$@" --reader "$(reader "$r")"; cat "$T/out" "$T/err"; return "$status"; }
off() { run "$q11" "$@"; cat "$T/out" "$T/err"; return "$status"; }
refused() { "$@"; [ "$status" -eq 3 ]; }
failed() { "$@"; [ "$status" -eq 1 ]; }
usage() { "$@"; [ "$status" -eq 2 ]; }
json() { jq -e "$1" "$T/out"; }
says() { grep -qi -- "$1" "$T/out" "$T/err"; }
tries() { on pin status --json && json "$1 == $2"; }
person() { "$TOP/test/e2e/tools/person.py" "$@" >"$T/tty"; status=$?; cat "$T/tty"; return "$status"; }
opensc() {
	run pkcs11-tool --module opensc-pkcs11.so --slot-description "$(reader pin)" "$@"
	cat "$T/out" "$T/err"
	return "$status"
}
objects() { opensc --list-objects --type "$1"; }

# Only this card, and one slot for it: OpenSC has 16, and gives each reader four.
export OPENSC_CONF=$T/opensc.conf
cat >"$OPENSC_CONF" <<EOF
app default { ignored_readers = "target", "c1", "c2"; }
app opensc-pkcs11 { pkcs11 { max_virtual_slots = 64; slots_per_card = 1; } }
EOF

t "a card with a PIN" on pin init --yes "${pin[@]}" "${so[@]}" --label pincard
t "an RSA key" on pin keygen --type rsa:2048 --label "web server" "${pin[@]}"
t "an EC key" on pin keygen --type ec:secp256r1 --label ec "${pin[@]}"

# ---- keygen ----

t "no such curve: those that there are" eval "usage on pin keygen --type ec:none --label x && says brainpoolP512r1"
t "a curve that nobody's check accepts" refused on pin keygen --type ec:secp192r1 --label x --pin-file wrong
t "an algorithm of another kind of key" usage on pin keygen --type ec:secp256r1 --label x --algorithms ecdsa,rsa-raw
mkdir more
for type in rsa:4096 ec:secp521r1 ec:brainpoolP512r1 aes:128 aes:256; do
	t "keygen $type" on pin keygen --type "$type" --label "$type" --archive more "${pin[@]}"
done
t "one that signs twice, in one way" on pin keygen --type ec:secp256r1 --label twice --algorithms ecdsa-sha256,ecdsa \
    --use-counter 2 --archive more "${pin[@]}"
t "... status says so" eval "on pin status --json && json '.keys[] | select(.label == \"twice\") |
	.uses_left == 2 and .algorithms == [\"ecdsa-sha256\", \"ecdsa\"]'"
echo data >data
sign_twice() { on pin sign --key twice --mechanism ecdsa-sha256 "${pin[@]}" data; }
t "... it does" eval "sign_twice && sign_twice"
t "... and not a third time" failed sign_twice
t "status knows the AES keys" eval \
    "on pin status --json && json '[.keys[].type] | contains([\"aes:128\", \"aes:256\"])'"
t "... and the RSA key of 4096 bits" eval "objects pubkey && says 'RSA 4096 bits'"

# ---- list ----

t "list: a table" off list
t "... with heads" grep -qE '^READER +DEVICE +LABEL +OPENED BY +NOW$' "$T/out"
t "... the card with a PIN" grep -qE ' UTPIN0400000 +pincard +PIN +closed, 3 PIN tries left$' "$T/out"
t "... the one that custodians open" grep -qE " $target_id +- +2 of 2 custodians +closed$" "$T/out"
starts() { awk '{ print index($0, NR == 1 ? "NOW" : /empty/ ? "empty" : "closed") }' "$T/out" | sort -u | wc -l; }
t "... in columns" [ "$(starts)" = 1 ]

# ---- doctor ----

t "doctor finds the key that is used up" eval "failed off doctor && says 'PROBLEM *UTPIN0400000 .*twice.* is used up'"
t "... and without it no problem" eval "on pin delete --key twice --yes ${pin[*]} && off doctor"
t "... and says what it has looked at" eval \
    "says 'the service answers.*8 readers' && says 'UTPIN0400000 .*version 4.1, PIN' &&
	says 'UTPIN0400000 .*genuine, ' && says '3 tries left' && says 'all 2 custodians are needed'"
t "... for programs" eval "off doctor --json && json '.well and (.findings | length > 10)'"
t "no service" eval "PCSCLITE_CSOCK_NAME=$T/none failed off doctor --json && json '.findings[] |
	select(.about == \"PC/SC\") | .level == \"problem\" and .advice != null'"
t "a program that is not there" eval "sed 's,^helper.*,helper = $T/none,' '$T/host.conf' >none.conf &&
	QUORUM11_CONF=none.conf failed off doctor && says 'PROBLEM *programs .*$T/none'"

# in_mounts FOLDER CMD...: with an empty folder in place of this one
in_mounts() {
	mount -t tmpfs tmpfs "$1" || return 1
	"${@:2}"
	local rc=$?
	umount "$1"
	return "$rc"
}
# found CONF LEVEL ABOUT TEXT ADVICE: what doctor says with this configuration, in patterns
found() {
	QUORUM11_CONF=$1 run "$q11" doctor --json
	jq -e --arg l "$2" --arg a "$3" --arg t "$4" --arg d "$5" 'any(.findings[];
	    .level == $l and .about == $a and (.text | test($t)) and ($d == "" or (.advice // "" | test($d))))' \
	    "$T/out" || { cat "$T/out"; return 1; }
}
# with SECTION "KEY = VALUE": the host's configuration, but for this.
with() { { grep -v "^${2%%=*}=" "$T/host.conf"; printf '%s\n' "$@"; } >doctor.conf; }
refuser() {
	start refuser python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
while True: s.accept()[0].close()' "$T/refuser"
	ready refuser test -S "$T/refuser"
}
refuser
t "a service that refuses, as by polkit" eval "PCSCLITE_CSOCK_NAME=$T/refuser found $T/host.conf problem PC/SC \
    'is there, and refuses you' 'journalctl -u pcscd'"
stop refuser
t "an authority that is not there" eval "with '[login]' 'ca = $T/none' &&
	found doctor.conf problem settings '$T/none: No such file' 'login. ca'"
t "the server" found "$T/host.conf" ok server "answers at $URL" ''
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Other" -keyout other.key \
    -out other.pem 2>/dev/null
t "... by another authority" eval "with '[login]' 'ca = $T/f/other.pem' &&
	found doctor.conf problem server '$URL: .*certificate' 'login. ca.*clock'"
t "... that does not run" eval "with '[login]' 'url = https://127.0.0.1:1/rt/hsm' &&
	found doctor.conf problem server 'https://127.0.0.1:1: .*onnect' 'quorum11-server.*url'"
t "... that is another one" eval "with '[login]' 'url = $URL/elsewhere/rt/hsm' &&
	found doctor.conf problem server '$URL/elsewhere: status 404: is this a quorum11-server' 'login. url'"
t "... whose address is none" eval "with '[login]' 'url = hsm.example.org' &&
	found doctor.conf problem server 'no way to it' 'login. url'"
t "no server" eval "echo >doctor.conf && found doctor.conf note settings 'no management server' 'login. url'"
t "an agent that does not answer" eval "with '[agent]' 'socket = $T/none' &&
	found doctor.conf problem agent '$T/none: No such file' quorum11-agent.socket"
t "no way of p11-kit to the module" found "$T/host.conf" note p11-kit 'no quorum11.module' ''
t "... one to a file that is not there" in_mounts /usr/share/p11-kit/modules eval \
    "echo 'module: $T/none.so' >/usr/share/p11-kit/modules/quorum11.module &&
	found '$T/host.conf' problem p11-kit 'quorum11.module names $T/none.so' 'correct that file'"
t "... and a good one" in_mounts /usr/share/p11-kit/modules eval \
    "echo 'module: $B/quorum11.so' >/usr/share/p11-kit/modules/quorum11.module &&
	found '$T/host.conf' ok p11-kit 'offers the module: $B/quorum11.so' ''"
engines=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')
t "OpenSSL's engine" found "$T/host.conf" ok OpenSSL "engine: $engines/pkcs11.so" ''
t "... is not there" in_mounts "$engines" found "$T/host.conf" note OpenSSL 'neither engine nor provider' 'install'

# ---- proofs ----

t "keygen's archive is a proof" off attest verify UTPIN0400000-1.pka
t "... each check is listed" eval "[ \$(grep -c '^ok ' '$T/out') -ge 8 ] && not grep -qE '^(FAILED|not made)' '$T/out'"
t "... and what it proves" grep -q 'rsa:2048) was made in card UTPIN0400000 ' "$T/out"
t "attest export writes it again" eval "mkdir x && on pin attest export --key 'web server' --out x &&
	cmp UTPIN0400000-1.pka x/UTPIN0400000-1.pka"
t "of no key: usage" usage on pin attest export
t "named roots" off attest verify --root "$T/pki/root.cvc" UTPIN0400000-2.pka
t "no root that is named: not proved" eval "'$B/quorum11-vcard' new --pki '$T/other' '$T/card/x' &&
	refused off attest verify --root '$T/other/root.cvc' UTPIN0400000-2.pka && says 'NOT PROVED'"
t "the maker's root does not know a test card" eval "printf '[trust]\nproduction = yes\n' >prod &&
	QUORUM11_CONF=prod refused off attest verify --json UTPIN0400000-2.pka"
t "... which check failed stands there" json '.proved == false and any(.checks[]; .result == "fail")'
cp UTPIN0400000-2.pka broken.pka
printf '\xff' | dd of=broken.pka bs=1 seek=$(($(stat -c %s broken.pka) - 20)) conv=notrunc status=none
t "a changed file is not proved" refused off attest verify broken.pka
t "something else is no proof" failed off attest verify wrong

# ---- certificates ----

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 30 2>/dev/null
public() {
	opensc --read-object --type pubkey --id "$1" -o "$2.der" &&
	openssl pkey -pubin -inform DER -in "$2.der" -out "$2.pem"
}
# No key of ours signs the request: only the public key matters.
issue() {
	openssl x509 -new -force_pubkey "$1.pem" -subj "/CN=$2" -CA ca.pem -CAkey ca.key -days 30 -out "$3" 2>/dev/null
}
t "its public keys, by OpenSC" eval "public 01 rsa && public 02 ec"
t "certificates for them" eval "issue rsa web web.pem && issue rsa web2 web2.pem && issue ec ec ec.pem"
t "the proof is of this public key" off attest verify --public-key rsa.pem UTPIN0400000-1.pka
t "... and certificate" off attest verify --public-key web.pem UTPIN0400000-1.pka
t "... and not of another" refused off attest verify --public-key ec.pem UTPIN0400000-1.pka
t "a certificate of another key is refused" refused on pin cert import ec.pem --key "web server" --pin-file wrong
t "a CA's without a label is refused" refused on pin cert import ca.pem --pin-file wrong
t "no certificate" failed on pin cert import wrong --pin-file wrong
t "... and no PIN was spent on these" tries .pin.tries 3
t "a wrong PIN: the tries that are left are told" eval \
    "failed on pin cert import web.pem --pin-file wrong && says '2 tries left'"
rm UTPIN0400000-1.pka
t "cert import finds its key" on pin cert import web.pem "${pin[@]}"
t "... and archives the attestation before it goes" off attest verify UTPIN0400000-1.pka
t "... again: it is there" eval "on pin cert import web.pem --pin-file wrong && says 'has it already'"
t "another needs --force" refused on pin cert import web2.pem --pin-file wrong
t "... with it" on pin cert import web2.pem "${pin[@]}" --force
openssl x509 -in web2.pem -outform DER -out web2.der
openssl x509 -in ca.pem -outform DER -out ca.der
t "DER, a CA's, with a label" on pin cert import ca.der --label "our CA" "${pin[@]}"
t "status shows both, whose they are and until when" eval "on pin status --json && json '.certificates |
	(length == 2) and any(.[]; .label == \"our CA\" and .key == null and .subject == \"CN=CA\") and
	any(.[]; .id == \"01\" and .key == 1 and .subject == \"CN=web2\" and (.until | test(\"^20[0-9-]{8}$\")))'"
t "... for people" eval "on pin status && says '^certificates *2' && says 'our CA. *id' && says 'CN=CA, until 20'"
t "OpenSC reads the key's" eval "opensc --read-object --type cert --id 01 -o got && cmp got web2.der"
t "... and the CA's" eval "opensc --read-object --type cert --label 'our CA' -o got && cmp got ca.der"
t "cert export: PEM" eval "on pin cert export --key 'our CA' --out ca2.pem && cmp <(openssl x509 -in ca2.pem) ca.pem"
t "... to stdout" eval "on pin cert export --key 01 && cmp <(openssl x509 -in '$T/out') web2.pem"
t "... DER, not over a file that is there" eval "on pin cert export --key 01 --der --out w && cmp w web2.der &&
	refused on pin cert export --key 01 --out w"
t "several, none named" eval "refused on pin cert export && says 'has 2 certificates: name one'"
t "what a certificate has replaced is not exported" eval "failed on pin attest export --key 01 && says archived"
t "cert delete asks, and without a terminal the answer is no" failed \
    on pin cert delete --key 'our CA' --pin-file wrong
t "... deletes" on pin cert delete --key "our CA" --yes "${pin[@]}"
t "the wrong attestation does not come back" refused on pin cert delete --key 01 --archive UTPIN0400000-2.pka --yes \
    --pin-file wrong
t "the attestation comes back" on pin cert delete --key 01 --archive UTPIN0400000-1.pka --yes "${pin[@]}"
t "... is believed" eval "on pin status --json && json '[.keys[] | select(.attested)] | length >= 2'"
t "OpenSC sees no certificate any more" eval "objects cert && not says 'Certificate Object; type = X.509'"

# ---- delete ----

t "delete without a key: usage" usage on pin delete
t "... of none" failed on pin delete --key nothing
typed() {
	person 'Type "delete"' "$1" -- "$q11" delete --key ec --reader "$(reader pin)" "${pin[@]}"
}
t "y is not enough" failed typed y
t "... the key is there" eval "on pin status --json && json '[.keys[] | select(.label == \"ec\")] | length == 1'"
t "the word deletes it" typed delete
t "OpenSC sees the other key only" eval "opensc --login --pin 648219 --list-objects --type privkey &&
	says 'web server' && not says 'label: *ec$'"

# ---- PINs ----

new=(--new-pin-file pin2)
t "pin change" on pin pin change "${pin[@]}" "${new[@]}"
t "OpenSC logs in with the new PIN" opensc --login --pin 482605 --list-objects --type privkey
t "a wrong old one: tries left" eval "failed on pin pin change --pin-file wrong ${new[*]} && says '2 tries left'"
t "... and one" eval "failed on pin pin change --pin-file wrong ${new[*]} && says '1 try left'"
t "doctor says so" eval \
    "failed off doctor && says 'PROBLEM *UTPIN0400000 .*one try is left' && says '-> the right PIN'"
t "... and spends none" tries .pin.tries 1
t "the last is not spent" refused on pin pin change --pin-file pin2 "${new[@]}"
goes_on() { person 'Type "last try"' "" -- "$q11" pin change --reader "$(reader pin)"; }
last() {
	person 'Type "last try"' "last try" "Old PIN" 111111 "New PIN" 648219 more 648219 -- \
	    "$q11" pin change --reader "$(reader pin)"
}
t "... nor by a person who only goes on" refused goes_on
t "... but by one who says so" failed last
t "it is blocked, and what to do is said" eval \
    "failed on pin pin change --pin-file pin2 ${new[*]} && says 'quorum11 pin set'"
t "pin unblock: the old PIN works again" eval "on pin pin unblock ${so[*]} && tries .pin.tries 3 &&
	opensc --login --pin 482605 --list-objects --type privkey"
t "pin set: a new one" eval "on pin pin set ${so[*]} --new-pin-file '$T/pin' &&
	opensc --login --pin 648219 --list-objects --type privkey"
t "a new one that is too short" failed on pin pin set "${so[@]}" --new-pin-file short
new_typed() { # PROMPT WORD VERB OPTION...: a new one that cannot be one; nobody types it twice
	local card
	card=$(reader pin)
	person "$1" "$2" -- "$q11" "${@:3}" --reader "$card"
	! grep -q "Once more" "$T/tty"
}
t "... typed, is refused before it is typed again" eval \
    "new_typed 'New PIN' 12345 pin set ${so[*]} && [ \"\$status\" -eq 1 ] && grep -q 'new PIN: .*6 to 16' '$T/tty'"
t "... the same of an SO-PIN" eval "new_typed 'New SO-PIN' 123456789abcdefg so-pin change ${so[*]} &&
	[ \"\$status\" -eq 1 ] && grep -q 'new SO-PIN: ' '$T/tty'"
t "a wrong SO-PIN: tries left" eval \
    "failed on pin pin set --so-pin-file so2 --new-pin-file pin2 && says '14 tries left'"
t "so-pin change" on pin so-pin change "${so[@]}" --new-so-pin-file so2
t "... the old one is none" failed on pin pin unblock "${so[@]}"
t "... sc-hsm-tool takes the new one" eval "run sc-hsm-tool --reader '$(reader pin)' --initialize \
    --so-pin 0011223344556677 --pin 648219 --label again && [ \"\$status\" -eq 0 ]"
t "a card that custodians open has no PIN" eval "failed on target pin change ${pin[*]} ${new[*]} && says custodians"
t "... that init kept from the SO-PIN" eval "on pin init --yes ${pin[*]} --so-pin-file so2 --no-pin-reset &&
	failed on pin pin unblock --so-pin-file so2 && says no-pin-reset"
t "... at no try" tries .so_pin.tries 15
way=(--transport-pin --reset-only --session-pin --label way)
t "init for the way to somebody" eval "on pin init --yes ${pin[*]} --so-pin-file so2 ${way[*]} &&
	says 'next: .*pin change'"
t "list says what to do" eval "off list && says 'transport PIN: quorum11 pin change'"
t "... status, too" eval "on pin status && says 'opens nothing: quorum11 pin change' &&
	says session-pin && says reset-only"
t "no login with it" eval "failed on pin keygen --type ec:secp256r1 --label x ${pin[*]} && says 'quorum11 pin change'"
t "... sc-hsm-tool says the same" eval "run sc-hsm-tool --reader '$(reader pin)' && says 'transport'"
t "pin change: the card is his" eval "on pin pin change ${pin[*]} --new-pin-file pin2 && says 'new PIN' &&
	on pin keygen --type ec:secp256r1 --label x --pin-file pin2 --token-label mine \
	    --archive mine.pka"
t "the SO-PIN sets none" eval "failed on pin pin set --so-pin-file so2 --new-pin-file '$T/pin' &&
	says 'pin unblock'"
t "... but resets its tries" eval "failed on pin pin change ${pin[*]} ${new[*]} &&
	on pin pin unblock --so-pin-file so2 && tries .pin.tries 3 && tries .so_pin.tries 15"
t "what goes together" eval "usage on pin init --yes --no-pin-reset --reset-only &&
	usage on target init --yes --custodians 2 --required 2 --transport-pin"

# ---- the same where custodians open the card ----

approved() {
	local rc=0
	approvers c1 c2
	on target "$@" || rc=1
	approvers_done c1 c2 || rc=1
	return "$rc"
}
t "n of m: a key" nofm_key ec:secp256r1 fit
t "... a CA's certificate" approved cert import ca.pem --label CA
t "... is there" eval "on target cert export --key CA --der --out ca3 && cmp ca3 ca.der"
t "... delete" approved delete --key fit --yes
t "... no key is left" eval "on target status --json && json '.keys == []'"
finish

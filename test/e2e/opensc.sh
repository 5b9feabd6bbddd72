#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The virtual card, proved by clients that we did not write: the tools and the PKCS#11 module of OpenSC, openssl for
# what they sign. What OpenSC 0.23 does differently from the reference's clients: sc-hsm-tool -X always asks for a
# user PIN, also with --public-key-auth.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# The PINs reach the tools as env:NAME.
export SO=3537363231383830 WRONG_SO=3537363231383831 PIN=648219 NEW=12345678
module=$(find /usr/lib -name opensc-pkcs11.so | head -n 1)
# OpenSC has 16 slots and keeps four for each reader: with our second slots that is too few.
cat >"$T/opensc.conf" <<-'END'
	app default { }
	app opensc-pkcs11 { pkcs11 { max_virtual_slots = 64; slots_per_card = 1; } }
END
export OPENSC_CONF=$T/opensc.conf

hsm() {
	local name=$1
	shift
	run sc-hsm-tool -r "$(reader "$name")" "$@"
	cat "$T/out" "$T/err"
	return "$status"
}
p11() {
	local label=$1
	shift
	run pkcs11-tool --module "$module" --token-label "$label (UserPIN)" "$@"
	cat "$T/out" "$T/err"
	return "$status"
}
login() {
	local label=$1
	shift
	p11 "$label" --login --pin env:PIN "$@"
}
# said TEXT: the last command wrote it. lines: runs of blanks count as one.
said() { cat "$T/out" "$T/err" | tr -s ' \t' ' ' | grep -qF -- "$1"; }

# Public key with id $1 as $T/$1.pem
public() {
	login target --read-object --type pubkey --id "$1" --output-file "$T/$1.der" &&
	openssl pkey -pubin -inform DER -in "$T/$1.der" -out "$T/$1.pem"
}
# signs ID MECHANISM FILE [OPTION...]: to $T/sig
signs() {
	local id=$1 mechanism=$2 file=$3
	shift 3
	rm -f "$T/sig"
	login target --sign --id "$id" --mechanism "$mechanism" --input-file "$file" --output-file "$T/sig" "$@"
}
verifies() { openssl dgst "-$2" -verify "$T/$1.pem" -signature "$T/sig" "$T/data"; }

t "cards" card_new target
t "custodian's card" card_new a
t "second custodian's card" card_new b
t "a card of another PKI" "$B/quorum11-vcard" new --pki "$T/other" "$T/card/x"
t "readers" readers_start target a b x

# ---- what it is ----

t "opensc-tool knows the card" run opensc-tool -r "$(reader target)" -n
t "... by name and version" said "SmartCard-HSM version 4.1"
t "sc-hsm-tool sees a blank card" hsm target
t "... and says so" said "has never been initialized"

# ---- initialise, PIN ----

t "initialise" hsm target -X --so-pin env:SO --pin env:PIN --label target
t "status" hsm target
t "... version" said "Version : 4.1"
t "... option 0001" said "User PIN reset with SO-PIN enabled"
t "... SO-PIN tries" said "SO-PIN tries left : 15"
t "... PIN tries" said "User PIN tries left : 3"
hsm target -X --so-pin env:WRONG_SO --pin env:PIN --label target >/dev/null
t "a wrong SO-PIN does not initialise" said "PIN code or key incorrect"
hsm target >/dev/null
t "... and costs a try" said "SO-PIN tries left : 14"
t "the right one gives it back" hsm target -X --so-pin env:SO --pin env:PIN --label target --pin-retry 3
hsm target >/dev/null
t "... all of them" said "SO-PIN tries left : 15"
t "slots" p11 target -L
t "... token label" said "token label : target (UserPIN)"
t "... serial number: the device's reference without its sequence" \
    said "serial num : $(strings -n 16 "$T/card/target/state" | grep -o 'UTVC[0-9]\{7\}' | head -n 1)"
PIN=111111 login target -O >/dev/null
hsm target >/dev/null
t "a wrong PIN costs a try" said "User PIN tries left : 2"
t "change the PIN" login target --change-pin --new-pin "$NEW"
PIN=$NEW
t "log in with the new one" login target -O
hsm target >/dev/null
t "... all tries are back" said "User PIN tries left : 3"
for _ in 1 2 3; do PIN=111111 login target -O >/dev/null; done
hsm target >/dev/null
t "blocked after three wrong ones" said "User PIN locked"
t "... for the right one, too" not login target -O
PIN=648219
t "the SO-PIN sets a new one" p11 target --login --login-type so --so-pin env:SO --init-pin --new-pin "$PIN"
t "... that works" login target -O
t "DKEK shares" hsm x -X --so-pin env:SO --pin env:PIN --label x --dkek-shares 2
hsm x >/dev/null
t "... are awaited" said "2 share(s) still missing"
t "... and no key is made before they are there" not login x -k --key-type EC:prime256v1 --id 01 --label early

# ---- keys ----

t "RSA key" login target -k --key-type rsa:2048 --id 10 --label rsa
t "RSA-1024 key" login target -k --key-type rsa:1024 --id 13 --label small
t "P-256 key" login target -k --key-type EC:prime256v1 --id 11 --label ec
t "brainpoolP256r1 key" login target -k --key-type EC:brainpoolP256r1 --id 12 --label bp
t "objects" login target -O
for label in rsa small ec bp; do t "... $label" said "label: $label"; done
p11 target -O --type privkey >/dev/null
t "private keys only after login" not said "Private Key Object"
for id in 10 11 12 13; do t "public key $id" public $id; done

head -c 1000 /dev/urandom >"$T/data"
openssl dgst -sha256 -binary "$T/data" >"$T/hash"
{ printf '\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20'; cat "$T/hash"; } >"$T/info"
t "RSA, the card pads" signs 10 RSA-PKCS "$T/info"
t "... openssl verifies" verifies 10 sha256
t "RSA with SHA-256" signs 10 SHA256-RSA-PKCS "$T/data"
t "... openssl verifies" verifies 10 sha256
t "RSA with SHA-512" signs 10 SHA512-RSA-PKCS "$T/data"
t "... openssl verifies" verifies 10 sha512
t "RSA-1024 with SHA-1" signs 13 SHA1-RSA-PKCS "$T/data"
t "... openssl verifies" verifies 13 sha1
for id in 11 12; do
	t "ECDSA of a hash, key $id" signs $id ECDSA "$T/hash" --signature-format openssl
	t "... openssl verifies" verifies $id sha256
	t "ECDSA with SHA-256, key $id" signs $id ECDSA-SHA256 "$T/data" --signature-format openssl
	t "... openssl verifies" verifies $id sha256
done
printf x >>"$T/data"
t "a changed text does not verify" not verifies 12 sha256

# ---- certificates and other objects ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=CA \
    -keyout "$T/ca.key" -out "$T/ca.pem" 2>"$T/ca.log"
t "certificate of the RSA key" openssl x509 -new -force_pubkey "$T/10.pem" -subj /CN=signer -CA "$T/ca.pem" \
    -CAkey "$T/ca.key" -days 2 -outform DER -out "$T/signer.der"
t "write it" login target --write-object "$T/signer.der" --type cert --id 10 --label rsa
t "read it" p11 target --read-object --type cert --id 10 --output-file "$T/read.der"
t "... unchanged" cmp "$T/signer.der" "$T/read.der"
t "CA certificate" openssl x509 -in "$T/ca.pem" -outform DER -out "$T/ca.der"
t "write it" login target --write-object "$T/ca.der" --type cert --id 20 --label ca
t "read it" p11 target --read-object --type cert --id 20 --output-file "$T/read.der"
t "... unchanged" cmp "$T/ca.der" "$T/read.der"
t "delete it" login target --delete-object --type cert --id 20
p11 target -O --type cert >/dev/null
t "... gone" not said "label: ca"
t "private data object" login target --write-object "$T/data" --type data --label secret --private
t "... read after login" login target --read-object --type data --label secret --output-file "$T/read"
t "... unchanged" cmp "$T/data" "$T/read"
t "delete a private key" login target --delete-object --type privkey --id 13
login target -O --type privkey >/dev/null
t "... gone" not said "label: small"

# ---- what is left after the card was pulled, and killed ----

t "pull the card" card_stop target KILL
t "put it back" card_start target
t "the certificate is there" p11 target --read-object --type cert --id 10 --output-file "$T/read.der"
t "... unchanged" cmp "$T/signer.der" "$T/read.der"
openssl dgst -sha256 -binary "$T/data" >"$T/hash"
t "the key signs" signs 11 ECDSA "$T/hash" --signature-format openssl
t "... openssl verifies" verifies 11 sha256

# ---- public key authentication ----

for name in a b x; do
	t "custodian $name" hsm $name -X --so-pin env:SO --pin env:PIN --label $name
	t "... authentication key" login $name -k --key-type EC:brainpoolP256r1 --id 01 --label auth
	t "... export for public key authentication" hsm $name -e "$T/$name.pka" -i 1 --pin env:PIN
done
t "no status without public key authentication" not hsm target -S
t "initialise 1 of 2" hsm target -X --so-pin env:SO --pin env:PIN --label target \
    --public-key-auth 2 --required-pub-keys 1
hsm target >/dev/null
t "... active" said "Public key authentication active"
t "status" hsm target -S
t "... two keys" said "Number of public keys: 2"
t "... none registered" said "Missing public keys: 2"
t "... one needed" said "Required pubkeys for auth: 1"
t "... none authenticated" said "Authenticated public keys: 0"
t "register" hsm target -g "$T/a.pka"
t "... one missing" said "Missing public keys: 1"
t "the same again is refused" not hsm target -g "$T/a.pka"
t "a key from below another root is refused" not hsm target -g "$T/x.pka"
t "register the second" hsm target -g "$T/b.pka"
t "... none missing" said "Missing public keys: 0"
t "one more is refused" not hsm target -g "$T/x.pka"
hsm target -S >/dev/null
t "... and changes nothing" said "Missing public keys: 0"
t "initialise without" hsm target -X --so-pin env:SO --pin env:PIN --label target
t "... no status any more" not hsm target -S

# ---- open firmware ----

t "open firmware" card_new open --profile open-firmware
t "take the place of a" card_stop a
mv "$T/card/a" "$T/card/a.away" && mv "$T/card/open" "$T/card/a"
t "put it in" card_start a
t "initialise" hsm a -X --so-pin env:SO --pin env:PIN --label open
t "status" hsm a
t "key" login open -k --key-type EC:prime256v1 --id 01 --label ec
t "objects" login open -O
t "... the key" said "label: ec"
finish

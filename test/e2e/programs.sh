#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# Programs that know nothing of us, with a card that opens by approvals (target, label SmartCard-HSM) and one that opens
# by its PIN (pin, label pincard). What they sign is verified with openssl alone; public-key work asks nobody.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

other_cards=(pin)
card_new pin --id UTPIN0400000
t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 || finish
# A program that offers a PIN to every card it sees must not spend the custodians' tries.
sed -i "s/^\[module\]/&\nreaders = Virtual HSM target*, Virtual HSM pin*/; s/^\[login\]/&\ntimeout = $WAIT/" \
    "$T/host.conf"
t "an RSA key" nofm_key rsa:2048 fit
t "an EC key" nofm_key ec:secp256r1 ec
t "a card with a PIN" host "$q11" init --reader "$(reader pin)" --yes --pin-file "$T/sign-pin" \
    --so-pin-file "$T/so-pin" --label pincard

cd "$T" || exit 1
export QUORUM11_CONF=$T/host.conf PKCS11_MODULE_PATH=$MODULE GNUTLS_PIN=$SIGN_PIN
echo "release 1.2" >data
openssl dgst -sha256 -binary -out digest data
token=$(cat "$T/state/token")
requests() {
	curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $token" "$URL/api/v1/requests" |
	    jq "[.requests[]$1] | length"
}
# One login of a program, two approvals, and exactly one request.
approved() {
	local before rc=0
	before=$(requests "")
	approvers c1 c2
	"$@" || rc=1
	approvers_done c1 c2 || rc=1
	[ "$(requests "")" = $((before + 1)) ] || { echo "$(($(requests "") - before)) requests"; rc=1; }
	return "$rc"
}
signed_by() { openssl dgst "${2:--sha256}" -verify "$1.pem" -signature sig data; }
p11() { pkcs11-tool --module "$MODULE" --token-label "$@"; }
p11_pin() { p11 pincard --login --pin "$SIGN_PIN" "$@"; }
public_key() { # TOKEN LABEL
	p11 "$1" --read-object --type pubkey --label "$2" -o "$2.der" &&
	    openssl pkey -pubin -inform DER -in "$2.der" -out "$2.pem"
}
says() { local what=$1; shift; "$@" >says.out 2>&1; grep -qF -- "$what" says.out || { cat says.out; return 1; }; }

# ---- pkcs11-tool, with a PIN ----

t "pkcs11-tool generates an RSA key" p11_pin --keypairgen --key-type rsa:2048 --label r1 --id 01
t "... an EC key" p11_pin --keypairgen --key-type EC:prime256v1 --label e1 --id 02
t "... reads the RSA key's public part" public_key pincard r1
t "... and the EC key's" public_key pincard e1
tool_signs() { # KEY ID MECHANISM INPUT
	rm -f sig
	p11_pin --sign --id "$2" --mechanism "$3" --input-file "$4" --output-file sig --signature-format openssl
}
for n in 1 224 256 384 512; do
	rsa=SHA$n-RSA-PKCS ecdsa=ECDSA-SHA$n
	t "pkcs11-tool signs: $rsa" tool_signs r1 01 "$rsa" data
	t "... openssl verifies" signed_by r1 "-sha$n"
	t "... so does pkcs11-tool" says "Signature is valid" p11 pincard --verify --id 01 --mechanism "$rsa" \
	    --input-file data --signature-file sig
	t "pkcs11-tool signs: $ecdsa" tool_signs e1 02 "$ecdsa" data
	t "... openssl verifies" signed_by e1 "-sha$n"
done
{ printf '\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20'; cat digest; } >info
t "pkcs11-tool signs: RSA-PKCS" tool_signs r1 01 RSA-PKCS info
t "... openssl verifies" signed_by r1
t "pkcs11-tool signs: ECDSA" tool_signs e1 02 ECDSA digest
t "... openssl verifies" signed_by e1
{ head -c 56 /dev/zero; head -c 200 /dev/urandom; } >block
t "pkcs11-tool signs: RSA-X-509" tool_signs r1 01 RSA-X-509 block
t "... openssl gets the block back" openssl pkeyutl -verifyrecover -pubin -inkey r1.pem \
    -pkeyopt rsa_padding_mode:none -in sig -out block.back
t "... unchanged" cmp block block.back
echo "release 1.3" >other
t "pkcs11-tool: a signature of something else is none" says "Invalid signature" p11 pincard --verify --id 01 \
    --mechanism SHA256-RSA-PKCS --input-file other --signature-file sig
t "pkcs11-tool -t, logged in" says "No errors" p11_pin -t
t "pkcs11-tool -t, not logged in" says "No errors" p11 pincard -t
t "a wrong PIN: the tries left are said" says "wrong PIN, 2 tries left" p11 pincard --login --pin 000000 -O
t "... C_Login says CKR_PIN_INCORRECT" grep -q CKR_PIN_INCORRECT says.out
t "pkcs11-tool changes the PIN" p11 pincard --change-pin --pin "$SIGN_PIN" --new-pin 246810
t "... the new one opens" p11 pincard --login --pin 246810 -O
t "... and back" p11 pincard --change-pin --pin 246810 --new-pin "$SIGN_PIN"

# ---- openssl, with libp11's engine and a PIN ----

with_engine() { local what=$1; shift; openssl "$what" -engine pkcs11 "$@"; }
uri() { echo "pkcs11:token=$1;object=$2;type=private${3:+;pin-value=$3}"; }
for key in r1 e1; do
	u=$(uri pincard "$key" "$SIGN_PIN")
	rm -f sig
	t "openssl dgst -sign, $key" with_engine dgst -keyform engine -sign "$u" -sha256 -out sig data
	t "... verifies" signed_by "$key"
	rm -f sig
	t "openssl pkeyutl -sign, $key" with_engine pkeyutl -keyform engine -inkey "$u" -sign -in digest \
	    -pkeyopt digest:sha256 -out sig
	t "... verifies" signed_by "$key"
	t "openssl req -new, $key" with_engine req -keyform engine -key "$u" -new -subj "/CN=$key" -out "$key.csr"
	t "... verifies" openssl req -verify -in "$key.csr" -noout
	t "openssl req -x509, $key" with_engine req -keyform engine -key "$u" -x509 -subj "/CN=$key" -days 3 \
	    -out "$key.crt"
	t "... verifies" openssl verify -CAfile "$key.crt" "$key.crt"
	t "openssl cms -sign, $key" with_engine cms -sign -keyform engine -inkey "$u" -signer "$key.crt" -in data \
	    -out "$key.cms"
	t "... verifies" openssl cms -verify -in "$key.cms" -CAfile "$key.crt" -out /dev/null
	t "openssl pkey, public $key" with_engine pkey -pubin -inform engine \
	    -in "pkcs11:token=pincard;object=$key;type=public" -pubout -out "$key.engine.pem"
	t "... is the one pkcs11-tool read" cmp "$key.pem" "$key.engine.pem"
done
rm -f sig
t "openssl dgst -sign with PSS, which the engine makes of RSA-X-509" with_engine dgst -keyform engine \
    -sign "$(uri pincard r1 "$SIGN_PIN")" -sha256 -sigopt rsa_padding_mode:pss -out sig data
t "... verifies" openssl dgst -sha256 -verify r1.pem -sigopt rsa_padding_mode:pss -signature sig data

# ---- certificates ----

writes_certificate() { # KEY ID
	openssl x509 -in "$1.crt" -outform DER -out "$1.crt.der"
	t "pkcs11-tool writes a certificate of $1" p11_pin --write-object "$1.crt.der" --type cert --id "$2" \
	    --label "$1"
	t "... reads it" p11 pincard --read-object --type cert --id "$2" -o back.der
	t "... unchanged" cmp "$1.crt.der" back.der
}
writes_certificate r1 01
writes_certificate e1 02
openssl req -x509 -newkey rsa:2048 -nodes -keyout stranger.key -subj /CN=stranger -outform DER -out stranger.der \
    2>/dev/null
t "a certificate of another key is not written over it" says CKR_TEMPLATE_INCONSISTENT p11_pin \
    --write-object stranger.der --type cert --id 01 --label r1
t "p11tool exports a certificate" p11tool --provider "$MODULE" --export "pkcs11:token=pincard;object=r1;type=cert" \
    --outfile r1.p11tool.crt
t "... the same" cmp <(openssl x509 -in r1.crt -outform DER) <(openssl x509 -in r1.p11tool.crt -outform DER)

# ---- GnuTLS, with a PIN ----

pt() { p11tool --provider "$MODULE" "$@"; }
t "p11tool --list-privkeys" says "object=r1;type=private" pt --login --list-privkeys pkcs11:token=pincard
t "p11tool --test-sign, RSA" pt --login --test-sign "pkcs11:token=pincard;object=r1"
t "p11tool --test-sign, EC" pt --login --test-sign "pkcs11:token=pincard;object=e1"
printf 'cn = "certtool"\nca\ncert_signing_key\nexpiration_days = 5\n' >template
for key in r1 e1; do
	t "certtool signs a certificate, $key" certtool --provider "$MODULE" --generate-self-signed \
	    --template template --load-privkey "$(uri pincard "$key")" --outfile "$key.certtool.crt"
	t "... openssl verifies" openssl verify -CAfile "$key.certtool.crt" "$key.certtool.crt"
done

# ---- ssh ----

printf '#!/bin/sh\necho %s\n' "$SIGN_PIN" >askpass
chmod +x askpass
# It logs in to each token that it sees with the PIN that it has: one without a PIN would ask its people.
sed '/^readers = /s/=.*/= Virtual HSM pin*/' host.conf >ssh.conf
QUORUM11_CONF=$T/ssh.conf start agent ssh-agent -D -a "$T/agent" -P "$B/*"
ready ssh-agent test -S "$T/agent"
agent() { SSH_AUTH_SOCK=$T/agent SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force DISPLAY=none "$@"; }
t "ssh-keygen -D lists the public keys" says " e1" ssh-keygen -D "$MODULE"
ssh-keygen -i -m PKCS8 -f r1.pem >r1.ssh.pub
ssh-keygen -i -m PKCS8 -f e1.pem >e1.ssh.pub
t "... the RSA key" grep -qF "$(cat r1.ssh.pub)" says.out
t "... the EC key" grep -qF "$(cat e1.ssh.pub)" says.out
t "ssh-add takes a card with a PIN" agent timeout $((LONG / 1000)) ssh-add -s "$MODULE"
for key in r1 e1; do
	rm -f data.sig
	t "... $key signs and verifies" agent ssh-add -T "$key.ssh.pub"
	t "... ssh-keygen signs a file, $key" agent ssh-keygen -Y sign -f "$key.ssh.pub" -n file data
	echo "us $(cat "$key.ssh.pub")" >allowed
	t "... verified without the card" eval "ssh-keygen -Y verify -f allowed -I us -n file -s data.sig <data"
done
t "... and gives it back" agent ssh-add -e "$MODULE"
stop agent

# ---- public-key work on the card that people open: nobody is asked ----

: >"$T/target.apdu"
before=$(requests "")
asked_nobody() { [ "$(requests "")" = "$before" ] && not card_got 0020....[0-9a-f] && not card_got 0082; }
t "pkcs11-tool -L" p11 SmartCard-HSM -L
t "pkcs11-tool -T" p11 SmartCard-HSM -T
t "pkcs11-tool -M" p11 SmartCard-HSM -M
t "pkcs11-tool -O" says "label:      fit" p11 SmartCard-HSM -O
t "pkcs11-tool -t" says "No errors" p11 SmartCard-HSM -t
t "pkcs11-tool reads the RSA key" public_key SmartCard-HSM fit
t "pkcs11-tool reads the EC key" public_key SmartCard-HSM ec
t "p11tool --list-tokens" says "External PIN" pt --list-tokens
t "p11tool --list-all" says "object=fit;type=public" pt --list-all pkcs11:token=SmartCard-HSM
t "p11tool --export" pt --export "pkcs11:token=SmartCard-HSM;object=fit;type=public" --outfile fit.p11tool.pem
t "... is the key" cmp fit.pem <(openssl pkey -pubin -in fit.p11tool.pem)
t "openssl pkey" with_engine pkey -pubin -inform engine -in "pkcs11:token=SmartCard-HSM;object=ec;type=public" \
    -pubout -out ec.engine.pem
t "... is the key" cmp ec.pem ec.engine.pem
t "ssh-keygen -D" says " fit" ssh-keygen -D "$MODULE"
t "all this asked nobody" asked_nobody

# ---- and signing on it asks once ----

t "openssl dgst -sign" approved with_engine dgst -keyform engine -sign "$(uri SmartCard-HSM fit)" -sha256 -out sig data
t "... verifies" signed_by fit
t "openssl req -x509" approved with_engine req -keyform engine -key "$(uri SmartCard-HSM ec)" -x509 -subj /CN=ec \
    -days 3 -out ec.crt
t "... verifies" openssl verify -CAfile ec.crt ec.crt
t "p11tool --test-sign" approved pt --login --test-sign "pkcs11:token=SmartCard-HSM;object=fit"
t "certtool signs a certificate" approved certtool --provider "$MODULE" --generate-self-signed --template template \
    --load-privkey "$(uri SmartCard-HSM fit)" --load-pubkey fit.pem --outfile fit.certtool.crt
t "... openssl verifies" openssl verify -CAfile fit.certtool.crt fit.certtool.crt
: >"$T/target.apdu"
before=$(requests "")
with_engine dgst -keyform engine -sign "$(uri pincard r1 "$SIGN_PIN")" -sha256 -out sig data >/dev/null 2>&1
t "openssl verifies with a key on a card" with_engine dgst -keyform engine -sha256 \
    -verify "pkcs11:token=pincard;object=r1;type=public" -signature sig data
t "pkcs11-tool verifies with the key that people open" says "Invalid signature" p11 SmartCard-HSM --verify --id 01 \
    --mechanism SHA256-RSA-PKCS --input-file data --signature-file sig
t "... which asked nobody" asked_nobody

# ---- p11-kit: programs that name no module; beside OpenSC's module in the same process ----

mount -t tmpfs tmpfs /usr/share/p11-kit/modules
[ ! -d /etc/pkcs11 ] || mount -t tmpfs tmpfs /etc/pkcs11
proxy=$(find /usr/lib -name p11-kit-proxy.so | head -n 1)
sed "s,@MODULE@,$MODULE," "$TOP/packaging/quorum11.module" >/usr/share/p11-kit/modules/quorum11.module
t "p11-kit list-modules finds ours by its file" says "library-manufacturer: quorum11" p11-kit list-modules
t "... and the card" grep -q "protected-authentication-path" says.out
t "p11tool without a module: --test-sign" approved p11tool --login --test-sign "pkcs11:token=SmartCard-HSM;object=fit"
export PKCS11_MODULE_PATH=$proxy
t "openssl through the proxy" approved with_engine dgst -keyform engine -sign "$(uri SmartCard-HSM fit)" -sha256 \
    -out sig data
t "... verifies" signed_by fit

# With its own settings OpenSC's module uses the first readers only.
printf 'app default {\n\tignored_readers = "Virtual HSM c";\n}\n' >opensc.conf
export OPENSC_CONF=$T/opensc.conf
echo "module: opensc-pkcs11.so" >/usr/share/p11-kit/modules/opensc-pkcs11.module
t "both modules: two tokens, one card" says "pincard (UserPIN)" pkcs11-tool --module "$proxy" -L
t "... ours is there, too" grep -q ": pincard\$" says.out
through_proxy() {
	rm -f sig
	pkcs11-tool --module "$proxy" --token-label "$1" --login --pin "$SIGN_PIN" --sign --id 02 \
	    --mechanism ECDSA-SHA256 --input-file data --output-file sig --signature-format openssl
}
t "the PIN card signs through ours" through_proxy pincard
t "... verifies" signed_by e1
t "the PIN card signs through OpenSC's" through_proxy "pincard (UserPIN)"
t "... verifies" signed_by e1
# OpenSC's module stays connected to every card that it has seen; a login by people needs the card alone.
t "a login by people fails at once, and says that OpenSC's module is why" says \
    "OpenSC's module in this program" timeout "$WAIT" p11tool --login --test-sign \
    "pkcs11:token=SmartCard-HSM;object=fit"
t "... which asked nobody" test "$(requests '|select(.state=="waiting")')" = 0
echo "disable-in: p11tool" >>/usr/share/p11-kit/modules/opensc-pkcs11.module
t "... with OpenSC's module disabled in the program it signs" approved p11tool --login --test-sign \
    "pkcs11:token=SmartCard-HSM;object=fit"

finish

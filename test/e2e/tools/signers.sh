# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs that sign what is released, on a card with a PIN: kernel modules, UEFI images, RAUC bundles, files for IMA
# and fs-verity. What they make is verified without the card. Sourced by signers.sh, where they use the card directly,
# and by signers-agent.sh, where an agent holds it ($WAY: direct or agent).
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/pinkeys.sh
. "$TOP/test/e2e/tools/pinkeys.sh"
# shellcheck source=test/e2e/tools/module.sh
. "$TOP/test/e2e/tools/module.sh"

# What the program whose test begins does with the card: PINs and uses of a private key.
card_begins() { : >card.apdu; }
card_got() { [ "$(grep -cE "^card > $1" card.apdu)" = "$2" ] || { cat card.apdu; return 1; }; }
# One login: at an agent, the card has had it from the first program, and gets none any more.
logins=1
logs_in_once() { card_got '00200081[0-9a-f]' "$logins"; }
signs() { card_got 8068 "$1"; }
engine=$(find /usr/lib -path '*/engines-3/pkcs11.so')

# ---- a kernel module: the CMS that the kernel looks for, and scripts/sign-file that appends it ----

head -c 30000 /dev/urandom >module.ko
module_signed() { # KEY
	openssl cms -sign -binary -noattr -nocerts -nosmimecap -md sha256 -engine pkcs11 -keyform engine \
	    -inkey "$(key_uri "$1")" -signer "$1.crt" -in module.ko -outform DER -out module.p7s &&
	    "$sign_file" -s module.p7s sha256 "$1.crt" module.ko "$1.ko"
}
for key in rsa ec; do
	card_begins
	t "a kernel module is signed by openssl cms and sign-file, $key" module_signed $key
	t "... openssl verifies what is appended" module_verifies $key.ko $key.crt
	t "... one login" logs_in_once
	t "... one signature" signs 1
	[ "$WAY" = direct ] || logins=0
done

# ---- UEFI: images, and the lists of Secure Boot's variables ----

"$TOP/test/e2e/tools/pe.py" app.efi
card_begins
t "sbsign signs a UEFI image" sbsign --engine pkcs11 --key "$(key_uri rsa)" --cert rsa.crt --output sbsign.efi app.efi
t "... sbverify takes it" sbverify --cert rsa.crt sbsign.efi
t "... one login" logs_in_once
t "... one signature" signs 1
t "... and not the one that is not signed" not sbverify --cert rsa.crt app.efi
sbsiglist --owner 00000000-0000-0000-0000-000000000000 --type x509 --output db.esl rsa.der
t "sbvarsign signs an update of db" sbvarsign --engine pkcs11 --key "$(key_uri rsa)" --cert rsa.crt --output db.auth \
    db db.esl
t "... which holds the list" test "$(tail -c "$(stat -c %s db.esl)" db.auth | sha256sum)" = "$(sha256sum <db.esl)"
for key in rsa ec; do
	card_begins
	t "osslsigncode signs it, $key" osslsigncode sign -h sha256 -pkcs11module "$MODULE" -key "$(key_uri $key)" \
	    -certs $key.crt -in app.efi -out $key.efi
	t "... and verifies it" osslsigncode verify -CAfile $key.crt -in $key.efi
	t "... one login" logs_in_once
	t "... one signature" signs 1
done
t "sbverify takes osslsigncode's" sbverify --cert rsa.crt rsa.efi

# ---- RAUC ----

mkdir content
head -c 20000 /dev/urandom >content/rootfs.img
printf '[update]\ncompatible=board\nversion=1\n[bundle]\nformat=verity\n[image.rootfs]\nfilename=rootfs.img\n' \
    >content/manifest.raucm
bundle() { # KEY
	RAUC_PKCS11_MODULE=$MODULE RAUC_PKCS11_PIN=$PIN rauc bundle --cert="$1.crt" \
	    --key="pkcs11:token=card;object=$1;type=private" content "$1.raucb"
}
for key in rsa ec; do
	card_begins
	t "rauc signs a bundle, $key" bundle $key
	t "... and verifies it" rauc info --keyring=$key.crt $key.raucb
	t "... one login" logs_in_once
	t "... one signature" signs 1
done
cat rsa.crt ec.crt >both.crt
t "rauc signs a bundle anew, with the card's certificate" env RAUC_PKCS11_MODULE="$MODULE" rauc resign \
    --cert="pkcs11:token=card;object=ec;type=cert" --key="$(key_uri ec)" --keyring=both.crt rsa.raucb again.raucb
t "... and verifies it" rauc info --keyring=ec.crt again.raucb

# ---- files that the kernel checks: IMA, fs-verity ----

mkdir files
for file in a b c; do echo $file >files/$file; done
for key in rsa ec; do
	card_begins
	t "evmctl signs a folder's files, $key" evmctl ima_sign -r --key "$(key_uri $key)" --keyid-from-cert $key.crt \
	    --sigfile -a sha256 files
	for file in a b c; do
		t "... $file verifies" evmctl ima_verify --key $key.der --sigfile files/$file
	done
	t "... one login" logs_in_once
	t "... three signatures" signs 3
	rm files/*.sig
done
card_begins
t "fsverity signs a file" fsverity sign module.ko module.sig --hash-alg=sha256 --pkcs11-engine="$engine" \
    --pkcs11-module="$MODULE" --pkcs11-keyid="$(key_uri rsa)" --cert=rsa.crt
# What is signed: struct fsverity_formatted_digest of linux/fsverity.h.
digest=$(fsverity digest --compact module.ko)
{ printf 'FSVerity\1\0\40\0'; xxd -r -p <<<"$digest"; } >module.digest
t "... openssl verifies" openssl cms -verify -binary -inform DER -in module.sig -content module.digest \
    -certfile rsa.crt -CAfile rsa.crt -purpose any -out /dev/null
t "... one login" logs_in_once
t "... one signature" signs 1

# ---- Android ----

printf 'name = card\nlibrary = %s\nslotListIndex = 0\n' "$MODULE" >java.conf
echo data >AndroidManifest.xml
jar cf app.apk AndroidManifest.xml
# Java keeps the provider's class from it, unless told.
export JAVA_TOOL_OPTIONS=--add-exports=jdk.crypto.cryptoki/sun.security.pkcs11=ALL-UNNAMED
for key in rsa ec; do
	card_begins
	t "apksigner signs a package, $key" apksigner sign --min-sdk-version 24 --ks NONE --ks-type PKCS11 \
	    --ks-pass "pass:$PIN" --provider-class sun.security.pkcs11.SunPKCS11 --provider-arg "$T/java.conf" \
	    --ks-key-alias $key --in app.apk --out $key.apk
	t "... and verifies it" apksigner verify --min-sdk-version 24 $key.apk
	t "... one login" logs_in_once
	# Schemes 1 to 3, each over something else, and the file of scheme 4.
	t "... four signatures" signs 4
done
unset JAVA_TOOL_OPTIONS

if [ "$WAY" = agent ]; then
	t "all that was the agent's work" agent_says '.state == "open" and .uses == 24' || cat agent.said
	t "the agent ends" stop agent
fi
finish

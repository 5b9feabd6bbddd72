#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a machine checks from its firmware to its modules, signed by four programs of others under one approval of two
# custodians: a UEFI image, a FIT image, a kernel module, and the certificate that all of them are checked with.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"
# shellcheck source=test/e2e/tools/module.sh
. "$TOP/test/e2e/tools/module.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 || finish
t "an RSA key" nofm_key rsa:2048 fit
cd "$T" || exit 1
token=$(cat state/token)
requests() {
	curl -sS --cacert tls/ca.pem -H "Authorization: Bearer $token" "$URL/api/v1/requests" | jq '.requests | length'
}

head -c 20000 /dev/urandom >kernel
head -c 30000 /dev/urandom >module.ko
"$TOP/test/e2e/tools/pe.py" loader.efi
{ cat loader.efi; printf 'another one'; } >other.efi
cp "$TOP/test/e2e/tools/image.its" .
echo '/dts-v1/; / { };' | dtc -O dtb -o u-boot.dtb 2>/dev/null

# Six digests: the certificate, the loader, the image's kernel, its configuration and that signed anew, the module.
cat >release <<END
#!/bin/bash
set -e
export PKCS11_MODULE_PATH=$MODULE SOURCE_DATE_EPOCH=1700000000
key="pkcs11:token=SmartCard-HSM;object=fit;type=private"
openssl req -engine pkcs11 -keyform engine -key "\$key" -x509 -days 2 -subj "/CN=release" -out release.crt
sbsign --engine pkcs11 --key "\$key" --cert release.crt --output loader.signed.efi loader.efi
mkimage -f image.its -N pkcs11 -k token=SmartCard-HSM -K u-boot.dtb -r image.fit
mkimage -F -N pkcs11 -k token=SmartCard-HSM -K u-boot.dtb -r image.fit
openssl cms -sign -engine pkcs11 -keyform engine -inkey "\$key" -signer release.crt -md sha256 -binary -noattr \\
    -nocerts -nosmimecap -in module.ko -outform DER -out module.p7s
$sign_file -s module.p7s sha256 release.crt module.ko module.signed.ko
sbsign --engine pkcs11 --key "\$key" --cert release.crt --output other.signed.efi other.efi || exit 7
END
chmod +x release

before=$(requests)
start run env QUORUM11_CONF="$T/host.conf" "$q11" run --device "$target_id" --sign 6 --key fit --reason "release 1.2" \
    --receipt receipt -- ./release
t "c1 and c2 approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "the release is signed" reap run
t "... but for an image too many" test "$status" = 7 || cat run.log
t "... it is said why" grep -qF "all 6 signatures that were approved are made" run.log
t "... it was one request" test "$(requests)" = $((before + 1))
t "the certificate verifies" openssl verify -CAfile release.crt release.crt
t "sbverify takes the loader" sbverify --cert release.crt loader.signed.efi
t "... the one too many is not there" test ! -e other.signed.efi
t "openssl verifies the module's signature" module_verifies module.signed.ko release.crt
openssl x509 -in release.crt -pubkey -noout -out release.pem
fdtget -t bx image.fit /images/kernel-1/signature-1 value | tr ' ' '\n' | sed 's/^.$/0&/' | xxd -r -p >kernel.sig
t "... the kernel's in the FIT image" openssl dgst -sha256 -verify release.pem -signature kernel.sig kernel
t "... whose configuration is signed, too" fdtget -t bx image.fit /configurations/conf-1/signature-1 value
t "U-Boot's device tree has the key" test "$(fdtget u-boot.dtb /signature/key-fit required)" = conf
t "the receipt verifies" host "$q11" audit receipt receipt
t "... and has six digests" grep -qF "signatures of 6 different digests" run.log ||
    tail -n 5 run.log
finish

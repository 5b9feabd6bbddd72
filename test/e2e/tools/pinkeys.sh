# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Two keys with certificates on the card of pincard.sh, which it sources, for tests that let other people's programs use
# them: directly, or at an agent that holds the card from then on ($WAY: direct or agent). Sourced after lib.sh.
#
#   rsa, ec               the keys' labels, those of their certificates, and LABEL.crt
#   use OPT...            pkcs11-tool, logged in
#   key_uri LABEL         the private key for OpenSSL's engine, with the PIN
#   data                  a file to sign
# What lib.sh gives is known only where both are sourced.
# shellcheck disable=SC2154
# shellcheck source=test/e2e/tools/pincard.sh
. "$TOP/test/e2e/tools/pincard.sh"

use() { pkcs11-tool --module "$MODULE" --token-label card --login --pin "$PIN" "$@"; }
key_uri() { echo "pkcs11:token=card;object=$1;type=private;pin-value=$PIN"; }
certify() { # LABEL ID
	openssl req -engine pkcs11 -keyform engine -x509 -days 2 -subj "/CN=$1" -outform DER -out "$1.der" \
	    -addext "keyUsage=digitalSignature,keyEncipherment,keyCertSign" -key "$(key_uri "$1")" &&
	    openssl x509 -inform DER -in "$1.der" -out "$1.crt" && use --write-object "$1.der" --type cert --id "$2" \
	    --label "$1"
}
export PKCS11_MODULE_PATH=$MODULE
t "an RSA key" use --keypairgen --key-type rsa:2048 --label rsa --id 01
t "an EC key" use --keypairgen --key-type EC:prime256v1 --label ec --id 02
t "a certificate for the RSA key" certify rsa 01
t "... for the EC key" certify ec 02
[ "${WAY:?}" = direct ] || pin_agent
echo "release 1.2" >data

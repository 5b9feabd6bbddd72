#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pkcs11-tool on a card with a PIN, first directly, then inside `quorum11 run`: what it signs, agrees on and decrypts is
# checked with openssl alone.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# The card makes itself a key under which others leave it.
# shellcheck disable=SC2034
init_opt=(--dkek-shares 0)
# shellcheck source=test/e2e/tools/pincard.sh
. "$TOP/test/e2e/tools/pincard.sh"

# In front of every use of a key: nothing, or an agent of its own.
through=()
tool() { pkcs11-tool --module "$MODULE" --token-label card "$@"; }
use() { "${through[@]}" pkcs11-tool --module "$MODULE" --token-label card --login --pin "$PIN" "$@"; }
says() { local what=$1; shift; "$@" >says.out 2>&1; grep -qF -- "$what" says.out || { cat says.out; return 1; }; }
public() {
	tool --read-object --type pubkey --label "$1" -o "$1.der" &&
	    openssl pkey -pubin -inform DER -in "$1.der" -out "$1.pem"
}
pss_signs() { # HASH
	rm -f sig
	use --sign --id 01 --mechanism "SHA$1-RSA-PKCS-PSS" --mgf "MGF1-SHA$1" --salt-len -1 --input-file data \
	    --output-file sig
}
pss_verifies() {
	openssl dgst "-sha$1" -verify rsa.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
	    -signature sig data
}
encrypt() { openssl pkeyutl -encrypt -pubin -inkey rsa.pem -in data -out secret "$@"; }
decrypts() {
	rm -f plain
	use --decrypt --id 01 --input-file secret --output-file plain "$@" && cmp data plain
}
agrees() {
	rm -f own theirs
	use --derive --id 02 --mechanism ECDH1-DERIVE --input-file peer.der --output-file own &&
	    openssl pkeyutl -derive -inkey peer.pem -peerkey ec.pem -out theirs && cmp own theirs
}
cipher() { # encrypt|decrypt FROM TO MECHANISM [ID]
	rm -f "$3"
	use "--$1" --id "${5:-04}" --mechanism "$4" --iv 000102030405060708090a0b0c0d0e0f --input-file "$2" \
	    --output-file "$3"
}
there_and_back() { # FILE MECHANISM
	cipher encrypt "$1" secret "$2" && not cmp -s "$1" secret && cipher decrypt secret plain "$2" && cmp "$1" plain
}
signs_4096() { rm -f sig && use --sign --id 03 --mechanism SHA256-RSA-PKCS --input-file data --output-file sig; }

t "pkcs11-tool makes an RSA key" use --keypairgen --key-type rsa:2048 --label rsa --id 01
t "... an EC key" use --keypairgen --key-type EC:prime256v1 --label ec --id 02
t "... an RSA key of 4096 bits" use --keypairgen --key-type rsa:4096 --label long --id 03
# It does not ask for a private and sensitive key unless it is told to; the card makes no other ones.
t "... an AES key" use --keygen --key-type AES:32 --label aes --id 04 --extractable
t "... which is seen after a login only" eval 'says "Secret Key Object; AES length 32" use -O --type secrkey &&
	not says "Secret Key Object" tool -O --type secrkey'
t "... as a sensitive one" says "sensitive" use -O --type secrkey
t "... reads their public parts" eval 'public rsa && public ec && public long'
echo "for one only" >data
head -c 64 /dev/urandom >blocks
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out peer.pem
openssl pkey -in peer.pem -pubout -outform DER -out peer.der

# What is written by one module must be found by the other: OpenSC's reads ours, and ours reads OpenSC's.
theirs=$(find /usr/lib -name opensc-pkcs11.so | head -n 1)
cat >opensc.conf <<-'END'
	app default { }
	app opensc-pkcs11 { pkcs11 { max_virtual_slots = 64; slots_per_card = 1; } }
END
export OPENSC_CONF=$T/opensc.conf
opensc() { pkcs11-tool --module "$theirs" --token-label "card (UserPIN)" --login --pin "$PIN" "$@"; }
reads() { # READER FILE OPTION...: the object is FILE
	local who=$1 file=$2
	shift 2
	rm -f back
	"$who" --read-object -o back "$@" && cmp "$file" back
}
head -c 3000 /dev/urandom >blob
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=authority -days 2 -outform DER \
    -out ca.der 2>/dev/null
t "pkcs11-tool writes data" use --write-object blob --type data --label open --application-label app
t "... private data" use --write-object data --type data --label hidden --private
t "... a certificate" use --write-object ca.der --type cert --label authority --id a1
t "reads the data without login" reads tool blob --type data --label open
t "... not the private data" not tool --read-object --type data --label hidden -o back
t "... but after a login" reads use data --type data --label hidden
t "... the certificate" reads tool ca.der --type cert --label authority
t "OpenSC's module reads the data" reads opensc blob --type data --label open
t "... the private data" reads opensc data --type data --label hidden
t "... the certificate" reads opensc ca.der --type cert --id a1
t "OpenSC's module writes data" opensc --write-object data --type data --label foreign --private
t "... which ours reads" reads use data --type data --label foreign
t "ours deletes it" use --delete-object --type data --label foreign
t "... and OpenSC's finds it no more" not opensc --read-object --type data --label foreign -o back
t "a key gets another id" use --set-id 22 --type privkey --id 02
t "... which OpenSC's module sees" says "ID:         22" opensc -O --type privkey
t "... and back" use --set-id 02 --type privkey --id 22

t "pkcs11-tool wraps the AES key, which it must name twice" use --wrap --mechanism 0x80000192 --id 04 \
    --application-id 04 --output-file wrapped
t "... unwraps it" use --unwrap --mechanism 0x80000192 --id 01 --input-file wrapped --key-type AES:32 \
    --application-label again --application-id 05 --extractable
t "... and it is the same key" eval "cipher encrypt blocks secret AES-CBC &&
	cipher decrypt secret plain AES-CBC 05 && cmp blocks plain"
for way in directly "by an agent"; do
	if [ "$way" != directly ]; then
		through=("$q11" run --pin-file pin --limits "decipher=any derive=any" --)
	fi
	for n in 1 256 384 512; do
		t "pkcs11-tool signs $way: PSS, SHA-$n" pss_signs "$n"
		t "... openssl verifies" pss_verifies "$n"
	done
	t "openssl encrypts" encrypt
	t "... pkcs11-tool decrypts $way: RSA-PKCS" decrypts --mechanism RSA-PKCS
	for n in 1 256; do
		t "openssl encrypts, OAEP with SHA-$n" encrypt -pkeyopt rsa_padding_mode:oaep \
		    -pkeyopt "rsa_oaep_md:sha$n" -pkeyopt "rsa_mgf1_md:sha$n"
		t "... pkcs11-tool decrypts $way" decrypts --mechanism RSA-PKCS-OAEP \
		    --hash-algorithm "$([ "$n" = 1 ] && echo SHA-1 || echo "SHA$n")" --mgf "MGF1-SHA$n"
	done
	t "pkcs11-tool signs $way: RSA of 4096 bits" signs_4096
	t "... openssl verifies" openssl dgst -sha256 -verify long.pem -signature sig data
	t "pkcs11-tool encrypts and decrypts $way: AES-CBC" there_and_back blocks AES-CBC
	t "... AES-CBC-PAD" there_and_back data AES-CBC-PAD
	t "pkcs11-tool agrees on a secret $way, as openssl does" agrees
	t "pkcs11-tool --test $way" says "No errors" use --test
done

# C_InitToken and C_InitPIN, on the card that is done with.
export SO=3537363231383830
anew() { pkcs11-tool --module "$MODULE" "$@"; }
t "pkcs11-tool initialises the token" anew --init-token --slot-index 0 --so-pin "$SO" --label anew
t "... sets a PIN" anew --token-label anew --login --login-type so --so-pin "$SO" --init-pin --new-pin 135790
t "... which opens it" anew --token-label anew --login --pin 135790 --keypairgen --key-type EC:prime256v1 --label new
t "... and nothing of before is there" not anew --token-label anew --read-object --type pubkey --label rsa -o back

finish

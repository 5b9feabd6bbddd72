#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
#
# In the next Debian (chroot.sh), on a card with a PIN: OpenSSL with pkcs11-provider, and the kernel's sign-file by it;
# a newer pkcs11-tool and p11-kit; pesign and openvpn, whose packages start services.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/e2e/lib.sh"
# shellcheck source=test/e2e/tools/pincard.sh
. "$TOP/test/e2e/tools/pincard.sh"
# shellcheck source=test/e2e/tools/module.sh
. "$TOP/test/e2e/tools/module.sh"

use() { pkcs11-tool --module "$MODULE" --token-label card --login --pin "$PIN" "$@"; }
says() { local what=$1; shift; "$@" >says.out 2>&1; grep -qF -- "$what" says.out || { cat says.out; return 1; }; }
t "OpenSSL is 3.5 or newer" eval 'openssl version | grep -E "^OpenSSL (3\.([5-9]|[1-9][0-9])|[4-9])"'
t "pkcs11-tool makes an RSA key" use --keypairgen --key-type rsa:2048 --label rsa --id 01
t "... an EC key" use --keypairgen --key-type EC:prime256v1 --label ec --id 02
t "pkcs11-tool --test" says "No errors" use --test

cat >openssl.cnf <<-END
	openssl_conf = init
	[init]
	providers = providers
	[providers]
	default = default_provider
	pkcs11 = pkcs11_provider
	[default_provider]
	activate = 1
	[pkcs11_provider]
	module = $(find /usr/lib -path '*ossl-modules/pkcs11.so')
	pkcs11-module-path = $MODULE
	activate = 1
	[req]
	distinguished_name = name
	[name]
END
with_provider() { OPENSSL_CONF=$T/openssl.cnf openssl "$@"; }
uri() { echo "pkcs11:token=card;object=$1;type=private;pin-value=$PIN"; }
echo "release 1.2" >data
for key in rsa ec; do
	t "the provider certifies, $key" with_provider req -x509 -key "$(uri $key)" -subj "/CN=$key" -days 2 \
	    -out $key.crt
	t "... openssl verifies" openssl verify -CAfile $key.crt $key.crt
	openssl x509 -in $key.crt -pubkey -noout -out $key.pem
	t "the provider signs, $key" with_provider dgst -sha256 -sign "$(uri $key)" -out sig data
	t "... openssl verifies" openssl dgst -sha256 -verify $key.pem -signature sig data
done
t "the provider signs with PSS" with_provider dgst -sha256 -sign "$(uri rsa)" -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:digest -out sig data
t "... openssl verifies" openssl dgst -sha256 -verify rsa.pem -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:digest -signature sig data
# The provider asks for no hash, not for SHA-1, where none is named.
oaep=(-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256)
openssl pkeyutl -encrypt -pubin -inkey rsa.pem "${oaep[@]}" -in data -out secret
t "the provider decrypts" with_provider pkeyutl -decrypt -inkey "$(uri rsa)" "${oaep[@]}" -in secret -out plain
t "... what was encrypted" cmp data plain
listens() { : </dev/tcp/127.0.0.1/"$port"; } 2>/dev/null
for key in rsa ec; do
	port=$(free_port)
	OPENSSL_CONF=$T/openssl.cnf start tls_$key openssl s_server -key "$(uri $key)" -cert $key.crt \
	    -accept "127.0.0.1:$port" -tls1_3 -www
	ready tls_$key listens
	t "a TLS 1.3 server with the key on the card answers curl, $key" curl -sS --tlsv1.3 --cacert $key.crt \
	    --resolve "$key:$port:127.0.0.1" -o page "https://$key:$port/"
	t "... with what it says of the connection" grep -q TLSv1.3 page
	stop tls_$key
done

head -c 30000 /dev/urandom >module.ko
signs_module() { OPENSSL_CONF=$T/openssl.cnf "$sign_file" sha256 "$(uri "$1")" "$1.crt" module.ko "$1.ko"; } # KEY
for key in rsa ec; do
	t "the kernel's sign-file signs a module by the provider, $key" signs_module $key
	t "... openssl verifies" module_verifies $key.ko $key.crt
done

# ---- with the card's certificate: pesign, openvpn ----

for key in rsa ec; do
	openssl x509 -in $key.crt -outform DER -out $key.der
	t "pkcs11-tool writes a certificate, $key" use --write-object $key.der --type cert --label $key \
	    --id "$([ $key = rsa ] && echo 01 || echo 02)"
done
mkdir nss
certutil -N -d sql:nss --empty-password
t "modutil takes the module" modutil -force -dbdir sql:nss -add quorum11 -libfile "$MODULE"
"$TOP/test/e2e/tools/pe.py" app.efi
t "pesign signs a UEFI image" pesign -s -n "$T/nss" -t card -c rsa --pinfile pin -i app.efi -o signed.efi
t "... sbverify takes it" sbverify --cert rsa.crt signed.efi

tls_new
cat rsa.crt ec.crt >both.crt
t "openvpn lists the certificates, without a login" openvpn --show-pkcs11-ids "$MODULE"
openvpn --show-pkcs11-ids "$MODULE" | sed -n 's/.*Serialized id: *//p' >ids
t "... both" test "$(wc -l <ids)" = 2
vpn=(openvpn --dev null --data-ciphers AES-256-GCM)
connected() { grep -q "\[$1\] Peer Connection Initiated" "$2.log"; }
n=0
for key in rsa ec; do
	n=$((n + 1))
	port=$(free_port)
	start vpn_server "${vpn[@]}" --tls-server --proto tcp-server --local 127.0.0.1 --lport "$port" --ca both.crt \
	    --dh none --cert tls/server.pem --key tls/server.key
	ready vpn_server listening "$port"
	start vpn "$TOP/test/e2e/tools/person.py" "card token Password:" "~$PIN" -- "${vpn[@]}" --tls-client \
	    --proto tcp-client --nobind --remote 127.0.0.1 "$port" --ca tls/ca.pem --pkcs11-providers "$MODULE" \
	    --pkcs11-id "$(sed -n ${n}p ids)"
	t "openvpn connects, $key" wait_for "$LONG" connected server vpn
	t "... as whom the server knows it" wait_for "$LONG" connected $key vpn_server
	stop vpn
	stop vpn_server
done

mkdir -p /usr/share/p11-kit/modules
mount -t tmpfs tmpfs /usr/share/p11-kit/modules
sed "s,@MODULE@,$MODULE," "$TOP/packaging/quorum11.module" >/usr/share/p11-kit/modules/quorum11.module
t "p11-kit list-tokens" says "token=card" p11-kit list-tokens "pkcs11:token=card"

pin_agent
t "at an agent, whose card it is from now on: the provider signs" with_provider dgst -sha256 -sign "$(uri ec)" \
    -out sig data
t "... openssl verifies" openssl dgst -sha256 -verify ec.pem -signature sig data
t "sign-file signs a module, at the agent" signs_module rsa
t "... openssl verifies" module_verifies rsa.ko rsa.crt
t "pkcs11-tool --test, at the agent" says "No errors" use --test
finish

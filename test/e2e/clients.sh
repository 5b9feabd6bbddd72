#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# Programs of others on a card with a PIN: OpenSSH, NSS, GnuTLS, Java. What they make is verified without the card.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

q11=$B/quorum11 MODULE=$B/quorum11.so PIN=648219
cd "$T" || exit 1
echo "$PIN" >pin
echo 57621880 >so-pin
chmod 600 pin so-pin
cat >conf <<-END
	[module]
	readers = Virtual HSM card*
END
export QUORUM11_CONF=$T/conf
t "a card" card_new card
t "its reader" readers_start card
t "a PIN" "$q11" init --reader "$(reader card)" --yes --pin-file pin --so-pin-file so-pin --label card
use() { pkcs11-tool --module "$MODULE" --token-label card --login --pin "$PIN" "$@"; }
t "an RSA key" use --keypairgen --key-type rsa:2048 --label rsa --id 01
t "an EC key" use --keypairgen --key-type EC:prime256v1 --label ec --id 02
certify() { # LABEL ID
	openssl req -engine pkcs11 -keyform engine -x509 -days 2 -subj "/CN=$1" -outform DER -out "$1.der" \
	    -addext "keyUsage=digitalSignature,keyEncipherment,keyCertSign" \
	    -key "pkcs11:token=card;object=$1;type=private;pin-value=$PIN" &&
	    openssl x509 -inform DER -in "$1.der" -out "$1.crt" && use --write-object "$1.der" --type cert --id "$2" \
	    --label "$1"
}
export PKCS11_MODULE_PATH=$MODULE
t "a certificate for the RSA key" certify rsa 01
t "... for the EC key" certify ec 02
echo "release 1.2" >data

# ---- OpenSSH: a login to a real server, whose only key is the card's ----

printf '#!/bin/sh\necho %s\n' "$PIN" >askpass
chmod 700 askpass
mkdir -p /run/sshd ssh
ssh_keys() { ssh-keygen -D "$MODULE" >ssh/keys && [ "$(wc -l <ssh/keys)" = 2 ]; }
t "ssh-keygen -D lists both keys" ssh_keys
cp ssh/keys ssh/authorized
chmod 700 ssh
chmod 600 ssh/authorized
ssh-keygen -q -t ed25519 -N "" -f ssh/host
port=$(free_port)
cat >ssh/config <<-END
	Port $port
	ListenAddress 127.0.0.1
	HostKey $T/ssh/host
	AuthorizedKeysFile $T/ssh/authorized
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	UsePAM no
	StrictModes no
	PidFile none
END
start sshd "$(command -v sshd)" -D -e -f "$T/ssh/config"
listens() { : </dev/tcp/127.0.0.1/"$port"; } 2>/dev/null
ready sshd listens
sed "s/^/[127.0.0.1]:$port /" ssh/host.pub >ssh/known
over_ssh() { # ALGORITHM [OPTION...]
	local algorithm=$1
	shift
	[ "$(ssh -F none -p "$port" -o UserKnownHostsFile="$T/ssh/known" -o PubkeyAcceptedAlgorithms="$algorithm" "$@" \
	    "$(id -un)@127.0.0.1" echo in)" = in ]
}
export SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force SSH_AUTH_SOCK=$T/ssh/agent
start ssh_agent ssh-agent -D -a "$SSH_AUTH_SOCK" -P "$MODULE"
ready ssh_agent test -S "$SSH_AUTH_SOCK"
t "ssh-agent takes the module" ssh-add -s "$MODULE"
t "ssh logs in with the RSA key, by ssh-agent" over_ssh rsa-sha2-256
t "... with the EC key" over_ssh ecdsa-sha2-nistp256
t "... without it, by ssh -I" over_ssh ecdsa-sha2-nistp256 -o IdentityAgent=none -I "$MODULE"
t "ssh-agent ends" stop ssh_agent
t "sshd ends" stop sshd

# ---- NSS ----

mkdir nss
nss_takes() {
	certutil -N -d sql:nss --empty-password && modutil -force -dbdir sql:nss -add quorum11 -libfile "$MODULE"
}
nss_lists() { # WHAT TEXT...
	local what=$1 text
	shift
	certutil "$what" -d sql:nss -h card -f pin >nss.list || return 1
	for text; do grep -q "$text" nss.list || return 1; done
}
t "modutil takes the module" nss_takes
t "certutil lists the certificates" nss_lists -L card:rsa card:ec
t "... the keys" nss_lists -K "rsa " "ec "
cms() { cmsutil -S -d sql:nss -N "card:$1" -f pin -H SHA256 -i data -o "$1.cms"; }
for key in rsa ec; do
	t "certutil trusts the certificate" certutil -A -d sql:nss -n "trusted $key" -t C,C,C -a -i "$key.crt"
	t "cmsutil signs, $key" cms "$key"
	t "... openssl verifies" openssl cms -verify -inform DER -in "$key.cms" -CAfile "$key.crt" -purpose any \
	    -out /dev/null
done

# ---- Java ----

cat >java.conf <<-END
	name = card
	library = $MODULE
	slotListIndex = 0
END
java=(-keystore NONE -storetype PKCS11 -storepass "$PIN" -providerClass sun.security.pkcs11.SunPKCS11
	-providerArg "$T/java.conf")
java_lists() { keytool -list "${java[@]}" >java.list && [ "$(grep -c PrivateKeyEntry java.list)" = 2 ]; }
jar_verifies() { jarsigner -verify "$1" >verified && grep -q "jar verified" verified; }
t "keytool lists both keys" java_lists
t "a jar" jar cf plain.jar data
for key in rsa ec; do
	t "jarsigner signs, $key" jarsigner "${java[@]}" -signedjar "$key.jar" plain.jar "$key"
	t "... verifies without the card" jar_verifies "$key.jar"
done

finish

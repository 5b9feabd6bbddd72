# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs of others on a card with a PIN: OpenSSH, NSS, OpenSSL, PyKCS11, p11-kit, Node, Java. What they make is
# verified without the card. Sourced by clients.sh, where they use the card directly, and by clients-agent.sh, where an
# agent holds it ($WAY: direct or agent).
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/pinkeys.sh
. "$TOP/test/e2e/tools/pinkeys.sh"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out peer.pem

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
nss_lists() { # TEXT TEXT OPTION...
	certutil -d sql:nss -h card "${@:3}" >nss.list </dev/null && grep -q "$1" nss.list && grep -q "$2" nss.list
}
t "modutil takes the module" nss_takes
t "certutil lists the certificates, without a login" nss_lists card:rsa card:ec -L
t "... the keys" nss_lists "rsa " "ec " -K -f pin
cms() { cmsutil -S -d sql:nss -N "card:$1" -f pin -H SHA256 -i data -o "$1.cms"; }
for key in rsa ec; do
	t "certutil trusts the certificate" certutil -A -d sql:nss -n "trusted $key" -t C,C,C -a -i "$key.crt"
	t "cmsutil signs, $key" cms "$key"
	t "... openssl verifies" openssl cms -verify -inform DER -in "$key.cms" -CAfile "$key.crt" -purpose any \
	    -out /dev/null
	t "... so does NSS" cmsutil -D -d sql:nss -i "$key.cms" -o "$key.plain"
	t "... and gives back what was signed" cmp data "$key.plain"
done

if [ "$WAY" = direct ]; then
	nss=(certutil -d sql:nss -h card -f pin)
	t "certutil makes a key and its certificate" "${nss[@]}" -S -s CN=made -n made -x -t u,u,u -k ec -q secp256r1 \
	    -z data
	t "... which has its nickname" nss_lists card:made card:ec -L
	t "... and the key, too" nss_lists "made\$" "ec\$" -K -f pin
	t "... and removes both by it" "${nss[@]}" -F -n card:made
	t "... the others are left" nss_lists "rsa\$" "ec\$" -K -f pin
	t "... it is not" not grep -q made nss.list
fi

# ---- openssl: an authority, decryption, and a TLS server whose key is on the card ----

openssl req -new -key peer.pem -subj /CN=peer -out peer.csr
cat >ca.conf <<-END
	[ca]
	default_ca = authority
	[authority]
	database = index
	new_certs_dir = .
	rand_serial = yes
	default_md = sha256
	default_days = 2
	policy = any
	[any]
	commonName = supplied
END
for key in rsa ec; do
	: >index
	rm -f peer.crt
	t "openssl ca issues a certificate, $key" openssl ca -batch -config ca.conf -engine pkcs11 -keyform engine \
	    -keyfile "$(key_uri "$key")" -cert "$key.crt" -in peer.csr -out peer.crt -notext
	t "... openssl verifies" openssl verify -CAfile "$key.crt" peer.crt
done
openssl cms -encrypt -in data -binary -outform DER -out secret rsa.crt
deciphers() {
	openssl cms -decrypt -engine pkcs11 -keyform engine -inkey "$(key_uri rsa)" -recip rsa.crt -inform DER \
	    -in secret -out plain && cmp data plain
}
t "openssl cms -decrypt, with libp11's engine" deciphers
for key in rsa ec; do
	port=$(free_port)
	start "tls_$key" openssl s_server -engine pkcs11 -keyform engine -key "$(key_uri "$key")" -cert "$key.crt" \
	    -accept "127.0.0.1:$port" -tls1_3 -www
	ready "tls_$key" listens
	t "a TLS 1.3 server with the key on the card answers curl, $key" curl -sS --tlsv1.3 --cacert "$key.crt" \
	    --resolve "$key:$port:127.0.0.1" -o page "https://$key:$port/"
	t "... with what it says of the connection" grep -q TLSv1.3 page
	stop "tls_$key"
done

# ---- PyKCS11 ----

cat >use.py <<-'END'
	import sys
	import PyKCS11
	lib = PyKCS11.PyKCS11Lib()
	lib.load(sys.argv[1])
	slot = lib.getSlotList(tokenPresent=True)[0]
	session = lib.openSession(slot, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
	session.login(sys.argv[2])
	def find(kind, label):
	    return session.findObjects([(PyKCS11.CKA_CLASS, kind), (PyKCS11.CKA_LABEL, label)])[0]
	data = open("data", "rb").read()
	sha256, mgf = PyKCS11.CKM_SHA256, PyKCS11.CKG_MGF1_SHA256
	pss = PyKCS11.RSA_PSS_Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS_PSS, sha256, mgf, 32)
	signature = bytes(session.sign(find(PyKCS11.CKO_PRIVATE_KEY, "rsa"), data, pss))
	assert session.verify(find(PyKCS11.CKO_PUBLIC_KEY, "rsa"), data, signature, pss)
	assert not session.verify(find(PyKCS11.CKO_PUBLIC_KEY, "rsa"), data + b"x", signature, pss)
	open("python.sig", "wb").write(signature)
	oaep = PyKCS11.RSAOAEPMechanism(sha256, mgf)
	secret = session.encrypt(find(PyKCS11.CKO_PUBLIC_KEY, "rsa"), data, oaep)
	assert bytes(session.decrypt(find(PyKCS11.CKO_PRIVATE_KEY, "rsa"), secret, oaep)) == data
	session.logout()
	session.closeSession()
END
t "PyKCS11 signs, verifies, encrypts and decrypts" /usr/bin/python3 use.py "$MODULE" "$PIN"
openssl x509 -in rsa.crt -pubkey -noout -out rsa.pem
t "... openssl verifies" openssl dgst -sha256 -verify rsa.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
    -signature python.sig data

# ---- p11-kit's remoting: the module in a process of its own, at the other end of a socket ----

start p11_server p11-kit server -f -n "$T/p11.socket" --provider "$MODULE" "pkcs11:token=card"
ready p11_server test -S "$T/p11.socket"
client=$(find /usr/lib -name p11-kit-client.so | head -n 1)
remote() {
	P11_KIT_SERVER_ADDRESS=unix:path=$T/p11.socket pkcs11-tool --module "$client" --login --pin "$PIN" "$@"
}
# Version 0.24 hands on the mechanisms that it knows; ECDSA with a hash is not among them.
t "pkcs11-tool signs over p11-kit's socket" remote --sign --id 01 --mechanism SHA256-RSA-PKCS --input-file data \
    --output-file remote.sig
t "... openssl verifies" openssl dgst -sha256 -verify rsa.pem -signature remote.sig data
t "p11-kit's server ends" stop p11_server

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

# ---- Node ----

t "Node signs, verifies, decrypts and agrees on a secret" node "$TOP/test/node/use.js" "$MODULE" "$PIN"
t "... openssl verifies its RSA signature" openssl dgst -sha256 -verify rsa.pem -signature node.rsa.sig data
openssl x509 -in ec.crt -pubkey -noout -out ec.pem
t "... its EC signature" openssl dgst -sha256 -verify ec.pem -signature node.ec.sig data
openssl pkeyutl -derive -inkey peer.pem -peerkey ec.pem -out node.theirs
t "... openssl agrees on the same secret" cmp node.secret node.theirs

if [ "$WAY" = agent ]; then
	# A program that had gone past the agent would have found the card taken.
	t "all that was the agent's work" agent_says '.state == "open" and .uses >= 14' ||
	    cat agent.said
	t "the agent ends" stop agent
fi
finish

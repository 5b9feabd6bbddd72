# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Servers and clients whose certificate's key is on a card with a PIN: curl, GnuTLS, Apache; and strongSwan's authority.
# Sourced by peers.sh, where they use the card directly, and by peers-agent.sh, where an agent holds it ($WAY: direct or
# agent).
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# Apache is another user than the one that runs this.
chmod 755 "$T"
# shellcheck source=test/e2e/tools/pinkeys.sh
. "$TOP/test/e2e/tools/pinkeys.sh"

listens() { : </dev/tcp/127.0.0.1/"$port"; } 2>/dev/null
# A certificate of one of the keys, by its name.
get() { # KEY [OPTION...]
	curl -sS --cacert "$1.crt" --resolve "$1:$port:127.0.0.1" "${@:2}" "https://$1:$port/"
}

# ---- a client's certificate: what it shows, the server knows ----

tls_new
cat rsa.crt ec.crt >both.crt
port=$(free_port)
start server openssl s_server -key tls/server.key -cert tls/server.pem -accept "127.0.0.1:$port" -CAfile both.crt \
    -Verify 2 -verify_return_error -www
ready server listens
# It answers who has proved to have the key.
shown() { grep -q TLSv1.3 page && grep -q "CN = $1\$" server.log; }
for key in rsa ec; do
	: >server.log
	t "curl shows its certificate, $key" curl -sS --cacert tls/ca.pem --engine pkcs11 --key-type ENG \
	    --key "$(key_uri $key)" --cert $key.crt -o page "https://127.0.0.1:$port/"
	t "... to a server that takes it" shown $key
	: >server.log
	t "... from the card, too" curl -sS --cacert tls/ca.pem --key "$(key_uri $key)" \
	    --cert "pkcs11:token=card;object=$key;type=cert" -o page "https://127.0.0.1:$port/"
	t "... to a server that takes it" shown $key
	gnutls() {
		printf 'GET / HTTP/1.0\r\n\r\n' | gnutls-cli --provider "$MODULE" --x509cafile tls/ca.pem -p "$port" \
		    --x509certfile "pkcs11:token=card;object=$key;type=cert" --x509keyfile "$(key_uri "$key")" \
		    127.0.0.1 >page
	}
	: >server.log
	t "gnutls-cli shows it, $key" gnutls
	t "... to a server that takes it" shown $key
done
stop server

# ---- servers ----

for key in rsa ec; do
	port=$(free_port)
	start gnutls gnutls-serv --provider "$MODULE" --x509certfile $key.crt --x509keyfile "$(key_uri $key)" \
	    -p "$port" --http
	ready gnutls listens
	t "gnutls-serv answers curl, $key" get $key --tlsv1.3 -o page
	t "... by TLS 1.2, too" get $key --tls-max 1.2 -o page
	stop gnutls
done

# Workers are children of the process that has read the key: libp11 logs in anew in each, at the slot that it knows.
port=$(free_port)
modules=/usr/lib/apache2/modules
mkdir -p apache/pages
echo "from Apache" >apache/pages/index.html
chown -R nobody apache
cat >apache.conf <<-END
	ServerRoot $T/apache
	ServerName rsa
	PidFile apache.pid
	DefaultRuntimeDir $T/apache
	ErrorLog error.log
	Listen 127.0.0.1:$port
	LoadModule mpm_event_module $modules/mod_mpm_event.so
	LoadModule authz_core_module $modules/mod_authz_core.so
	LoadModule dir_module $modules/mod_dir.so
	LoadModule ssl_module $modules/mod_ssl.so
	StartServers 2
	DocumentRoot $T/apache/pages
	SSLSessionCache none
	SSLCryptoDevice pkcs11
	<VirtualHost 127.0.0.1:$port>
		SSLEngine on
		SSLCertificateFile $T/rsa.crt
		SSLCertificateKeyFile "$(key_uri rsa)"
	</VirtualHost>
END
# What was approved until now was root's.
agent_is_free() { chmod 666 agent && "$q11" agent end; }
[ "$WAY" = direct ] || t "the agent is Apache's, too" agent_is_free
nobody=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
start apache "${nobody[@]}" apache2 -D FOREGROUND -f "$T/apache.conf"
ready apache listens
for n in 1 2 3 4; do
	t "a worker of Apache answers curl, $n" get rsa -m 20 -o page
	t "... with the page" grep -qx "from Apache" page
done
t "Apache ends" stop apache
[ "$WAY" = direct ] || t "... and the approval that it had" "$q11" agent end

# ---- strongSwan's authority ----

cat >strongswan.conf <<-END
	libstrongswan { plugins { pkcs11 { load = yes
		modules { quorum11 { path = $MODULE } } } } }
	pki { load = pkcs11 openssl x509 pem pkcs1 pkcs8 nonce random pubkey sha1 sha2 }
END
openssl req -new -key tls/client.key -subj /CN=peer -out peer.csr
issue() {
	STRONGSWAN_CONF=$T/strongswan.conf "$TOP/test/e2e/tools/person.py" "Smartcard PIN:" "~$PIN" -- sh -c \
	    'pki --issue --type pkcs10 --in peer.csr --cacert rsa.crt --cakeyid 01 --dn CN=peer --outform pem >peer.crt'
}
t "strongSwan's pki issues a certificate" issue
t "... openssl verifies" openssl verify -CAfile rsa.crt peer.crt

if [ "$WAY" = agent ]; then
	t "all that was the agent's work" agent_says '.state == "open"' || cat agent.said
	t "the agent ends" stop agent
fi
finish

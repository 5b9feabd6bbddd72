#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The management server as a program: TLS, tokens, limits, sessions, hang-ups, stopping. What people do with it
# is in the ceremony tests.
# Functions are called through t; eval gets its command in single quotes.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

server=$B/quorum11-server
type='Content-Type: application/org.openscdp-content-mgt-response;version=1.0'

# The status of a request; body to $T/body, header to $T/head.
code() { curl -sS --cacert "$T/tls/ca.pem" -o "$T/body" -D "$T/head" -w '%{http_code}' "$@"; }
is() { # STATUS CURL-OPTION...
	local want=$1 got
	shift
	got=$(code "$@")
	[ "$got" != "$want" ] || return 0
	echo "$got"
	cat "$T/body"
	return 1
}
operator() { is "$1" -H "Authorization: Bearer $(cat "$T/state/token")" "${@:2}"; }
head_has() { grep -qi -- "$1" "$T/head"; }
# RAMOverHTTP: a body as hex, further curl options
post() { xxd -r -p <<<"$2" >"$T/post" && is "$1" -H "$type" --data-binary "@$T/post" "${@:3}" "$URL/rt/hsm"; }
body_is() { [ "$(xxd -p "$T/body" | tr -d '\n')" = "${1,,}" ] || { xxd "$T/body"; false; }; }
E8=E81AC0183BDE96FF8191FE1FC38031815448534D3173802140810792
requests() { operator 200 "$URL/api/v1/requests" && jq -r ".requests[$1" "$T/body"; }
waits() { [ "$(requests '0].state')" = waiting ]; }
newest_is() { [ "$(requests "0]$1")" = "$2" ] || { jq '.requests[0]' "$T/body"; false; }; }
within() { # MS CMD...
	local most=$1 from took
	shift
	from=$(ms)
	"$@" || return 1
	took=$(($(ms) - from))
	echo "$took ms: $*" | tee -a "$T/took"
	[ "$took" -le $((most * ${SLOW:-1})) ]
}

t "2 of 2: cards, registration, server, enrolment" nofm_new vendor-shared 2 2 || finish
stop server
sed -i "s/^\[server\]/&\npoll = 30/; s/^listen = .*/listen = ${URL#https://}/" "$T/server.conf"
t "the server, whose POSTs wait for 30 s" server_start "$T/server.conf"
log=$T/server.log

# ---- TLS ----

t "healthz" is 200 "$URL/healthz"
t "... says ok" test "$(cat "$T/body")" = '{"status":"ok"}'
t_status "no trust without the CA" 60 curl -sS "$URL/healthz"
t "no plain HTTP on the TLS port" not curl -sS "http${URL#https}/healthz"
t_status "no TLS 1.1" 35 curl -sS --cacert "$T/tls/ca.pem" --tls-max 1.1 --ciphers DEFAULT:@SECLEVEL=0 "$URL/healthz"
t_status "no cipher without authentication" 35 curl -sS --cacert "$T/tls/ca.pem" --tls-max 1.2 \
    --ciphers ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0 "$URL/healthz"

# ---- who may ask what ----

t "no token: 401" is 401 "$URL/api/v1/targets"
t "... and how to do better" head_has '^WWW-Authenticate: Bearer'
t "a wrong token: 401" is 401 -H 'Authorization: Bearer AAAA' "$URL/api/v1/targets"
t "the token: 200" operator 200 "$URL/api/v1/targets"
targets() { jq -r '.targets[] | [.device_id, .n, .m, .unverified] | join(" ")' "$T/body"; }
t "... one target" test "$(targets)" = "$target_id 2 2 false"
t "an unknown path: 404" is 404 "$URL/api/v2/targets"
t "a method that is not known here: 405" is 405 -X DELETE "$URL/api/v1/targets"
t "... with those that are" head_has '^Allow: GET, HEAD, POST'
t "a request that nobody knows: 404" operator 404 "$URL/api/v1/requests/00112233445566778899aabbccddeeff"
t "enrolling again without saying so is refused" not nofm_enrol
t "no JSON: 400" operator 400 -d 'n=2' "$URL/api/v1/targets"
t "an unknown member: 400" operator 400 -d '{"devout": ""}' "$URL/api/v1/targets"

# ---- sizes ----

head -c 2000000 /dev/zero >"$T/big"
t "too large, declared: 413" operator 413 --data-binary "@$T/big" "$URL/api/v1/targets"
t "too large, in pieces: 413" operator 413 -H 'Transfer-Encoding: chunked' --data-binary "@$T/big" "$URL/api/v1/targets"
t "a session's POST is limited, too" is 413 -H "$type" --data-binary "@$T/big" "$URL/rt/hsm"
t "a body that is asked for first" is 400 -H 'Expect: 100-continue' -H "$type" --data-binary "@$T/tls.log" "$URL/rt/hsm"

# ---- sessions ----

t "E8: 200" post 200 $E8 -c "$T/jar"
t "... SELECT, alone: a client that does not say that it is ours gets one command at a time" \
    body_is AA13221100A404000BE82B0601040181C31F020100
t "... one cookie for this path, for TLS, not for scripts" \
    grep -qiE '^set-cookie: HSMSESSION=[0-9a-f]{64}; Path=/rt/hsm; HttpOnly; Secure.?$' "$T/head"
t "... of the right type" head_has '^content-type: application/org.openscdp-content-mgt;version=1.0'
t "another E8: another session" post 200 $E8 -c "$T/jar2"
t "... with another cookie" not cmp -s "$T/jar" "$T/jar2"
t "the first session's answers: no applet there" post 200 AB0723026A82800101 -b "$T/jar"
t "... the READ that belongs to it is asked" body_is AA0F220D00B12F02000004540200000400
t "... there is nothing either" post 200 AB0723026A82800101 -b "$T/jar"
t "... that is the end, said alone (-120)" grep -q '^aa..e0..0201880c' <(xxd -p "$T/body" | tr -d '\n')
t "... the next POST gets 204" post 204 AB03800100 -b "$T/jar"
t "... and then there is nothing any more" post 404 AB03800100 -b "$T/jar"
t "the second session lives on, if answered rightly: too few answers" post 400 AB03800100 -b "$T/jar2"
t "... it is over" post 404 AB03800100 -b "$T/jar2"
t "a cookie that nobody knows: 404" post 404 AB03800100 -b HSMSESSION=00
t "an answer without a cookie: 400" post 400 AB03800100
t "E8 with somebody's idea of a cookie is a new session" post 200 $E8 -b HSMSESSION=0123 -c "$T/jar3"
t "... with an id of ours" not grep -q 'HSMSESSION.0123$' "$T/jar3"
t "garbage: 400" post 400 DEADBEEF
t "nothing: 400" post 400 ""
t "another type of body: 400" is 400 -H 'Content-Type: text/plain' --data-binary "@$T/post" "$URL/rt/hsm"
t "host's facts that are none: 400" post 400 $E8 -H 'X-Quorum11-Request: AAAA'
t "the path below: 404" is 404 -X POST "$URL/rt/hsm/x"
t "GET: 405" is 405 "$URL/rt/hsm"
t "HTTP/1.0" post 200 $E8 --http1.0

# ---- a POST that waits for people ----

# Not by the function host: its process would be a shell's.
connect_start() {
	start connect env "QUORUM11_CONF=$T/host.conf" "$q11" connect --reader "$(reader target)"
	wait_for "$LONG" waits
}
connect_failed() { reap connect && [ "$status" -ne 0 ]; }

quick=15000     # half of the time that a POST waits
t "a host waits" connect_start
t "... meanwhile others are served at once" within $quick is 200 "$URL/healthz"
t "... the request cannot be read by who knows its id" is 401 "$URL/api/v1/requests/$(requests '0].id')"
t "... but by who has its link" is 200 "$URL/api/v1/links/$(requests '0].link')"
deny='{"chr": "UTX", "statement": "AAAA", "statement_signature": "AAAA"}'
t "... and decided by nobody without a signature" is 401 -d "$deny" "$URL/api/v1/requests/$(requests '0].id')/deny"
t "... which changes nothing" newest_is .state waiting
stop connect KILL
# Not after the 40 s in which a host may be silent.
t "the host is killed: the request is over soon" wait_for 20000 newest_is .state failed
t "... it is said why" newest_is .why 'the host hung up'
t "the next one does not have to wait for the first" connect_start
t "... one of two" approve c1
t "... two of two" within $quick approve c2
t "... the host is done at once" within $quick reap connect
t "... and content" test "$status" -eq 0
t "... the request is open" newest_is .result ok
t "a host waits while the server stops" connect_start
t "SIGTERM: it stops quickly" within $quick stop server
t "... with status 0" test "$status" -eq 0
t "... the host is told" connect_failed
t "... in these words" grep -q 'the server stops' "$T/connect.log"
cookie=$(awk '/HSMSESSION/{ print $7 }' "$T/jar3")
t "there was a cookie" test ${#cookie} -eq 64
t "no secret is in the log" not grep -qF -e "$(cat "$T/state/token")" -e "$cookie" "$log"
decision='event=decision request=[0-9a-f]{32} device="[A-Z0-9]+" key="[A-Z0-9]+" decision=approve from=127.0.0.1'
t "what happened is" grep -qE "$decision" "$log"

# ---- token and state ----

printf '[server]\nlisten = 127.0.0.1:0\nhttp = yes\nstate = %s\n[trust]\nroots = %s\n' "$T/state" \
    "$T/pki/root.cvc" >"$T/plain.conf"
t "a second token is refused" not "$server" --config "$T/server.conf" token
t "... the first can be shown" test "$("$server" --config "$T/server.conf" token --print)" = "$(cat "$T/state/token")"
t "... its file is private" test "$(stat -c %a "$T/state/token")" = 600
t "the server again" server_start "$T/server.conf"
t "... knows its target" operator 200 "$URL/api/v1/targets"
cp "$T/state/token" "$T/old-token"
t_status "a second server on the same state refuses to start" 1 "$server" --config "$T/plain.conf"
t "... and says why" grep -q 'another server' "$T/err"
t "check-config does not mind" "$server" --config "$T/server.conf" check-config
t "another token" "$server" --config "$T/server.conf" token --replace
t "... counts at once" operator 200 "$URL/api/v1/targets"
t "... the old one does not" is 401 -H "Authorization: Bearer $(cat "$T/old-token")" "$URL/api/v1/targets"
t "SIGINT stops it, too" stop server INT
t "... with status 0" test "$status" -eq 0

# ---- killed while it writes ----

db=$T/state/quorum11.db
sqlite3 "$db" "SELECT enrolment FROM targets WHERE until IS NULL" | jq -c '. + {replace: true}' >"$T/again.json"
again() { operator 201 --data-binary "@$T/again.json" "$URL/api/v1/targets"; }
# Killed during the N-th replacement of its enrolment, a server leaves the old one or the new one, whole.
killed() {
	local n k
	for n in {1..8}; do
		server_start "$T/plain.conf" || return 1
		for ((k = 1; k < n; k++)); do again || return 1; done
		again >"$T/last" 2>&1 &
		stop server KILL
		wait $!
		"$server" --config "$T/plain.conf" check-config || return 1
	done
}
t "killed while it writes an enrolment, eight times: it is whole" killed

# ---- client certificates ----

{ cat "$T/server.conf"; printf '[server]\nclient_ca = %s\n' "$T/tls/ca.pem"; } >"$T/mutual.conf"
t "a server that wants client certificates" server_start "$T/mutual.conf"
t "... none: 403" is 403 "$URL/healthz"
t "... not to the sessions either" post 403 $E8
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout "$T/other.key" \
    -out "$T/other.pem" 2>/dev/null
t "... of another CA: no" not is 200 --cert "$T/other.pem" --key "$T/other.key" "$URL/healthz"
# issue NAME EXTENSION OPENSSL-OPTION...: a client's certificate of the right CA
issue() {
	printf 'basicConstraints=CA:FALSE\n%s\n' "$2" >"$T/$1.ext"
	openssl x509 -req -in "$T/tls/client.csr" -CA "$T/tls/ca.pem" -CAkey "$T/tls/ca.key" -extfile "$T/$1.ext" \
	    -out "$T/$1.pem" "${@:3}" 2>/dev/null
}
t "... made for servers" issue for-servers extendedKeyUsage=serverAuth -days 1
t "... is no client's: no" not is 200 --cert "$T/for-servers.pem" --key "$T/tls/client.key" "$URL/healthz"
t "... made for clients" issue for-clients extendedKeyUsage=clientAuth -days 1
t "... is one: 200" is 200 --cert "$T/for-clients.pem" --key "$T/tls/client.key" "$URL/healthz"
certified() { is "$1" --cert "$T/$2.pem" --key "$T/tls/client.key" "${@:3}"; }
t "... that has no name here reads nothing: 401" certified 401 tls/client "$URL/api/v1/targets"
t "its key is given a role" "$server" --config "$T/mutual.conf" identity add --role reader --name ann \
    --cert "$T/tls/client.pem"
t "... may what its role may: 200" certified 200 tls/client "$URL/api/v1/targets"
t "... and no more: 403" certified 403 tls/client "$URL/api/v1/tokens"
t "... another certificate over the same key, too: 200" certified 200 for-clients "$URL/api/v1/targets"
t "... not one that is not for clients: 403" certified 403 for-servers "$URL/api/v1/targets"
t "... until it is revoked" "$server" --config "$T/mutual.conf" token revoke ann
t "... at once: 401" certified 401 tls/client "$URL/api/v1/targets"
t "... of yesterday" issue expired "" -days -1
t "... counts no more: no" not is 200 --cert "$T/expired.pem" --key "$T/tls/client.key" "$URL/healthz"
t "... of its CA: 200" is 200 --cert "$T/tls/client.pem" --key "$T/tls/client.key" "$URL/healthz"
stop server
echo 'client_cert = asked' >>"$T/mutual.conf"
sed '/^client_ca/d' "$T/mutual.conf" >"$T/asked.conf"
t_status "asked for of no authority" 1 "$server" --config "$T/asked.conf" --ready-file "$T/none"
t "... is refused" grep -q "client_cert = asked needs client_ca" "$T/err"
t "one that asks for certificates, but does not demand them" server_start "$T/mutual.conf"
t "... none: 200" is 200 "$URL/healthz"
t "... but no more than everybody may: 401" is 401 "$URL/api/v1/targets"
t "... a token instead: 200" operator 200 "$URL/api/v1/targets"
t "... a session without either, where hosts are open: 200" post 200 $E8
cp "$T/tls/client.key" "$T/old.key"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=eve -keyout "$T/tls/client.key" \
    -out "$T/tls/client.csr" 2>/dev/null
t "... another key" issue eve "" -days 1
t "... gets a role" "$server" --config "$T/mutual.conf" identity add --role reader --name eve --cert "$T/eve.pem"
t "... by its certificate: 200" certified 200 eve "$URL/api/v1/targets"
t "... and no more: 403" certified 403 eve "$URL/api/v1/tokens"
t "... both: the token counts" certified 200 eve -H "Authorization: Bearer $(cat "$T/state/token")" \
    "$URL/api/v1/tokens"
t "... of yesterday" issue expired "" -days -1
t "... is none: 401" certified 401 expired "$URL/api/v1/targets"
t "... made for servers" issue for-servers extendedKeyUsage=serverAuth -days 1
t "... is none: 401" certified 401 for-servers "$URL/api/v1/targets"
mv "$T/old.key" "$T/tls/client.key"
other() { is "$1" --cert "$T/other.pem" --key "$T/other.key" "${@:2}"; }
t "... one of another CA is none: 401" other 401 "$URL/api/v1/targets"
t "... which does not spoil a token" other 200 -H "Authorization: Bearer $(cat "$T/state/token")" "$URL/api/v1/targets"
stop server

# ---- hosts with a name ----

{ cat "$T/server.conf"; printf '[server]\nhosts = named\n'; } >"$T/named.conf"
t "a server that wants to know its hosts" server_start "$T/named.conf"
cp "$T/host.conf" "$T/host.good"
sed -i "s|^url = .*|url = $URL/rt/hsm|" "$T/host.conf"
t_status "... not this one" 1 host "$q11" connect --reader "$(reader target)"
umask 077
t "... which gets a token" eval '"$server" --config "$T/named.conf" token add --role host --name build1 >"$T/build1"'
umask 022
printf '[login]\ntoken = %s\n' "$T/build1" >>"$T/host.conf"
t "... and waits" connect_start
t "... under its name" newest_is .host_name build1
t "... which custodians are shown" eval 'approve c1 && grep -q "host  *build1 " "$T/out"'
t "... and opens" approve c2
t "... with its statements" eval 'reap connect && [ "$status" -eq 0 ]'
t "... another token in its place" eval '"$server" --config "$T/named.conf" token rotate build1 >"$T/build2"'
t_status "... the old one counts no more" 1 host "$q11" connect --reader "$(reader target)"
mv "$T/host.good" "$T/host.conf"
stop server

# ---- the other side of TLS: a client that is lied to ----

# distrusts WORDS [SED]: neither custodian nor host, with settings changed so, talk to this server
distrusts() {
	local who ends=()
	for who in custodian host; do
		cp "$T/$who.conf" "$T/$who.good"
		sed -i "${2-}" "$T/$who.conf"
	done
	run custodian "$q11" approve --reader "$(reader c1)" --pin-file "$T/pin" --yes "$URL"
	cat "$T/err"
	grep -q "certificate refused" "$T/err" && grep -q "$1" "$T/err" && ends+=("$status")
	run host "$q11" connect --reader "$(reader target)" "$URL/rt/hsm"
	cat "$T/err"
	grep -q "certificate is refused" "$T/err" && grep -q "$1" "$T/err" && ends+=("$status")
	for who in custodian host; do mv "$T/$who.good" "$T/$who.conf"; done
	[ "${ends[*]}" = "1 1" ]
}
t "the server again" server_start "$T/server.conf"
t "another CA" distrusts "self-signed\|unable to get" "s,^ca = .*,ca = $T/other.pem,"
t "another key than the pinned one" distrusts "pinned" "s,^ca = .*,&\npin = sha256//$(head -c 32 /dev/zero | base64),"
# by_another NAME OPENSSL-OPTION...: the same server with another certificate of the CA
by_another() {
	printf 'subjectAltName=%s\n' "$1" >"$T/another.ext"
	openssl x509 -req -in "$T/tls/server.csr" -CA "$T/tls/ca.pem" -CAkey "$T/tls/ca.key" -extfile "$T/another.ext" \
	    -out "$T/another.pem" "${@:2}" 2>/dev/null
	sed "s,^cert = .*,cert = $T/another.pem," "$T/server.conf" >"$T/another.conf"
	stop server && server_start "$T/another.conf"
}
t "a certificate of yesterday" by_another IP:127.0.0.1 -days -1
t "... is refused, with what the clock here says" distrusts "expired, by the clock of this machine: $(date -u +%Y-)"
t "a certificate of another host" by_another DNS:elsewhere.example -days 1
t "... is refused" distrusts "name"
stop server

# ---- slow ones, over plain HTTP on loopback ----

t "a server without TLS, on loopback" server_start "$T/plain.conf"
t "... a session" post 200 $E8
t "... its cookie is not for TLS only" not head_has '; Secure'
port=${URL##*:}
slow() { # TEXT: a connection that says no more than this is closed after ten seconds, not after a minute of idleness
	local fd from
	from=$(ms)
	exec {fd}<>"/dev/tcp/127.0.0.1/$port" && printf '%b' "$1" >&"$fd"
	timeout 40 cat <&"$fd" >"$T/slow-$2" 2>&1 || return 1
	exec {fd}>&-
	echo $(($(ms) - from)) >>"$T/slow-$2"
	[ $(($(ms) - from)) -ge 9900 ]
}
slow "" nothing & nothing=$!
slow 'POST /rt/hsm HTTP/1.1\r\nHost: x\r\n' header & header=$!
slow 'POST /rt/hsm HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nE8' body & body=$!
t "... others are served meanwhile" is 200 "$URL/healthz"
t "who says nothing is cut off after 10 s" wait $nothing
t "... who does not end his header" wait $header
t "... who does not end his body" wait $body
stop server

# ---- settings ----

conf_fails() { # TEXT CONF-LINE...: check-config says TEXT
	local want=$1 line
	shift
	for line in "$@"; do printf '%s\n' "$line"; done >"$T/bad.conf"
	run "$server" --config "$T/bad.conf" check-config
	cat "$T/out" "$T/err"
	[ "$status" -ne 0 ] && grep -qF -- "$want" "$T/err"
}
t "check-config: what is right" "$server" --config "$T/server.conf" check-config
t "... plain HTTP only if asked for" conf_fails "http = yes" '[server]' 'listen = 127.0.0.1:0' "state = $T/state"
t "... and only on loopback" conf_fails loopback '[server]' 'listen = *:0' 'http = yes' "state = $T/state"
t "... a key without its certificate" conf_fails "cert and key" '[server]' "key = $T/tls/server.key" "state = $T/state"
t "... another key's certificate" conf_fails "belong together" '[server]' 'listen = 127.0.0.1:0' \
    "key = $T/tls/client.key" "cert = $T/tls/server.pem" "state = $T/state"
t "... an address that is none" conf_fails "host:port" '[server]' 'listen = 127.0.0.1' 'http = yes' "state = $T/state"
t "... a root that is none" conf_fails "$T/pin" '[server]' 'http = yes' "state = $T/state" '[trust]' "roots = $T/pin"
t "... an unknown setting" conf_fails "bad.conf" '[server]' 'port = 1'
sqlite3 "$db" "INSERT INTO targets (device_id, enrolment, since) VALUES ('BROKEN', '{', 1)"
t "... an enrolment that does not hold" conf_fails BROKEN "$(cat "$T/plain.conf")"
t_status "an unknown word" 2 "$server" serf
t_status "an unknown option" 2 "$server" --port 1
t "--help" grep -q ready-file <("$server" --help)
t "--version" grep -q '^quorum11-server [0-9]' <("$server" --version)
sed "s,^,# ," "$T/took"
finish

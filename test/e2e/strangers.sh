#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What strangers do to the management server below HTTP's good manners: bytes on a socket, floods, slow readers, a kill
# at any moment, a folder that is not only ours. No card is needed: nobody here gets as far as one.
# takes: 40
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server=$B/quorum11-server
log=$T/server.log
raw() { timeout 60 python3 -IS "$TOP/test/e2e/tools/stranger.py" "${URL##*:}" "$@"; }
alive() { [ "$(curl -sS "$URL/healthz")" = '{"status":"ok"}' ]; }

umask 077
printf '[server]\nlisten = 127.0.0.1:%s\nhttp = yes\nstate = %s\n' "$(free_port)" "$T/state" >"$T/server.conf"
"$server" --config "$T/server.conf" token 2>"$T/token.log"
t "a server without TLS, on loopback" server_start "$T/server.conf"

# ---- clients of other makers, as far as HTTP goes; test/unit/test_stock.c has the rest ----

at=/rt/hsm
first_post() { # [HEADER]: one cookie, a length, a type, and the work to do
	printf '\xe8\x04\xc0\x02\x3b\x00' |
		curl -sS -D "$T/head" -o "$T/body" ${1:+-H "$1"} -H 'Expect:' --data-binary @- \
	    -H 'Content-Type: application/org.openscdp-content-mgt-response;version=1.0' "$URL$at" || return 1
	grep -q '^HTTP/1.1 200 ' "$T/head" && ! grep -qi '^Transfer-Encoding' "$T/head" &&
		[ "$(grep -ci '^Set-Cookie: HSMSESSION=[0-9a-f]\{64\};' "$T/head")" -eq 1 ] &&
		grep -qi "^Content-Length: $(stat -c %s "$T/body")" "$T/head" &&
		grep -qi '^Content-Type: application/org.openscdp-content-mgt;version=1.0' "$T/head" &&
		[ "$(xxd -p "$T/body")" = aa13221100a404000be82b0601040181c31f020100 ]
}
t "a Java client: no protocol named" first_post
t "a C client until 2022" first_post 'X-Admin-Protocol: globalplatform-remote-admin/1.0'
t "a C client since 2022" first_post 'X-Admin-Protocol: openscdp-remote-admin/1.0'
at=/rt/hold
t "... that stays connected" first_post 'X-Admin-Protocol: openscdp-remote-admin/1.0'
at=/rt/hsm
t "a libcurl that wants to be told to go on" first_post 'Expect: 100-continue'

# ---- bytes ----

H='HTTP/1.1\r\nHost: x\r\n'
E8=$(printf '\\x%s' E8 04 C0 02 3B 00)
type='Content-Type: application/org.openscdp-content-mgt-response;version=1.0\r\n'
# answers TEXT WANT BYTES: the statuses of all answers, in order; "none" if the connection is closed without any
mkfifo "$T/ask" "$T/said"
python3 -IS "$TOP/test/e2e/tools/stranger.py" "${URL##*:}" answers <"$T/ask" >"$T/said" &
stranger=$!
exec {ask}>"$T/ask" {said}<"$T/said"
answer() {
	local line
	printf '%s\t%s\n' "$1" "$2" >&"$ask"
	read -r -t 60 line <&"$said" && echo "$line" && [[ $line == yes:* ]]
}
answers() { t "$1" answer "$2" "$3"; }
answers "two requests in one packet" "200 200" "GET /healthz $H\r\nGET /healthz $H\r\n"
answers "HTTP/1.0: one answer" 200 "GET /healthz HTTP/1.0\r\n\r\n"
answers "HTTP/0.9: none" "400|none" "GET /healthz\r\n\r\n"
# The library writes the head of its own refusals twice.
answers "HTTP/1.1 without a host" "400|400 400" "GET /healthz HTTP/1.1\r\n\r\n"
answers "a path with dots" 404 "GET /api/../healthz $H\r\n"
answers "... encoded" 404 "GET /api/v1/links/%2e%2e%2f%2e%2e%2ftoken $H\r\n"
answers "an absolute address" "200|404" "GET http://x/healthz $H\r\n"
answers "an asterisk" "404|405" "OPTIONS * $H\r\n"
answers "a method of another protocol" 505 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
answers "TLS" "none|400" '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
answers "a zero byte in a header" "400|none|200" "GET /healthz HTTP/1.1\r\nHost: x\x00y\r\n\r\n"
answers "a line end within a value" "401|400" \
    "GET /api/v1/targets ${H}Authorization: Bearer x\n event=open request=forged\r\n\r\n"
answers "a header of 64 KiB" 431 "GET /healthz ${H}X: $(head -c 65536 /dev/zero | tr '\0' x)\r\n\r\n"
answers "many headers, beyond the 8 KiB of a connection" 431 \
    "GET /healthz ${H}$(printf 'X%d: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\r\\n' {1..150})\r\n"
answers "a path of 64 KiB" "414|431|none" "GET /$(head -c 65536 /dev/zero | tr '\0' x) $H\r\n"
answers "a query of 5000 bytes is not taken for none" 414 \
    "GET /api/v1/audit?search=$(head -c 5000 /dev/zero | tr '\0' x) $H\r\n"
answers "two lengths" 400 "POST /rt/hsm ${H}${type}Content-Length: 6\r\nContent-Length: 0\r\n\r\n$E8"
answers "two lengths that agree" 400 "POST /rt/hsm ${H}${type}Content-Length: 6\r\nContent-Length: 6\r\n\r\n$E8"
answers "a length that is none" "400|400 400" "POST /rt/hsm ${H}${type}Content-Length: -1\r\n\r\n$E8"
answers "a length beyond numbers" "413|413 413" \
    "POST /rt/hsm ${H}${type}Content-Length: 99999999999999999999999\r\n\r\n$E8"
answers "length and pieces: what follows is no request" 400 \
    "POST /rt/hsm ${H}${type}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz $H\r\n"
answers "two cookies" 400 \
    "POST /rt/hsm ${H}${type}Cookie: HSMSESSION=0\r\nCookie: HSMSESSION=1\r\nContent-Length: 6\r\n\r\n$E8"
answers "two tokens" 400 "GET /api/v1/targets ${H}Authorization: Bearer x\r\nAuthorization: Bearer y\r\n\r\n"
answers "a piece whose length is none" "400|none" "POST /rt/hsm ${H}${type}Transfer-Encoding: chunked\r\n\r\nzz\r\n"
answers "a body that GET does not have" "413" "GET /healthz ${H}Content-Length: 1\r\n\r\nx"
answers "expected to continue: asked to" "100 400" \
    "POST /rt/hsm ${H}${type}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nxx"
t "... and all that has changed nothing" alive

# ---- crowds ----

printf %b "$E8" >"$T/e8"
code() { curl -sS -o "$T/body" -w '%{http_code}' "$@"; }
session() { code --interface "$1" -H "${type%%\\*}" --data-binary "@$T/e8" "$URL/rt/hsm"; }
flood() { for _ in {1..20}; do session 127.0.0.7; echo; done | sort | uniq -c | xargs; }
t "sessions without end from one address: some" test "$(flood)" = "16 200 4 503"
t "... others still get one" test "$(session 127.0.0.8)" = 200
raw crowd 127.0.0.9 600 127.0.0.8 "$T/crowd" >"$T/crowd.log" 2>&1 &
crowd=$!
t "600 connections from one address" wait_for "$LONG" test -s "$T/crowd"
t "... are 512" test "$(cat "$T/crowd")" = 512
t "... others are served" test "$(code --interface 127.0.0.8 "$URL/healthz")" = 200
t "... and they are closed after ten seconds" wait $crowd

# ---- those who do not listen ----

t "who asks and asks and never reads is cut off" raw deaf
t "... others are served" alive

# ---- the folder and the end ----

pid=${PID[server]}
t "killed" eval "stop server KILL; [ \"\$status\" -ne 0 ]"
t "... its ready file says nothing of it" test -s "$T/server.ready"
cp "$T/server.conf" "$T/bad.conf"
sed -i "s,^listen.*,listen = 127.0.0.1," "$T/bad.conf"
t_status "a start that fails" 1 "$server" --config "$T/bad.conf" --ready-file "$T/server.ready"
t "... leaves no ready file of an earlier one" test ! -e "$T/server.ready"
t "the same port again, at once" server_start "$T/server.conf"
t "... another process" test "${PID[server]}" != "$pid"
t "stopped" eval "stop server && [ \$status -eq 0 ]"
t "... no ready file is left" test ! -e "$T/server.ready"
conf_fails() {
	run "$server" --config "$T/server.conf" check-config
	cat "$T/err"
	[ "$status" -eq 1 ] && grep -q "$1" "$T/err"
}
chmod 770 "$T/state"
t "a state folder that others can write to" conf_fails "could write to it"
t_status "... is no place for a token" 1 "$server" --config "$T/server.conf" token --replace
t_status "... and no server starts on it" 1 "$server" --config "$T/server.conf"
chmod 700 "$T/state"
t "a token that others can read" chmod 640 "$T/state/token"
t "... the server starts" server_start "$T/server.conf"
bearer="Authorization: Bearer $(cat "$T/state/token")"
t "... but nobody is its operator" test "$(code -H "$bearer" "$URL/api/v1/targets")" = 401
chmod 600 "$T/state/token"
t "... until it is private" test "$(code -H "$bearer" "$URL/api/v1/targets")" = 200

# ---- a TLS port ----

t "stopped once more" eval "stop server && [ \$status -eq 0 ]"
t "a CA and certificates" tls_new
sed "s,^http = yes,cert = $T/tls/server.pem\nkey = $T/tls/server.key," "$T/server.conf" >"$T/tls.conf"
t "the same server with TLS" server_start "$T/tls.conf"
safe() { [ "$(curl -sS --cacert "$T/tls/ca.pem" "$URL/healthz")" = '{"status":"ok"}' ]; }
answers "plain HTTP to it: no answer" none "GET /healthz $H\r\n"
answers "zeros" none "$(printf '\\x00%.0s' {1..512})"
answers "a record longer than TLS has" none '\x16\x03\x01\xff\xff\x01\x00\xff\xfb\x03\x03'
answers "a greeting that is cut, then an alert" none \
    '\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03\x15\x03\x03\x00\x02\x02\x28'
t "... others are served" safe
t "it stops" eval "stop server && [ \$status -eq 0 ]"
# Now nobody else has the end of the pipe that the server got with our other descriptors.
exec {ask}>&-
t "the stranger goes" wait $stranger
t "no line of the log is a stranger's" not grep -q '^event=open\|^ event\|forged$' "$log"
finish

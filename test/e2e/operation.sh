#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What whoever runs the management server does with it: look at its settings, replace certificates while people wait,
# read its log, let systemd watch it.
# Functions are called through t; $ in single quotes is for jq.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"
# shellcheck source=test/e2e/tools/commands.sh
. "$TOP/test/e2e/tools/commands.sh"

server=$B/quorum11-server
log=$T/server.log
operator() { curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $(cat "$T/state/token")" "$URL$1"; }
requests() { operator /api/v1/requests | jq -r "$1"; }
waits() { [ "$(requests '.requests[0].state')" = waiting ]; }
newest() { [ "$(requests '.requests[0] | .id + .state')" = "$1" ]; }
# The certificate that a new connection is shown, and the one in a file.
shown() {
	openssl s_client -connect "${URL#https://}" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint
}
print() { openssl x509 -noout -fingerprint -in "$1"; }
shows() { [ "$(shown)" = "$(print "$1")" ]; }
# cert_new WHO FOR DAYS [CA]: a certificate and a key of their own
cert_new() {
	local who=$1 for=$2 days=$3 ca=${4:-ca}
	printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$for" >"$T/tls/$who.ext"
	{
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$who" \
		    -keyout "$T/tls/$who.key" -out "$T/tls/$who.csr" &&
		openssl x509 -req -in "$T/tls/$who.csr" -CA "$T/tls/$ca.pem" -CAkey "$T/tls/$ca.key" \
		    -extfile "$T/tls/$who.ext" -out "$T/tls/$who.pem" -days "$days" &&
		chmod 600 "$T/tls/$who.key"
	} 2>>"$T/tls.log"
}
# puts NAME: as the server's, as a renewal would, the key first
puts() { cp "$T/tls/$1.key" "$T/live.key" && cp "$T/tls/$1.pem" "$T/live.pem"; }
reloads() { grep -c "event=reload result=$1" "$log"; }
more_reloads() { [ "$(reloads "$1")" -gt "$2" ]; }
reload() { # RESULT: SIGHUP, and the server says so
	local before
	before=$(reloads "$1")
	kill -HUP "${PID[server]}"
	wait_for "$LONG" more_reloads "$1" "$before"
}

t "2 of 2: cards, registration, server, enrolment" nofm_new vendor-shared 2 2 || finish
stop server

# ---- reload ----

t "certificates: a new one, another name's, of yesterday" cert_new renewed IP:127.0.0.1,DNS:localhost 90
t "..." cert_new elsewhere DNS:elsewhere.example 90
t "..." cert_new yesterday IP:127.0.0.1 -1
puts server
sed "s,^cert = .*,cert = $T/live.pem,; s,^key = .*,key = $T/live.key," "$T/server.conf" >"$T/live.conf"
chmod 600 "$T/live.key"
port=$(free_port)
sed -i "s,^listen = .*,listen = 127.0.0.1:$port," "$T/live.conf"
sed -i "s,^url = .*,url = https://127.0.0.1:$port/rt/hsm," "$T/host.conf"
t "the server" server_start "$T/live.conf"
t "... shows its certificate" shows "$T/tls/server.pem"
start connect env "QUORUM11_CONF=$T/host.conf" "$q11" connect --reader "$(reader target)"
t "a host waits" wait_for "$LONG" waits
asked=$(requests '.requests[0].id')
puts renewed
t "SIGHUP: a new certificate" reload "done"
t "... is shown" shows "$T/tls/renewed.pem"
t "... the host still waits, for the same request" newest "${asked}waiting"
cp "$T/pin" "$T/live.pem"
t "a file that is no certificate: refused" reload refused
t "... it says which, and what happens" grep -q "live.pem is no certificate" "$log"
t "... the good one is shown" shows "$T/tls/renewed.pem"
cp "$T/tls/renewed.pem" "$T/live.pem"
cp "$T/tls/client.key" "$T/live.key"
t "another key: refused" reload refused
t "... it says so" grep -q "do not belong together" "$log"
puts yesterday
t "one of yesterday: refused" reload refused
t "... it says so" grep -q "has expired" "$log"
t "... the good one is shown" shows "$T/tls/renewed.pem"
echo '[server' >>"$T/live.conf"
t "settings that cannot be read: refused" reload refused
sed -i '$d' "$T/live.conf"
puts server
sed -i "s,^\[server\],&\nlog = srv+loud," "$T/live.conf"
t "a log that there is none of: refused" reload refused
t "... and nothing was reloaded, the certificate neither" shows "$T/tls/renewed.pem"
sed -i '/^log = srv+loud/d' "$T/live.conf"
puts renewed
cp "$T/pki/root.cvc" "$T/live.cvc"
sed -i "s,^roots = .*,roots = $T/live.cvc," "$T/live.conf"
sed -i "s,^\[server\],&\npoll = 7," "$T/live.conf"
t "roots of another name: taken" reload "done"
t "... what needs a restart is said" grep -q "\[server\] poll has changed; that needs a restart" "$log"
t "... nothing else is" not grep -q "roots has changed" "$log"
cp "$T/pin" "$T/live.cvc"
t "a root that is none: refused" reload refused
cp "$T/pki/root.cvc" "$T/live.cvc"
t "custodians come by the new certificate: one" approve c1
t "... two" approve c2
t "the host that has waited all the time is done" reap connect
t "... and content" test "$status" -eq 0
t "... the request is the same" newest "${asked}open"

# ---- figures ----

figures() { operator /metrics >"$T/metrics" && "$TOP/test/e2e/tools/promtext.py" <"$T/metrics" >"$T/figures"; }
figure() { grep -qxF -- "$1" "$T/figures" || { cat "$T/figures"; false; }; }
status() { curl -sS --cacert "$T/tls/ca.pem" -o "$T/body" -w '%{http_code}' "$URL$1" "${@:2}"; }
refused() { awk '$1 == "quorum11_http_responses_total{code=\"401\"}" { n = $2 } END { print n + 0 }' "$T/figures"; }
t "/metrics" figures
before=$(refused)               # a custodian's client asks without a token first
t "... without a token: 401" test "$(status /metrics)" = 401
t "... with one: well formed" figures
t "... by two approvals" figure 'quorum11_decisions_total{decision="approve"} 2'
t "... which is counted as an end" figure 'quorum11_requests_ended_total{result="open"} 1'
t "... with its time" figure 'quorum11_open_seconds_count 1'
t "... one card" figure 'quorum11_targets 1'
t "... two reloads that were done" test "$(grep -c . <(grep -o 'event=reload result=done' "$log"))" -eq 2
t "... reloads are events, too" grep -qE '^quorum11_events_total\{event="reload"\} [2-9]$' "$T/figures"
t "... by the word, too" grep -qE '^quorum11_refused_total\{reason="unauthorized"\} [1-9]' "$T/figures"
t "... the audit has its entries" figure "quorum11_audit_last_entry $(sqlite3 "$T/state/quorum11.db" \
    'SELECT max(seq) FROM audit')"
t "... one more refused without a token" test "$(refused)" -eq $((before + 1))
t "... memory" grep -qE '^process_resident_memory_bytes [0-9]{7,}$' "$T/figures"
t "... no device, no key, no address" not grep -qE "$target_id|UTCUS|127\.0\.0" "$T/metrics"
expires=$(date -d "$(openssl x509 -noout -enddate -in "$T/tls/renewed.pem" | cut -d= -f2)" +%s)
t "... the certificate's end" figure "quorum11_certificate_expires_seconds $expires"
t "/healthz: the server lives" test "$(status /healthz)" = 200
t "... HEAD, as load balancers ask" test "$(status /healthz --head)" = 200
t "... says how long it would be, and nothing more" test "$(grep -ciE '^content-length: 15|^\{' "$T/body")" -eq 1
t "/readyz: it can work" test "$(status /readyz)" = 200
t "... and says so" jq -e '.status == "ready" and .reasons == []' "$T/body"
# Another program holds the database for as long as it says nothing.
hold='
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w").close()
sys.stdin.read()
'
mkfifo "$T/hold"
python3 -c "$hold" "$T/state/quorum11.db" "$T/held" <"$T/hold" &
holder=$!
exec {release}>"$T/hold"
ready holder test -e "$T/held"
t "/readyz while the store is locked: 503" test "$(status /readyz)" = 503
t "... and why" jq -e '.error == "not_ready" and .reasons == ["the store cannot be written to"]' "$T/body"
t "... /healthz is not troubled" test "$(status /healthz)" = 200
exec {release}>&-
wait "$holder"
t "... afterwards: ready" test "$(status /readyz)" = 200

# ---- a card's policy ----

policy() { host "$q11" policy "$1" --token-file "$T/state/token" "$URL" "${@:2}"; }
shown_policy() { policy show "$target_id" >"$T/policy" && jq -e "$1" "$T/policy"; }
t "a card without a policy" shown_policy 'length > 5 and all(.[]; . == null)'
echo '{"deadline": 300, "attested": "all"}' >"$T/card.json"
t "policy set" policy set "$target_id" "$T/card.json"
t "... it is shown" shown_policy '.deadline == 300 and .attested == "all" and .hosts == null'
cp "$T/policy" "$T/same.json"
t "... and can be given as it was shown" policy set "$target_id" "$T/same.json"
t "... which is the same" eval 'shown_policy .deadline && cmp "$T/policy" "$T/same.json"'
t "... in the log it is an event" grep -q "event=policy device=\"$target_id\".* who=\"operator\"" "$log"
echo '{"deadlines": 300}' >"$T/bad.json"
t_status "one with an item that is none" 1 policy set "$target_id" "$T/bad.json"
t "... is refused by its name" grep -q deadlines "$T/err"
echo '{"roots": ["UTNOSUCHROOT"]}' >"$T/bad.json"
t_status "one that does not fit this server" 1 policy set "$target_id" "$T/bad.json"
t "... is refused with the root's name" grep -q UTNOSUCHROOT "$T/err"
t_status "of a card that is not enrolled" 1 policy show UTNONE0400000
t "... it is said" grep -q "no card with this device id" "$T/err"
t "... nothing has changed" eval 'shown_policy .deadline && cmp "$T/policy" "$T/same.json"'

# ---- back-up, and a machine that is lost: the commands of docs/SERVER.md ----

state=$T/state
# Here these run the programs of this tree, and the server as a test does.
quorum11-server() { "$server" --config "$T/$conf.conf" "$@"; }
quorum11() { "$q11" "$@"; }
systemctl() { if [ "$1" = stop ]; then stop server; else server_start "$T/$conf.conf"; fi; }
step() { commands SERVER.md "$1" "s,/var/lib/quorum11,$state,g; s,/backup,$T/backup,g; s,-o [^ ]* -g [^ ]* ,,"; }
known() { operator /api/v1/targets | jq -S .targets; operator "/api/v1/targets/$target_id/policy" | jq -S .; }
conf=live
mkdir -m 0700 "$T/backup"
known >"$T/known"
t "back-up while the server runs" step "Back-up"
t "... there are the database, the audit's key and the token" \
    test "$(cd "$T/backup" && echo *)" = "audit.key quorum11.db token"
t "... and hold for nobody else" test "$(stat -c %a "$T"/backup/* | sort -u)" = 600
t_status "... it is not written over" 1 "$server" --config "$T/live.conf" backup "$T/backup/quorum11.db"
print_key() { "$server" --config "$T/live.conf" audit key; }
print_key >"$T/audit.pem"
stop server
# The other machine has an empty folder, on a disk that is small.
conf=restored state=/run/state
sed "s,^state = .*,state = $state," "$T/live.conf" >"$T/restored.conf"
mkdir -m 0700 "$state"
mount -t tmpfs -o size=40m,mode=0700 tmpfs "$state"
t "restore" step "Restore"
mv "$T/state" "$T/lost" && ln -s "$state" "$T/state"
t "... cards, custodians and policy are there" diff "$T/known" <(known)
t "... the token of then counts" test "$(requests 'type')" = object
t "... the audit is exported" eval '"$server" --config "$T/restored.conf" audit export >"$T/export"'
t "... and whole, signed by the same key" "$q11" audit verify --key "$T/audit.pem" "$T/export"
t "... and goes on" grep -q '"event": *"start"' <(tail -n 2 "$T/export")
start connect env "QUORUM11_CONF=$T/host.conf" "$q11" connect --reader "$(reader target)" "$URL/rt/hsm"
t "... custodians are asked" wait_for "$LONG" waits
t "... and approve" eval 'approve c1 && approve c2'
t "... the card opens" reap connect

# ---- not ready ----

not_ready() { # REASON: 503, for this reason alone
	[ "$(status /readyz "${@:2}")" = 503 ] &&
	    jq -e --arg why "$1" '.error == "not_ready" and .reasons == [$why]' "$T/body"
}
head -c 30M /dev/zero >"$state/filler"
t "/readyz while the disk is almost full" not_ready "the disk of the state folder is almost full"
t "... is counted by its word" eval 'figures && figure "quorum11_refused_total{reason=\"not_ready\"} 1"'
rm "$state/filler"
t "... afterwards: ready" test "$(status /readyz)" = 200
stop server
printf '%s\n' 'cn = later' 'activation_date = "2100-01-01 00:00:00"' 'expiration_date = "2101-01-01 00:00:00"' \
    tls_www_server >"$T/later.tmpl"
openssl ecparam -name prime256v1 -genkey -noout -out "$T/tls/later.key"
t "a certificate of the next century" certtool --generate-self-signed --load-privkey "$T/tls/later.key" \
    --template "$T/later.tmpl" --outfile "$T/tls/later.pem"
by() { sed "s,^cert = .*,cert = $T/tls/$1.pem,; s,^key = .*,key = $T/tls/$1.key," "$T/restored.conf" >"$T/by.conf"; }
chmod 600 "$T/tls/later.key"
by later
t "a server with it" server_start "$T/by.conf"
t "... is not ready" not_ready "the certificate cannot be used yet" -k
stop server
by yesterday
t "one with a certificate of yesterday" server_start "$T/by.conf"
t "... is not ready" not_ready "the certificate has expired" -k
stop server
rm "$T/state" && mv "$T/lost" "$T/state"
umount "$state"

# ---- client certificates ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Other CA" \
    -keyout "$T/tls/other.key" -out "$T/tls/other.pem" 2>/dev/null
t "a client of another authority" cert_new stranger DNS:stranger 2 other
as() { # NAME: the status that a client with this certificate gets
	curl -sS --cacert "$T/tls/ca.pem" --cert "$T/tls/$1.pem" --key "$T/tls/$1.key" -o /dev/null -w '%{http_code}' \
	    "$URL/healthz"
}
t "the server again" server_start "$T/live.conf"
sed -i "s,^\[server\],&\nclient_ca = $T/clients.pem," "$T/live.conf"
cp "$T/tls/ca.pem" "$T/clients.pem"
t "client_ca where there was none: refused" reload refused
stop server
t "the server again" server_start "$T/live.conf"
t "... takes a client of this authority" test "$(as client)" = 200
t "... and not of the other" test "$(as stranger)" = 403
cp "$T/tls/other.pem" "$T/clients.pem"
t "the other authority" reload "done"
t "... its client comes" test "$(as stranger)" = 200
t "... the first one does not any more" test "$(as client)" = 403
stop server

# ---- the log as JSON ----

sed "s,^\[server\],&\nlog_format = json," "$T/server.conf" >"$T/json.conf"
t "a server that logs JSON" server_start "$T/json.conf"
curl -sS --cacert "$T/tls/ca.pem" -H 'Authorization: Bearer no"pe' "$URL/api/v1/targets" >/dev/null
kill -HUP "${PID[server]}"
stop server
t "each line is an object with time, level and more" \
    jq -es 'length > 2 and all(.[]; (.time | fromdate > 0) and (.level | type == "string"))' "$log"
t "... start, with its address" jq -es --arg url "$URL" \
    'any(.[]; .event == "start" and .url == $url and .targets == 1)' "$log"
t "... refused, with whence" jq -es 'any(.[]; .event == "unauthorized" and .from == "127.0.0.1")' "$log"
t "... stop" jq -es '.[-1] | .event == "stop" and .area == "srv" and .level == "info"' "$log"

# ---- systemd ----

# Each datagram as a line, until STOPPING.
listen='
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
open(sys.argv[2], "w").close()
while True:
    text = s.recv(4096).decode()
    print(text.replace("\n", " "), flush=True)
    if "STOPPING=1" in text:
        break
'
notified() { grep -c "^$1" "$T/systemd.log"; }
watched() { [ "$(notified WATCHDOG=1)" -ge 3 ]; }
start systemd python3 -c "$listen" "$T/notify" "$T/notify.ready"
ready listener test -e "$T/notify.ready"
NOTIFY_SOCKET=$T/notify WATCHDOG_USEC=400000 server_start "$T/server.conf"
t "systemd is told that the server is ready" wait_for "$LONG" grep -q '^READY=1$' "$T/systemd.log"
t "... and lives, often enough" wait_for "$LONG" watched
t "a reload" reload "done"
t "... is told, with its time" wait_for "$LONG" grep -qE '^RELOADING=1 MONOTONIC_USEC=[0-9]{6,}$' "$T/systemd.log"
t "... and its end" wait_for "$LONG" test "$(notified READY=1)" -eq 2
t "SIGTERM" stop server
t "... is told" reap systemd
t "... last" test "$(tail -n 1 "$T/systemd.log")" = STOPPING=1

# ---- check-config FILE ----

check() { # STATUS TEXT [SED]: check-config of changed settings ends so, and says TEXT
	sed "${3-}" "$T/server.conf" >"$T/check.conf"
	run "$server" check-config "$T/check.conf"
	cat "$T/out" "$T/err"
	[ "$status" -eq "$1" ] && grep -qF -- "$2" "$T/out" "$T/err"
}
tls() { echo "s,^cert = .*,cert = $T/tls/$1.pem,; s,^key = .*,key = $T/tls/$1.key,"; }
chmod 700 "$T/state"
t "check-config FILE: all is well" check 0 "1 enrolled, 0 refused; would serve on 127.0.0.1:0; 0 wrong" "$(tls renewed)"
t "... nothing to warn of" test ! -s "$T/err"
t "a certificate that soon expires: a warning" check 0 "in less than 30 days"
t "one that has expired" check 1 "has expired at" "$(tls yesterday)"
t "an address that is not in the certificate" check 1 "not for 127.0.0.1" \
    "$(tls elsewhere); s,^listen.*,&\nurl = https://127.0.0.1:8443,"
t "... one that is" check 0 "0 wrong" "$(tls elsewhere); s,^listen.*,&\nurl = https://elsewhere.example:8443,"
t "... one of another kind" check 1 "speaks https" "s,^listen.*,&\nurl = http://127.0.0.1:8443,"
t "... one that is none" check 1 "no http or https URL" "s,^listen.*,&\nurl = 127.0.0.1,"
t "an unknown setting, with its line" check 1 'check.conf:2: unknown key "port" in section [server]' \
    "s,^listen.*,port = 1,"
chmod 644 "$T/tls/renewed.key"
t "a key that everybody can read" check 1 "can be read by everybody" "$(tls renewed)"
chmod 600 "$T/tls/renewed.key"
chmod 755 "$T/state"
t "a state folder that everybody can look into: a warning" check 0 "others can look into it" "$(tls renewed)"
chmod 644 "$T/state/token"
t "a token that others can read" check 1 "others can read it" "$(tls renewed)"
rm "$T/state/token"
t "no token: a warning" check 0 "quorum11-server token makes one" "$(tls renewed)"
chmod 777 "$T/state"
mkdir -m 0700 "$T/theirs"
# Without root nothing can be given away; what is root's is nobody's then.
theirs=$T/theirs
chown nobody "$theirs" 2>/dev/null || theirs=/usr
t "a state folder of another user: who runs this is said" check 1 \
    "belongs to the user nobody: run this as that user: runuser -u nobody" "s,^state.*,state = $theirs,"
t "a state folder that everybody can write to" check 1 "somebody else could write" "$(tls renewed)"
t_status "a file that is not there" 1 "$server" check-config "$T/nothing.conf"
t "... is named" grep -q nothing.conf "$T/err"
t_status "one file only" 2 "$server" check-config "$T/server.conf" "$T/live.conf"
t_status "a file for serve" 2 "$server" serve "$T/server.conf"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# quorum11 run: one approval for all processes of a command, within limits, with a receipt; and how it ends.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 || finish
t "a P-256 key" nofm_key ec:secp256r1 fit
cd "$T" || exit 1

token=$(cat state/token)
requests() {
	curl -sS --cacert tls/ca.pem -H "Authorization: Bearer $token" "$URL/api/v1/requests" |
	    jq "[.requests[]$1] | length"
}
waits() { [ "$(requests '|select(.state=="waiting")')" = 1 ]; }
nothing_waits() { [ "$(requests '|select(.state=="waiting")')" = 0 ]; }
is_closed() { login_status >closed && [ "$(jq .open closed)" = false ]; }
agent_gone() { ! pgrep -f quorum11-agent >/dev/null; }
folders() { find run-dir -maxdepth 1 -name 'quorum11-??????'; }
folder_gone() { [ -z "$(folders)" ]; }

# The commands that are run: one pkcs11-tool for each signature.
cat >sign <<END
#!/bin/bash
# sign FILE...: each in a process of its own; the last failure's status
status=0
for f in "\$@"; do
	rm -f "\$f.sig"
	pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM --login --sign --id 01 --mechanism ECDSA-SHA256 \\
	    --signature-format openssl --input-file "\$f" --output-file "\$f.sig" || status=7
done
exit \$status
END
# Counts what would log everybody out: SELECT.
cat >count-sign <<END
#!/bin/bash
selects() { grep -ci '^target > *00A404' "$T/target.apdu"; }
before=\$(selects)
"$T/sign" "\$@"
status=\$?
[ "\$(selects)" = "\$before" ] || echo "SELECT was sent" >&2
exit \$status
END
# Says that it runs, and goes on when it is told.
cat >wait-sign <<END
#!/bin/bash
echo started >"$T/started"
read -r _ <"$T/go"
"$T/sign" "\$@" && echo signed >"$T/signed-late"
echo over >"$T/over"
END
chmod +x sign count-sign wait-sign
mkfifo go
# Where the agents' sockets are: /tmp is everybody's.
mkdir run-dir
chmod 700 run-dir
export XDG_RUNTIME_DIR=$T/run-dir
for f in a b c d; do echo "file $f" >$f; done
host pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM --read-object --type pubkey --label fit -o fit.der
openssl pkey -pubin -inform DER -in fit.der -out fit.pem
verify() { local f; for f; do openssl dgst -sha256 -verify fit.pem -signature "$f.sig" "$f" || return 1; done; }

# run_start OPT... -- CMD...: in the background, with nothing between us and the program.
run_start() { rm -f started over; start run env QUORUM11_CONF="$T/$conf" "$q11" run --device "$target_id" "$@"; }
conf=host.conf
grep -v '^ca = ' host.conf >no-ca.conf
run_ends() { reap run && { [ "$status" -eq "$1" ] || { echo "exit status $status"; cat run.log; return 1; }; }; }
said() { grep -qF -- "$1" run.log || { cat run.log; return 1; }; }
audit() { host "$q11" audit receipt "$@"; }
is_over() {
	t "... the agent is gone" wait_for "$LONG" agent_gone
	t "... and its socket's folder" folder_gone
	t "... the card is closed" is_closed
}

# ---- one approval, three processes ----

before=$(requests "")
rm -f a.sig b.sig c.sig
run_start --sign 3 --for 10m --key fit --reason "release 1.2" --receipt r1 -- ./count-sign a b c
t "c1 and c2 approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "three pkcs11-tool sign, one after the other" run_ends 0
t "... openssl verifies all three" verify a b c
t "... one request was opened" test "$(requests "")" = $((before + 1))
t "... the code was shown" grep -qE 'code [A-Z2-7]{4}-[A-Z2-7]{4}' run.log
t "... and what is in force" said "sign=3 for=600 key=fit"
t "... nobody sent SELECT meanwhile" not said "SELECT was sent"
t "... the receipt is named, with what is in it" said "receipt r1: 3 signatures of 3 different digests"
is_over
t "the receipt verifies" audit r1
cp r1 spoilt
sed -i 's/uid=0/uid=1/' spoilt
t "... one that was changed does not" not audit spoilt

# ---- the same by hand: the commands of docs/RECEIPT.md and docs/STATEMENT.md, as they stand there ----

fenced() { awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0; next } inside' "$TOP/docs/$1"; }
mkdir by-hand
cp r1 by-hand/receipt
fenced RECEIPT.md >receipt-commands
# But for those that make its example.
fenced STATEMENT.md | awk '/<<.END.$/ { skip = 1 } !skip; /^END$/ { skip = 0 }' |
    grep -vE '>(request.json|M)$' >statement-commands
by_hand() { (cd by-hand && bash -euo pipefail "$T/$1") >by-hand.out 2>&1 || { cat by-hand.out; return 1; }; }
heard() { [ "$(grep -cx -- "$2" by-hand.out)" -eq "$1" ] || { cat by-hand.out; return 1; }; }
last_hash=$(audit --json r1 | jq -r '.[0].last_hash')
t "the page's commands run on it" by_hand receipt-commands
t "... every line is what was written, and the last hash is known" heard 1 "$(wc -l <r1) lines, last hash $last_hash"
t "... openssl verifies the first signature" heard 1 "Signature Verified Successfully"
t "... the custodian's files are good for the statement's page" by_hand statement-commands
t "... both of his signatures verify" heard 2 "Verified OK"
t "... the request agrees" heard 1 "request agrees"
t "... and the message" heard 1 "message agrees"
code=$(sed -n 's/.*code \([A-Z2-7]\{4\}\)-\([A-Z2-7]\{4\}\).*/\1\2/p' run.log | head -n 1)
t "... and the code is the one that was shown" heard 1 "$code"
cp spoilt by-hand/receipt
t "the changed one is found" eval 'by_hand receipt-commands; heard 1 "line [0-9]* is not what was written"'

# ---- limits ----

run_start --sign 3 --receipt r2 -- ./sign a b a b c d a
approvers c2 c3
t "the fourth digest is refused, repeats are free: the command's exit status" run_ends 7
approvers_done c2 c3
t "... three files and their repeats are signed" verify a b c
t "... the fourth is not" test ! -s d.sig
t "... it is said why, once" test "$(grep -cF "all 3 signatures that were approved are made" run.log)" = 1
t "... the receipt has all, and which are repeats" said "receipt r2: 6 signatures of 3 different digests"
is_over
t "the receipt verifies" audit r2

conf=no-ca.conf
sha256sum a b >manifest
run_start --receipt r6 -- ./sign a
t "a server that nobody vouches for" run_ends 1
t "... is asked nothing" said "certificate"
t "... and there is no receipt" test ! -e r6
run_start --ca tls/ca.pem --manifest manifest --receipt r3 -- ./sign a b c
approvers c1 c3
t "a manifest: what is not in it is refused" run_ends 7
approvers_done c1 c3
t "... the others are signed" verify a b
t "... it is not" test ! -s c.sig -o c.sig -ot b.sig
t "... it is said why" said "not in the manifest"
t "the receipt verifies, with the manifest" audit --manifest manifest r3
conf=host.conf

# ---- exit status ----

# shellcheck disable=SC2016
XDG_RUNTIME_DIR='' run_start -- sh -c 'echo "$QUORUM11_AGENT" >socket; exit 42'
approvers c1 c2
t "exit status 42 is passed on" run_ends 42
approvers_done c1 c2
t "... without XDG_RUNTIME_DIR the socket was in /tmp" grep -qx '/tmp/quorum11-....../agent' socket
t "... and is gone, with its folder" test ! -e "$(dirname "$(cat socket)")"
t "... without a named receipt: here, by the card's name" said "receipt ./$target_id-"
is_over
# shellcheck disable=SC2016
run_start -- sh -c 'kill -KILL $$'
approvers c1 c2
t "killed by SIGKILL: 137" run_ends 137
approvers_done c1 c2

# ---- nobody is asked in vain ----

before=$(requests "")
asked_nobody() { [ "$(requests "")" = "$before" ]; }
t_status "no such command: 127" 127 host "$q11" run --device "$target_id" ./nothing
t_status "not executable: 126" 126 host "$q11" run --device "$target_id" ./a
t_status "limits that are none: 2" 2 host "$q11" run --device "$target_id" --sign 3 --limits sign=4 true
t_status "no such key: 1" 1 host "$q11" run --device "$target_id" --key nothing true
t_status "a receipt that is there already: 3" 3 host "$q11" run --device "$target_id" --receipt r1 true
t_status "no command: 2" 2 host "$q11" run --device "$target_id" --sign 3
t_status "no manifest: 1" 1 host "$q11" run --device "$target_id" --manifest nothing true
t "... which asked nobody" asked_nobody
t "... and left no folder" folder_gone

# ---- no ----

run_start --receipt r4 -- ./wait-sign a
t "a custodian denies" approve c1 --deny
t "... exit status 1" run_ends 1
t "... it is said why" said "denied"
t "... the command was not started" test ! -e started
t "... there is no receipt" test ! -e r4
is_over

# ---- who waits gives up ----

sed -i '/^\[login\]/a cooldown = 0' host.conf
for sig in INT TERM; do
	run_start -- ./wait-sign a
	t "a request waits" wait_for "$LONG" waits
	kill -$sig "${PID[run]}"
	t "SIG$sig: exit status 1" run_ends 1
	t "... the request is over" wait_for "$LONG" nothing_waits
	t "... the command was not started" test ! -e started
	is_over
done

# ---- the command is told to end ----

run_start -- ./wait-sign a
t "c1 and c2 approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "the command runs" wait_for "$LONG" test -e started
t "... the socket is in XDG_RUNTIME_DIR" test -S run-dir/quorum11-??????/agent
t "... in a folder of ours alone" [ "$(stat -c %a run-dir/quorum11-??????)" = 700 ]
kill -INT "${PID[run]}"
kill -TERM "${PID[run]}"
t "SIGTERM reaches it, SIGINT is its terminal's business: 143" run_ends 143
is_over

# ---- an end from outside ----

run_start --receipt r5 -- ./wait-sign a
approvers c1 c2
t "the command runs" wait_for "$LONG" test -e started
approvers_done c1 c2
socket=$T/$(folders)/agent
shows() { host "$q11" agent status --socket "$socket" "$@" >status.out && cat status.out; }
shows_open() { shows | grep -q "$target_id, open"; }
shows_open_json() { [ "$(shows --json | jq -r '.[0].state')" = open ]; }
t "agent status: the card is open" shows_open
t "... in JSON" shows_open_json
t "agent end" host env QUORUM11_AGENT="$socket" "$q11" agent end
echo go >go
t "the command's signature fails" run_ends 0
t "... " test ! -e signed-late
t "... it is said that the approval ended before" said "ended before the command"
is_over
t "the receipt verifies" audit r5

# ---- killed ----

run_start -- ./wait-sign a
approvers c1 c2
t "the command runs" wait_for "$LONG" test -e started
approvers_done c1 c2
kill -KILL "${PID[run]}"
reap run
t "killed: the agent ends" wait_for "$LONG" agent_gone
t "... the card is closed" is_closed
echo go >go
t "... the command goes on, and cannot sign" wait_for "$LONG" test -e over
t "... it did not" test ! -e signed-late
t "... it left the folder of its socket" test -n "$(folders)"
left=$(folders)
run_start -- ./wait-sign a
t "the next one asks" wait_for "$LONG" waits
t "... and has removed it" test ! -e "$left"
t "... not its own" test -n "$(folders)"
kill -TERM "${PID[run]}"
t "... which goes when it is told to end" run_ends 1
is_over
finish

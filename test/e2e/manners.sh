#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# Hosts with manners of their own: descriptors 0 to 2 closed, thousands open or few allowed, SIGCHLD ignored, no
# environment, a broken configuration, a module dropped without C_Finalize. It works, or says why not.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 "timeout = $WAIT" || finish
t "a key" nofm_key ec:secp256r1 ec
cd "$T" || exit 1
export QUORUM11_CONF=$T/host.conf
echo "release 1.2" >data
tool=(pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM)
sign=("${tool[@]}" --login --sign --id 01 --mechanism ECDSA-SHA256 --input-file data --output-file sig
    --signature-format openssl)
"${tool[@]}" --read-object --type pubkey --label ec --output-file ec.der >/dev/null
openssl pkey -pubin -inform DER -in ec.der -out ec.pem
approved() {
	local rc=0
	rm -f sig
	approvers c1 c2
	"$@" || rc=1
	approvers_done c1 c2 || rc=1
	openssl dgst -sha256 -verify ec.pem -signature sig data || rc=1
	return "$rc"
}
fails() { not "$@" 2>said && not grep -q "^quorum11: .*code" said; }
said() { grep -q "^quorum11: .*$1" said || { cat said; return 1; }; }

# ---- descriptors ----

without_any() { "${sign[@]}" <&- >&- 2>&-; }
without_input() { "${sign[@]}" <&-; }
without_error() { "${sign[@]}" 2>&-; }
t "no descriptors 0 to 2" approved without_any
t "no descriptor 0" approved without_input
t "no descriptor 2" approved without_error
# What the host then prints must not get into a connection of ours.
silent_login() { exec "$B/test/e2e/tools/pinlogin" "$MODULE" SmartCard-HSM "$T/sign-pin" <&- >&- 2>&-; }
start silent silent_login
t "a program without descriptors 0 to 2 logs in" eval 'approve c1 && approve c2'
t "... none of ours became one of them" test -z "$(readlink "/proc/${PID[silent]}/fd/"{0,1,2})"
stop silent
t "... and it could log out" test "$status" = 0
many() ( # the limit is this subshell's
	ulimit -n 4096 || exit 1
	for _ in {1..2000}; do exec {_}</dev/null; done
	"${sign[@]}"
)
t "2,000 open descriptors" approved many
few() ( ulimit -n "$1"; "${sign[@]}" )
t "12 descriptors at most" approved few 12
for n in 8 7 6 5; do
	t "$n descriptors at most: no login" fails few "$n"
	t "... it is said why" said "no login\|Too many open files"
done

# ---- children, environment, configuration ----

ignoring='import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])'
t "SIGCHLD ignored" approved python3 -c "$ignoring" "${sign[@]}"
t "no HOME" approved env -u HOME "${sign[@]}"
t "no environment and so no configuration: no login" fails env -i "$(command -v pkcs11-tool)" "${sign[@]:1}"
t "... it is said what is missing" said "no management server is configured: set url in section \[login\]"
t "... the public keys are there" env -i "$(command -v pkcs11-tool)" "${tool[@]:1}" --list-objects
configured() { QUORUM11_CONF=$T/bad.conf "${sign[@]}"; }
printf '[login]\nurl = https://x/\nurll = y\n' >bad.conf
t "a broken configuration" fails configured
t "... with file and line" said "$T/bad.conf:3: "
t "... C_Initialize says CKR_GENERAL_ERROR" grep -q "C_Initialize.*CKR_GENERAL_ERROR" said
printf '[module]\nlog_file = none/such\n' >bad.conf
t "a log file that cannot be" fails configured
t "... is said with its name" said "log file $T/none/such: No such file"

# ---- the end ----

start drop "$B/test/e2e/tools/pinlogin" "$MODULE" SmartCard-HSM "$T/sign-pin" drop
t "a program that will drop the module logs in" eval 'approve c1 && approve c2'
t "... drops it without C_Finalize, and forks" wait_for "$LONG" grep -q "^dropped" drop.log || cat drop.log
login_status >closed
t "... the card is closed" test "$(jq .open closed)" = false
t "... the program lives" running drop
stop drop
t "... and ends as it likes" test "$status" = 0


# ---- services that are started without descriptors 0 to 2 ----

closed() { exec "$@" <&- >&- 2>&-; }
nothing_there() {
	local fd
	for fd in 0 1 2; do [ "$(readlink "/proc/${PID[$1]}/fd/$fd")" = /dev/null ] || return 1; done
}
stop server
rm -f ready
start server closed "$B/quorum11-server" --config server.conf --ready-file ready
t "the server starts" wait_for "$LONG" test -s ready
t "... its database and sockets are no stderr, where messages go" nothing_there server
start agent closed "$B/quorum11-agent" --socket "$T/agent" --reader "$(reader c1)" --receipts "$T"
t "the agent starts" wait_for "$LONG" test -S agent
t "... its sockets are none either" nothing_there agent
finish

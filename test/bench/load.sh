#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A crowd of hosts at one management server over TLS: memory, processor time, how soon an approval reaches its target,
# and ceremonies a minute.
#	test/bench/load.sh BUILD
# Prints lines "load.what value". TARGETS says how many hosts.
set -u
export BUILD=$1
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=test/bench/lib.sh
. "$TOP/test/bench/lib.sh"

prepare() {
	mkdir "$T/state" && tls_new && card_new pki-maker || return 1
	printf '[server]\nlisten = 127.0.0.1:0\ncert = %s\nkey = %s\nstate = %s\n' "$T/tls/server.pem" \
	    "$T/tls/server.key" "$T/state" >"$T/server.conf"
	printf '[trust]\nroots = %s\nproduction = no\n' "$T/pki/root.cvc" >>"$T/server.conf"
	"$B/quorum11-server" token --config "$T/server.conf" && server_start "$T/server.conf"
}
ulimit -n "$(ulimit -Hn)"
prepare >"$T/prepare.log" 2>&1 || fail "the server is not ready"
"$B/test/bench/bench" load "${PID[server]}" "$URL" "$T/tls/ca.pem" "$T/state/token" "$T/pki" "${TARGETS:-2000}" \
    >"$T/load.out" || fail "the load"
tr ' ' '\n' <"$T/load.out" | sed -n 's/^\(.*\)=/load.\1 /p'
settle || fail "something is left running"

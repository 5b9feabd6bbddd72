#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# The pages in a real browser: light, dark, on a telephone, without a script, by keyboard; pictures stay in
# BUILD/test/web.
# Functions are called through t, and nofm.sh gives variables.
# shellcheck disable=SC2317,SC2154
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 || finish
start connect env QUORUM11_CONF="$T/host.conf" "$q11" connect --reader "$(reader target)" "$URL/rt/hsm"
id() {
	curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $(cat "$T/state/token")" "$URL/api/v1/requests" |
		jq -er '[.requests[] | select(.state == "waiting")][0].id'
}
t "a host asks" wait_for "$LONG" id
pictures=$B/test/web
rm -rf "$pictures"
mkdir -p "$pictures"
run "$TOP/test/web/pages.py" "$URL" "$T/state/token" "$(id)" "$TOP/test/web/node_modules/axe-core/axe.min.js" \
    "$pictures" -- env QUORUM11_CONF="$T/custodian.conf" "$q11" approve --reader "$(reader c1)" --pin-file "$T/pin" \
    --yes "$URL"
while read -r line; do
	case $line in
	"ok "*) ok "${line#ok }" ;;
	"not ok "*) not_ok "${line#not ok }" ;;
	*) echo "$line" ;;
	esac
done <"$T/out"
t "the browser's driver has come to its end" test "$status" = 0 -a ! -s "$T/err"
t "the host was told" reap connect
t "... that it was cancelled" grep -qi cancel "$T/connect.log"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 400
#
# Servers that break, lie or attack, against the module in a program that we did not write. Whatever they do: the login
# fails with our reason on stderr, nothing dangerous reaches the card, and the card is closed. No ceremony comes about.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"
# shellcheck source=test/e2e/tools/hostile.sh
. "$TOP/test/e2e/tools/hostile.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new vendor-shared 3 2 "timeout = $WAIT" || finish
t "an RSA key" nofm_key rsa:2048 fit

# behaves TEXT WORDS LIAR-ARGS...
behaves() {
	local text=$1 words=$2
	shift 2
	liar "$@"
	t "$text: the login fails" fails
	t "$text: our line says why" said "$words"
	honest
	t "$text: the card is closed" is_closed
}

behaves "404" "no such service" status 404
behaves "500" "the server failed" status 500
behaves "504" "nobody answers" status 504
behaves "302" "none of the protocol" status 302
behaves "204 at once" "the card counts 0 of 2" status 204
behaves "garbage" "breaks the protocol" garbage
behaves "a dropped connection, first answer" "no connection to the server" drop 1
behaves "a dropped connection, third answer" "no connection to the server" drop 3
sed -i 's/^timeout = .*/timeout = 10/' "$T/host.conf"
behaves "endless empty templates" "no end within the time allowed" empty
sed -i "s/^timeout = .*/timeout = $WAIT/" "$T/host.conf"
behaves "64 MiB" "more than it may" huge
liar status 404
stop liar
t "nobody listens: the login fails" fails
t "nobody listens: our line says why" said "no connection"
unset QUORUM11_URL

# ---- commands that must not reach the card ----

: >"$T/target.apdu"
# TEXT HEADER (as it must not appear) HEX... (what the server sends)
attack() {
	local text=$1 header=$2
	shift 2
	: >"$T/target.apdu"
	liar inject "$@"
	t "$text: the login fails" fails
	t "$text: our line says why" said "must not contain"
	honest
	t "$text: it did not reach the card" not card_got "$header"
	t "$text: the card is closed" is_closed
}
attack "VERIFY with a PIN" 0020008106 0020008106363438323139
attack "INITIALIZE" 8050000010 8050000010800200018208353736323138383091010300
attack "SIGN" 80680133 806801330568656C6C6F00
attack "DELETE FILE" 00E402 00E4020002CC01
attack "WRAP" 80720192 80720192000000
attack "UPDATE BINARY" 00D7 00D7CF000654020000530000
attack "MANAGE PKA with data" 8054000005 8054000005010203040500
attack "CHANGE REFERENCE DATA" 00240081 002400810C363438323139313233343536
attack "RESET RETRY COUNTER" 002C0081 002C00810E3537363231383830313233343536
selects() { grep -ci '> 00A40400' "$T/target.apdu"; }
before=$(selects)
attack "a second SELECT" none 00A404000BE82B0601040181C31F020100
t "a second SELECT: no more of them than with another refused command" test "$(selects)" -eq "$before"
attack "a reset" none reset
attack "GENERATE" 00460100 0046010000
attack "chaining" 10200081 1020008106363438323139
for header in 00200081 00D70000 00E40200 00840000 00820000; do
	sm=$(printf '%02X%s' $((0x${header:0:2} | 0x0C)) "${header:2}")
	attack "secure messaging class byte $sm" "$sm" "${sm}0A8E08112233445566778800"
done
attack "GET CHALLENGE six times" none 0084000008 0084000008 0084000008 0084000008 0084000008 0084000008
t "GET CHALLENGE: five of them reached the card" test "$(grep -ci '> *0084000008' "$T/target.apdu")" -eq 5
attack "16 random bytes" 0084000010 0084000010

# ---- the honest server still works ----

approvers c1 c2
t "and with the honest server it signs" sign
t "... both approved" approvers_done c1 c2

finish

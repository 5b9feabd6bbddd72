#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# A hundred programs at once sign a thousand digests through one agent: all are made, none twice, in turn, and each is
# in the receipt; the thousand-and-first is refused.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

q11=$B/quorum11
umask 077
echo 648219 >"$T/pin"
echo 3537363231383830 >"$T/so-pin"
card_new one --id UTONE0400000
readers_start one
printf '[trust]\nroots = %s\n' "$T/pki/root.cvc" >"$T/conf"
export QUORUM11_CONF=$T/conf
card=$(reader one)
t "a card with a PIN" "$q11" init --reader "$card" --yes --pin-file "$T/pin" --so-pin-file "$T/so-pin" --label one
t "a P-256 key" "$q11" keygen --reader "$card" --pin-file "$T/pin" --type ec:secp256r1 --label ec --archive "$T/ec.cvc"

start agent "$B/quorum11-agent" --socket "$T/agent" --reader "$card" --receipts "$T/receipts" --limits "sign=1000"
export QUORUM11_AGENT=$T/agent
holds() { "$q11" agent status --json | jq -e '.[0].state == "closed"'; }
t "the agent holds it" wait_for "$LONG" holds
before=$(card_count one)
t "a hundred programs sign ten digests each" run "$B/test/e2e/tools/crowd" "$B/quorum11.so" ec "$T/pin" 100 10
t "... and none fails" test "$status" = 0
t "... all of them are good" grep -q '^1000 signed, 0 failed' "$T/out" || cat "$T/out"
least=$(sed 's/.*least //' "$T/out")
t "... in turn: when the first had ten, the last had $least" test "$least" -ge 3
spent=$(($(card_count one) - before))
t "... one command for each, and $((spent - 1000)) for the login" test "$spent" -ge 1000 -a "$spent" -le 1020
t "the next digest is refused" not "$B/test/e2e/tools/crowd" "$B/quorum11.so" ec "$T/pin" 1 11
counts() { "$q11" agent status --json | jq -e '.[0].digests == 1000'; }
t "the agent counts a thousand" counts
stop agent
t "the agent ends" test "$status" = 0
unset QUORUM11_AGENT
t "the receipt holds them all" run "$q11" audit receipt --pin-opened "$T"/receipts/*.receipt
t "... and is good" test "$status" = 0 || cat "$T/out"
# The last one made its first ten again, which is free.
t "... a thousand digests" grep -q "1010 of 1000 digests" "$T/out"

finish

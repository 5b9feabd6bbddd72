#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# takes: 30
#
# The tests that pkcs11-tool has itself, on a card with a PIN, directly and at an agent: curves, forks, threads, a card
# that is pulled and put in while it looks.
# Functions are called through t.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/pincard.sh
. "$TOP/test/e2e/tools/pincard.sh"

tool() { pkcs11-tool --module "$MODULE" "$@"; }
# Four threads, each of which may be the first in C_Initialize.
threads() {
	local all=()
	for _ in {1..4}; do all+=(--test-threads "$1"); done
	tool "${all[@]}" -L >threads.out 2>&1 || { cat threads.out; return 1; }
	cat threads.out
	not grep -qE 'C_Get(Info|SlotList) returned CKR_[^O]' threads.out &&
	    [ "$(grep -c 'returning rv = 0' threads.out)" -eq 4 ] && grep -q 'token label *: card' threads.out
}
# It asks for a line, looks, says what it sees, and asks again.
asked() { [ "$(grep -o 'press return' hotplug.log | wc -l)" -gt "$1" ]; }
looks() {
	local before
	before=$(grep -o 'press return' hotplug.log | wc -l)
	echo >&"$keys" && wait_for "$LONG" asked "$before"
}
sees() { looks && tac hotplug.log | sed '/Available slots/q' | grep -q 'token label *: card'; }
sees_none() { looks && not eval "tac hotplug.log | sed '/Available slots/q' | grep -q 'token label'"; }
events() { [ "$(grep -c 'event on slot' hotplug.log)" -ge "$1" ]; }
hotplug() { exec pkcs11-tool --module "$MODULE" --test-hotplug <keys; }
mkfifo keys
plugs() {
	start hotplug hotplug
	exec {keys}>keys
	ready hotplug asked 0
	t "pkcs11-tool --test-hotplug $way sees the card" sees
	# An agent may learn it a moment later than who pulls it.
	t "... pulled" eval 'card_stop card && wait_for "$LONG" sees_none'
	t "... put in again" eval 'card_start card && wait_for "$LONG" sees'
	echo x >&"$keys"
	t "... takes C_WaitForSlotEvent" wait_for "$LONG" grep -q C_WaitForSlotEvent hotplug.log
	t "... which tells that it is pulled" eval 'echo >&"$keys" && card_stop card && wait_for "$LONG" events 1'
	t "... and put in" eval 'echo >&"$keys" && card_start card && wait_for "$LONG" events 2'
	stop hotplug
	exec {keys}>&-
}

for way in directly "by an agent"; do
	[ "$way" = directly ] || pin_agent
	t "pkcs11-tool --test-ec $way" tool --token-label card --login --pin "$PIN" --session-rw --test-ec \
	    --key-type EC:prime256v1
	t "pkcs11-tool --test-fork $way" tool --test-fork
	t "pkcs11-tool --test-threads $way, C_Initialize(NULL)" threads INGISLT0
	t "pkcs11-tool --test-threads $way, with locks of the system" threads ILGISLT0
	plugs
done
t "the agent ends" stop agent
finish

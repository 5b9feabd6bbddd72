#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How programs end: calls from exit handlers, with and without libcrypto, forks, and a card that is closed whatever a
# program forgets.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

PIN=648219
module=$B/quorum11.so
steps() { run "$B/test/e2e/tools/p11steps" "$module" "$@"; cat "$T/out" "$T/err"; return "$status"; }
said() { grep -qx -- "$1" "$T/out"; }
# What the card got last, as far as it says anything about a login: SELECT closes it.
last_is_select() { tail -n 2 "$T/target.apdu" | head -n 1 | grep -qi '> *00A40400'; }

# Since the last signature.
was_selected() { tac "$T/target.apdu" | awk '/> *00[aA]40400/ { found = 1 } /> *8068/ { exit } END { exit !found }'; }

t "a card" card_new target
t "a reader" readers_start target
t "initialise" run sc-hsm-tool -r "$(reader target)" -X --so-pin 3537363231383830 --pin "$PIN" --label target
t "a key" run pkcs11-tool --module "$module" --login --pin "$PIN" --keypairgen --key-type EC:prime256v1 --label ec

t "log in, sign, go" steps "login=$PIN" sign=ec sign-hash=ec logout finalize
t "... the card is closed" last_is_select
t "log in, sign, go without C_Logout and C_Finalize" steps "login=$PIN" sign=ec
t "... the card is closed" last_is_select
t "unloaded while logged in, a fork, loaded again" steps "login=$PIN" sign=ec drop
t "... the card was closed" was_selected
t "... again and again" steps "login=$PIN" drop "login=$PIN" sign=ec drop drop "login=$PIN" sign=ec
t "... nothing of it stays in memory" \
    steps "login=$PIN" sign-hash=ec drop heap "login=$PIN" sign-hash=ec drop heap "login=$PIN" finalize drop heap
t "C_Finalize in an exit handler" steps at-exit=finalize "login=$PIN" sign=ec
t "signatures in exit handlers" steps "login=$PIN" at-exit=sign=ec at-exit=sign-hash=ec
t "... were made" said "sign-hash 0"
t "C_Finalize in an exit handler, libcrypto is gone" steps "login=$PIN" at-exit=finalize at-exit=cleanup
t "... the card is closed" last_is_select
t "a signature in an exit handler, libcrypto is gone" \
    steps "login=$PIN" at-exit=finalize at-exit=sign=ec at-exit=cleanup
t "... was made" said "sign 0"
# Whether libcrypto's hashes work after its end is libcrypto's secret; that nothing crashes is our promise.
steps "login=$PIN" at-exit=sign-hash=ec at-exit=cleanup >/dev/null
t "a signature with a hash, libcrypto is gone: an answer, no crash" grep -qE '^sign-hash (0|6)$' "$T/out"
t "the child of a fork logs in for itself" steps "login=$PIN" sign=ec "fork=login=$PIN" finalize
t "... its parent is not disturbed" steps "login=$PIN" fork=finalize sign=ec

finish

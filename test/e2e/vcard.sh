#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The program quorum11-vcard itself: making cards, and what `run` offers to tests.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

vcard=$B/quorum11-vcard
said() { grep -qF -- "$1" "$T/out" "$T/err"; }
# APDUs to the card in the reader of $1
apdu() {
	local name=$1 args=() one
	shift
	for one in "$@"; do args+=(-s "$one"); done
	run opensc-tool -r "$(reader "$name")" "${args[@]}"
	cat "$T/out" "$T/err"
	return "$status"
}
count() { cat "$T/card/$1/count"; }
# Number of commands of card $1 in the log
logged() { grep -c "^$1 > " "$T/apdu.log"; }
# The shortest of three: what else the machine does makes a command longer, never shorter.
took() {
	local began one
	spent=
	for _ in 1 2 3; do
		began=$(ms)
		"$@" >/dev/null
		one=$(($(ms) - began))
		[ -n "$spent" ] && [ "$spent" -le "$one" ] || spent=$one
	done
}
select=00A404000BE82B0601040181C31F020100
init=805000001980020001810636343832313982085762188000000000910103
verify=0020008106363438323139

# ---- new ----

t_status "a card" 0 "$vcard" new --pki "$T/pki" --id UTTEST000000001 "$T/card/a"
t "its root is exported" test -s "$T/pki/root.cvc"
t "nobody else reads its state" test "$(stat -c %a "$T/card/a/state")" = 600
root=$(sha256sum "$T/pki/root.cvc")
t_status "another of the same PKI" 0 "$vcard" new --pki "$T/pki" --profile vendor-per-key "$T/card/b"
t "the root is the same" test "$root" = "$(sha256sum "$T/pki/root.cvc")"
t_status "one with a PKI of its own" 0 "$vcard" new "$T/card/c"
t "... in its folder" test -s "$T/card/c/pki/root.cvc"
t_status "open firmware" 0 "$vcard" new --profile open-firmware "$T/card/d"
t "... has no PKI" not test -e "$T/card/d/pki"
before=$(sha256sum "$T/card/a/state")
t_status "no second card in a folder" 1 "$vcard" new --pki "$T/pki" "$T/card/a"
t "... and the first is unhurt" test "$before" = "$(sha256sum "$T/card/a/state")"
t_status "an unknown profile" 1 "$vcard" new --profile none "$T/card/e"
t "... is named" said '"none"'
t_status "a bad device id" 1 "$vcard" new --id x "$T/card/e"
t_status "no folder" 2 "$vcard" new
t_status "an unknown option" 2 "$vcard" run --none "$T/card/a"
t_status "no reader" 2 "$vcard" run --port 0 "$T/card/a"
t_status "help" 0 "$vcard" --help
t "... lists the profiles" said "vendor-shared, vendor-per-key, open-firmware"

# ---- run ----

t "readers" readers_start a b
t "pull one" card_stop a
t "... and the other" card_stop b
t "both in one process" start both "$vcard" run --count --log "$T/apdu.log" \
    "$T/card/a:${PORT[a]}" "$T/card/b:${PORT[b]}"
t "... are in their readers" readers_wait "$LONG" "" a b
t "a card has one owner" not "$vcard" run --port "${PORT[a]}" "$T/card/a"
t "commands" apdu a $select $init $select $verify
t "... answered" said "SW1=0x90, SW2=0x00"
t "count and log agree" test "$(count a)" = "$(logged a)"
n=$(count a)
t "the log has command and answer" grep -qi "^a > $verify\$" "$T/apdu.log"
t "... in turn" grep -A1 -i "^a > $verify\$" "$T/apdu.log"
t "one exchange more is one more" apdu b $select
t "... of its own card only" test "$(count a)" = "$n"
t "... and counted" test "$(count b)" = "$(logged b)"
t "a kill of the parent" stop both KILL
t "... pulls both" readers_wait "$LONG" --empty a b

# ---- time ----

t "a card that takes its time" card_start a --delays --count
t "a key" apdu a $select $verify "004601000000F5\
5F2901007F4981DA060A04007F00070202020203\
8120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF\
8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC\
83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B\
8441046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B31\
5ECECBB6406837BF51F5\
8520FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551870101\
5F201055544B455930303030303030303030310000"
sign=806801730548656C6C6F00
took apdu a $select $verify $sign $sign $sign $sign
# At least that; what a busy machine adds, nobody can take off again.
t "... signs in 0.17 s" test "$spent" -ge $((4 * 170))
t "... well" said "SW1=0x90, SW2=0x00"
t "SIGTERM ends the card" card_stop a
t "... with status 0" test "$status" -eq 0

# ---- the reader goes ----

t "a card" card_start b
t "pcscd ends" stop pcscd
t "so does the card" reap "$(card_process b)"
t "... with status 0" test "$status" -eq 0
finish

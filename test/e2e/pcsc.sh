#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# apdu/pcsc.c on a real pcscd, and with it what the fake of the other tests (test/fake/scard.c) claims about pcscd.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

select=00A404000BE82B0601040181C31F020100
selected=6f0a82017885050000060401
query=00200081

# program NAME: another program with links of its own.
declare -A to from pid
program() {
	mkfifo "$T/$1.in" "$T/$1.out"
	"$B/test/e2e/tools/links" <"$T/$1.in" >"$T/$1.out" 2>>"$T/links.log" &
	pid[$1]=$!
	exec {fd}>"$T/$1.in"
	to[$1]=$fd
	exec {fd}<"$T/$1.out"
	from[$1]=$fd
}
# ask PROGRAM COMMAND...; answer PROGRAM: to $said.
ask() {
	local who=$1
	shift
	echo "$*" >&"${to[$who]}"
}
answer() { read -r -t $((LONG / 1000)) said <&"${from[$1]}"; }
# says PROGRAM EXPECTED COMMAND...
says() {
	local who=$1 expected=$2
	shift 2
	said=nothing
	ask "$who" "$@"
	answer "$who"
	[ "$said" = "$expected" ] && return 0
	echo "$who: $*: $said, not $expected"
	return 1
}

card_new card
t "a reader with a card" readers_start card
r=$(reader card)
program a
program b

t "no program is connected" says a "card empty" list
t "no such reader" says a "no such reader" open x shared "No such reader"
t "the second slot is empty" says a "no SmartCard-HSM in the reader" open x shared "${r% *} 01"

# ---- shared ----

t "shared" says a ok open x shared "$r"
t "... with another program" says b ok open y shared "$r"
t "seen by all" says a "card+used empty" list
t "exclusive beside others is refused" says b "card in use by another program" open z exclusive "$r"
t "a transaction" says a ok begin x
t "SELECT" says a "${selected}9000" send x $select
t "its end" says a ok end x
t "both programs see one security state" says b 6a88 send y $query
t "present" says a ok present x
t "another one's transaction" says b ok begin y
ask a begin x
not_yet() { ! read -r -t 0.3 said <&"${from[a]}"; }
t "... makes us wait" not_yet
t "... until its end" says b ok end y
begun() { answer a && [ "$said" = ok ]; }
t "... which lets us in" begun
t "given back" says a ok end x

# ---- somebody else's reset ----

t "another program resets the card" says b ok close y reset
t "we are told" says a "card was reset" begin x
t "... once" says a ok begin x
t "the applet is no longer selected" says a 6e00 send x $query
t "still in our transaction" says a ok end x

# ---- our own ----

t "reset" says a ok reset x
t "the link goes on" says a "${selected}9000" send x $select
t "left as it is" says a ok close x leave
t "exclusive at once" says a ok open x exclusive "$r"
t "... and the security state is still there" says a 6a88 send x $query

# ---- exclusive ----

t "seen by all" says b "card+used+exclusive empty" list
t "shared beside exclusive is refused at once" says b "card in use by another program" open y shared "$r"
t "exclusive beside exclusive, too" says b "card in use by another program" open y exclusive "$r"
t "begin" says a ok begin x
t "SELECT" says a "${selected}9000" send x $select
t "end" says a ok end x
t "present" says a ok present x
t "reset" says a ok reset x
t "... ended the login" says a 6e00 send x $query
t "present after our own reset" says a ok present x
t "SELECT again" says a "${selected}9000" send x $select
t "left by a reset" says a ok close x reset
t "shared" says b ok open y shared "$r"
t "the applet is no longer selected" says b 6e00 send y $query
t "closed" says b ok close y leave

# The death of a process that holds the card exclusively resets it, whatever it had opened.
t "exclusive" says a ok open x exclusive "$r"
t "SELECT" says a "${selected}9000" send x $select
disown "${pid[a]}"
kill -KILL "${pid[a]}"
free() { says b ok open y shared "$r" >/dev/null; }
t "a killed program's card is free" wait_for "$LONG" free
t "... and closed" says b 6e00 send y $query

# ---- pulled ----

pull() { card_stop card; }
ask b wait "$LONG"
t "the card is pulled" pull
told() { answer b && [ "$said" = ok ]; }
t "who waits is told" told
t "not present" says b "card or reader removed" present y
t "no exchange" says b "card or reader removed" send y $query
t "no transaction" says b "card or reader removed" begin y
t "nothing in the reader" says b "no SmartCard-HSM in the reader" open z shared "$r"
put_in() { card_start card; }
t "put in again" put_in
t "it is not the one that we were connected to" says b "card or reader removed" present y
t "... also for an exchange" says b "card or reader removed" send y $query
t "closed" says b ok close y reset
t "exclusive" says b ok open y exclusive "$r"
t "SELECT" says b "${selected}9000" send y $select
t "pulled" pull
t "not present" says b "card or reader removed" present y
t "no exchange" says b "card or reader removed" send y $query
t "closed" says b ok close y reset
t "nothing happens: time is up" says b "time is up" wait 300

# ---- no pcscd ----

stop pcscd
t "no service" says b "no smart card service" list
t "no service" says b "no smart card service" open y shared "$r"
t "no service" says b "no smart card service" wait "$LONG"
fd=${to[b]}
exec {fd}>&-
wait "${pid[b]}"
finish

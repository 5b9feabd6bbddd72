#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `custodian watch`: each new request is told once, by a command and on the desktop, also after the server was away.
# Functions are called through t.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "1 of 1: cards, registration, server, enrolment" nofm_new vendor-shared 1 1 "cooldown = 0" || finish
c1=$(custodian "$q11" custodian export --reader "$(reader c1)" --force --out "$T/c1.pka" |
    sed 's/.*key \([^ ]*\) of.*/\1/')
connect() {
	start connect env QUORUM11_CONF="$T/host.conf" "$q11" connect --reader "$(reader target)" --reason "$1" \
	    "$URL/rt/hsm"
}
told() { [ "$(wc -l <"$T/told")" -eq "$1" ]; }
: >"$T/told"
# Without arguments of a shell: what the command gets is what was given.
cat >"$T/tell" <<'END'
#!/bin/sh
cat >>"$1"; echo >>"$1"
sed -n "s/^SigIgn:[^0-9a-f]*//p" /proc/self/status >"$1.ignored"
END
mkdir "$T/bin"
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/desktop"\n' "$T" >"$T/bin/notify-send"
chmod +x "$T/tell" "$T/bin/notify-send"
t "the inbox is his, by one signature; nothing waits" not approve c1 --wait 0
printf '[module]\nreaders = none\n[custodian]\nurl = %s\nkey = %s\n' "$URL" "$c1" >>"$T/custodian.conf"
# As on a machine without a desktop.
t_status "a desktop that cannot be told: 1, before anything is missed" 1 timeout $((LONG / 1000)) env PATH="$T/card" \
    QUORUM11_CONF="$T/custodian.conf" "$q11" custodian watch --notify
t "... what is missing is said" grep -q "libnotify-bin" "$T/err"
# Somebody who reads only the first line.
start reader sh -c '"$@" | head -n 1' sh env QUORUM11_CONF="$T/custodian.conf" "$q11" custodian watch
start watch env PATH="$T/bin:$PATH" QUORUM11_CONF="$T/custodian.conf" \
    "$q11" custodian watch --notify "$T/tell" "$T/told"
t "it watches, without a card" wait_for "$LONG" grep -q "requests that wait for $c1" "$T/watch.log"
connect 'a <b> & $(touch x)'
t "a request is told" wait_for "$LONG" told 1
t "... by the name in the address book" jq -e '.card == "known" and .name == "target signer" and .n == 1' "$T/told"
t "... with what the host claims" test "$(jq -r .claimed_reason "$T/told")" = 'a <b> & $(touch x)'
pipes() { [ $((0x$(cat "$T/told.ignored") & 1 << 12)) -eq 0 ]; }
t "... and that a pipe can break is left to the command" eval 'wait_for "$LONG" test -s "$T/told.ignored" && pipes'
t "... on the desktop" wait_for "$LONG" grep -q 'a &lt;b&gt; &amp;' "$T/desktop"
sed -i '/^readers/d' "$T/custodian.conf"
t "c1 denies" approve c1 --deny
t "connect is told" eval 'reap connect && [ "$status" -eq 1 ]'
stop server
t "the server is away, which is said" wait_for "$LONG" grep -q "no connection to the server" "$T/watch.log"
sed -i "s/^listen = .*/listen = ${URL#https://}/" "$T/server.conf"
t "it comes back" server_start "$T/server.conf"
t "... which is said" wait_for $((2 * LONG)) grep -q "answers again" "$T/watch.log"
t "the first one was told once" told 1
custodian "$q11" devices remove "target signer"
connect "second"
t "the next one is told, too" wait_for "$LONG" told 2
t "... to nobody who has stopped reading" eval 'wait_for "$LONG" not running reader && [ "$(grep -c "have approved" \
    "$T/reader.log")" -eq 1 ]'
t "... by the address book as it is now" test "$(tail -n 1 "$T/told" | jq -r .card)" = unknown
stop connect INT
finish

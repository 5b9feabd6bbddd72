#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
#
# A PIN never leaves: with everything traced, on a card that needs approvals and a PIN and on one that needs the PIN
# alone, it is looked for, as text and as hex, in every log, all output, the frames to the helper and so the network,
# the process list, the server's state and the memory that a core file would hold. Only the card got it.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

SIGN_PIN=mKr7Pq2Zx9LwT4
CHANGED=Vb5nYc8Jd3Hs
export -n SIGN_PIN
( umask 077; echo "$SIGN_PIN" >"$T/sign-pin" )
sinks=$T/sinks
mkdir "$sinks"

# Output goes to a sink, too, and is shown by t if the command fails.
into() { # NAME CMD...
	local name=$1 rc=0
	shift
	"$@" >"$sinks/now" 2>&1 || rc=$?
	tee -a "$sinks/$name.out" <"$sinks/now"
	return "$rc"
}

# Is a PIN in a file: as it is, or as hex whatever stands between the digits?
holds() {
	local pin hex
	for pin in "$SIGN_PIN" "$CHANGED"; do
		hex=$(printf %s "$pin" | xxd -p)
		if grep -qaF "$pin" "$1" || tr -cd '0-9a-fA-F' <"$1" | tr A-F a-f | grep -qF "$hex"; then return 0; fi
	done
	return 1
}
clean() { # FILE...: each is there, is not empty, and holds no PIN
	local f rc=0
	[ $# -gt 0 ] || rc=1
	for f in "$@"; do
		[ -s "$f" ] || { echo "nothing in $f"; rc=1; }
		if holds "$f"; then echo "a PIN in $f"; rc=1; fi
	done
	return "$rc"
}

# The command lines and environments of all processes; a program that was given the PIN in its own is left out.
processes() {
	local p comm
	for p in /proc/[0-9]*; do
		comm=$(cat "$p/comm" 2>/dev/null)
		echo "$comm: $(tr '\0' ' ' <"$p/cmdline" 2>/dev/null)"
		[ "$comm" = pkcs11-tool ] || tr '\0' '\n' <"$p/environ" 2>/dev/null
	done
}

printf 'x %s y\n' "$SIGN_PIN" >"$T/seen"
t "a PIN would be found as text" holds "$T/seen"
printf '00 20 00 81 %s\n' "$(printf %s "$SIGN_PIN" | xxd -p | sed 's/../& /g')" >"$T/seen"
t "... and as hex" holds "$T/seen"

other_cards=(pin)
card_new pin --id UTPIN0400000
export QUORUM11_LOG=trace
t "open firmware, 2 of 3 and a PIN: cards, registration, server, enrolment" into setup nofm_new open-firmware 3 2 ||
	finish
sed -i '/^\[server\]/a log = trace' "$T/server.conf"
stop server
cp "$T/server.log" "$sinks/server-first.log"
sed -i "s/^listen = .*/listen = ${URL#https://}/" "$T/server.conf"
t "the server again, tracing" server_start "$T/server.conf"
t "a key" into setup nofm_key ec:secp256r1 ec
t "a card with a PIN" into setup host "$q11" init --reader "$(reader pin)" --yes --pin-file "$T/sign-pin" \
    --so-pin-file "$T/so-pin" --label pincard

# All that the helper hears and says.
printf '#!/bin/sh\nexec %s %s %s %s\n' "$(command -v python3)" "$TOP/test/e2e/tools/tap.py" "$B/connect" \
    "$sinks/frames" >"$T/connect"
chmod +x "$T/connect"
sed -i "s|^helper = .*|helper = $T/connect|" "$T/host.conf"
echo "release" >"$T/data"
token=$(cat "$T/state/token")
requests() { curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $token" "$URL/api/v1/requests"; }
waits() { [ "$(requests | tee "$sinks/api" | jq '[.requests[]|select(.state=="waiting")]|length')" = 1 ]; }

ended() { reap "$1" && [ "$status" -eq 0 ]; }

# ---- pkcs11-tool, which takes the PIN from its environment ----

p11() { host pkcs11-tool --module "$MODULE" --token-label "$@"; }
with_pin() { MARKER=$SIGN_PIN CHANGED=$CHANGED p11 "$@"; }
sign() {
	with_pin "$1" --login --pin env:MARKER --sign --id 01 --mechanism ECDSA-SHA256 --input-file "$T/data" \
	    --output-file "$T/sig"
}
start sign sign SmartCard-HSM
t "pkcs11-tool logs in with PIN and people" wait_for "$LONG" waits
processes >"$sinks/processes-waiting"
t "... its helper is among the processes" grep -q quorum11-connect "$sinks/processes-waiting"
t "... two approve" into approve eval 'approve c1 && approve c2'
t "... and it signs" ended sign || cat "$T/sign.log"
cp "$T/sign.log" "$sinks/pkcs11-tool.stderr"
t "... the log has the commands" grep -q "apdu trace:" "$sinks/pkcs11-tool.stderr"
sed -i "/^\[module\]/a log_file = $sinks/module.log" "$T/host.conf"
t "a key on the PIN card; the log goes to a file" into pin-card with_pin pincard --login --pin env:MARKER \
    --keypairgen --key-type EC:prime256v1 --label e1 --id 01
t "... signs" into pin-card sign pincard
t "... the PIN is changed" into pin-card with_pin pincard --change-pin --pin env:MARKER --new-pin env:CHANGED
t "... a wrong one is refused" not into pin-card sign pincard
t "... and it is changed back" into pin-card with_pin pincard --change-pin --pin env:CHANGED --new-pin env:MARKER
t "... the log has the commands" grep -q "apdu trace:" "$sinks/module.log"

# ---- quorum11 ----

start work host "$q11" sign --reader "$(reader target)" --pin-file "$T/sign-pin" --key ec "$T/data"
t "quorum11 sign logs in with PIN and people" wait_for "$LONG" waits || cat "$T/work.log"
processes >"$sinks/processes-quorum11"
t "... two approve" into approve eval 'approve c1 && approve c2'
t "... and it signs" ended work || cat "$T/work.log"
cp "$T/work.log" "$sinks/quorum11.stderr"

# ---- core files of a program that keeps no PIN of its own ----

image() { "$TOP/test/e2e/tools/image.py" "${PID[$1]}" "$2"; }
login_start() { # NAME TOKEN
	# The program itself, not a shell that knows the PIN.
	start "$1" env QUORUM11_CONF="$T/host.conf" "$B/test/e2e/tools/pinlogin" "$MODULE" "$2" "$T/sign-pin"
}
is_in() { grep -q '^in$' "$T/$1.log"; }

login_start people SmartCard-HSM
t "a program logs in with PIN and people" wait_for "$LONG" waits || cat "$T/people.log"
image people "$sinks/image-waiting"
# The caller's own copy is there while C_Login runs; ours stays out of core files.
t "... while it waits, the PIN is in its memory once" test "$(grep -aoF "$SIGN_PIN" "$sinks/image-waiting" | wc -l)" = 1
rm "$sinks/image-waiting"
t "... two approve" into approve eval 'approve c1 && approve c2'
t "... it is in" wait_for "$LONG" is_in people || cat "$T/people.log"
image people "$sinks/image-people"
t "... what was read is its memory" grep -qa "UTTGT0400000" "$sinks/image-people"
stop people
t "... and logs out" test "$status" = 0
login_start alone pincard
t "a program logs in with its PIN alone" wait_for "$LONG" is_in alone || cat "$T/alone.log"
image alone "$sinks/image-alone"
t "... what was read is its memory" grep -qa "UTPIN0400000" "$sinks/image-alone"
stop alone
t "... and logs out" test "$status" = 0

# ---- an agent, which keeps the PIN for those who come later ----

start agent host exec "$B/quorum11-agent" --socket "$T/agent" --reader "$(reader target)" --receipts "$T/receipts"
agent_holds() { host "$q11" agent status --socket "$T/agent" --json | jq -e '.[0].state == "closed"' >/dev/null; }
ready agent agent_holds
agent_sign() { QUORUM11_AGENT=$T/agent sign SmartCard-HSM; }
start first agent_sign
t "pkcs11-tool logs in through an agent" wait_for "$LONG" waits || cat "$T/first.log" "$T/agent.log"
processes >"$sinks/processes-agent"
t "... two approve" into approve eval 'approve c1 && approve c2'
t "... and it signs" ended first || cat "$T/first.log"
t "another one gives the same PIN" into agent agent_sign
image agent "$sinks/image-agent"
t "... what was read is the agent's memory" grep -qa "UTTGT0400000" "$sinks/image-agent"
stop agent
t "... and it ends" test "$status" = 0
t "... it traced" grep -q "apdu trace:" "$T/agent.log"
cp "$T/first.log" "$T/agent.log" "$T"/receipts/*.receipt "$sinks"

# ---- the sinks ----

cp "$T/people.log" "$T/alone.log" "$T/server.log" "$sinks"
{ echo "what pcscd says, if anything"; cat "$T/pcscd.log"; } >"$sinks/pcscd.log"
stop server
rm "$sinks/now"
t "the target got the PIN" holds "$T/target.apdu"
t "... and the card with a PIN, too" holds "$T/pin.apdu"
t "the server logged" grep -q "event=decision" "$sinks/server.log"
t "the frames are there" grep -qaF "$URL" "$sinks/frames"
t "... and what the card answered in them" grep -qaF "${target_id:0:7}" "$sinks/frames"
for sink in "$sinks"/*; do t "no PIN: ${sink##*/}" clean "$sink"; done
mapfile -t kept < <(find "$T/state" -type f)
t "no PIN: the server's state" clean "${kept[@]}"

finish

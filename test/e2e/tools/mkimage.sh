# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# mkimage, unmodified, with a target of $PROFILE (sourced by mkimage-PROFILE.sh), and everything that can go wrong
# around it: too few custodians, another program at the card, a killed or interrupted mkimage, a card that is pulled.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new "${PROFILE:?}" 3 2 || finish
t "an RSA key" nofm_key rsa:2048 fit

head -c 20000 /dev/urandom >"$T/kernel"
cp "$TOP/test/e2e/tools/image.its" "$T"
echo '/dts-v1/; / { };' | dtc -O dtb -o "$T/key.dtb" 2>/dev/null

export PKCS11_MODULE_PATH=$MODULE
# Where the card needs its PIN besides, this is how mkimage takes one.
[ "$PROFILE" != open-firmware ] || export MKIMAGE_SIGN_PIN=$SIGN_PIN
make_image() {
	rm -f "$T/out.itb"
	cp "$T/key.dtb" "$T/u-boot.dtb"
	cd "$T" && host exec mkimage -f image.its -N pkcs11 -k token=SmartCard-HSM -K u-boot.dtb -r out.itb
}
image_start() { : >"$T/target.apdu"; start mkimage make_image; }
image_ends() { reap mkimage "${1:-$LONG}"; }
image_made() { image_ends && [ "$status" -eq 0 ] && mkimage -l "$T/out.itb" | grep -q "Sign value"; }
image_fails() { image_ends "$@" && [ "$status" -eq 1 ]; }
said() { grep -q "^quorum11: .*$1" "$T/mkimage.log"; }
is_closed() { login_status >"$T/closed" && [ "$(jq .open "$T/closed")" = false ]; }
signed_nothing() { not card_got 8068; }
token=$(cat "$T/state/token")
requests() {
	curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $token" "$URL/api/v1/requests" |
	    jq "[.requests[]$1] | length"
}
waits() { [ "$(requests '|select(.state=="waiting")')" = 1 ]; }
nothing_waits() { [ "$(requests '|select(.state=="waiting")')" = 0 ]; }
card_signs() { card_got 8068; }
helpers_gone() { ! pgrep -x connect >/dev/null; }

# ---- the main job ----

before=$(requests "")
image_start
t "c1 approves" approve c1
t "c2 approves" approve c2
t "mkimage makes a signed image" image_made || cat "$T/mkimage.log"
t "... with one login" test "$(requests "")" = $((before + 1))
t "... the progress was shown" grep -qE "code [A-Z2-7]{4}-[A-Z2-7]{4}; the server says: 1 of 2" "$T/mkimage.log"
t "... the card is closed" is_closed

# ---- another program is connected ----

start hold "$B/test/e2e/tools/holdcard" "$(reader target)"
ready holdcard grep -q connected "$T/hold.log"
image_start
t "another program at the card: mkimage fails, and asks nobody" image_fails
t "... it is said that, and who" said "holdcard"
t "... nothing was signed" signed_nothing
stop hold

# ---- one custodian only ----

cp "$T/host.conf" "$T/host.conf.all"
# In the time that is configured; on a machine on which that is too short for one custodian, in a longer one.
one_approves() {
	local seconds
	for seconds in 8 60; do
		sed "s/^\[login\]/&\ntimeout = $seconds/" "$T/host.conf.all" >"$T/host.conf"
		image_start
		! approve c1 || return 0
		image_ends $((2 * LONG))
	done
	return 1
}
t "one custodian approves" one_approves
t "mkimage fails with status 1 when the configured time is over" image_fails $((2 * LONG))
t "... it is said why" said "time"
t "... nothing was signed" signed_nothing
t "... the card is closed" is_closed
t "... nothing waits on the server" wait_for "$LONG" nothing_waits
cp "$T/host.conf.all" "$T/host.conf"

# ---- mkimage is interrupted while it waits ----

image_start
t "a request waits" wait_for "$LONG" waits
kill -INT "${PID[mkimage]}"
t "SIGINT ends mkimage" reap mkimage
t "... the request is over" wait_for "$LONG" nothing_waits
t "... no helper is left" wait_for "$LONG" helpers_gone
t "... the card is closed" is_closed

# ---- while mkimage waits, others cannot use the card; when it is killed, the card is closed ----

image_start
t "a request waits" wait_for "$LONG" waits
t_status "another program cannot connect meanwhile" 3 "$B/test/e2e/tools/holdcard" "$(reader target)"
kill -KILL "${PID[mkimage]}"
reap mkimage
t "killed: no helper is left" wait_for "$LONG" helpers_gone
t "... the request is over" wait_for "$LONG" nothing_waits
t "... pcscd lets go of the card" wait_for "$LONG" login_status
t "... and it is closed" is_closed

# ---- the card is pulled while mkimage waits ----

image_start
t "a request waits" wait_for "$LONG" waits
t "the card is pulled" card_stop target
t "mkimage fails" image_fails
t "... it is said why" said "removed"
t "... the request is over" wait_for "$LONG" nothing_waits

# ---- a slow card: pulled, and killed, while it signs ----

t "the card is put back, with the real one's delays" card_start target --delays
image_start
approvers c1 c2
t "the card signs" wait_for "$LONG" card_signs
t "... and is pulled" card_stop target
t "mkimage fails" image_ends
t "... with a status" test "$status" -ne 0
t "... no image" not test -s "$T/out.itb" || cat "$T/mkimage.log"
approvers_done c1 c2 >/dev/null
t "the card is put back" card_start target --delays
image_start
approvers c1 c2
t "the card signs" wait_for "$LONG" card_signs
kill -KILL "${PID[mkimage]}"
reap mkimage
approvers_done c1 c2 >/dev/null
t "mkimage killed while the card signed: pcscd lets go of the card" wait_for "$LONG" login_status
t "... and it is closed" is_closed

# ---- shared connection: a second client keeps the card powered when mkimage dies ----

sed -i '/^\[login\]/a exclusive = no' "$T/host.conf"
start hold "$B/test/e2e/tools/holdcard" "$(reader target)"
ready holdcard grep -q connected "$T/hold.log"
image_start
approvers c1 c2
t "exclusive = no: the card signs although another program is connected" wait_for "$LONG" card_signs
kill -KILL "${PID[mkimage]}"
reap mkimage
approvers_done c1 c2 >/dev/null
before=$(requests "")
image_start
t "the next mkimage asks again" wait_for "$LONG" waits
t "... and did not use the card that it found open" signed_nothing
t "... one request more" test "$(requests "")" = $((before + 1))
kill -INT "${PID[mkimage]}"
reap mkimage
stop hold

finish

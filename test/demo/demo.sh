#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole product, shown once:
#	test/demo/demo.sh BUILD
# mkimage, unmodified, signs a real kernel with a key in a card that opens only after 2 of 3 people approved; openssl
# and U-Boot's own verifier check the result; then the same with one person only, which must not succeed. The cards
# are virtual, in namespaces of the demo's own (test/e2e/lib.sh): neither readers nor files nor ports of this machine
# are touched. Needs no terminal. Exit status 0 only if every step was as it should be.
# shellcheck source=test/demo/stage.sh
. "$(dirname "$0")/stage.sh"

timeout=10              # of a login that gets too few approvals, seconds

installation

# ---- mkimage ----

cp "$fetched/Image" "$fetched/board.dtb" "$TOP/test/demo/image.its" .
dtc -q -O dtb -o u-boot.dtb "$TOP/test/demo/u-boot.dts" || fail "dtc"
cp u-boot.dtb u-boot.before
export PKCS11_MODULE_PATH=$MODULE QUORUM11_REASON="kernel for board 7, release 1.2"
mkimage_command=(mkimage -f image.its -N pkcs11 -k token=fit -K u-boot.dtb -r image.fit)
kernel=$(strings -n 20 Image | grep -m 1 '^Linux version' | cut -d ' ' -f 3)

step "mkimage, as Debian ships it, signs Linux $kernel, a device tree and their configuration." \
    "Two approve at the same time."
note "PKCS11_MODULE_PATH=quorum11.so QUORUM11_REASON=\"$QUORUM11_REASON\""
forget
asks build "${mkimage_command[@]}"
note "The code is computed on both sides. Who signs tells it to anna and ben over the phone; they compare."
approves full anna ben
answers 30000
[ "$status" -eq 0 ] || { show asking.out; fail "mkimage: status $status"; }
approved_code=$code
made=$(signatures)
grep -E '^ (Image|Configuration)|Sign (algo|value)' asking.out | cut -c 1-100 | indent
[ "$made" -ge 3 ] || fail "the card made $made signatures, not at least 3"
[ "$(requests)" -eq 1 ] || fail "the custodians were asked $(requests) times"
QUORUM11_CONF=host.conf quorum11 status --reader target --json >closed.json || fail "status"
[ "$(jq .open closed.json)" = false ] || fail "the card is still open"
note "One login, $made signatures (mkimage starts over when its file gets too small); the card is closed again."

step "Others check it: openssl, and the verifier that U-Boot's own source builds."
"$TOP/test/demo/verify.sh" "$T/image.fit" "$T/u-boot.dtb" "$T/fit.pem" "$fetched/fit_check_sign" >verify.log 2>&1
checked=$?
sed '/^1\.\./d; s/^ok [0-9]* - //' verify.log | indent
[ $checked -eq 0 ] || fail "the image does not verify"

# ---- one is not enough ----

step "The same with anna alone. The login waits $timeout s, as configured here (15 min by default)."
sed -i "/^\[login\]/a timeout = $timeout" host.conf
mv image.fit approved.fit
cp u-boot.before u-boot.dtb
forget
# Timed from the request: what mkimage does before is hashing, which takes its time on a busy machine.
asks build "${mkimage_command[@]}"
start_ms=$(ms)
approves brief anna
answers 30000
took=$((($(ms) - start_ms + 500) / 1000))
[ "$status" -eq 1 ] || fail "mkimage ended with status $status, not 1"
reason=$(sed -n 's/^quorum11: //p' asking.log | tail -n 1)
grep -q 'time allowed (1 of 2)' <<<"$reason" || fail "our reason is not on stderr"
[ "$(signatures)" -eq 0 ] || fail "the card signed"
! mkimage -l image.fit 2>/dev/null | grep -q 'Sign value' || fail "there is a signature"
! fdtget -l u-boot.dtb /signature >/dev/null 2>&1 || fail "U-Boot's device tree got a key"
note "mkimage: status $status after $took s; the card made no signature."

# ---- the end ----

card=$(jq -r .device_id closed.json)
size=$(($(stat -c %s approved.fit) >> 20))
settle >left.log || fail "$(cat left.log)"
cat <<-END

	signed    Linux $kernel, device tree, configuration: $size MiB, by key "fit" on card $card
	approved  by anna and ben, 2 of 3, for code $approved_code; the card checked each approval itself
	checked   by openssl and by U-Boot's fit_check_sign, who both refuse the image with one bit changed
	refused   with one approval: mkimage status 1 after $took s, "${reason##*: }"
	over      nothing is left running; it took $(($(date +%s) - began)) s
END

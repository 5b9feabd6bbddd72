#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Approve once, sign many:
#	test/demo/demo-batch.sh BUILD
# make starts twenty mkimage, unmodified, for twenty boards, under one approval of 2 of 3 that covers exactly these;
# a twenty-first is refused. Each image is checked by U-Boot's own verifier, the receipt by an auditor who has nothing
# but it and the root certificate. What is virtual and what is not: see demo.sh, whose cards and people these are.
# shellcheck source=test/demo/stage.sh
. "$(dirname "$0")/stage.sh"

images=20
# One for the kernel, which is the same for all, and two for each board: its device tree and the configuration.
digests=$((1 + 2 * images))

step "Four cards, their people, a server and a signing key, as in make demo."
steps_before=$steps
installation >setup.log || { show setup.log; exit 1; }
steps=$steps_before
sed -n '/quorum11 init --reader target/p; /register --reader target/p' setup.log
note "anna, ben and cleo; any 2 of them open the card \"fit\"."

cp "$fetched/Image" "$TOP/test/demo/batch.mk" .
dtc -q -O dtb -o u-boot.before "$TOP/test/demo/u-boot.dts" || fail "dtc"
for ((n = 1; n <= images + 1; n++)); do
	cp "$fetched/board.dtb" board-$n.dtb
	fdtput -t s board-$n.dtb / model "board $n" || fail "fdtput"
	sed "s/board\.dtb/board-$n.dtb/" "$TOP/test/demo/image.its" >image-$n.its
done
kernel=$(strings -n 20 Image | grep -m 1 '^Linux version' | cut -d ' ' -f 3)

# mkimage signs a node again whenever its file gets too small. With a fixed date it signs the same digest then, which
# is free.
export PKCS11_MODULE_PATH=$MODULE SOURCE_DATE_EPOCH=1700000000
cat >build.sh <<-END
	#!/bin/sh
	make -s -j2 -f batch.mk IMAGES=$images || exit 1
	echo "$images images; and another one:"
	exec make -s -f batch.mk image-$((images + 1)).fit
END
chmod +x build.sh

step "make builds and signs $images images with Linux $kernel, then one more than was asked for. One approval:" \
    "$digests digests, 30 min, this key."
show build.sh
forget
asks build quorum11 run --reader target --sign $digests --for 30m --key fit --reason "release 1.2, $images boards" \
    --receipt release.receipt -- ./build.sh
approves full anna ben
answers 300000
show asking.out
[ "$status" -eq 2 ] || fail "run: status $status, not that of make"
made=$(signatures)
[ "$(requests)" -eq 1 ] || fail "the custodians were asked $(requests) times"
# SELECT would forget the approval: none between the first signature and the last.
selects=$(awk '{ $0 = tolower($0) } /^target > *8068/ { n += since; since = 0; signed = 1 }
	/^target > *00a404/ && signed { since++ } END { print n + 0 }' target.apdu)
grep -q "all $digests signatures that were approved are made" asking.log || fail "it is not said what was refused"
[ ! -e image-$((images + 1)).fit ] || fail "there is an image too many"
QUORUM11_CONF=host.conf quorum11 status --reader target --json >closed.json || fail "status"
[ "$(jq .open closed.json)" = false ] || fail "the card is still open"
note "The exit status is that of make: 2, for the image that was not approved." \
    "$images mkimage, one login, $made signatures of the card."
[ "$selects" -eq 0 ] || fail "SELECT was sent $selects times between signatures"

step "Others check the images: U-Boot's own verifier all of them, openssl one."
for ((n = 1; n <= images; n++)); do
	"$fetched/fit_check_sign" -f image-$n.fit -k u-boot-$n.dtb >check.log 2>&1 || {
		show check.log
		fail "image $n"
	}
done
note "| fit_check_sign accepts image-1.fit to image-$images.fit"
"$TOP/test/demo/verify.sh" "$T/image-7.fit" "$T/u-boot-7.dtb" "$T/fit.pem" "$fetched/fit_check_sign" >verify.log 2>&1
checked=$?
sed '/^1\.\./d; s/^ok [0-9]* - //' verify.log | indent
[ $checked -eq 0 ] || fail "image 7 does not verify"

step "The receipt, checked by somebody who has the root certificate, and neither card nor server."
mkdir auditor
printf '[trust]\nroots = %s\n' "$T/pki/root.cvc" >auditor.conf
cp release.receipt auditor/
stop server
prompt auditor quorum11 audit receipt auditor/release.receipt
QUORUM11_CONF=auditor.conf quorum11 audit receipt auditor/release.receipt >audit.log 2>&1
checked=$?
grep -v '^ *signature [0-9]' audit.log | head -n 40 | indent
[ $checked -eq 0 ] || fail "the receipt does not verify"
QUORUM11_CONF=auditor.conf quorum11 audit receipt --json auditor/release.receipt >audit.json || fail "audit --json"
sed '0,/^sign /s/^sign \(.\)/sign  \1/' release.receipt >auditor/changed.receipt
cmp -s release.receipt auditor/changed.receipt && fail "nothing was changed"
if QUORUM11_CONF=auditor.conf quorum11 audit receipt auditor/changed.receipt >changed.log 2>&1; then
	fail "a changed receipt verifies"
fi
note "With one byte more in it, it does not verify."

# ---- the end ----

card=$(jq -r .device_id closed.json)
summary=$(sed -n 's/^quorum11: receipt [^:]*: //p' asking.log | tail -n 1)
[ "$summary" = "$made signatures of $digests different digests" ] || fail "the receipt has $summary"
settle >left.log || fail "$(cat left.log)"
cat <<-END

	signed    $images images, Linux $kernel, by key "fit" on card $card: $summary
	approved  once, by anna and ben, 2 of 3, for code $code: $digests digests in 30 min with this key
	checked   by U-Boot's fit_check_sign (all) and openssl; the receipt offline, by quorum11 audit receipt
	refused   image $((images + 1)), by the limits: the agent keeps them, and the card was not asked
	over      nothing is left running; it took $(($(date +%s) - began)) s
END

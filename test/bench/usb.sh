#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a signature costs its program over USB, with a real libusb and kernel and QEMU's reader, and over PC/SC to the
# same reader:
#	test/bench/usb.sh BUILD
# Prints lines "WAY.KEY value", microseconds of the guest's processor for each signature by a key (rsa: of 2048 bits,
# ec: P-256) after a login by PIN: usb, our module over USB; pcsc, over PC/SC; pcscd, what pcscd works for that.
# The guest's clock counts its instructions, a nanosecond each, so that other work of this machine does not show, nor do
# instructions and caches that take longer. SIGNS sets how much is measured.
set -u
export BUILD=$1
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=test/bench/lib.sh
. "$TOP/test/bench/lib.sh"
# shellcheck source=test/qemu/lib.sh
. "$TOP/test/qemu/lib.sh"

prepare() {
	local driver=/usr/lib/pcsc/drivers/ifd-ccid.bundle f
	card_new pin && guest_new test/bench/usb_init.sh && cp "$T/pki/root.cvc" "$R/etc/" &&
		guest_program "$B/quorum11" "$B/test/bench/bench" "$(command -v pcscd)" || return 1
	while read -r f; do guest_put "$f" || return 1; done < <(find -L "$driver" -type f)
	# What it loads to end a thread.
	f=$(ldconfig -p | sed -n 's/.*libgcc_s.so.1 .*x86-64.*=> //p' | head -n 1)
	guest_put "$f"
}
# Its reader says that it is one for T=0 only (dwProtocols), and carries whatever comes: pcscd's driver believes it, so
# a copy says T=0 and T=1.
qemu_copy() {
	python3 - "$(command -v qemu-system-x86_64)" "$T/qemu" <<-'P'
		import sys
		image = bytearray(open(sys.argv[1], "rb").read())
		begin = bytes.fromhex("36211001000701000000")
		assert image.count(begin) == 1
		image[image.find(begin) + 6] = 3
		open(sys.argv[2], "wb").write(image)
	P
	chmod +x "$T/qemu"
}
[ -s "$Q/order" ] || fail "no guest: test/qemu/fetch.sh build/qemu"
{ prepare && qemu_copy; } >"$T/prepare.log" 2>&1 || fail "the guest's files"
QEMU_MODULE_DIR=$(dirname "$(find /usr/lib -name 'accel-tcg-x86_64.so' | head -n 1)")
export QEMU_MODULE_DIR
mapfile -t shares < <(qemu-system-x86_64 -L help | sed 's/^/-L\n/')
QEMU=$T/qemu guest_start "$T/card/pin" "signs=${SIGNS:-60}" tcg -icount shift=0 "${shares[@]}"
guest_has end $((LONG * 12)) || { guest_more >&2; fail "the guest"; }
tr -d '\r' <"$T/console" | sed -n 's/^RESULT //p'
reap qemu
reap vscard
settle || fail "something is left running"

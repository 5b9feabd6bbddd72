#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Check a signed FIT image by programs that know nothing of quorum11, and that they would notice a change:
#	test/demo/verify.sh FIT U-BOOT.DTB PUBLIC-KEY.PEM FIT_CHECK_SIGN
# PUBLIC-KEY comes from the card, U-BOOT.DTB from mkimage. Prints TAP.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

fit=$1 dtb=$2 key=$3 fit_check_sign=$4
dir=$(mktemp -d)
trap 'tap_end; rm -rf "$dir"' EXIT

# property FILE NODE NAME: its bytes as hex digits; fdtget leaves out leading zeros.
property() { fdtget -t bx "$@" | awk '{ for (i = 1; i <= NF; i++) printf "%s", length($i) < 2 ? "0" $i : $i }'; }

# image_signed FIT NUMBER NAME: the signature of an image covers its data, byte for byte.
image_signed() {
	dumpimage -T flat_dt -p "$2" -o "$dir/data" "$1" &&
	property "$1" "/images/$3/signature-1" value | xxd -r -p >"$dir/signature" &&
	openssl dgst -sha256 -verify "$key" -signature "$dir/signature" "$dir/data"
}

as_u_boot() { "$fit_check_sign" -f "$1" -k "$dtb"; }

# The modulus of a PEM key, and the one that mkimage wrote, as hex digits.
same_key() {
	local card dtb_key
	card=$(openssl rsa -pubin -in "$key" -noout -modulus | sed 's/^Modulus=//' | tr A-F a-f)
	dtb_key=$(property "$dtb" /signature/key-fit rsa,modulus)
	[ -n "$card" ] && [ "$card" = "$dtb_key" ]
}

# Turn one bit in the middle of the file, which the kernel fills almost to both ends.
spoil() {
	local at old
	at=$(($(stat -c %s "$1") / 2))
	old=$(xxd -s "$at" -l 1 -p "$1")
	printf '%02x' $((0x$old ^ 1)) | xxd -r -p | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
	! cmp -s "$1" "$fit"
}

t "openssl: the kernel's signature verifies" image_signed "$fit" 0 kernel
t "openssl: the device tree's signature verifies" image_signed "$fit" 1 fdt
t "U-Boot's fit_check_sign accepts the configuration" as_u_boot "$fit"
t "U-Boot's device tree demands the configuration's signature" \
    [ "$(fdtget "$dtb" /signature/key-fit required)" = conf ]
t "the key in U-Boot's device tree is the card's" same_key
cp "$fit" "$dir/changed"
t "one byte of the kernel changed" spoil "$dir/changed"
t "openssl refuses the changed image" not image_signed "$dir/changed" 0 kernel
t "U-Boot's fit_check_sign refuses the changed image" not as_u_boot "$dir/changed"
plan

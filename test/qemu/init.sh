#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# The guest of test/e2e/usb.sh. Says on its console what is done, as lines "GUEST NAME", or "GUEST not NAME".
/bin/busybox --install -s /bin
# A word NAME=VALUE of the kernel's command line is in our environment.
pin=${pin:?}
export PATH=/bin HOME=/tmp QUORUM11_CONF=/etc/conf OPENSSL_CONF=/dev/null
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r m; do insmod "/modules/$m"; done </modules/order

# until SECONDS CMD...
until_() {
	n=$(($1 * 20))
	shift
	until "$@"; do
		[ $n -gt 0 ] || return 1
		n=$((n - 1))
		usleep 50000
	done
}
# does NAME CMD...
does() {
	name=$1
	shift
	if "$@" >/tmp/out 2>&1; then echo "GUEST $name"; else
		sed 's/^/    /' /tmp/out
		echo "GUEST not $name"
	fi
}

reader() { cat /sys/bus/usb/devices/*/bInterfaceClass 2>/dev/null | grep -qx 0b; }
net() { ip link set lo up && ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0; }
p11() { pkcs11-tool --module /lib/quorum11.so "$@"; }
with_pin() { p11 --login --pin "$pin" "$@"; }
list() { quorum11 list | tee /tmp/list && grep -q usb:QEMU0001 /tmp/list; }
init() { quorum11 init --yes --pin-file /tmp/pin --so-pin-file /tmp/so --label usb; }
keygen() { with_pin --keypairgen --key-type EC:prime256v1 --label ec --id 01; }
# By the port, which is a name of the reader, too.
place() {
	for i in /sys/bus/usb/devices/*/bInterfaceClass; do
		grep -qx 0b "$i" && basename "${i%/*}" | cut -d : -f 1
	done
}
by_place() { quorum11 status --reader "usb:$(place)"; }
has() { p11 --list-objects | tee /tmp/objects && grep -q "label: *$1\$" /tmp/objects; }
# key ID FILE, sign ID MECHANISM [LOGIN...], verify ID
key() { p11 --read-object --type pubkey --id "$1" -o "/tmp/$1.der"; }
sign() {
	id=$1 how=$2
	shift 2
	rm -f /tmp/sig
	p11 "$@" --sign --id "$id" --mechanism "$how" --signature-format openssl -i /etc/conf -o /tmp/sig
}
verify() { openssl dgst -sha256 -keyform DER -verify "/tmp/$1.der" -signature /tmp/sig /etc/conf; }
signs() { key "$1" && sign "$@" --login --pin "$pin" && verify "$1"; }
closed() { quorum11 status --json | tee /tmp/status && grep -q '"open": *false' /tmp/status; }
rsa() { with_pin --keypairgen --key-type rsa:2048 --label rsa --id 02 && signs 02 SHA256-RSA-PKCS; }
no_card() { ! quorum11 list | grep -q UT; }
again() { until_ 20 signs 01 ECDSA-SHA256; }
other() { until_ 20 has shared && key 01; }

umask 077
echo "$pin" >/tmp/pin
echo 3537363231383830 >/tmp/so
# Without udevd libusb sees what was there when it began.
does reader until_ 30 reader
does net net
does list list
does init init
does keygen keygen
does objects has ec
does place by_place
does sign signs 01 ECDSA-SHA256
does closed closed
does rsa rsa
echo "GUEST waits"
does empty until_ 20 no_card
does again again
echo "GUEST change"
does other other
does nofm sign 01 ECDSA-SHA256 --login
does verified verify 01
echo "GUEST end"
poweroff -f

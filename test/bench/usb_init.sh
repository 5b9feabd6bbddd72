#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# The guest of test/bench/usb.sh: what a signature costs its program, by our own way to the reader and by pcscd. Says
# on its console "RESULT NAME VALUE", and at the end "GUEST end", or "GUEST not WHAT".
/bin/busybox --install -s /bin
# A word of the kernel's command line.
signs=${signs:?}
export PATH=/bin:/sbin HOME=/tmp OPENSSL_CONF=/dev/null
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /run/pcscd
while read -r m; do insmod "/modules/$m"; done </modules/order
ip link set lo up

fail() {
	sed 's/^/    /' /tmp/*.log
	echo "GUEST not $*"
	poweroff -f
	exit 1
}
until_() {
	n=$(($1 * 20))
	shift
	until "$@"; do
		[ $n -gt 0 ] || return 1
		n=$((n - 1))
		usleep 50000
	done
}
reader() { cat /sys/bus/usb/devices/*/bInterfaceClass 2>/dev/null | grep -qx 0b; }
by() { printf '[transport]\norder = %s\n[trust]\nroots = /etc/root.cvc\n' "$1" >/tmp/conf; }
named() { quorum11 list >/tmp/list 2>/tmp/list.log && grep -q QEMU0001 /tmp/list; }
# p11 READER KEY N
p11() { bench p11 /lib/quorum11.so "$1" /tmp/count "$2" /tmp/pin "$3" >/tmp/out 2>/tmp/p11.log || fail "p11 $1 $2"; }
# result NAME: the CPU of a signature, as the last one has printed it.
result() { echo "RESULT $1 $(tr ' ' '\n' </tmp/out | sed -n 's/^cpu_us=//p')"; }
keygen() {
	quorum11 keygen --pin-file /tmp/pin --type "$2" --label "$1" --archive "/tmp/$1.pka" >/tmp/keygen.log 2>&1 ||
		fail keygen
}
pcscd_ns() { bench cpu "$pcscd"; }

export QUORUM11_CONF=/tmp/conf
umask 077
echo 648219 >/tmp/pin
echo 3537363231383830 >/tmp/so
echo 0 >/tmp/count
by usb
until_ 30 reader || fail reader
quorum11 init --yes --pin-file /tmp/pin --so-pin-file /tmp/so --label usb >/tmp/init.log 2>&1 || fail init
keygen rsa rsa:2048
keygen ec ec:secp256r1
for key in rsa ec; do
	p11 usb:QEMU0001 $key "$signs"
	result usb.$key
done

by pcsc
set -- -f
# Newer ones ask polkit.
pcscd --help 2>&1 | grep -q -- --disable-polkit && set -- -f --disable-polkit
pcscd "$@" >/tmp/pcscd.log 2>&1 &
pcscd=$!
until_ 30 test -S /run/pcscd/pcscd.comm || fail pcscd
until_ 10 named || fail 'the reader of pcscd'
card=$(sed -n 's/^\(.*(QEMU0001) [0-9 ]* [0-9]*\).*/\1/p' /tmp/list | sed 's/ *$//')
# The module has the name's beginning, as PKCS#11 cuts it.
card=${card%% [[]*}
for key in rsa ec; do
	before=$(pcscd_ns)
	p11 "$card" $key 0
	none=$(pcscd_ns)
	p11 "$card" $key "$signs"
	all=$(pcscd_ns)
	result pcsc.$key
	echo "RESULT pcscd.$key $(awk "BEGIN { print (($all - $none) - ($none - $before)) / $signs / 1000 }")"
done
echo "GUEST end"
poweroff -f

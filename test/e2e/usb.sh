#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# takes: 40
#
# A reader that we did not write, on a real USB stack: QEMU's usb-ccid with ccid-card-passthru, virtual cards at its
# character device, and in the guest (test/qemu/init.sh) Debian's kernel and libusb, our module and command, no pcscd
# and no udevd. One card is initialised there and used by its PIN, pulled and put back; the other one was made ready
# here, and opens for the guest by the approvals of custodians, who sit here with their server and their cards at pcscd.
# TCG, never KVM: that /dev/kvm opens does not say that it works.
#
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"
cd "$TOP" || exit 2
Q=build/qemu R=$T/root PIN=648219
HOST=10.0.2.2   # this machine, as QEMU's own network has it
TLS_NAMES=IP:127.0.0.1,IP:$HOST
t_more() { tail -n 30 "$T/console" 2>/dev/null | tr -d '\r' | cut -c 1-300 | sed 's/^/# console: /'; t_logs; }

# put FILE [AS]: into the guest, with the libraries that it needs.
put() {
	local lib
	mkdir -p "$R/$(dirname "${2-$1}")"
	cp -L "$1" "$R/${2-$1}" || return 1
	for lib in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		[ -e "$R/$lib" ] || { mkdir -p "$R/$(dirname "$lib")" && cp -L "$lib" "$R/$lib"; }
	done
}
guest_conf() {
	printf '[transport]\norder = usb\n[module]\nhelper = /bin/connect\n[trust]\nroots = /etc/root.cvc\n'
	printf '[login]\nprogress = stderr\nreason = from a guest\nca = /etc/ca.pem\nurl = %s/rt/hsm\n' \
	    "${URL/127.0.0.1/$HOST}"
}
guest() {
	local f
	mkdir -p "$R"/{bin,modules,dev,proc,sys,tmp,etc}
	put "$Q/busybox" bin/busybox && put test/qemu/init.sh init && chmod +x "$R/init" || return 1
	put "$B/quorum11.so" lib/quorum11.so || return 1
	for f in "$B"/{quorum11,connect} "$(command -v pkcs11-tool)" "$(command -v openssl)"; do
		put "$f" "bin/${f##*/}" || return 1
	done
	cp "$Q/order" "$Q"/modules/* "$R/modules/" && cp "$T/pki/root.cvc" "$T/tls/ca.pem" "$R/etc/" || return 1
	guest_conf >"$R/etc/conf"
	(cd "$R" && find . | ./bin/busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$T/initrd"
}

# What QEMU says of power comes to the card by a pipe.
vscard() { exec "$B/test/e2e/tools/vscard" "$T/ccid" "$T/inserted" "$T/vscard.trace" <"$T/told"; }
qemu() {
	exec stdbuf -oL qemu-system-x86_64 -M q35 -accel tcg -m 512 -nodefaults -display none -no-reboot -monitor none \
	    -serial "file:$T/console" -kernel "$Q/vmlinux" -initrd "$T/initrd" \
	    -append "console=ttyS0 quiet loglevel=3 panic=-1 pin=$PIN" \
	    -netdev user,id=n -device e1000,netdev=n,romfile= -device qemu-xhci,id=u "$@" >"$T/told"
}
guest_start() {
	local ccid=usb-ccid,id=ccid,bus=u.0,serial=QEMU0001,debug=1
	mkfifo "$T/told" && ln -s card/pin "$T/inserted" || return 1
	start vscard vscard
	start qemu qemu -chardev "socket,id=c,path=$T/ccid,server=on,wait=off" -device "$ccid" \
	    -device ccid-card-passthru,id=card,chardev=c,bus=ccid.0
}
pull() { kill -USR1 "${PID[vscard]}"; }
put_in() { ln -sfn "card/$1" "$T/inserted" && kill -USR2 "${PID[vscard]}"; }
said() { grep -aqF "GUEST $1" "$T/console" 2>/dev/null; }
over() { said "$1" || said "not $1" || ! running qemu; }
# The guest says that NAME is done, or that it has failed.
guest_has() { wait_for $((LONG * 3)) over "$1"; said "$1"; }

t "a kernel and a shell for the guest" test -s "$Q/order" || { echo "# test/qemu/fetch.sh $Q"; finish; }
t "1 of 2: cards, custodians, a server" nofm_new vendor-shared 2 2 || finish
t "a key that two open" nofm_key ec:secp256r1 shared || finish
t "... the card leaves its reader" card_stop target
t "a blank card" card_new pin
t "the guest's files" guest
began=$(ms)
guest_start
t "the guest finds a reader" guest_has reader
t "... and a network" guest_has net
t "quorum11 names it by its serial number, and sees a card" guest_has list
t "the card is initialised" guest_has init
t "a key is made" guest_has keygen
t "... and found" guest_has objects
t "the port is a name of the reader, too" guest_has place
t "a signature is made, and good" guest_has sign
t "who comes next is not logged in" guest_has closed
t "an RSA key of 2048 bits, and a signature" guest_has rsa
t "a program waits for the card to go" guest_has waits
pull
t "the card is pulled: the slot is empty" guest_has empty
put_in pin
t "it is put back: it signs again" guest_has again
guest_has change
pull
put_in target
t "another card in its place: its key is there" guest_has other
approvers c1 c2
t "login by n of m in the guest: two approve, it signs" guest_has nofm
t "... both have" approvers_done c1 c2
t "... the signature is good" guest_has verified
t "the guest ends" guest_has end
t "... and nothing there has failed" not said not
t "... by itself" reap qemu
reap vscard
echo "# the guest took $(($(ms) - began)) ms"
finish

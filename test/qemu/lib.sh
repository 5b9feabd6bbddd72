# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A guest with QEMU's usb-ccid, on top of test/e2e/lib.sh: sourced after it. What it is made of is in $Q
# (test/qemu/fetch.sh); its files are gathered in $R, its console is $T/console. TCG, never KVM: that /dev/kvm opens
# does not say that it works.
#
#   guest_new INIT            $R begun: busybox, INIT as /init, the modules of the kernel, our module
#   guest_put FILE [AS]       FILE into it, with the libraries that it needs
#   guest_program FILE...     each into its /bin
#   guest_start DIR WORDS ACCEL [OPTION...]   a reader usb:QEMU0001 with the virtual card of DIR, a link or a folder
#                             (process vscard; its trace is $T/vscard.trace), and QEMU with the accelerator ACCEL, more
#                             options, and WORDS on the kernel's command line: NAME=VALUE is in the environment of /init
#   guest_has NAME [MS]       wait until the guest says that NAME is done ("GUEST NAME"); fails if it says "not NAME"
#   said NAME                 has it?
Q=$TOP/build/qemu R=$T/root

guest_put() {
	local lib
	mkdir -p "$R/$(dirname "${2-$1}")"
	cp -L "$1" "$R/${2-$1}" || return 1
	for lib in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		[ -e "$R/$lib" ] || { mkdir -p "$R/$(dirname "$lib")" && cp -L "$lib" "$R/$lib"; }
	done
}
guest_program() {
	local f
	for f in "$@"; do guest_put "$f" "bin/${f##*/}" || return 1; done
}
guest_new() {
	mkdir -p "$R"/{bin,modules,dev,proc,sys,tmp,etc}
	guest_put "$Q/busybox" bin/busybox && guest_put "$1" init && chmod +x "$R/init" &&
		guest_put "$B/quorum11.so" lib/quorum11.so && cp "$Q/order" "$Q"/modules/* "$R/modules/"
}

# What QEMU says of power comes to the card by a pipe.
guest_card() { exec "$B/test/e2e/tools/vscard" "$T/ccid" "$1" "$T/vscard.trace" <"$T/told"; }
guest_machine() {
	local words=$1 accel=$2
	shift 2
	exec stdbuf -oL "${QEMU:-qemu-system-x86_64}" -M q35 -accel "$accel" -m 512 -nodefaults -display none \
	    -no-reboot -monitor none -serial "file:$T/console" -kernel "$Q/vmlinux" -initrd "$T/initrd" \
	    -append "console=ttyS0 quiet loglevel=3 panic=-1 $words" -device qemu-xhci,id=u \
	    -chardev "socket,id=c,path=$T/ccid,server=on,wait=off" \
	    -device usb-ccid,id=ccid,bus=u.0,serial=QEMU0001,debug=1 \
	    -device ccid-card-passthru,id=card,chardev=c,bus=ccid.0 "$@" >"$T/told"
}
guest_start() {
	local card=$1
	shift
	(cd "$R" && find . | ./bin/busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$T/initrd" &&
		mkfifo "$T/told" || return 1
	start vscard guest_card "$card"
	start qemu guest_machine "$@"
}
said() { grep -aqF "GUEST $1" "$T/console" 2>/dev/null; }
guest_over() { said "$1" || said "not $1" || ! running qemu; }
guest_has() { wait_for "${2:-$((LONG * 3))}" guest_over "$1"; said "$1"; }
# For what a failed test shows.
guest_more() { tail -n 30 "$T/console" 2>/dev/null | tr -d '\r' | cut -c 1-300 | sed 's/^/# console: /'; }

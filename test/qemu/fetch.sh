#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the guest of test/e2e/usb.sh is made of: Debian's kernel, its modules for a USB and a network, and busybox.
#	test/qemu/fetch.sh DIR
# DIR gets vmlinux, busybox, modules/ and order, the order in which modules are loaded. The packages are fetched and not
# installed: a kernel would change how the machine starts. Nothing is done where DIR is whole already.
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ ! -s "$1/order" ] || exit 0
drivers=(usb/common/usb-common usb/core/usbcore usb/host/xhci-hcd usb/host/xhci-pci net/ethernet/intel/e1000/e1000)

rm -rf "$1"
mkdir -p "$1/x" "$1/modules"
cd "$1/x"
kernel() { apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p'; }
# A machine on which nothing was missing may never have asked what there is.
[ -n "$(kernel)" ] || apt-get -q update || sudo -n apt-get -q update || true
kernel=$(kernel)
[ -n "$kernel" ] || { echo "fetch.sh: apt knows no kernel linux-image-amd64; apt-get update?" >&2; exit 1; }
v=${kernel#linux-image-}
apt-get -q -o APT::Sandbox::User=root download "$kernel" busybox-static
dpkg-deb --fsys-tarfile busybox-static_*.deb | tar x ./bin/busybox
for d in "${drivers[@]}"; do echo "./lib/modules/$v/kernel/drivers/$d.ko"; done >files
dpkg-deb --fsys-tarfile "${kernel}"_*.deb | tar x -T files "./boot/vmlinuz-$v"
mv bin/busybox ..
xargs mv -t ../modules <files
# Debian's bzImage holds an xz stream; QEMU starts the ELF in it by PVH, which saves the guest the unpacking.
python3 - "boot/vmlinuz-$v" ../vmlinux <<-'P'
	import lzma, sys
	image = open(sys.argv[1], "rb").read()
	open(sys.argv[2], "wb").write(lzma.LZMADecompressor().decompress(image[image.find(b"\xfd7zXZ\0"):]))
P
cd ..
rm -r x
printf '%s.ko\n' "${drivers[@]##*/}" >order

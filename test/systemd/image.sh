#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The disk of test/systemd.sh: this Debian with systemd as its init, a kernel, and what our packages depend on, but not
# our packages.
#	test/systemd/image.sh FOLDER DEB...
# FOLDER gets disk, vmlinuz and initrd; and root, of which they are made. Nothing is done where they are there,
# and newer than the list of packages and this file.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=systemd
# shellcheck source=test/debian.sh
. test/debian.sh

mkdir -p "$1/root"
dir=$(realpath "$1") root=$(realpath "$1/root")
shift
[ "$arch" = amd64 ] || fail "the machine is one for amd64, not $arch"
if [ "$dir/disk" -nt packaging/deps.list ] && [ "$dir/disk" -nt test/systemd/image.sh ]; then exit 0; fi
debian_may
rm -f "$dir/disk"
debian_new "$root" "$release" "$arch"
mkdir -p "$root"/etc/initramfs-tools/conf.d "$root"/usr/share/initramfs-tools/modules.d
echo MODULES=list >"$root/etc/initramfs-tools/conf.d/guest"
printf '%s\n' virtio_pci virtio_blk ext4 >"$root/usr/share/initramfs-tools/modules.d/guest"
# Its resolver has the name servers of its network in /run, and these are ours.
mkdir -p "$root/run/systemd/resolve"
cp -L /etc/resolv.conf "$root/run/systemd/resolve/stub-resolv.conf"
mapfile -t packages < <({
	awk '$1 == "guest" { print $2 }' packaging/deps.list
	for deb in "$@"; do dpkg-deb -f "$deb" Depends; done | tr , '\n' | sed 's/^ *//; s/ .*//'
} | sort -u)
debian_install "$root" "${packages[@]}"
rm -f "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*_*

echo hsm >"$root/etc/hostname"
echo "/dev/vda / ext4 rw 0 1" >"$root/etc/fstab"
printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/20-wired.network"
cat >"$root/etc/systemd/system/check.service" <<-'END'
	[Unit]
	After=multi-user.target
	[Service]
	ExecStart=/bin/sh -c '[ -d /check ] || { mkdir /check && tar x -C /check -f /dev/vdb; }; exec /check/guest.sh'
	StandardOutput=file:/dev/ttyS1
	StandardError=inherit
	[Install]
	WantedBy=multi-user.target
END
for unit in check systemd-networkd systemd-networkd-wait-online; do
	chroot "$root" systemctl -q enable $unit
done
cp "$root"/boot/vmlinuz-* "$dir/vmlinuz"
cp "$root"/boot/initrd.img-* "$dir/initrd"
mke2fs -q -t ext4 -d "$root" -E root_owner=0:0 "$dir/disk.new" 3G
mv "$dir/disk.new" "$dir/disk"

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The packages under a real systemd: a machine by QEMU, whose disk is test/systemd/image.sh's, and in it
# test/systemd/guest.sh. TCG, never KVM: that /dev/kvm opens does not say that it works. The disk is not written to.
#	test/systemd.sh
# limit: 3600
set -euo pipefail
cd "$(dirname "$0")/.."
TOP=$PWD dir=build/systemd
# shellcheck source=test/e2e/tools/commands.sh
. test/e2e/tools/commands.sh
T=$(mktemp -d /tmp/quorum11-systemd.XXXXXX)
qemu=
at_exit() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	rm -rf "$T"
}
trap at_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

mkdir "$T/check"
cp build/deb/quorum11_*.deb build/deb/quorum11-server_*.deb test/tap.sh test/systemd/{guest.sh,quorum11.conf} \
    test/e2e/tools/sink.py test/demo/image.its "$T/check"
chmod +x "$T/check/guest.sh"
block SERVER.md "1. A certificate" 's/sudo //; s/  *# .*//' >"$T/check/certificate.sh"
# A disk is whole blocks.
tar -C "$T/check" -b 20 -cf "$T/payload" .

"${QEMU:-qemu-system-x86_64}" -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nodefaults -display none \
    -monitor none -serial "file:$T/console" -serial "file:$T/tap" \
    -kernel $dir/vmlinuz -initrd $dir/initrd -append "root=/dev/vda rw console=ttyS0 quiet" \
    -drive file=$dir/disk,format=raw,if=virtio,snapshot=on -drive "file=$T/payload,format=raw,if=virtio,readonly=on" \
    -device virtio-rng-pci -netdev user,id=n,restrict=on -device virtio-net-pci,netdev=n,romfile= </dev/null &
qemu=$!
# In the background, so that a signal is heard at once.
tail -f --pid=$qemu --retry "$T/tap" 2>/dev/null | tr -d '\r' &
rc=0
wait $qemu || rc=$?
qemu=
wait
if ! grep -q '^1\.\.' "$T/tap"; then
	echo "# the machine ended early, with status $rc; the end of its console:"
	tail -n 30 "$T/console" | tr -d '\r' | cut -c 1-300 | sed 's/^/# /'
	exit 1
fi
! grep -q '^not ok' "$T/tap"

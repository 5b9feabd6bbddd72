#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Another Debian, in a folder: the next one, or one of 32 bits. What is tracked here is compiled in it, and tests run.
#	test/chroot.sh FOLDER next|32
# FOLDER is made by debootstrap from where apt gets Debian on this machine, and used again if it is there.
# What is in single quotes is for other programs.
# shellcheck disable=SC2016
set -euo pipefail
cd "$(dirname "$0")/.."

what=$2
# shellcheck source=test/debian.sh
. test/debian.sh
case $what in
next) suite=trixie targets='all tools' groups=(next) ;;
32)
	suite=$release targets='all tools tests' groups=(unit p11 tpdu)
	case $arch in
	amd64 | i386) arch=i386 ;;
	arm64 | armhf) arch=armhf ;;
	*) fail "no Debian of 32 bits is known for $arch" ;;
	esac
	;;
*) fail "unknown" ;;
esac
debian_may

mkdir -p "$1"
root=$(realpath "$1")
debian_new "$root" "$suite" "$arch"
mapfile -t packages < <(awk -v what="$what" '$1 == "build" || $1 == "other" || $1 == what { print $2 }' \
    packaging/deps.list)
debian_install "$root" "${packages[@]}"

# Files keep their time, so that make makes only what has changed.
mkdir -p "$root/src"
find "$root/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
git ls-files -z --cached | xargs -0 cp --parents -p -t "$root/src"

# A mount of its own: the tests make namespaces, which works only where / is a mount point.
unshare --mount --fork bash -c '
	set -e
	root=$1 targets=$2
	shift 2
	mount --bind "$root" "$root"
	for dir in proc dev; do mount --rbind "/$dir" "$root/$dir"; done
	chroot "$root" make -C /src -j"$(nproc)" $targets
	exec chroot "$root" /src/test/run.sh build/release "$@"' chroot "$root" "$targets" "${groups[@]}"

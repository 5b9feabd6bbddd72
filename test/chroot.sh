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

fail() { echo "check-$what: $1" >&2; exit 1; }
what=$2
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
arch=$(dpkg --print-architecture)
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
[ "$(id -u)" -eq 0 ] || fail "a chroot needs root: sudo make check-$what"
unshare --mount mount --bind / / 2>/dev/null || fail "root may not mount here (a container without CAP_SYS_ADMIN?)"

mkdir -p "$1"
root=$(realpath "$1")
mount_options=$(findmnt -n -o OPTIONS -T "$root")
case ,$mount_options, in
*,nodev,* | *,noexec,*) fail "$root: no chroot works on a file system that is mounted so: $mount_options" ;;
esac

if [ ! -e "$root/etc/made" ]; then
	# The main archive among all that apt knows: the one of the release that runs here.
	from=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Origin: Debian' |
	    awk -v release="$release" '$2 == release { print $1; exit }')
	[ -n "$from" ] || fail "apt knows no archive of Debian here (sources.list, apt-get update)"
	debootstrap --variant=minbase --arch="$arch" "$suite" "$root" "$from"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	apt-config dump | grep '^Acquire::\(Check\|http\|https\)' >"$root/etc/apt/apt.conf.d/90here" || true
	touch "$root/etc/made"
fi
missing=()
while read -r package; do
	state=$(chroot "$root" dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing+=("$package")
done < <(awk -v what="$what" '$1 == "build" || $1 == "other" || $1 == what { print $2 }' packaging/deps.list)
if [ ${#missing[@]} -ne 0 ]; then
	apt=(env DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -q -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
	"${apt[@]}" update
	"${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null
fi

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

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A Debian in a folder, of which another one is made or a machine: sourced by chroot.sh and systemd/image.sh, with the
# name of their target in $what.
#
#   fail TEXT                        says it and ends
#   debian_may                       ends where root may not do it
#   debian_new FOLDER SUITE ARCH     by debootstrap, from where apt gets Debian here; used again if it is there
#   debian_install FOLDER PACKAGE... those that are missing
#   $release, $arch                  what runs here
# What is in single quotes is for other programs; the variables are for those who source this.
# shellcheck disable=SC2016,SC2034,SC2154
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
arch=$(dpkg --print-architecture)

fail() { echo "check-$what: $1" >&2; exit 1; }

debian_may() {
	[ "$(id -u)" -eq 0 ] || fail "a chroot needs root: sudo make check-$what"
	unshare --mount mount --bind / / 2>/dev/null ||
		fail "root may not mount here (a container without CAP_SYS_ADMIN?)"
}

debian_new() {
	local root=$1 suite=$2 arch=$3 from options
	options=$(findmnt -n -o OPTIONS -T "$root")
	case ,$options, in
	*,nodev,* | *,noexec,*) fail "$root: no chroot works on a file system that is mounted so: $options" ;;
	esac
	[ ! -e "$root/etc/made" ] || return 0
	# The main archive among all that apt knows: the one of the release that runs here.
	from=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Origin: Debian' |
	    awk -v release="$release" '$2 == release { print $1; exit }')
	[ -n "$from" ] || fail "apt knows no archive of Debian here (sources.list, apt-get update)"
	debootstrap --variant=minbase --arch="$arch" "$suite" "$root" "$from"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	apt-config dump | grep '^Acquire::\(Check\|http\|https\)' >"$root/etc/apt/apt.conf.d/90here" || true
	touch "$root/etc/made"
}

debian_install() {
	local root=$1 package state missing=() apt
	shift
	for package in "$@"; do
		state=$(chroot "$root" dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		[ "$state" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -ne 0 ] || return 0
	apt=(env DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -q -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
	"${apt[@]}" update
	"${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null
}

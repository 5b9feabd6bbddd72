#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the demo signs and what it checks with, neither of which is ours:
#	test/demo/fetch.sh FOLDER
# puts a kernel image (Image) and a device tree (board.dtb) from Debian's kernel package for arm64 and U-Boot's own
# verifier (fit_check_sign, built from the source of the installed mkimage's package) into FOLDER. What is there already
# is kept. The machine's packages, package lists and sources stay as they are: apt works on lists and a sources file in
# FOLDER, made from the Debian sources that the machine itself uses.
set -euo pipefail

mkdir -p "$1"
cd "$1"
if [ -s Image ] && [ -s board.dtb ] && [ -x fit_check_sign ]; then exit 0; fi
mkdir -p apt/lists/partial apt/archives/partial

# Both run without root. Own architecture, because the image is for a board.
apt_opts=(-q -o "Dir::Etc::sourcelist=$PWD/apt/sources.list" -o Dir::Etc::sourceparts=-
	-o "Dir::State::lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt"
	-o APT::Architecture=arm64 -o APT::Architectures::=arm64
	-o Acquire::Retries=3 -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)

# sources EXCEPT: the suites of Debian that the machine uses, but those that match EXCEPT. Where apt has no lists yet,
# the origin of a suite is not known, and it is tried.
sources() {
	# shellcheck disable=SC2016 # these are apt's variables
	local format='$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' targets
	targets=$(apt-get indextargets --format "$format" 'Created-By: Packages')
	[ -n "$targets" ] || targets=$(apt-get indextargets --no-release-info --format "$format" 'Created-By: Packages')
	awk -v except="$1" '$2 !~ except && $3 == "main" && ($4 == "Debian" || $4 ~ /ORIGIN/) {
		print "deb [arch=arm64]", $1, $2, $3
		print "deb-src", $1, $2, $3 }' <<<"$targets" | sort -u >apt/sources.list
	[ -s apt/sources.list ] || { echo "fetch: apt has no Debian sources configured" >&2; return 1; }
	apt-get "${apt_opts[@]}" update
}

fetch_kernel() {
	local package
	package=$(apt-cache "${apt_opts[@]}" show linux-image-cloud-arm64 |
	    sed -n 's/^Depends: \([^ ,]*\).*/\1/p' | head -n 1)
	rm -rf kernel
	apt-get "${apt_opts[@]}" download "${package:-linux-image-cloud-arm64}" &&
	dpkg-deb -x "$package"_*.deb kernel &&
	cp kernel/boot/vmlinuz-* Image &&
	cp kernel/usr/lib/linux-image-*/arm/foundation-v8-gicv3-psci.dtb board.dtb &&
	rm -rf "$package"_*.deb kernel
}

fetch_verifier() {
	local version
	version=$(dpkg-query -W -f '${source:Version}' u-boot-tools)
	rm -rf u-boot
	mkdir u-boot
	(
		cd u-boot &&
		apt-get "${apt_opts[@]}" source --download-only "u-boot=$version" &&
		dpkg-source -x ./*.dsc source &&
		make -C source tools-only_defconfig &&
		make -C source -j"$(nproc)" tools-only
	) &&
	cp u-boot/source/tools/fit_check_sign . &&
	rm -rf u-boot
}

{
	# An update that fails in part may have brought what is needed.
	# The release's own archive first: it keeps sources that the one for security drops.
	sources -security || true
	[ -x fit_check_sign ] || fetch_verifier || { sources '^$' && fetch_verifier; }
	sources '^$' || true
	{ [ -s Image ] && [ -s board.dtb ]; } || fetch_kernel
} >fetch.log 2>&1 || { tail -n 30 fetch.log >&2; exit 1; }
rm -rf apt
[ -s Image ] && [ -s board.dtb ] && [ -x fit_check_sign ]

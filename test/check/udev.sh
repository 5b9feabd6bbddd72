#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The list of devices is in order, and what is made from it is what udev and its database understand.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

dir=$(mktemp -d)
trap 'tap_end; rm -rf "$dir"' EXIT
list() { grep -v '^#' udev/devices.list; }
rules=$dir/70-quorum11.rules

form() { ! list | grep -vE '^[0-9a-f]{4} [0-9a-f]{4} [a-z0-9-]+ [^|]+ \| .+$'; }
in_order() { list | cut -d' ' -f 1,2 | LC_ALL=C sort -cu; }
names_once() { [ -z "$(list | cut -d' ' -f 3 | sort | uniq -d)" ]; }
t "there are devices" [ "$(list | wc -l)" -ge 7 ]
t "each line has its parts" form
t "... sorted, none twice" in_order
t "... no link twice" names_once

# Each line: KEY OPERATOR "VALUE", with commas between them (udev(7)).
make_rules() { udev/make.sh rules >"$rules"; }
well_formed() {
	! grep -vE '^#' "$rules" | grep -nvE \
	    '^([A-Z]+(\{[A-Za-z0-9_/]+\})?(==|!=|\+=|=|:=)"[^"]*"(, |$))+$'
}
known_keys() {
	! grep -v '^#' "$rules" | grep -oE '(^|, )[A-Z]+' | tr -d ', ' | sort -u |
		grep -vxE 'ACTION|SUBSYSTEM|ENV|ATTR|TEST|GROUP|MODE|TAG|SYMLINK|GOTO|LABEL'
}
named() { grep -oE "$1=\"[^\"]*\"" "$rules" | cut -d= -f 2 | sort -u; }
labels() { diff <(named GOTO) <(named LABEL); }
each_has_a_rule() {
	diff <(list | cut -d' ' -f 1-3) <(sed -nE \
	    's/^ATTR\{idVendor\}=="(.*)", ATTR\{idProduct\}=="(.*)", ENV\{QUORUM11_NAME\}="(.*)"$/\1 \2 \3/p' "$rules")
}
# From systemd 254 on udev itself tells.
udev_agrees() { ! udevadm verify --help >/dev/null 2>&1 || udevadm verify --no-style "$rules"; }
t "the rules are made" make_rules
t "... each line is one of udev's" well_formed
t "... of keys that there are" known_keys
t "... each jump has its label" labels
t "... one for each device" each_has_a_rule
t "... udev agrees, where it can be asked" udev_agrees
t "... the group is one that the package makes" grep -q '^u quorum11 ' packaging/sysusers/quorum11.conf

has_entries() {
	local v p link name asked
	mkdir -p "$dir/etc/udev/hwdb.d" && udev/make.sh hwdb >"$dir/etc/udev/hwdb.d/70-quorum11.hwdb" || return 1
	systemd-hwdb --strict --root="$dir" update || return 1
	while read -r v p link name; do
		asked=$(systemd-hwdb --root="$dir" query "usb:v${v^^}p${p^^}d0100dc00dsc00dp00ic0B") || return 1
		grep -qx "ID_MODEL_FROM_DATABASE=${name%% | *}" <<<"$asked" || { echo "$link: $asked"; return 1; }
		grep -qx 'ID_SMARTCARD_READER=1' <<<"$asked" || return 1
	done < <(list)
}
t "the hardware database has each device" has_entries
in_table() {
	[ "$(udev/make.sh table | grep -cE '^	\{ 0x[0-9a-f]{4}, 0x[0-9a-f]{4}, ".+" \},$')" = "$(list | wc -l)" ]
}
t "the table in the code, too" in_table
plan

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is made from udev/devices.list, to stdout:
#	udev/make.sh rules | hwdb | table
# rules: for /lib/udev/rules.d; hwdb: for /lib/udev/hwdb.d; table: usb_devices of apdu/usb/usb_find.h.
set -euo pipefail
cd "$(dirname "$0")"

# each FORMAT ORDER...: one line a device; ORDER picks from vendor (1), product (2), link (3), name (4).
each() {
	awk -v format="$1" -v order="${*:2}" '
		/^#/ || !NF { next }
		{
			split($0, half, / \| /)
			n = split(half[1], word, " ")
			field[1] = word[1]; field[2] = word[2]; field[3] = word[3]; field[4] = word[4]
			for (i = 5; i <= n; i++)
				field[4] = field[4] " " word[i]
			m = split(order, at, " ")
			line = format
			for (i = 1; i <= m; i++)
				sub(/%s/, field[at[i]], line)
			print line
		}' devices.list
}

case ${1-} in
rules)
	cat <<-'R'
	# quorum11: tokens that programs use without pcscd. Made from udev/devices.list.
	# The group may open them, and whoever sits at the machine. Nobody takes them for a modem; they are not put to
	# sleep, as a token without power is logged out. A link by kind and serial number is the same in every port.
	ACTION=="remove", GOTO="quorum11_end"
	SUBSYSTEM!="usb", GOTO="quorum11_end"
	ENV{DEVTYPE}!="usb_device", GOTO="quorum11_end"
	R
	each 'ATTR{idVendor}=="%s", ATTR{idProduct}=="%s", ENV{QUORUM11_NAME}="%s"' 1 2 3
	cat <<-'R'
	ENV{QUORUM11_NAME}!="?*", GOTO="quorum11_end"
	GROUP="quorum11", MODE="0660", TAG+="uaccess", ENV{ID_SMARTCARD_READER}="1", ENV{ID_MM_DEVICE_IGNORE}="1"
	TEST=="power/control", ATTR{power/control}="on"
	ATTR{serial}=="?*", SYMLINK+="quorum11/$env{QUORUM11_NAME}-$attr{serial}"
	ATTR{serial}!="?*", SYMLINK+="quorum11/$env{QUORUM11_NAME}-$kernel"
	LABEL="quorum11_end"
	R
	;;
hwdb)
	echo '# quorum11: what tokens are called, and their icon. Made from udev/devices.list.'
	# The numbers in capitals, as the kernel writes them.
	each '\nusb:v%sp%s*\n ID_MODEL_FROM_DATABASE=%s\n ID_SMARTCARD_READER=1' 1 2 4 |
		awk '/^usb:/ { $0 = "usb:v" toupper(substr($0, 6, 4)) "p" toupper(substr($0, 11, 4)) "*" } { print }'
	;;
table)
	printf '%s\n' '/* Made from udev/devices.list. */' '#include "apdu/usb/usb_find.h"' '' \
	    'const struct usb_device_row usb_devices[] = {'
	each '\t{ 0x%s, 0x%s, "%s" },' 1 2 4
	printf '%s\n' '	{ 0, 0, NULL }' '};'
	;;
*)
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac

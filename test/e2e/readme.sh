#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The commands of README.md and of docs/SERVER.md, steps 1 to 3, in their order, as they stand there: a server, three
# custodians and their operator, a first key, a FIT image, many files. What one machine with virtual cards needs
# instead stands in "what is not as it stands there", and nowhere else.
# takes: 15
# Functions are called through t, and what is in single quotes is for other programs.
# shellcheck disable=SC2015,SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/commands.sh
. "$TOP/test/e2e/tools/commands.sh"
cd "$T" || exit 1

# ---- what is not as it stands there ----

# Folders of root's are in $T, and all are one user. A comment would hide the && that `commands` puts behind it.
changed="s,/etc/quorum11,$T/etc,g; s,/var/lib/quorum11,$T/state,g; s, -o quorum11-server , ,; s, -o \"\$USER\" , ,
s/  *# .*//"
sudo() { "$@"; }
runuser() { QUORUM11_CONF=$T/etc/quorum11.conf "${@:4}"; }
systemctl() { server_start "$T/etc/quorum11.conf"; }
# The cards have a root of their own.
trust=$(printf '[trust]\nroots = %s' "$T/pki/root.cvc")
# All readers are in one machine: a command is told its person's. A command of two words has options behind both.
quorum11() {
	local verb=$1 talk
	shift
	case $verb in custodian | devices | audit) verb+=" $1"; shift ;; esac
	case "$verb $*" in
	"devices add "*.pka | "audit receipt "* | "doctor ") ;;
	*) set -- --reader "$(reader "$who")" "$@" ;;
	esac
	mapfile -t talk < <(typed "$verb" "$@")
	# shellcheck disable=SC2086
	terminal "${talk[@]}" -- quorum11 $verb "$@"
}
terminal() { HOME=$T/home/$who "$TOP/test/e2e/tools/person.py" "$@"; }
# What a person reads, and types then. A custodian's PIN is asked for his inbox, too, when there is no token of it.
typed() {
	local so=("New SO-PIN of" 3537363231383830 "Once more:" 3537363231383830)
	local pin=("PIN of" 648219) new_pin=("New PIN" 648219 "Once more:" 648219)
	case "$*" in
	init*--custodians*) printf '%s\n' "Go on?" y "${so[@]}" ;;
	init*) printf '%s\n' "Go on?" y "${so[@]}" "${new_pin[@]}" ;;
	"custodian keygen"*) printf '%s\n' "${pin[@]}" ;;
	register*) printf '%s\n' "Register them?" y ;;
	"devices add"*) printf '%s\n' "into your address book" y ;;
	approve*)
		[ -e "$T/home/$who/.local/state/quorum11/inbox" ] || { printf '%s\n' "${pin[@]}"; pin=(); }
		[ ! -e "$T/home/$who/.config/quorum11/devices" ] || printf '%s\n' "Approve?" y "${pin[@]}"
		;;
	esac
}

# ---- the machine, as after "make install" ----

mount -t tmpfs tmpfs /usr/local
mkdir -p /usr/local/{bin,sbin,lib/pkcs11,libexec/quorum11,share/p11-kit/modules}
cp "$B/quorum11" /usr/local/bin
cp "$B/quorum11-server" /usr/local/sbin
cp "$B/quorum11.so" /usr/local/lib/pkcs11
cp "$B/connect" /usr/local/libexec/quorum11
cp "$B/quorum11-agent" /usr/local/libexec/quorum11/agent
export PATH=/usr/local/sbin:/usr/local/bin:$PATH
{ cat /etc/hosts; echo "127.0.0.1 hsm.example.org"; } >hosts
mount --bind hosts /etc/hosts
for who in anna ben cleo build; do
	mkdir -p "$who" "home/$who/.config/quorum11"
	{ block ../README.md "Whoever has a card" "$changed"; echo "$trust"; } \
	    >"home/$who/.config/quorum11/quorum11.conf"
	card_new "$who" || exit 1
done
t "readers" readers_start anna ben cleo build || finish

# ---- a server ----

mkdir ca
cd ca || exit 1
t "SERVER.md 1: a certificate" commands SERVER.md "1. A certificate" "$changed" || finish
{ block SERVER.md "2. The settings" "$changed"; echo "state = $T/state"; echo "$trust"; } >"$T/etc/quorum11.conf"
t "SERVER.md 3: it starts, and has a token" commands SERVER.md "3. The server" "$changed" || finish
cp token ../build

# ---- first real card ----

for who in anna ben cleo; do
	cd "$T/$who" || exit 1
	t "README: $who, a custodian" commands ../README.md "Each **custodian**" "$changed; s/anna/$who/"
	cp "$who.pka" ../build
done
waits() { grep -q "0 of 2" "$T/$1.log"; }
cd "$T/build" || exit 1
who=build start operator commands ../README.md "The **operator**" "$changed"
t "README: the operator makes a first key, for which people are asked" wait_for "$LONG" waits operator || finish

# The card is not known yet, and there is no file of it: the command that is shown adds it.
for who in anna ben; do
	cd "$T/$who" || exit 1
	t_status "... $who does not know the card: 3" 3 quorum11 approve
	add=$(sed -n 's/.*: \(quorum11 devices add "NAME" .*\)/\1/p' "$T/out")
	t "... and adds it by the command that is shown" eval "${add/NAME/Release signer}"
	t "... approves" quorum11 approve
done
t "... and enrols the key" reap operator
t "... all went well" test "$status" -eq 0
t "... it is attested" grep -q "3 custodians, 1 attested key" "$T/operator.log"
for who in anna ben cleo; do cp "$T/build/fit.pka" "$T/$who"; done

# ---- a FIT image, many files ----

cd "$T/build" || exit 1
cp "$TOP/test/demo/image.its" .
head -c 100000 /dev/zero >Image
dtc -q -O dtb -o u-boot.dtb "$TOP/test/demo/u-boot.dts"
cp u-boot.dtb board.dtb
printf 'images: 1.fit 2.fit\n%%.fit: image.its\n\tcp u-boot.dtb $*.dtb\n\t%s\n' \
    'SOURCE_DATE_EPOCH=1700000000 mkimage -f $< -N pkcs11 -k token=fit -K $*.dtb -r $@' >Makefile
is_signed() { [ "$(mkimage -l "$1" | grep -c 'Sign value')" = 3 ]; }
# approved NAME WHO...: by these, who see the code that the one who signs sees; NAME ends well then.
code_of() { sed -n 's/.*\(code\|CODE\) *\([A-Z2-7]\{4\}-[A-Z2-7]\{4\}\).*/\2/p' "$1" | head -n 1; }
approved() {
	local name=$1 who
	shift
	wait_for "$LONG" waits "$name" || return 1
	for who; do
		cd "$T/$who" && commands ../README.md "## Approve" "$changed" >"$T/said" 2>&1 &&
		    [ "$(code_of "$T/said")" = "$(code_of "$T/$name.log")" ] || { cat "$T/said"; return 1; }
	done
	cd "$T/build" || return 1
	reap "$name" && [ "$status" -eq 0 ] || { cat "$T/$name.log"; return 1; }
}
who=build start mkimage terminal -- bash -c "$(block ../README.md "## Sign a FIT image" "$changed")"
t "README: mkimage; two custodians approve" approved mkimage anna ben
t "... the image is signed" is_signed image.fit
t "... U-Boot's device tree has the key" fdtget u-boot.dtb /signature/key-fit rsa,modulus
many=$(block ../README.md "## Sign many files" "$changed")
who=build start many eval "$(head -n 1 <<<"$many")"
t "README: many files; two custodians approve" approved many cleo ben
t "... which is all that it needs: the images are signed" eval "is_signed 1.fit && is_signed 2.fit"
t "... the receipt verifies" eval "who=build && $(tail -n +2 <<<"$many")"

# ---- when it does not work ----

who=build
t "doctor finds no problem" quorum11 doctor
# What "make install" leaves there, and p11-kit of the system does not read.
sed 's,@MODULE@,/usr/local/lib/pkcs11/quorum11.so,' "$TOP/packaging/quorum11.module" \
    >/usr/local/share/p11-kit/modules/quorum11.module
quorum11 doctor >"$T/said"
t "... and that p11-kit does not offer the module" grep -q "^note *p11-kit *no quorum11.module" "$T/said"
t "... which is there" grep -q "^ok *programs *the PKCS#11 module: /usr/local/lib/pkcs11/quorum11.so" "$T/said"
# The messages of the table that are ours; what changes in them is left out there.
others='^(Failed to|No matching|p11tool|ssh-add|UNVERIFIED)'
messages() { sed -n '/^| you see/,/^$/p' "$TOP/README.md" | cut -d '|' -f 2 | grep -o '`[^`]*`' | tr -d '`'; }
is_ours() {
	local part
	for part in "${1%%…*}" "${1##*…}"; do
		grep -rqF "$part" "$TOP"/{apdu,cli,login,pkcs11,server} || return 1
	done
}
mapfile -t explained < <(messages | grep -vE "$others")
t "README explains messages" [ ${#explained[@]} -gt 5 ]
for message in "${explained[@]}"; do t "... that there are: $message" is_ours "$message"; done
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# takes: 40
#
# A reader that we did not write, on a real USB stack: QEMU's usb-ccid with ccid-card-passthru, virtual cards at its
# character device, and in the guest (test/qemu/init.sh) Debian's kernel and libusb, our module and command, no pcscd
# and no udevd. One card is initialised there and used by its PIN, pulled and put back; the other one was made ready
# here, and opens for the guest by the approvals of custodians, who sit here with their server and their cards at pcscd.
#
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"
# shellcheck source=test/qemu/lib.sh
. "$TOP/test/qemu/lib.sh"
cd "$TOP" || exit 2
PIN=648219
HOST=10.0.2.2   # this machine, as QEMU's own network has it
TLS_NAMES=IP:127.0.0.1,IP:$HOST
t_more() { guest_more; t_logs; }

guest_conf() {
	printf '[transport]\norder = usb\n[module]\nhelper = /bin/connect\n[trust]\nroots = /etc/root.cvc\n'
	printf '[login]\nprogress = stderr\nreason = from a guest\nca = /etc/ca.pem\nurl = %s/rt/hsm\n' \
	    "${URL/127.0.0.1/$HOST}"
}
guest() {
	guest_new test/qemu/init.sh && guest_program "$B"/{quorum11,connect} "$(command -v pkcs11-tool)" \
	    "$(command -v openssl)" && cp "$T/pki/root.cvc" "$T/tls/ca.pem" "$R/etc/" && guest_conf >"$R/etc/conf" &&
	    ln -s card/pin "$T/inserted"
}
pull() { kill -USR1 "${PID[vscard]}"; }
put_in() { ln -sfn "card/$1" "$T/inserted" && kill -USR2 "${PID[vscard]}"; }

t "a kernel and a shell for the guest" test -s "$Q/order" || { echo "# test/qemu/fetch.sh $Q"; finish; }
t "1 of 2: cards, custodians, a server" nofm_new vendor-shared 2 2 || finish
t "a key that two open" nofm_key ec:secp256r1 shared || finish
t "... the card leaves its reader" card_stop target
t "a blank card" card_new pin
t "the guest's files" guest
began=$(ms)
guest_start "$T/inserted" "pin=$PIN" tcg -netdev user,id=n -device e1000,netdev=n,romfile=
t "the guest finds a reader" guest_has reader
t "... and a network" guest_has net
t "quorum11 names it by its serial number, and sees a card" guest_has list
t "the card is initialised" guest_has init
t "a key is made" guest_has keygen
t "... and found" guest_has objects
t "the port is a name of the reader, too" guest_has place
t "a signature is made, and good" guest_has sign
t "who comes next is not logged in" guest_has closed
t "an RSA key of 2048 bits, and a signature" guest_has rsa
t "a program waits for the card to go" guest_has waits
pull
t "the card is pulled: the slot is empty" guest_has empty
put_in pin
t "it is put back: it signs again" guest_has again
guest_has change
pull
put_in target
t "another card in its place: its key is there" guest_has other
approvers c1 c2
t "login by n of m in the guest: two approve, it signs" guest_has nofm
t "... both have" approvers_done c1 c2
t "... the signature is good" guest_has verified
t "the guest ends" guest_has end
t "... and nothing there has failed" not said not
t "... by itself" reap qemu
reap vscard
echo "# the guest took $(($(ms) - began)) ms"
finish

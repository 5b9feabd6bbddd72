#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/STATEMENT.md, "Verifying one by hand": its commands, as they stand there, and the same on altered files.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$T" || exit 1
awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0; next } inside' "$TOP/docs/STATEMENT.md" >commands

t "the document has commands" grep -q 'openssl dgst' commands
run bash -eu commands
t "they run" test "$status" = 0
t "both signatures verify" test "$(grep -cx 'Verified OK' out)" = 2
t "the request agrees" grep -qx 'request agrees' out
t "the message agrees" grep -qx 'message agrees' out
t "the code is the one shown" grep -q ABO47ZLX out

# Everything but the files is the same.
awk '/<<.END.$/ { skip = 1 } !skip; /^END$/ { skip = 0 }' commands >checks
altered() {
	local file=$1
	cp "$file" kept
	rm -f alice.pem ./*.der
	"${@:3}" "$file" <kept
	run bash -u checks
	cp kept "$file"
	[ "$(grep -cx 'Verified OK' out)" = "$2" ]
}
zero() { dd of="$1" if=/dev/zero bs=1 seek=10 count=1 conv=notrunc status=none; }
t "unaltered files verify" altered statement 2 test -f
t "another decision does not verify" altered statement 1 sed -i 's/approve/deny/'
t "other limits do not verify" altered statement 1 sed -i 's/sign=10/sign=99/'
t "another signature does not verify" altered statement.sig 1 zero
# The device's and the issuer's certificates hold keys, too, which are not the ones looked for.
t "with the certificates alone nothing verifies" altered alice.pka 0 truncate -s 500
finish

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Signed kernel modules, as the kernel reads them: the module, a CMS, 12 bytes of which the last 4 are its length, a
# text (include/linux/module_signature.h). Sourced after lib.sh.
#
#   $sign_file                  the kernel's scripts/sign-file
#   module_verifies FILE CERT   is what is appended the signature of the certificate's key? openssl says it
# What lib.sh gives is known only where both are sourced, and the variable is for those who source this.
# shellcheck disable=SC2034,SC2154

sign_file=$(find /usr/lib/linux-kbuild-* -name sign-file | head -n 1)
module_verifies() {
	local n rest=40
	[ "$(tail -c 28 "$1")" = "~Module signature appended~" ] || return 1
	n=$((16#$(tail -c 32 "$1" | head -c 4 | xxd -p)))
	tail -c $((n + rest)) "$1" | head -c "$n" >"$T/appended.p7s"
	head -c -$((n + rest)) "$1" >"$T/appended.ko"
	openssl cms -verify -binary -inform DER -in "$T/appended.p7s" -content "$T/appended.ko" -certfile "$2" \
	    -CAfile "$2" -purpose any -out /dev/null
}

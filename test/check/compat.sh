#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/COMPATIBILITY.md names tests for what it says: each is there, and those of a program's row run that program.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

doc=docs/COMPATIBILITY.md
# The files of a test as the page names it: e2e/NAME.sh (* in it: several), p11/test_NAME, unit/test_NAME.
files() {
	case $1 in
	*.sh) compgen -G "test/$1" ;;
	*) compgen -G "test/$1.c" ;;
	esac
}
# With what they source.
text() {
	local f
	for f in $(files "$1"); do
		cat "$f"
		sed -n 's,^\. .*\(tools/[a-z-]*\.sh\)".*,test/e2e/\1,p' "$f" | xargs -r cat
	done
}
# shellcheck disable=SC2016
named() { grep -oE '`(p11|e2e|unit)/[a-z*][^`]*`' | tr -d '`'; }

mapfile -t tests < <(named <"$doc" | sort -u)
t "the page names tests" [ ${#tests[@]} -ge 20 ]
for name in "${tests[@]}"; do t "$name is there" files "$name"; done

# A row "| program | what | shown by |", and the rows of the same program below it.
runs() { # PROGRAM WORD
	local name n=0
	for name in $(awk -F'|' -v p="$1" '$2 ~ /[^ ]/ { on = index($2, p) } on { print $4 }' "$doc" | named); do
		n=$((n + 1))
		text "$name" | grep -qE -- "(^|[^A-Za-z-])$2" || { echo "$name does not run $2"; return 1; }
	done
	[ $n -gt 0 ] || { echo "no test of $1"; return 1; }
}
while read -r word program; do
	t "who is named for $program runs $word" runs "$program" "$word"
done <<-'END'
	pkcs11-tool pkcs11-tool (OpenSC
	openssl openssl 3.0
	ssh OpenSSH
	cmsutil NSS
	PyKCS11 PyKCS11
	p11-kit p11-kit 0.24
	node Node
	jarsigner Java
	mkimage mkimage
	p11tool p11tool
	certtool p11tool
	sc-hsm-tool sc-hsm-tool
	sign_file sign-file
	sbsign sbsigntool
	osslsigncode osslsigncode
	rauc RAUC
	evmctl evmctl
	fsverity fsverity
	apksigner apksigner
	curl curl
	gnutls-cli gnutls-cli
	gnutls-serv gnutls-cli
	apache2 Apache
	pki strongSwan
END
plan

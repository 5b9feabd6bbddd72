#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the built module and programs show to others: names, needed libraries, hardening.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

B=${BUILD:-build/release}

# PKCS#11 2.40, section 5 of the base specification, in its order, and what 3.0 adds that we have.
functions='
C_Initialize C_Finalize C_GetInfo C_GetFunctionList C_GetSlotList C_GetSlotInfo C_GetTokenInfo C_WaitForSlotEvent
C_GetMechanismList C_GetMechanismInfo C_InitToken C_InitPIN C_SetPIN C_OpenSession C_CloseSession C_CloseAllSessions
C_GetSessionInfo C_GetOperationState C_SetOperationState C_Login C_Logout C_CreateObject C_CopyObject C_DestroyObject
C_GetObjectSize C_GetAttributeValue C_SetAttributeValue C_FindObjectsInit C_FindObjects C_FindObjectsFinal C_EncryptInit
C_Encrypt C_EncryptUpdate C_EncryptFinal C_DecryptInit C_Decrypt C_DecryptUpdate C_DecryptFinal C_DigestInit C_Digest
C_DigestUpdate C_DigestKey C_DigestFinal C_SignInit C_Sign C_SignUpdate C_SignFinal C_SignRecoverInit C_SignRecover
C_VerifyInit C_Verify C_VerifyUpdate C_VerifyFinal C_VerifyRecoverInit C_VerifyRecover C_DigestEncryptUpdate
C_DecryptDigestUpdate C_SignEncryptUpdate C_DecryptVerifyUpdate C_GenerateKey C_GenerateKeyPair C_WrapKey C_UnwrapKey
C_DeriveKey C_SeedRandom C_GenerateRandom C_GetFunctionStatus C_CancelFunction
C_GetInterfaceList C_GetInterface C_LoginUser C_SessionCancel'

same_functions() {
	diff <(xargs -n 1 <<<"$functions" | sort) \
	    <(nm -D --defined-only "$B/quorum11.so" | awk '{ print $3 }' | sed 's/@.*//' | sort)
}

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
# needs FILE LIBRARY...: it needs no others. libc's own parts and the dynamic linker are no dependencies.
needs() {
	local file=$1 lib bad=0
	shift
	[ -f "$file" ] || { echo "no $file"; return 1; }
	for lib in $(needed "$file" | grep -vE '^(libc|libpthread|libm|libdl|ld-linux.*)\.so'); do
		case " $* " in *" ${lib%%.so*} "*) ;; *) echo "$file needs $lib"; bad=1 ;; esac
	done
	return $bad
}

hardened() {
	readelf -dW "$1" | grep -q 'BIND_NOW\|FLAGS.* NOW' || { echo "no immediate binding"; return 1; }
	readelf -lW "$1" | grep -q GNU_RELRO || { echo "no relro"; return 1; }
	! readelf -dW "$1" | grep TEXTREL || return 1
	! readelf -lW "$1" | grep 'GNU_STACK.*RWE' || return 1
	readelf -hW "$1" | grep -q 'Type: *DYN' || { echo "not position independent"; return 1; }
}

t "quorum11.so exports the functions of PKCS#11 and nothing else" same_functions
t "quorum11.so needs neither curl nor TLS nor JSON" needs "$B/quorum11.so" libcrypto libpcsclite libusb-1.0 libinih
# p11-kit's library is a module itself, and comes first in programs that are linked with it (GnuTLS).
itself() {
	LD_PRELOAD=libp11-kit.so.0 QUORUM11_CONF=/dev/null pkcs11-tool --module "$(realpath "$B/quorum11.so")" -I |
		grep -q 'Manufacturer *quorum11$'
}
t "quorum11.so calls its own functions where others have the same names" itself
t "connect needs no card" needs "$B/connect" libcrypto libcurl libjansson libinih
t "quorum11-server needs no card" needs "$B/quorum11-server" libcrypto libmicrohttpd libgnutls libjansson libinih \
    libsqlite3 libqrencode
t "quorum11 needs what it should" needs "$B/quorum11" libcrypto libpcsclite libusb-1.0 libcurl libjansson libinih
t "quorum11-vcard needs no PC/SC" needs "$B/quorum11-vcard" libcrypto libinih
for file in quorum11.so connect quorum11-server quorum11 quorum11-vcard; do
	t "$file is hardened" hardened "$B/$file"
done
plan

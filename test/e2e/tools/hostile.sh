# shellcheck shell=bash disable=SC2154 # status is lib.sh's
# SPDX-License-Identifier: Apache-2.0
#
# A host that talks to a server that lies: what hostile.sh and forged-PROFILE.sh share. Sourced after nofm.sh.
#
#   liar MODE...     a liar (liar.py) takes the server's place for the host; honest ends that
#   sign, fails      pkcs11-tool signs, or must not
#   said WORDS       the module's line on stderr has them

login_opt=(--login)
[ "${PROFILE-}" != open-firmware ] || login_opt=(--login --pin "$SIGN_PIN")
echo "release 1.2" >"$T/data"

liar() {
	rm -f "$T/liar.ready"
	start liar python3 "$TOP/test/e2e/tools/liar.py" --ready "$T/liar.ready" --log "$T/liar.http" "$@"
	ready "liar $1" test -s "$T/liar.ready"
	QUORUM11_URL=$(cat "$T/liar.ready")/rt/hsm
	export QUORUM11_URL
}
honest() { stop liar; unset QUORUM11_URL; }
sign() {
	rm -f "$T/sig"
	run host pkcs11-tool --module "$MODULE" --token-label SmartCard-HSM "${login_opt[@]}" \
	    --sign --mechanism SHA256-RSA-PKCS --input-file "$T/data" --output-file "$T/sig"
	cat "$T/out" "$T/err"
	[ "$status" -eq 0 ] && [ -s "$T/sig" ]
}
fails() { not sign && [ ! -s "$T/sig" ]; }
said() { grep -qE "^quorum11: .*($1)" "$T/err"; }
is_closed() { login_status >"$T/closed" && [ "$(jq .open "$T/closed")" = false ]; }

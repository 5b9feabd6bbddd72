# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A whole n-of-m installation for an end-to-end test, made by our own commands as a user would. Sourced after lib.sh.
#
#   nofm_new PROFILE M N [CONF LINE...]
#                       custodians' cards c1..cM and a target card, PKA files, registration, a server (TLS) and
#                       enrolment. The target's mode is PKA, with the profile open-firmware PKA and PIN. CONF LINEs go
#                       into the host's section [login]. Cards ${other_cards[@]}, made before, get readers, too.
#   nofm_target M N, nofm_enrol [OPT...], nofm_key, login_status: for the card that $target names (target)
#   nofm_key TYPE LABEL a key on the target, generated after N approvals, attested and enrolled
#                       ${init_opt[@]}: further options of its init
#   nofm_known NAME     put the target into the custodians' address book, in place of what was there
#   approve C [OPT...]  custodian C (c1) approves the request that waits for him; output to $T/out
#   approvers C...      the same in the background for each: processes approve-C; approvers_done waits for them
#   host CMD...         run CMD with the signing host's configuration
#   $WAIT               seconds in which people and programs that wait for one another come together
#   card_got HEX        the target got a command that begins with HEX
#   login_status        what the card itself says now: VERIFY status and MANAGE PKA, asked after everything else let go
#
# $SIGN_PIN: the target's user PIN where it has one. $MODULE: our PKCS#11 module. Files: $T/host.conf, $T/server.conf,
# $T/custodian.conf.
# What lib.sh gives is known only where both are sourced, and MODULE is for those who source this.
# shellcheck disable=SC2015,SC2034,SC2154

export SIGN_PIN=739152
MODULE=$B/quorum11.so
umask 077
echo 648219 >"$T/pin"
echo 3537363231383830 >"$T/so-pin"
echo "$SIGN_PIN" >"$T/sign-pin"
umask 022
q11=$B/quorum11
target=target target_id=UTTGT0400000 WAIT=$((2 * LONG / 1000))
other_cards=() init_opt=()

host() { QUORUM11_CONF=$T/host.conf "$@"; }
custodian() { QUORUM11_CONF=$T/custodian.conf "$@"; }

nofm_custodian() {
	local c=$1 card
	card=$(reader "$c")
	custodian "$q11" init --reader "$card" --yes --pin-file "$T/pin" --so-pin-file "$T/so-pin" --label "$c" &&
	custodian "$q11" custodian keygen --reader "$card" --pin-file "$T/pin" &&
	custodian "$q11" custodian export --reader "$card" --out "$T/$c.pka"
}

# $T/pka: the PKA files; $pin_opt: how the target's PIN is given, if it has one
nofm_target() {
	local m=$1 n=$2
	host "$q11" init --reader "$(reader "$target")" --yes --custodians "$m" --required "$n" \
	    --so-pin-file "$T/so-pin" "${init_opt[@]}" ${pin_opt:+--with-pin "${pin_opt[@]}"} &&
	host "$q11" register --reader "$(reader "$target")" --yes ${pin_opt:+"${pin_opt[@]}"} \
	    ${unverified:+--unverified} "${pka[@]}" &&
	nofm_known "$target signer"
}

nofm_known() {
	custodian "$q11" devices remove "$1" >/dev/null 2>&1
	custodian "$q11" devices add --yes --reader "$(reader "$target")" "$1"
}

nofm_conf() {
	local line
	{
		printf '[module]\nhelper = %s\n[agent]\nprogram = %s\n' "$B/connect" "$B/quorum11-agent"
		printf '[login]\nprogress = stderr\nreason = end-to-end test\nca = %s\n' "$T/tls/ca.pem"
		for line in "$@"; do printf '%s\n' "$line"; done
	} >"$T/host.conf"
	printf '[login]\nca = %s\n' "$T/tls/ca.pem" >"$T/custodian.conf"
	printf '[server]\nlisten = 127.0.0.1:0\ncert = %s\nkey = %s\nstate = %s\n' "$T/tls/server.pem" \
	    "$T/tls/server.key" "$T/state" >"$T/server.conf"
	for line in host custodian server; do
		printf '[trust]\nroots = %s\n' "$T/pki/root.cvc" >>"$T/$line.conf"
		[ -z "$unverified" ] || printf 'unverified = %s\n' "$target_id" >>"$T/$line.conf"
	done
}

nofm_enrol() {
	host "$q11" enrol --reader "$(reader "$target")" --token-file "$T/state/token" \
	    ${unverified:+--unverified} "$@" "$URL" "${pka[@]}"
}

nofm_new() {
	local profile=$1 m=$2 n=$3 i names=()
	shift 3
	pin_opt=() pka=() archives=() unverified=
	[ "$profile" != open-firmware ] || { pin_opt=(--pin-file "$T/sign-pin"); unverified=yes; }
	N=$n
	tls_new && card_new target --profile "$profile" --id "$target_id" || return 1
	for ((i = 1; i <= m; i++)); do
		names+=("c$i")
		pka+=("$T/c$i.pka")
		card_new "c$i" --id "UTCUS040${i}000" || return 1
	done
	nofm_conf "$@"
	readers_start target "${names[@]}" "${other_cards[@]}" || return 1
	for i in "${names[@]}"; do nofm_custodian "$i" || return 1; done
	nofm_target "$m" "$n" || return 1
	mkdir -p "$T/state" && "$B/quorum11-server" token --config "$T/server.conf" >/dev/null || return 1
	server_start "$T/server.conf" || return 1
	sed -i "s|^\[login\]|[login]\nurl = $URL/rt/hsm|" "$T/host.conf"
	nofm_enrol
}

approve() {
	local c=$1
	shift
	run custodian "$q11" approve --reader "$(reader "$c")" --pin-file "$T/pin" --yes --wait "$WAIT" "$@" "$URL"
	cat "$T/out" "$T/err"
	return "$status"
}

approvers() {
	local c
	for c in "$@"; do
		start "approve-$c" custodian "$q11" approve --reader "$(reader "$c")" --pin-file "$T/pin" --yes \
		    --wait "$WAIT" "$URL"
	done
}

approvers_done() {
	local c all=0
	for c in "$@"; do
		reap "approve-$c" $((3 * LONG)) && [ "$status" -eq 0 ] || { all=1; cat "$T/approve-$c.log"; }
	done
	return $all
}

first_n() { local i; for ((i = 1; i <= N; i++)); do echo "c$i"; done; }

nofm_key() {
	local type=$1 label=$2
	# shellcheck disable=SC2046
	approvers $(first_n)
	# shellcheck disable=SC2046
	host "$q11" keygen --reader "$(reader "$target")" ${pin_opt:+"${pin_opt[@]}"} --type "$type" --label "$label" \
	    --archive "$T/$label.cvc" ${unverified:+--unverified} && approvers_done $(first_n) || return 1
	archives+=(--archive "$T/$label.cvc")
	nofm_enrol --replace "${archives[@]}"
}

card_got() { grep -qi "^target > $1" "$T/target.apdu"; }

login_status() { host "$q11" status --reader "$(reader "$target")" --json; }

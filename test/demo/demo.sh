#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole product, shown once:
#	test/demo/demo.sh BUILD
# mkimage, unmodified, signs a real kernel with a key in a card that opens only after 2 of 3 people approved; openssl
# and U-Boot's own verifier check the result; then the same with one person only, which must not succeed. The cards
# are virtual, in namespaces of the demo's own (test/e2e/lib.sh): neither readers nor files nor ports of this machine
# are touched. Needs no terminal. Exit status 0 only if every step was as it should be.
# shellcheck disable=SC2317 # functions are called through wait_for
set -u
here=$(dirname "$0")
export BUILD=$1
build=$(realpath -m "$BUILD")
fetched=${build%/*}/demo

# Inside, there is no network.
if [ -z "${E2E_INSIDE-}" ]; then
	began=$(date +%s)
	export began
	if ! [ -s "$fetched/Image" ] || ! [ -x "$fetched/fit_check_sign" ]; then
		echo "A kernel and U-Boot's sources from Debian; this takes a minute or two, once."
	fi
	"$here/fetch.sh" "$fetched" || exit 1
fi
# shellcheck source=test/e2e/lib.sh
. "$here/../e2e/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

timeout=5               # of a login that gets too few approvals, seconds
steps=0 code='' pka=(anna.pka ben.pka cleo.pka)

# ---- how it is shown ----

step() { steps=$((steps + 1)); printf '\n%d. %s\n' $steps "$*"; }
note() { printf '   %s\n' "$@"; }
indent() { sed -u "s,$T/,,g; s/^/   | /"; }
show() { indent <"$1"; }

fail() {
	printf '\nThe demo failed: %s\n' "$*" >&2
	exit 1
}

at_end() {
	local rc=$?
	tap_end
	if [ $rc -ne 0 ]; then tail -n 20 server.log pcscd.log 2>/dev/null | indent >&2; fi
	if [ -n "${KEEP-}" ]; then echo "kept: $T"; else rm -rf "$T"; fi
	exit $rc
}
trap at_end EXIT

# as WHO CMD...: with the settings of this person's machine. The files of all are in one folder here.
as() {
	local who=$1
	shift
	case $who in
	build | operator) QUORUM11_CONF=$T/host.conf "$@" ;;
	*) QUORUM11_CONF=$T/custodian.conf "$@" ;;
	esac
}

prompt() {
	local who=$1
	shift
	printf '   %s$ %s\n' "$who" "$(printf ' %q' "$@" | sed "s,^ ,,; s,$B/,,g")"
}

# types WHO CMD...: shows who types what and what it answers; it must succeed.
types() {
	prompt "$@"
	as "$@" </dev/null 2>&1 | indent
	[ "${PIPESTATUS[0]}" -eq 0 ] || fail "$2"
}

# asks WHO CMD...: the same for a command whose login asks custodians; returns as soon as it shows its code, which goes
# to $code. Its stdout is kept in asking.out.
asks() {
	prompt "$@"
	: >asking.log
	start asking asking "$@"
	wait_for 20000 has_code || { show asking.log; fail "no request was opened"; }
	code=$(sed -n 's/.*code \([A-Z2-7]\{4\}-[A-Z2-7]\{4\}\).*/\1/p' asking.log | head -n 1)
	show asking.log
}
asking() { as "$@" >asking.out; }
has_code() { grep -q ': code [A-Z2-7]*-[A-Z2-7]*;' asking.log; }
# The rest of it; without the help that mkimage prints after an error.
answers() { reap asking 30000 || fail "the login does not end"; sed '1,/: code /d; /^Usage:/,$d' asking.log | indent; }

# approves brief|full WHO...: all at once, each on a card of their own.
approves() {
	local how=$1 who
	shift
	for who in "$@"; do
		start "approve-$who" as "$who" quorum11 approve --reader "$who" --pin-file pin --yes --wait 20 \
		    --expect-code "$code" "$URL"
	done
	for who in "$@"; do
		prompt "$who" quorum11 approve --reader "$who" --pin-file pin --yes --expect-code "$code" "$URL"
		reap "approve-$who" 30000
		if [ "$how" = full ] || [ "$status" -ne 0 ]; then
			show "approve-$who.log"
		else
			grep '^approved' "approve-$who.log" | indent
		fi
		[ "$status" -eq 0 ] || fail "the approval of $who"
	done
}

# Commands SIGN (80 68) that the card got, and requests that the server opened, since `forget`.
signatures() { grep -ci '^target > *8068' target.apdu; }
requests() { grep -c ' event=open ' server.log; }
forget() { : >target.apdu; : >server.log; }

# ---- the cards and their people ----

cd "$T" || exit 1
PATH=$B:$PATH

step "Four cards: one shall sign, three are their custodians' (anna, ben, cleo). They are virtual; all else is real."
tls_new || fail "certificates: $(cat tls.log)"
for name in target anna ben cleo; do
	card_new $name || fail "card $name"
done
unverified='' nofm_conf
readers_start target anna ben cleo || fail "readers"
types build quorum11 list

step "Each custodian, at home, makes an authentication key and hands over its public half."
for name in anna ben cleo; do
	types $name quorum11 init --reader $name --yes --pin-file pin --so-pin-file so-pin --label $name
	types $name quorum11 custodian keygen --reader $name --pin-file pin
	types $name quorum11 custodian export --reader $name --out $name.pka
done

step "The operator makes the signing card one that any 2 of these 3 open. It has no PIN."
types operator quorum11 init --reader target --yes --custodians 3 --required 2 --so-pin-file so-pin
types operator quorum11 register --reader target --yes "${pka[@]}"

step "The server collects approvals; it can delay or deny, never authorise. The operator enrols the card."
mkdir state
prompt operator quorum11-server token --config server.conf
quorum11-server token --config server.conf 2>&1 | indent
prompt operator quorum11-server --config server.conf
server_start "$T/server.conf" || fail "server: $(cat server.log)"
sed -i "s|^\[login\]|[login]\nurl = $URL/rt/hsm|" host.conf
note "| listens at $URL"
types operator quorum11 enrol --reader target --token-file state/token "$URL" "${pka[@]}"

step "The signing key. Making it needs the card open: two approve. The card attests the key; the server keeps that."
asks operator quorum11 keygen --reader target --type rsa:2048 --label fit --token-label fit --archive fit.pka
approves brief anna cleo
answers
show asking.out
[ "$status" -eq 0 ] || fail "keygen"
types operator quorum11 enrol --reader target --replace --archive fit.pka --token-file state/token "$URL" "${pka[@]}"
note "Reading the public key asks nobody:"
forget
types build pkcs11-tool --module "$MODULE" --read-object --type pubkey --label fit --output-file fit.der
openssl pkey -pubin -inform DER -in fit.der -out fit.pem || fail "the public key"
[ "$(requests)" -eq 0 ] || fail "the custodians were asked"

# ---- mkimage ----

cp "$fetched/Image" "$fetched/board.dtb" "$TOP/test/demo/image.its" .
dtc -q -O dtb -o u-boot.dtb "$TOP/test/demo/u-boot.dts" || fail "dtc"
cp u-boot.dtb u-boot.before
export PKCS11_MODULE_PATH=$MODULE QUORUM11_REASON="kernel for board 7, release 1.2"
mkimage_command=(mkimage -f image.its -N pkcs11 -k token=fit -K u-boot.dtb -r image.fit)
kernel=$(strings -n 20 Image | grep -m 1 '^Linux version' | cut -d ' ' -f 3)

step "mkimage, as Debian ships it, signs Linux $kernel, a device tree and their configuration." \
    "Two approve at the same time."
note "PKCS11_MODULE_PATH=quorum11.so QUORUM11_REASON=\"$QUORUM11_REASON\""
forget
asks build "${mkimage_command[@]}"
note "The code is computed on both sides. Who signs tells it to anna and ben over the phone; they compare."
approves full anna ben
answers
[ "$status" -eq 0 ] || { show asking.out; fail "mkimage: status $status"; }
approved_code=$code
made=$(signatures)
grep -E '^ (Image|Configuration)|Sign (algo|value)' asking.out | cut -c 1-100 | indent
[ "$made" -ge 3 ] || fail "the card made $made signatures, not at least 3"
[ "$(requests)" -eq 1 ] || fail "the custodians were asked $(requests) times"
QUORUM11_CONF=host.conf quorum11 status --reader target --json >closed.json || fail "status"
[ "$(jq .open closed.json)" = false ] || fail "the card is still open"
note "One login, $made signatures (mkimage starts over when its file gets too small); the card is closed again."

step "Others check it: openssl, and the verifier that U-Boot's own source builds."
"$TOP/test/demo/verify.sh" "$T/image.fit" "$T/u-boot.dtb" "$T/fit.pem" "$fetched/fit_check_sign" >verify.log 2>&1
checked=$?
sed '/^1\.\./d; s/^ok [0-9]* - //' verify.log | indent
[ $checked -eq 0 ] || fail "the image does not verify"

# ---- one is not enough ----

step "The same with anna alone. The login waits $timeout s, as configured here (15 min by default)."
sed -i "/^\[login\]/a timeout = $timeout" host.conf
mv image.fit approved.fit
cp u-boot.before u-boot.dtb
forget
start_ms=$(ms)
asks build "${mkimage_command[@]}"
approves brief anna
answers
took=$((($(ms) - start_ms + 500) / 1000))
[ "$status" -eq 1 ] || fail "mkimage ended with status $status, not 1"
reason=$(sed -n 's/^quorum11: //p' asking.log | tail -n 1)
grep -q 'time allowed' <<<"$reason" || fail "our reason is not on stderr"
{ [ $took -ge $timeout ] && [ $took -le $((timeout + 2)) ]; } || fail "mkimage ended after $took s"
[ "$(signatures)" -eq 0 ] || fail "the card signed"
! mkimage -l image.fit 2>/dev/null | grep -q 'Sign value' || fail "there is a signature"
! fdtget -l u-boot.dtb /signature >/dev/null 2>&1 || fail "U-Boot's device tree got a key"
note "mkimage: status $status after $took s; the card made no signature."

# ---- the end ----

card=$(jq -r .device_id closed.json)
size=$(($(stat -c %s approved.fit) >> 20))
settle >left.log || fail "$(cat left.log)"
cat <<-END

	signed    Linux $kernel, device tree, configuration: $size MiB, by key "fit" on card $card
	approved  by anna and ben, 2 of 3, for code $approved_code; the card checked each approval itself
	checked   by openssl and by U-Boot's fit_check_sign, who both refuse the image with one bit changed
	refused   with one approval: mkimage status 1 after $took s, "${reason##*: }"
	over      nothing is left running; it took $(($(date +%s) - began)) s
END

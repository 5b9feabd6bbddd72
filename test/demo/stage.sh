# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the demos share; sourced by test/demo/NAME.sh BUILD, which it starts again in namespaces of its own (see
# test/e2e/lib.sh). Shows what is typed and answered; `installation` makes four cards, their people, a server and the
# key "fit".
# What demos read, and what they call through wait_for.
# shellcheck disable=SC2034,SC2317
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
	wait_for "$LONG" has_code || { show asking.log; fail "no request was opened"; }
	code=$(sed -n 's/.*code \([A-Z2-7]\{4\}-[A-Z2-7]\{4\}\).*/\1/p' asking.log | head -n 1)
	show asking.log
}
asking() { as "$@" >asking.out; }
has_code() { grep -q ': code [A-Z2-7]*-[A-Z2-7]*;' asking.log; }
# answers MS: the rest of it; without the help that mkimage prints after an error.
answers() { reap asking "$1" || fail "the login does not end"; sed '1,/: code /d; /^Usage:/,$d' asking.log | indent; }

# approves brief|full WHO...: all at once, each on a card of their own.
approves() {
	local how=$1 who
	shift
	for who in "$@"; do
		start "approve-$who" as "$who" quorum11 approve --reader "$who" --pin-file pin --yes --wait "$WAIT" \
		    --expect-code "$code" "$URL"
	done
	for who in "$@"; do
		prompt "$who" quorum11 approve --reader "$who" --pin-file pin --yes --expect-code "$code" "$URL"
		reap "approve-$who" $((3 * LONG))
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

cd "$T" || exit 1
PATH=$B:$PATH

# ---- the cards and their people ----

installation() {
	local name

	step "Four cards: one shall sign, three are custodians' (anna, ben, cleo). They are virtual; all else is real."
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
	step "Each custodian puts that card into the address book of his own machine, by its key; here one for all."
	types anna quorum11 devices add --reader target --yes "Board signer"

	step "The server collects approvals; it can delay or deny, never authorise. The operator enrols the card."
	mkdir state
	prompt operator quorum11-server token --config server.conf
	quorum11-server token --config server.conf 2>&1 | indent
	prompt operator quorum11-server --config server.conf
	server_start "$T/server.conf" || fail "server: $(cat server.log)"
	sed -i "s|^\[login\]|[login]\nurl = $URL/rt/hsm|" host.conf
	note "| listens at $URL"
	types operator quorum11 enrol --reader target --token-file state/token "$URL" "${pka[@]}"

	step "The signing key: two approve, as making it needs the card open. The card attests it."
	asks operator quorum11 keygen --reader target --type rsa:2048 --label fit --token-label fit --archive fit.pka
	approves brief anna cleo
	answers 30000
	show asking.out
	[ "$status" -eq 0 ] || fail "keygen"
	types operator quorum11 enrol --reader target --replace --archive fit.pka --token-file state/token "$URL" \
	    "${pka[@]}"
	note "Reading the public key asks nobody:"
	forget
	types build pkcs11-tool --module "$MODULE" --read-object --type pubkey --label fit --output-file fit.der
	openssl pkey -pubin -inform DER -in fit.der -out fit.pem || fail "the public key"
	[ "$(requests)" -eq 0 ] || fail "the custodians were asked"
}

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The harness of the end-to-end tests. A test begins with
#	#!/bin/bash
#	. "$(dirname "$0")/lib.sh"
# and ends with `finish`. Run one alone: test/e2e/NAME.sh (builds nothing; `make tests` first). KEEP=1 keeps its folder.
#
# Sourcing this file starts the test again in mount, network and process namespaces of its own: only loopback, only its
# own processes, an empty /run, so a pcscd of its own, any port it likes, and nothing outlives it. As root, or as a
# user where the system lets users make namespaces; refused otherwise, loudly.
#
#   $B    the build folder (build/release, or what BUILD names)          $TOP  the source tree
#   $T    a fresh folder, removed at the end; $HOME is in it             $status, $T/out, $T/err   of the last `run`
#
#   t TEXT CMD...             one TAP line, see test/tap.sh
#   run CMD...                run CMD without input; stdout to $T/out, stderr to $T/err, exit status to $status
#   t_status TEXT N CMD...    run CMD, passes if its exit status is N
#   not CMD...                t "no key" not grep -q Key "$T/out"
#   wait_for MS CMD...        until CMD succeeds; fails after MS milliseconds
#   $LONG                     milliseconds that a busy machine may take for what comes without fail: a limit for tests
#                             that hang. What must not wait for something is given something that takes longer
#   ready NAME CMD...         wait until CMD shows that what was just started, NAME, is ready; a failed line if it is
#                             not. Not within t
#   ms                        milliseconds since boot
#
#   start NAME CMD...         a background process; output to $T/NAME.log; its pid is ${PID[NAME]}
#   running NAME              whether it still runs
#   stop NAME [SIGNAL]        end it (TERM) and wait; its exit status to $status. Fails if it must be killed after half
#                             of $LONG
#   reap NAME [MS]            wait for it to end by itself; its exit status to $status. Fails if not over in MS ($LONG)
#
#   card_new NAME [OPT...]    make a virtual card in $T/card/NAME (OPT: of quorum11-vcard new); its roots are in $T/pki
#   readers_start NAME...     pcscd with one reader per name; cards that card_new has made are put in. Half a second
#   reader NAME               the reader's full name as PC/SC shows it
#   card_start NAME [OPT...]  put the card in (OPT: of quorum11-vcard run) and wait until the reader sees it
#   card_stop NAME [SIGNAL]   pull it: ends its process (TERM) and waits until the reader is empty
#   card_count NAME           the number of commands that the card has got since it was put in
#                             $T/NAME.apdu has them all, as lines "NAME > HEX" and "NAME < HEX"
#   card_process NAME         the NAME for `running`, `stop` and ${PID[...]} of a card's process
#
#   tls_new                   a CA and certificates for $TLS_NAMES (this machine): $T/tls/{ca,server,client}.{pem,key}
#   server_start CONF [NAME]  quorum11-server; waits until it is ready; its address to $URL. NAME (server) for stop
#   free_port                 a port that nobody listens on
#   settle                    end everything that was started; `finish` does it

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
B=$(cd "$TOP" && realpath -m "${BUILD:-build/release}")

if [ -z "${E2E_INSIDE-}" ]; then
	spaces=(--mount --net --pid --fork --mount-proc --kill-child)
	if ! unshare "${spaces[@]}" true 2>/dev/null; then
		spaces=(--map-root-user "${spaces[@]}")
		if ! why=$(unshare "${spaces[@]}" true 2>&1); then
			echo "1..1"
			echo "not ok 1 - namespaces: the test needs root or user namespaces: $why"
			exit 1
		fi
	fi
	E2E_INSIDE=1 exec unshare "${spaces[@]}" bash "$0" "$@"
fi
unset E2E_INSIDE

# shellcheck source=test/tap.sh
. "$TOP/test/tap.sh"
ulimit -c 0
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir /run/pcscd
# The machine's own settings are not part of any test.
[ ! -d /etc/quorum11 ] || mount -t tmpfs tmpfs /etc/quorum11
for name in ${!QUORUM11_@} ${!XDG_@} ${!PCSCLITE_@} ${!OPENSC_@} OPENSSL_CONF PKCS11_MODULE_PATH; do unset "$name"; done

T=$(mktemp -d /tmp/quorum11-e2e.XXXXXX)
export HOME=$T/home
mkdir "$HOME" "$T/card"
declare -A PID=() PORT=()
finished=no status=0 LONG=$((60000 * ${SLOW:-1}))

ms_set() { local up _; read -r up _ </proc/uptime; printf -v "$1" %d $((10#${up//./} * 10)); }
ms() { local now; ms_set now; echo "$now"; }

run() {
	"$@" >"$T/out" 2>"$T/err" </dev/null
	status=$?
}

t_status() {
	local text=$1 want=$2
	shift 2
	run "$@"
	if [ "$status" -eq "$want" ]; then
		ok "$text"
	else
		not_ok "$text"
		printf '# command: %s\n# exit status %s, not %s\n' "$*" "$status" "$want"
		sed 's/^/# stdout: /' "$T/out"
		sed 's/^/# stderr: /' "$T/err"
		t_logs
		return 1
	fi
}

# The end of what the processes in the background have said lately: the next one of a name begins its log anew.
t_logs() {
	local log
	for log in $(find "$T" -maxdepth 1 -name '*.log' -size +0 -mmin -2 | sort); do
		echo "# ---- now at the end of ${log##*/}"
		tail -n 12 "$log" | cut -c 1-300 | sed 's/^/# /'
	done
}

# Many a check looks into what the last command has said, and says nothing itself.
t_more() {
	if [ -s "$T/err" ]; then
		echo "# ---- stderr of the last command that was run"
		tail -n 12 "$T/err" | cut -c 1-300 | sed 's/^/# /'
	fi
	t_logs
}

# The one place that polls, on a pipe that never has anything: every 10 ms at first, then every tenth of the time that
# it has taken so far, at most a fifth of a second; what is waited for would get little of the processor otherwise.
exec {never}<> <(:)
wait_for() {
	local began now end nap
	ms_set began
	end=$((began + $1))
	shift
	until "$@"; do
		ms_set now
		[ "$now" -lt "$end" ] || return 1
		nap=$(((now - began) / 10 + 10))
		printf -v nap 0.%03d $((nap < 200 ? nap : 200))
		read -r -t "$nap" -u "$never" _
	done
	return 0
}

ready() {
	local name=$1
	shift
	wait_for "$LONG" "$@" && return
	not_ok "$name is ready"
	t_logs
	return 1
}

# jq 1.6 is content with -e when there was no input at all; here that fails. -e comes first of its options.
jq() {
	local out rc
	out=$(command jq "$@")
	rc=$?
	[ -z "$out" ] || printf '%s\n' "$out"
	case ${1-} in -*e*) [ -n "$out" ] || [ $rc -ne 0 ] || rc=4 ;; esac
	return $rc
}

# ---- processes ----

start() {
	local name=$1
	shift
	: >"$T/$name.log"
	# Appended to, so that a test may empty it.
	"$@" >>"$T/$name.log" 2>&1 </dev/null &
	PID[$name]=$!
}

# A process that has ended but was not waited for is a zombie: still there for kill -0.
running() {
	local pid=${PID[$1]-} stat
	[ -n "$pid" ] && { read -r stat <"/proc/$pid/stat"; } 2>/dev/null && [[ ! ${stat##*)} =~ ^" Z" ]]
}

reap() {
	local name=$1 rc=0
	if ! wait_for "${2:-$LONG}" not running "$name"; then
		kill -KILL "${PID[$name]}"
		rc=1
	fi
	wait "${PID[$name]}" 2>/dev/null
	status=$?
	unset "PID[$name]"
	return $rc
}

stop() {
	[ -n "${PID[$1]-}" ] || return 0
	kill "-${2:-TERM}" "${PID[$1]}" 2>/dev/null
	reap "$1" $((LONG / 2))
}

# ---- cards and readers ----

card_process() { echo "card-$1"; }
reader() { echo "Virtual HSM $1 00 00"; }

card_new() {
	local name=$1
	shift
	"$B/quorum11-vcard" new --pki "$T/pki" "$@" "$T/card/$name"
}

listening() { grep -qsi ":$(printf %04X "$1") [0-9A-F:]* 0A " /proc/net/tcp /proc/net/tcp6; }

free_port() {
	local port
	while port=$((20000 + RANDOM % 10000)); listening "$port"; do :; done
	echo "$port"
}

readers_start() {
	local name driver port=36000 filled=() ours=()
	driver=$(find /usr/lib/pcsc/drivers/serial -name libifdvpcd.so | head -n 1)
	[ -n "$driver" ] || { echo "# no libifdvpcd.so: make deps"; return 1; }
	mkdir "$T/readers" "$T/no-usb" || return 1
	for name in "$@"; do
		# Its slots are in one static array: readers that share the file overwrite each other.
		cp -L "$driver" "$T/readers/ifd-$name.so"
		printf 'FRIENDLYNAME "Virtual HSM %s"\nDEVICENAME /dev/null:%d\nLIBPATH %s\nCHANNELID %d\n' \
		    "$name" "$port" "$T/readers/ifd-$name.so" "$port" >>"$T/readers.conf"
		PORT[$name]=$port
		port=$((port + 2))      # each has two slots
	done
	# The real readers of this machine are none of our business, nor is who may use them: newer ones ask polkit.
	pcscd --help 2>&1 | grep -q -- --disable-polkit && ours=(--disable-polkit)
	PCSCLITE_HP_DROPDIR=$T/no-usb start pcscd pcscd -f "${ours[@]}" -c "$T/readers.conf"
	for name in "$@"; do
		wait_for "$LONG" listening "${PORT[$name]}" || { cat "$T/pcscd.log"; return 1; }
		[ ! -d "$T/card/$name" ] || filled+=("$name")
	done
	for name in "${filled[@]}"; do card_run "$name"; done
	[ ${#filled[@]} -eq 0 ] || readers_wait "$LONG" "" "${filled[@]}"
}

readers_wait() {
	local time=$1 flag=$2 name names=()
	shift 2
	for name in "$@"; do names+=("$(reader "$name")"); done
	"$B/test/e2e/tools/waitcard" "$time" ${flag:+"$flag"} "${names[@]}"
}

card_run() {
	local name=$1
	shift
	start "$(card_process "$name")" "$B/quorum11-vcard" run --port "${PORT[$name]}" --count \
	    --log "$T/$name.apdu" "$@" "$T/card/$name"
}

card_start() { card_run "$@"; readers_wait "$LONG" "" "$1"; }
card_count() { cat "$T/card/$1/count"; }
card_stop() { stop "$(card_process "$1")" "${2:-TERM}"; readers_wait "$LONG" --empty "$1"; }

# ---- server ----

TLS_NAMES=IP:127.0.0.1,DNS:localhost
tls_new() (
	mkdir -p "$T/tls" && cd "$T/tls" && umask 077 || exit 1
	ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2)
	openssl req -x509 "${ec[@]}" -subj "/CN=Test CA" -keyout ca.key -out ca.pem &&
	for name in server client; do
		openssl req "${ec[@]}" -subj "/CN=$name" -keyout $name.key -out $name.csr &&
		printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$TLS_NAMES" >$name.ext &&
		openssl x509 -req -days 2 -in $name.csr -CA ca.pem -CAkey ca.key -extfile $name.ext \
		    -out $name.pem || exit 1
	done
) >"$T/tls.log" 2>&1

server_start() {
	local conf=$1 name=${2:-server}
	rm -f "$T/$name.ready"
	start "$name" "$B/quorum11-server" --config "$conf" --ready-file "$T/$name.ready"
	wait_for "$LONG" server_settled "$name" || return 1
	running "$name" || return 1
	export URL
	URL=$(cat "$T/$name.ready")
}

server_settled() { [ -s "$T/$1.ready" ] || ! running "$1"; }

# ---- the end ----

others() {
	local p
	for p in /proc/[0-9]*; do
		p=${p#/proc/}
		[ "$p" -eq $$ ] || [ "$p" -eq "$BASHPID" ] || ! [ -s "/proc/$p/cmdline" ] || echo "$p"
	done
}

# Cards first: pcscd would tell them to go; then all the rest. Says what does not end, and fails then.
settle() {
	local name p bad=0
	for name in "${!PID[@]}"; do
		case $name in card-*) stop "$name" || { bad=1; echo "did not end when told to: $name"; } ;; esac
	done
	for name in "${!PID[@]}"; do stop "$name" || { bad=1; echo "did not end when told to: $name"; }; done
	for p in $(others); do
		bad=1
		echo "left running: $(tr '\0' ' ' <"/proc/$p/cmdline")"
	done
	return $bad
}

finish() {
	[ $((n_ok + n_bad)) -gt 0 ] || not_ok "a test without a check"
	t "nothing is left running" settle
	finished=yes
	plan
	exit
}

at_exit() {
	local rc=$? log
	if [ $finished = no ]; then
		echo "not ok - the test ended early with status $rc"
		rc=1
	fi
	if [ $rc -ne 0 ]; then
		for log in "$T"/*.log; do
			[ ! -s "$log" ] || { echo "# ---- end of ${log##*/}"; tail -n 40 "$log" | sed 's/^/# /'; }
		done
	fi
	tap_end
	if [ -n "${KEEP-}" ]; then echo "# kept: $T"; else rm -rf "$T"; fi
	exit $rc
}
trap at_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make install` puts the units for systemd where it is told, complete; and systemd understands them, where it is there.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

dir=$(mktemp -d)
trap 'tap_end; rm -rf "$dir"' EXIT
B=${BUILD:-build/release}

# Only the install target: -o says that what it needs is made. Under the prefix of the build: another one would be other
# flags of the compiler, and make everything again.
installs() { make -o all install DESTDIR="$dir" FLAVOUR="${B##*/}"; }
t "make install" installs
units=$(find "$dir" -type d -name systemd)
agent=$(find "$dir" -path '*/quorum11/agent')
names() { (cd "$1" && find . -type f | sort); }
t "... each unit is there" diff <(names packaging/systemd) <(names "$units")
t "... the agent, too" test -x "$agent"
t "... nothing is left to be filled in" not grep -r '@[A-Z]*@' "$units"
for kind in system user; do
	t "$kind: it starts the program that is installed" grep -q "^ExecStart=${agent#"$dir"} " \
	    "$units/$kind/quorum11-agent.service"
	t "... over sequential packets" grep -q '^ListenSequentialPacket=' "$units/$kind/quorum11-agent.socket"
done
t "a custodian's watch is the command that is installed" grep -q \
    "^ExecStart=$(find "$dir" -path '*/bin/quorum11' | sed "s,^$dir,,") custodian watch " \
    "$units/user/quorum11-watch.service"
t "the socket of the system is for a group" grep -qx 'SocketMode=0660' "$units/system/quorum11-agent.socket"
t "the socket of a user is for him alone" grep -qx 'SocketMode=0600' "$units/user/quorum11-agent.socket"
t "the system's agent is not root" grep -qx 'User=quorum11' "$units/system/quorum11-agent.service"
server=$units/system/quorum11-server.service
program=$(find "$dir" -name quorum11-server -type f)
t "the server's unit starts the server that is installed" grep -qx "ExecStart=${program#"$dir"}" "$server"
t "... which says when it is ready" grep -qx 'Type=notify' "$server"
t "... reloads" grep -q '^ExecReload=/bin/kill -HUP ' "$server"
t "... and is watched" grep -q '^WatchdogSec=' "$server"
t "... as a user of its own" grep -qx 'User=quorum11-server' "$server"
t "... who is made" grep -rq '^u quorum11-server ' "$dir" --include=quorum11-server.conf
t "the agent's user is made" grep -rq '^u quorum11 ' "$dir" --include=quorum11.conf

# It looks for the program as well, and at units that are not ours.
verifies() {
	local kind=$1
	shift
	sed -i 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' "$units/$kind/quorum11-agent.service"
	SYSTEMD_LOG_LEVEL=warning systemd-analyze --man=no "$@" verify "$units/$kind/quorum11-agent.socket" \
	    "$units/$kind/quorum11-agent.service" >"$dir/said" 2>&1
	cat "$dir/said"
	not grep quorum11-agent "$dir/said"
}
# How much a unit leaves open, from 0.0 (nothing) to 10.0; ours at most MOST, in tenths.
exposed() {
	local most=$1 score
	score=$(systemd-analyze --no-pager --offline=true security "$2" 2>&1 |
		sed -n 's/.*Overall exposure level.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
	echo "exposure: ${score:-unknown} tenths"
	[ -n "$score" ] && [ $((10#$score)) -le "$most" ]
}
server_verifies() {
	sed -i 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' "$server"
	SYSTEMD_LOG_LEVEL=warning systemd-analyze --man=no verify "$server" >"$dir/said" 2>&1
	cat "$dir/said"
	not grep quorum11-server "$dir/said"
}
if command -v systemd-analyze >/dev/null; then
	t "the server's unit leaves little open" exposed 12 "$server"
	t "the agent's unit, which reaches readers, not much more" exposed 33 "$units/system/quorum11-agent.service"
	t "systemd-analyze: the server's unit" server_verifies
	t "systemd-analyze: the system's units" verifies system
	t "systemd-analyze: the user's units" verifies user --user
fi
plan

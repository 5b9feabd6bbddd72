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
t "... each unit is there" diff <(names packaging/systemd | grep /quorum11-agent) <(names "$units")
t "... the agent, too" test -x "$agent"
t "... nothing is left to be filled in" not grep -r '@[A-Z]*@' "$units"
for kind in system user; do
	t "$kind: it starts the program that is installed" grep -q "^ExecStart=${agent#"$dir"} " \
	    "$units/$kind/quorum11-agent.service"
	t "... over sequential packets" grep -q '^ListenSequentialPacket=' "$units/$kind/quorum11-agent.socket"
done
t "the socket of the system is for a group" grep -qx 'SocketMode=0660' "$units/system/quorum11-agent.socket"
t "the socket of a user is for him alone" grep -qx 'SocketMode=0600' "$units/user/quorum11-agent.socket"
t "the system's agent is not root" grep -qx 'User=quorum11' "$units/system/quorum11-agent.service"
t "... and its user is made" grep -rq '^u quorum11 ' "$dir" --include=quorum11.conf

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
if command -v systemd-analyze >/dev/null; then
	t "systemd-analyze: the system's units" verifies system
	t "systemd-analyze: the user's units" verifies user --user
fi
plan

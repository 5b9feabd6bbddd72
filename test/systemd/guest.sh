#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# In the guest of test/systemd.sh, as root, by its unit check.service, at each of its boots: what README.md,
# docs/SERVER.md and docs/AGENT.md tell an administrator and users, with the packages and their units, under systemd.
# Prints TAP. Functions are called through t; what is in single quotes is for other programs.
# shellcheck disable=SC2015,SC2016,SC2317
cd "$(dirname "$0")" || exit 2
T=$PWD
export HOME=/root LC_ALL=C.UTF-8
# shellcheck source=test/tap.sh
. ./tap.sh

# until_ SECONDS CMD...
exec {never}<> <(:)
until_() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t 0.2 -u "$never" _
	done
	return 0
}
state() { systemctl show -P "$2" "$1"; }
is() { [ "$(state "$1" "$2")" = "$3" ]; }
pid() { state "$1" MainPID; }
ago=$(date +%s)
# said UNIT WORDS: in the journal, since `now`
now() { ago=$(date +%s.%N); }
said() { journalctl -q -u "$1" --since "@$ago" -o cat | grep -qF -- "$2"; }
t_more() { journalctl -q --since -90s -o short-precise -n 25 | cut -c 1-300 | sed 's/^/# /'; }
# As a user who has logged in, for two minutes at most.
as() { local user=$1; shift; timeout 120 runuser -l "$user" -c "cd $T/$user && $(printf '%q ' "$@")"; }
server() { runuser -u quorum11-server -- quorum11-server "$@"; }
get() { curl -sS --cacert /etc/quorum11/ca.pem -H "Authorization: Bearer $(cat token)" "$URL$1" "${@:2}"; }
URL=https://hsm.example.org:8443
answers() { get "$1" -f >/dev/null; }
reader() { echo "Virtual HSM $1 00 00"; }

# ---- cards ----

PIN=648219 SO_PIN=3537363231383830
card() { # NAME PORT USER OPTION...
	local name=$1 port=$2
	cp -L /usr/lib/pcsc/drivers/serial/libifdvpcd.so "/usr/lib/pcsc/drivers/serial/ifd-$name.so"
	printf 'FRIENDLYNAME "Virtual HSM %s"\nDEVICENAME /dev/null:%d\nLIBPATH %s\nCHANNELID %d\n' "$name" "$port" \
	    "/usr/lib/pcsc/drivers/serial/ifd-$name.so" "$port" >>/etc/reader.conf.d/cards
	/usr/libexec/quorum11/vcard new --pki pki "${@:3}" "card/$name"
	cat >"/etc/systemd/system/card-$name.service" <<-END
		[Unit]
		After=pcscd.service
		StartLimitIntervalSec=0
		[Service]
		WorkingDirectory=$T
		ExecStart=/usr/libexec/quorum11/vcard run --port $port card/$name
		Restart=always
		RestartSec=200ms
		[Install]
		WantedBy=multi-user.target
	END
}
# Cards that are programs need a pcscd that waits for them.
cards() {
	rm -f /etc/reader.conf.d/vpcd
	mkdir -p card /etc/systemd/system/pcscd.service.d
	printf '%s\n' '[Service]' ExecStart= 'ExecStart=/usr/sbin/pcscd --foreground' '[Install]' \
	    WantedBy=multi-user.target >/etc/systemd/system/pcscd.service.d/stays.conf
	card target 36000 --profile vendor-shared --id UTTGT0400000 && card anna 36002 --id UTCUS0401000 &&
		card ben 36004 --id UTCUS0402000 && card cleo 36006 --id UTCUS0403000 && systemctl daemon-reload &&
		systemctl enable --now pcscd.service card-{target,anna,ben,cleo}
}
sees() { quorum11 list | tee list | grep -c UT | grep -qx "$1"; }

approve() {
	as "$1" quorum11 approve --reader "$(reader "$1")" --pin-file pin --yes --wait 120 "$URL" >"approve-$1" 2>&1
}
approving() {
	approvals=()
	for name in "$@"; do
		approve "$name" &
		approvals+=($!)
	done
}
approved() {
	local p bad=0
	for p in "${approvals[@]}"; do wait "$p" || bad=1; done
	[ $bad = 0 ] || cat approve-*
	return $bad
}
boot=$(cat boot 2>/dev/null || echo 0)
echo $((boot + 1)) >boot

# ---- the first boot ----

first() {
	t "dpkg installs the packages" dpkg -i ./*.deb
	t "systemd knows the units at once" is quorum11-server.service LoadState loaded
	t "nothing runs by itself" not systemctl -q is-active quorum11-server quorum11-agent.socket quorum11-agent
	t "four virtual cards, at pcscd" cards
	t "... it sees them" until_ 60 sees 4 || cat list

	mkdir -p tls && cd tls || exit
	# shellcheck source=/dev/null
	. "$T/certificate.sh" >"$T/tls.log" 2>&1
	cd ..
	echo "127.0.0.1 hsm.example.org" >>/etc/hosts
	install -m 0644 pki/root.cvc /etc/quorum11/root.cvc
	install -m 0644 quorum11.conf /etc/quorum11/
	t "the server starts: systemctl enable --now" systemctl enable --now quorum11-server
	t "... it has said when it was ready" said quorum11-server "event=start"
	t "check-config as its user" server check-config
	t "... makes a token" server token
	t "... which its operator takes" install -m 0600 /var/lib/quorum11/token token
	t "/healthz" answers /healthz
	t "/readyz" answers /readyz
	mkdir sink
	t "a mail server and a webhook" systemd-run -q --unit=sink "$T/sink.py" "$T/sink" "$T/tls/server.pem" \
	    "$T/tls/server.key" --ports 8444 2525

	for name in anna ben cleo dev; do
		useradd -m -s /bin/bash $name
		mkdir -p $name && echo $PIN >$name/pin && echo $SO_PIN >$name/so
		chmod 600 $name/pin $name/so
		chown -R $name: $name
	done
	usermod -aG quorum11 dev
	for name in anna ben cleo; do
		t "$name: init" as $name quorum11 init --reader "$(reader $name)" --yes --pin-file pin \
		    --so-pin-file so --label $name
		t "$name: custodian keygen" as $name quorum11 custodian keygen --reader "$(reader $name)" --pin-file pin
		t "$name: custodian export" as $name quorum11 custodian export --reader "$(reader $name)" \
		    --out $name.pka
	done
	pka=({anna/anna,ben/ben,cleo/cleo}.pka)
	echo $SO_PIN >so && chmod 600 so
	t "the operator: init" quorum11 init "${target[@]}" --yes --custodians 3 --required 2 --so-pin-file so
	t "... register" quorum11 register "${target[@]}" --yes "${pka[@]}"
	t "... enrol" quorum11 enrol "${target[@]}" --token-file token "${pka[@]}"
	for name in anna ben cleo; do
		t "$name: devices add" as $name quorum11 devices add --yes --reader "$(reader target)" "Release signer"
	done
	approving anna ben
	t "... keygen, after two have approved" quorum11 keygen "${target[@]}" --type rsa:2048 --label fit \
	    --token-label fit --archive fit.pka
	t "... they have" approved
	t "... enrol with the key" enrols
}

# confined UNIT: what its unit says is in force for its process
confined() {
	local status
	status=$(cat "/proc/$(pid "$1")/status") && grep -qx 'Seccomp:.2' <<<"$status" &&
		grep -qx 'NoNewPrivs:.1' <<<"$status" && grep -qx 'CapBnd:.0*' <<<"$status" &&
		grep -qx 'Max core file size  *0  *0  *bytes *' "/proc/$(pid "$1")/limits" ||
		{ echo "$status"; return 1; }
}
told() { [ "$(journalctl -q -u quorum11-server -o cat | grep -c "event=tell .* by=$1 .*result=delivered")" -ge "$2" ]; }
same() { [ "$(pid "$1")" = "$2" ]; }
has_card() { get /api/v1/targets | jq -e '.targets | length == 1'; }
exposure() { systemd-analyze security --no-pager "$1" | tee level | grep "level.*: $2 "; }

serves() {
	local before
	t "the server is confined" confined quorum11-server
	t "a mail was delivered" until_ 30 told mail 1
	t "a webhook, too" until_ 30 told webhook 1
	t "systemd-analyze security: 1.1" exposure quorum11-server 1.1

	before=$(pid quorum11-server)
	now
	t "systemctl reload" systemctl reload quorum11-server
	t "... takes up the settings" until_ 10 said quorum11-server "event=reload result=done"
	chown root /etc/quorum11/server.key
	now
	t "a key that the server may not read: reload" systemctl reload quorum11-server
	t "... is refused" until_ 10 said quorum11-server "event=reload result=refused"
	t "... and said" said quorum11-server "server.key"
	t "... it goes on with what it had" answers /readyz
	t "... in the same process" same quorum11-server "$before"
	t "check-config says it, too" not server check-config
	t "a restart fails" not systemctl restart quorum11-server
	chown quorum11-server /etc/quorum11/server.key
	t "... and is tried again, until it works" until_ 30 answers /readyz

	before=$(pid quorum11-server)
	kill -KILL "$before"
	t "killed, it starts again" until_ 30 not same quorum11-server "$before"
	t "... and works" until_ 30 answers /readyz
	t "... with its card" has_card

	mkdir -p /run/systemd/system/quorum11-server.service.d
	printf '[Service]\nWatchdogSec=4\n' >/run/systemd/system/quorum11-server.service.d/soon.conf
	systemctl daemon-reload
	systemctl restart quorum11-server
	before=$(pid quorum11-server)
	t "it gives signs of life: three times the watchdog's time" not until_ 12 not same quorum11-server "$before"
	now
	kill -STOP "$before"
	t "without them it starts again" until_ 30 not same quorum11-server "$before"
	t "... as the watchdog says" said quorum11-server "Watchdog timeout"
	t "... without a core file" not said quorum11-server "code=dumped"
	t "... and works" until_ 30 answers /readyz
	rm -r /run/systemd/system/quorum11-server.service.d
	systemctl daemon-reload

	install -d -m 0700 -o quorum11-server /backup
	t "a back-up, while it runs" server backup /backup/quorum11.db
	cp -p /var/lib/quorum11/audit.key /var/lib/quorum11/token /backup
	t "systemctl stop" systemctl stop quorum11-server
	t "... has ended well" is quorum11-server Result success
	rm -r /var/lib/quorum11
	install -d -m 0700 -o quorum11-server /var/lib/quorum11
	install -o quorum11-server -g quorum11-server -m 0600 -t /var/lib/quorum11 /backup/quorum11.db \
	    /backup/audit.key /backup/token
	t "the back-up, restored" systemctl start quorum11-server
	t "... has the card" has_card
}

enrols() { quorum11 enrol "${target[@]}" --token-file token --replace --archive fit.pka "${pka[@]}"; }
# A disk of its own, which is full.
full() {
	local disk=/var/lib/quorum11
	systemctl stop quorum11-server
	cp -a $disk state
	t "a disk of its own for the state" mount -t tmpfs \
	    -o size=4M,mode=0700,uid=quorum11-server,gid=quorum11-server tmpfs $disk
	cp -a state/. $disk
	t "... the server starts" systemctl start quorum11-server
	dd if=/dev/zero of=$disk/full bs=4k 2>none
	now
	t "it is full: what cannot be kept is refused" not enrols
	t "... and said" said quorum11-server event=store
	t "... the server lives" answers /healthz
	rm $disk/full
	t "there is room again: it goes on" until_ 60 enrols
	t "... without a restart" is quorum11-server NRestarts 0
	systemctl stop quorum11-server
	umount $disk
	systemctl start quorum11-server
}

MODULE=/usr/lib/$(uname -m)-linux-gnu/pkcs11/quorum11.so
sign() { # USER NAME
	as "$1" env ${AGENT:+QUORUM11_AGENT="$AGENT"} pkcs11-tool --module "$MODULE" --token-label fit --login --sign \
	    --id 01 --mechanism SHA256-RSA-PKCS --input-file pin --output-file "$2.sig"
}
image() {
	as dev env PKCS11_MODULE_PATH="$MODULE" mkimage -f image.its -N pkcs11 -k token=fit -K board.dtb -r image.fit
}
agent_is() {
	as dev env ${AGENT:+QUORUM11_AGENT="$AGENT"} quorum11 agent status --json | jq -e ".[0].state == \"$1\""
}
may_lock() { grep -q '^Max locked memory  *8388608 ' "/proc/$(pid quorum11-agent)/limits"; }

agents() {
	local before
	t "systemctl enable --now quorum11-agent.socket" systemctl enable --now quorum11-agent.socket
	t "... no agent yet" is quorum11-agent ActiveState inactive
	cp image.its dev/ && head -c 4096 /dev/urandom >dev/Image
	echo '/dts-v1/; / { };' | dtc -I dts -O dtb -o dev/board.dtb && chown dev: dev/*
	t "who is no member of the group gets none of it" not as ben quorum11 agent status
	approving anna ben
	t "mkimage signs by the system's agent, after two have approved" image
	t "... they have" approved
	t "... the agent runs" is quorum11-agent ActiveState active
	t "... confined" confined quorum11-agent
	t "... and may lock its secrets in memory" may_lock
	t "... it holds the card open" agent_is open
	t "pkcs11-tool signs, nobody is asked" sign dev one
	t "its receipts are kept" eval 'ls /var/lib/quorum11-agent/*.receipt'
	before=$(pid quorum11-agent)
	kill -KILL "$before"
	t "killed, it starts again" until_ 30 not same quorum11-agent "$before"
	t "... and holds the card, closed" until_ 60 agent_is closed
	t "the receipt of what it signed is good" eval 'quorum11 audit receipt /var/lib/quorum11-agent/*.receipt'
	approving anna ben
	t "pkcs11-tool signs, after two have approved" sign dev two
	t "... they have" approved
	t "pcscd starts again" systemctl restart pcscd
	t "... the agent is there, with the card closed" until_ 60 agent_is closed
	approving anna ben
	t "pkcs11-tool signs, after two have approved" sign dev three
	t "... they have" approved
	t "quorum11 agent end: not for everybody" not as dev quorum11 agent end
	t "... as root" quorum11 agent end
	t "... the card is closed" until_ 30 agent_is closed
	t "the agent is stopped" systemctl stop quorum11-agent.service
	t "... its socket is not" systemctl -q is-active quorum11-agent.socket
	t "... who comes next starts it" until_ 60 agent_is closed
	t "both are stopped" systemctl disable --now quorum11-agent.socket
	t "... both" not systemctl -q is-active quorum11-agent.socket quorum11-agent.service
}

ended_well() { [ "$(as anna systemctl --user show -P Result quorum11-watch)" = success ]; }
users() {
	t "loginctl enable-linger" loginctl enable-linger dev
	t "systemctl --user enable --now quorum11-agent.socket" until_ 30 as dev systemctl --user enable --now \
	    quorum11-agent.socket
	AGENT=/run/user/$(id -u dev)/quorum11/agent
	approving anna ben
	t "pkcs11-tool signs by the user's agent, after two have approved" sign dev four
	t "... they have" approved
	t "... in the user manager" as dev systemctl --user -q is-active quorum11-agent.service
	t "... with a receipt" eval 'ls ~dev/.config/quorum11-receipts/*.receipt'
	t "nobody else gets at it" not as ben ls "${AGENT%/*}"

	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >>"$HOME/notified"\n' >/usr/local/bin/notify-send
	chmod +x /usr/local/bin/notify-send
	install -d -o anna -g anna ~anna/.config/quorum11
	printf '[custodian]\nkey = %s\n' "$(sed -n 's/^  your key *//p' approve-anna | tail -n 1)" \
	    >~anna/.config/quorum11/quorum11.conf
	loginctl enable-linger anna
	t "anna's watch: systemctl --user start quorum11-watch" until_ 30 as anna systemctl --user start quorum11-watch
	t "quorum11 agent end, at one's own agent" as dev env QUORUM11_AGENT="$AGENT" quorum11 agent end
	approving ben cleo
	t "pkcs11-tool signs, after two have approved" sign dev watched
	t "... they have" approved
	t "... anna was notified" until_ 30 grep -q "Release signer" ~anna/notified
	t "her watch goes on" as anna systemctl --user -q is-active quorum11-watch
	t "... is stopped" as anna systemctl --user stop quorum11-watch
	t "... and has ended well" ended_well
	t "the user's agent is stopped" as dev systemctl --user stop quorum11-agent.service
	AGENT=
}

# ---- the second boot ----

again() {
	local before
	t "after a reboot the server is there" until_ 60 answers /readyz
	t "... with its cards" has_card
	t "the four cards, too" until_ 60 sees 4 || cat list
	t "the agent's socket is there" systemctl -q is-active quorum11-agent.socket
	t "... who comes starts the agent" until_ 60 agent_is closed
	approving anna ben
	t "pkcs11-tool signs, after two have approved" sign dev five
	t "... they have" approved
	AGENT=/run/user/$(id -u dev)/quorum11/agent
	t "the socket of the user who lingers is there" until_ 30 test -S "$AGENT"
	AGENT=
}

# The same files as another version, whose units say so.
next() {
	local deb name version
	mkdir next
	for deb in ./*.deb; do
		name=$(dpkg-deb -f "$deb" Package) version=$(dpkg-deb -f "$deb" Version)
		dpkg-deb -R "$deb" next/x && sed -i "s/^Version: .*/&+next/" next/x/DEBIAN/control &&
			sed -i 's/^Description=.*/&, next/' next/x/lib/systemd/system/quorum11-* &&
			dpkg-deb -b --root-owner-group next/x "next/${name}_$version.deb" || return 1
		rm -r next/x
	done
}

upgrades() {
	local server_pid agent_pid
	server_pid=$(pid quorum11-server) agent_pid=$(pid quorum11-agent)
	t "the next version of the packages" next
	t "dpkg upgrades" dpkg -i next/*.deb
	t "... the server was started again" not same quorum11-server "$server_pid"
	t "... and works" until_ 30 answers /readyz
	t "... with its cards" has_card
	t "... the agent goes on, with its approval" same quorum11-agent "$agent_pid"
	t "... nobody is asked" sign dev six
	for unit in quorum11-server.service quorum11-agent.service quorum11-agent.socket; do
		t "systemd knows the new $unit" is $unit NeedDaemonReload no
		t "... its text" eval 'state $unit Description | grep ", next$"'
	done
	t "dpkg removes them" dpkg -r quorum11 quorum11-server
	t "... the server has ended" not systemctl -q is-active quorum11-server
	t "... the agent and its socket, too" not systemctl -q is-active quorum11-agent.socket quorum11-agent.service
	t "... no process is left" not pgrep -u quorum11,quorum11-server
	t "... nothing has failed" eval '[ -z "$(systemctl --failed -q --plain --no-legend)" ]'
	t "... state is kept" test -s /var/lib/quorum11/quorum11.db
	t "installed again" dpkg -i ./*.deb
	t "... the server that was enabled is there again" until_ 30 answers /readyz
	t "... with its cards" has_card
	t "dpkg purges them" dpkg -P quorum11 quorum11-server
	t "... no process is left" not pgrep -u quorum11,quorum11-server
	t "... state is gone" test ! -e /var/lib/quorum11 -a ! -e /var/lib/quorum11-agent
	t "... and nothing is enabled" eval '[ -z "$(find /etc/systemd -name "*quorum11*")" ]'
}

# ---- which phases ----

pka=({anna/anna,ben/ben,cleo/cleo}.pka)
target=(--reader "$(reader target)")
# Numbers go on after a reboot.
[ $# -eq 0 ] || { for phase in "$@"; do $phase; done; plan; exit; }
[ ! -s count ] || read -r n_ok n_bad <count
case $boot in
0) phases=(first serves full agents users) ;;
*) phases=(again upgrades) ;;
esac
for phase in "${phases[@]}"; do $phase; done
if [ "$boot" -eq 0 ]; then
	systemctl enable --now quorum11-agent.socket
	echo "$n_ok $n_bad" >count
	systemctl reboot
else
	plan
	sync
	systemctl poweroff
fi

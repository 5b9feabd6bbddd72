#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The Debian packages: built, installed, tried, upgraded, removed and purged.
#	test/e2e/package.sh [FOLDER]
# FOLDER: with packages that were made before. Then they are built here all the same, and the bytes have to be equal
# (make check-package).
#
# They are installed by dpkg into a copy of this system: an overlay that is gone with the test. Where there can be none
# (no root), into an empty root, by dpkg as well, which then runs the packages' scripts outside of it.
# limit: 900
# takes: 80
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

root=/run/root over=/run/over
arch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)

# ---- built ----

# Debugging symbols, which nothing here looks at, are a third of the work; make check-package compares them.
[ $# -gt 0 ] || export DEB_BUILD_OPTIONS=noautodbgsym
t "the packages are built" "$TOP/packaging/deb.sh" "$T/deb" || finish
version=$(dpkg-parsechangelog -l "$TOP/packaging/debian/changelog" -S Version)
deb() { echo "$T/deb/$1_${version}_$(dpkg --print-architecture).deb"; }
t "lintian finds no error" lintian --allow-root --fail-on error "$T"/deb/*.changes
if [ $# -gt 0 ]; then
	for name in quorum11 quorum11-server quorum11-dbgsym quorum11-server-dbgsym; do
		t "$name: built twice, the same bytes" cmp "$(deb $name)" "$1/$(basename "$(deb $name)")"
	done
fi

# ---- installed ----

mkdir "$root" "$over" "$over/upper" "$over/work"
if mount -t overlay overlay -o "lowerdir=/,upperdir=$over/upper,workdir=$over/work" "$root" 2>"$T/overlay.log" &&
    rm -rf "$root/etc/quorum11" "$root/var/lib/quorum11" "$root/var/lib/quorum11-agent" 2>>"$T/overlay.log"; then
	for dir in dev proc; do mount --rbind "/$dir" "$root/$dir"; done
	changed=$over/upper
	package() { chroot "$root" dpkg "$@"; }
else
	echo "# no overlay: $(tail -n 1 "$T/overlay.log")"
	umount "$root" 2>"$T/none"
	changed=$root
	package() {
		DPKG_ROOT=$root dpkg --root="$root" --force-not-root --force-depends --force-script-chrootless \
		    --no-triggers "$@"
	}
	mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers} "$root"/{etc,tmp}
	touch "$root/var/lib/dpkg/status"
fi
# What is there that was not, or has changed; folders that are empty on the way to something do not count.
left() {
	(cd "$changed" && find . -path ./proc -prune -o -path ./dev -prune -o \( ! -type d -o -empty \) -print) |
		grep -vE '^\./(var/(lib/(dpkg|systemd)|log|cache)|tmp|etc/ld\.so\.cache|usr/lib/locale)(/|$)' |
		while read -r path; do [ -d "/$path" ] && [ -d "$changed/$path" ] || echo "$path"; done | sort
}
left >"$T/before"
cp "$(deb quorum11)" "$(deb quorum11-server)" "$root/tmp"
debs=("/tmp/$(basename "$(deb quorum11)")" "/tmp/$(basename "$(deb quorum11-server)")")
[ "$changed" != "$root" ] || debs=("${debs[@]/#/$root}")
t "dpkg installs them" package -i "${debs[@]}"
state() { dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${db:Status-Status} ' quorum11 quorum11-server 2>&1; }
t "... they are configured" test "$(state)" = "installed installed "
t "... their files are as they were packed" package --verify quorum11 quorum11-server
owned() { find "$root"/usr/{bin,sbin,libexec}/quorum11* "$root/usr/lib/$arch/pkcs11/quorum11.so" \
    "$root"/etc/quorum11 \( ! -user 0 -o -perm /022 \) | tee "$T/owned"; [ ! -s "$T/owned" ]; }
t "... nobody else can write to programs and settings" owned
user() { grep -E "^$1:[^:]*:[0-9]+:[0-9]+:[^:]*:$2:/usr/sbin/nologin$" "$root/etc/passwd"; }
t "... the server's user is made" user quorum11-server /var/lib/quorum11
t "... and the agent's" user quorum11 /var/lib/quorum11-agent
t "... nothing starts by itself" not grep -rq . <(find "$root"/etc/systemd -name '*quorum11*' 2>"$T/none")

# ---- tried ----

q11=$root/usr/bin/quorum11 server=$root/usr/sbin/quorum11-server module=$root/usr/lib/$arch/pkcs11/quorum11.so
for program in "$q11" "$server" "$root/usr/libexec/quorum11/agent"; do
	t "${program#"$root"} is of this version" grep -q " $version\$" <("$program" --version)
done
# Its status says whether there are slots.
t "the module loads" grep -q "n-of-m login (ver" <(pkcs11-tool --module "$module" -I 2>&1)
t "... p11-kit is told of it" grep -qx "module: /usr/lib/$arch/pkcs11/quorum11.so" \
    "$root/usr/share/p11-kit/modules/quorum11.module"
t "... and it knows where its helper is" grep -qF "/usr/libexec/quorum11" "$module"
t "... which is there" test -x "$root/usr/libexec/quorum11/connect"
t "the settings are explained" test -s "$root/usr/share/doc/quorum11/packaging/quorum11.conf.example"
# In either package, as each may be there alone.
pages() {
	local package page missing=0
	for package in quorum11 quorum11-server; do
		while read -r page; do
			[ -s "$root/usr/share/doc/$package/$page" ] || { echo "$package: no $page"; missing=1; }
		done < <(grep -rhoE --include='*.[ch]' 'docs/[A-Z-]+\.md' "$TOP"/{agent,apdu,cli,login,pkcs11,server} |
		    sort -u)
	done
	return "$missing"
}
t "... as are the pages that messages name" pages
links() (
	missing=0
	for package in quorum11 quorum11-server; do
		cd "$root/usr/share/doc/$package" || return 1
		while IFS=: read -r page link; do
			[ -e "$(dirname "$page")/$link" ] || { echo "$package: $page: no $link"; missing=1; }
		done < <(grep -roE --include='*.md' '\]\([^)#]+' . | sed 's/](//; /:https\?:/d')
	done
	return "$missing"
)
t "... and what these have links to" links
for page in man1/quorum11.1 man8/quorum11-server.8; do
	t "$page can be read" grep -q NAME <(gunzip -c "$root/usr/share/man/$page.gz" | mandoc -T html)
done
tls_new
# As systemd would make the folder for the server.
state=$root/var/lib/quorum11
mkdir -m 0700 "$state"
printf '[server]\nlisten = 127.0.0.1:0\ncert = %s\nkey = %s\nstate = %s\n' "$T/tls/server.pem" "$T/tls/server.key" \
    "$state" >"$root/etc/quorum11/quorum11.conf"
conf=(--config "$root/etc/quorum11/quorum11.conf")
t "the server makes a token" "$server" "${conf[@]}" token
t "... finds its settings good" "$server" "${conf[@]}" check-config
start server "$server" "${conf[@]}" --ready-file "$T/ready"
ready server test -s "$T/ready"
t "... and serves" curl -sS --cacert "$T/tls/ca.pem" "$(cat "$T/ready")/healthz"
t "... ends" stop server
units=("$root"/lib/systemd/system/quorum11* "$root"/lib/systemd/user/quorum11*)
t "units for server, agent, and a user's agent and watch" test ${#units[@]} -eq 6
# It looks at units that are not ours, too; and in an empty root at what is not there.
verifies() {
	systemd-analyze --man=no --root="$root" "$1" verify "${@:2}" >"$T/said" 2>&1
	[ "$changed" != "$root" ] || sed -i '/Unit sysinit.target not found\|Command \/bin\/kill is not/d' "$T/said"
	cat "$T/said"
	not grep quorum11 "$T/said"
}
names() { (cd "$root/lib/systemd/$1" && printf '%s\n' quorum11*); }
for kind in system user; do
	mapfile -t files < <(names $kind)
	t "systemd-analyze: $kind: ${files[*]}" verifies --$kind "${files[@]}"
done

# ---- upgraded, removed, purged ----

echo "mine" >"$state/mine"
t "the same again, as an upgrade" package -i "${debs[@]}"
t "... settings and state are kept" test -s "$root/etc/quorum11/quorum11.conf" -a -s "$state/mine"
mkdir -p "$root/var/lib/quorum11-agent"
t "removed" package -r quorum11 quorum11-server
programs() { find "$root"/{usr,lib} -name '*quorum11*' -print -quit 2>"$T/none" | tee "$T/found"; [ ! -s "$T/found" ]; }
t "... nothing of them is left below /usr" programs
t "... settings and state are kept" test -s "$root/etc/quorum11/quorum11.conf" -a -s "$state/mine"
rm "$root/etc/quorum11/quorum11.conf"
t "purged" package -P quorum11 quorum11-server
t "... state is gone" test ! -e "$state" -a ! -e "$root/var/lib/quorum11-agent"
rm -f "$root"/tmp/quorum11*.deb
# Users stay, as files of theirs may; as does what the tools keep beside the list of users, and udev its database.
others='^\./(etc/(\.pwd\.lock|(passwd|group|shadow|gshadow|subuid|subgid)-?)|usr/lib/udev/hwdb\.bin)$'
t "... nothing is left but the users" diff <(left | grep -vE "$others") <(grep -vE "$others" "$T/before")
finish

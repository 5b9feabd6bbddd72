#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Install the Debian packages of the named groups (packaging/deps.list) that are missing.
#	test/deps.sh GROUP...
# Nothing is touched when nothing is missing. Needs root or sudo otherwise, and says what is missing if it has neither.
set -euo pipefail
cd "$(dirname "$0")/.."

# What comes from npm, each in its own folder; no script of a package runs but the one that compiles PKCS#11 for Node,
# with the headers that are here.
npm_packages() {
	local dir
	case " $* " in *" test "*) ;; *) return 0 ;; esac
	for dir in test/web test/node; do
		[ ! $dir/package-lock.json -nt $dir/node_modules/.package-lock.json ] ||
			npm ci --prefix $dir --ignore-scripts --no-audit --no-fund </dev/null
	done
	[ -e test/node/node_modules/pkcs11js/build/Release/pkcs11.node ] ||
		npm_config_nodedir=/usr npm rebuild --prefix test/node --no-audit --no-fund pkcs11js </dev/null
}

missing=()
for group in "$@"; do
	if ! grep -q "^$group " packaging/deps.list; then
		echo "deps: no group \"$group\" in packaging/deps.list" >&2
		exit 2
	fi
	while read -r package instead; do
		case $instead in
		"") ;;
		/*) [ ! -e "$instead" ] || continue ;;
		*) ! command -v "$instead" >/dev/null || continue ;;
		esac
		state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		[ "$state" = installed ] || missing+=("$package")
	done < <(awk -v g="$group" '$1 == g { print $2, $3 }' packaging/deps.list)
done
if [ ${#missing[@]} -eq 0 ]; then
	echo "deps: nothing missing for: $*"
	npm_packages "$@"
	exit 0
fi

echo "deps: missing: ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
	as_root=(env)
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 2 ]; }; then
	# Somebody is there for its question, or it has none.
	as_root=(sudo env)
else
	echo "deps: neither root nor a sudo that asks nothing; as root: apt-get install ${missing[*]}" >&2
	exit 1
fi
apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
"${apt[@]}" update
"${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null
npm_packages "$@"

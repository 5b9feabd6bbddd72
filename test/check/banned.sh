#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What no file may hold: functions that cannot be used safely, waits by sleeping, promises of later work, paths of one
# machine, hosts that packages come from.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

this=test/check/banned.sh
files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ ! -f "$f" ] || echo "$f"; done; }

# absent REGEX PATHSPEC...: no line matches.
absent() {
	local regex=$1
	shift
	files "$@" ":!$this" | xargs -d '\n' -r grep -nHIP -e "$regex" && return 1
	return 0
}

call() { printf '(?<![\\w.>])(%s)[[:space:]]*\\(' "$1"; }
rooms=()
for room in base apdu attest sc-hsm ramoverhttp pka login pkcs11; do rooms+=("$room/*.[ch]"); done

t "no unbounded copies" absent \
    "$(call 'strcpy|stpcpy|strcat|strncat|sprintf|vsprintf|gets|scanf|sscanf|fscanf')" '*.[ch]'
t "no numbers without a check" absent "$(call 'atoi|atol|atoll|atof')" '*.[ch]'
t "no stack of unknown size" absent "$(call 'alloca|strdupa')" '*.[ch]'
t "no hidden state" absent \
    "$(call 'strtok|rand|srand|random|gmtime|localtime|ctime|asctime|tmpnam|mktemp|readdir_r')" '*.[ch]'
t "no shell" absent "$(call 'system|popen')" '*.[ch]'
t "the environment by secure_getenv" absent "$(call 'getenv')" "${rooms[@]}" 'cli/*.[ch]' 'server/*.[ch]'
t "secrets are compared in constant time" absent "$(call 'memcmp|strcmp|strncmp|bcmp')" \
    base/secret.c sc-hsm/pin.c server/call/token.c
t "a library never writes to stdout" absent \
    '[(,][[:space:]]*stdout\b|'"$(call 'printf|puts|putchar')" "${rooms[@]}" ':!login/connect_main.c'
t "no waiting by sleeping" absent "$(call 'sleep|usleep|nanosleep|clock_nanosleep')" '*.[ch]' ':!test/vcard/*'
t "no waiting by sleeping in scripts" absent \
    '(^|[;&|(]|\bdo|\bthen)[[:space:]]*sleep\b|time\.sleep' '*.sh' '*.py' .ci/run
t "nothing is left for later" absent \
    '\b(TODO|FIXME|XXX|HACK|WIP)\b|(?i)\bfor now\b|\bnot (yet )?implemented\b' . ':!LICENSE'
t "no path of one machine" absent '(?<![\w.*~}])/(work|root|home|Users)/' . ':!LICENSE'
t "no host that packages come from" absent \
    '(?i)\b(deb|ftp|security|archive|snapshot|ports)\.(debian|ubuntu)\.(org|com)|pypi|npmjs|crates\.io|proxy\.golang' \
    . ':!LICENSE'
plan

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What each fuzzer (`make fuzz`) begins with goes through it once, and through what it requires.
# Functions are called through t.
# shellcheck disable=SC2317
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

folder=$(mktemp -d "${TMPDIR:-/tmp}/quorum11-fuzz.XXXXXX")
trap 'rm -rf "$folder"' EXIT

replay() { # NAME
	local seed inputs=()
	for seed in test/fuzz/seeds/"$1"/*.hex; do
		inputs+=("$folder/$1-$(basename "$seed" .hex)")
		xxd -r -p "$seed" "${inputs[-1]}" || return 1
	done
	TMPDIR=$folder "$BUILD/test/fuzz/${1}_replay" "${inputs[@]}"
}
for fuzzer in test/fuzz/*_fuzz.c; do
	name=$(basename "$fuzzer" _fuzz.c)
	t "$name" replay "$name"
done
plan
exit

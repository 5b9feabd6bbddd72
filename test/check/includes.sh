#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who includes whom, against the table of docs/ARCHITECTURE.md: a folder includes what its row names and what those
# include, but for what they name in brackets; a header that is neither ours nor the system's only where a row's cell
# "foreign" admits it.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

breaches=$(mktemp)
trap 'tap_end; rm -f "$breaches"' EXIT
git ls-files -co --exclude-standard '*.c' '*.h' | while read -r f; do [ ! -f "$f" ] || echo "$f"; done |
xargs grep -n '^[[:space:]]*#[[:space:]]*include' | awk -f test/check/includes.awk docs/ARCHITECTURE.md - >"$breaches"

none() { not grep "^$1: " "$breaches"; }
t "the table is whole" none table
mapfile -t rooms < <(sed -n 's/^FOLDER //p' "$breaches" | sort)
t "the table has been read" [ ${#rooms[@]} -ge 10 ]
for room in "${rooms[@]}"; do t "$room/ includes what its row admits" none "$room"; done
# The module's rooms above it could; they leave waiting for people to one file.
t "only pkcs11/login/people.c sees login/" not grep -rln --exclude='people.*' '#include "login/' pkcs11
plan

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Form: each file says its licence, is of a size that a reader can hold, and is nothing that came along by accident.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

tracked() { git ls-files -- "$@" | while read -r f; do [ ! -f "$f" ] || echo "$f"; done; }
code=('*.c' '*.h' '*.sh' '*.py' '*.map' '*.its' '*.dts' '.ci/run' Makefile)
# each CHECK PATHSPEC...: CHECK FILE succeeds for each tracked file; shows those for which it does not.
each() {
	local check=$1 f bad=0
	shift
	while read -r f; do
		"$check" "$f" || { echo "$f"; bad=1; }
	done < <(tracked "$@")
	return $bad
}

says_licence() { head -n 3 "$1" | grep -q 'SPDX-License-Identifier: Apache-2.0'; }
starts_with_licence() { [ "$(head -n 1 "$1")" = '/* SPDX-License-Identifier: Apache-2.0 */' ]; }
is_short() { [ "$(wc -l <"$1")" -le 700 ]; }
is_narrow() { ! expand -t 8 "$1" | grep -nE '^.{121,}'; }
ends_clean() { ! grep -nP '[ \t]+$|\r' "$1" && [ -z "$(tail -c 1 "$1")" ]; }
has_tabs() { ! grep -nP '^ {4,}(?! )(?!\*)[a-z}]' "$1"; }
is_text() { [ ! -s "$1" ] || grep -qI . "$1"; }
is_small() { [ "$(stat -c %s "$1")" -le 300000 ]; }
# A script that is run is executable and says by what; nothing else is executable.
has_right_mode() {
	case $1 in
	*/lib.sh | */tap.sh) [ ! -x "$1" ] ;;
	*) if head -c 2 "$1" | grep -q '#!'; then [ -x "$1" ]; else [ ! -x "$1" ]; fi ;;
	esac
}
is_no_leftover() { ! grep -qE '(~|\.(orig|rej|swp|bak|o|a|so|log)|/core(\.[0-9]+)?|/\.DS_Store)$' <<<"/$1"; }
nothing_untracked() { [ -z "$(git ls-files -o --exclude-standard | tee /dev/stderr)" ]; }

t "C files start with the licence" each starts_with_licence '*.c' '*.h'
t "scripts and settings say their licence" each says_licence \
    '*.sh' '*.py' '*.awk' '*.map' '*.its' '*.dts' .ci/run Makefile 'packaging/*'
t "at most 700 lines" each is_short "${code[@]}"
t "lines of at most 120 columns" each is_narrow '*.c' '*.h' '*.sh' Makefile
t "no blanks at the end of lines, a newline at the end of files" each ends_clean .
t "C is indented by tabs" each has_tabs '*.c' '*.h'
t "text only" each is_text .
t "no big files" each is_small .
t "mode bits" each has_right_mode .
t "no leftovers are tracked" each is_no_leftover .
t "nothing is untracked" nothing_untracked
plan

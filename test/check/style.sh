#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Form: each file says its licence, is of a size that a reader can hold, and is nothing that came along by accident.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

# Processes are what this takes its time for: each check looks at all files with one or two.
# none CHECK PATHSPEC...: CHECK FILE... prints what is wrong with these tracked files, and it prints nothing.
none() {
	local check=$1 f files=() wrong
	shift
	while read -r f; do [ ! -f "$f" ] || files+=("$f"); done < <(git ls-files -- "$@")
	[ ${#files[@]} -gt 0 ] || { echo "no file like $*"; return 1; }
	wrong=$("$check" "${files[@]}")
	[ -z "$wrong" ] || { printf '%s\n' "$wrong"; return 1; }
}
code=('*.c' '*.h' '*.sh' '*.py' '*.map' '*.its' '*.dts' '.ci/run' Makefile)

filled() { local f; for f; do [ ! -s "$f" ] || echo "$f"; done; }
without_licence() {
	awk 'FNR <= 3 && /SPDX-License-Identifier: Apache-2.0/ { has[FILENAME] }
		END { for (i = 1; i < ARGC; i++) if (!(ARGV[i] in has)) print ARGV[i] }' "$@"
}
not_begun_with_licence() {
	awk 'FNR == 1 && $0 == "/* SPDX-License-Identifier: Apache-2.0 */" { has[FILENAME] }
		END { for (i = 1; i < ARGC; i++) if (!(ARGV[i] in has)) print ARGV[i] }' "$@"
}
long() { awk 'FNR == 701 { print FILENAME }' "$@"; }
# Columns are characters: a byte that goes on with one is none.
wide() {
	LC_ALL=C awk '{
		gsub(/[\200-\277]/, "")
		n = split($0, part, "\t")
		for (i = 1; i <= n; i++)
			width = (i == 1 ? 0 : width + 8 - width % 8) + length(part[i])
		if (n && width > 120)
			print FILENAME ":" FNR ": " $0
	}' "$@"
}
ends_badly() {
	grep -HnP '[ \t]+$|\r' "$@"
	mapfile -t files < <(filled "$@")
	grep -LPz '\n\z' "${files[@]}"
}
indented_by_blanks() { grep -HnP '^ {4,}(?! )(?!\*)[a-z}]' "$@"; }
not_text() { mapfile -t files < <(filled "$@"); grep -LI . "${files[@]}"; }
big() { stat -c '%s %n' "$@" | awk '$1 > 300000'; }
# A script that is run is executable and says by what; nothing else is executable.
of_wrong_mode() {
	local f
	local -A is_run=()
	while read -r f; do is_run[$f]=yes; done < <(awk 'FNR == 1 && /^#!/ { print FILENAME }' "$@")
	for f; do
		case $f in
		*/lib.sh | */tap.sh) [ ! -x "$f" ] || echo "$f" ;;
		*) if [ -n "${is_run[$f]-}" ]; then [ -x "$f" ] || echo "$f"; else [ ! -x "$f" ] || echo "$f"; fi ;;
		esac
	done
}
leftover() { printf '/%s\n' "$@" | grep -E '(~|\.(orig|rej|swp|bak|o|a|so|log)|/core(\.[0-9]+)?|/\.DS_Store)$'; }
nothing_untracked() { [ -z "$(git ls-files -o --exclude-standard | tee /dev/stderr)" ]; }

t "C files start with the licence" none not_begun_with_licence '*.c' '*.h'
t "scripts and settings say their licence" none without_licence \
    '*.sh' '*.py' '*.awk' '*.map' '*.its' '*.dts' .ci/run Makefile 'packaging/*' ':!packaging/debian/*'
t "at most 700 lines" none long "${code[@]}"
t "lines of at most 120 columns" none wide '*.c' '*.h' '*.sh' Makefile
t "no blanks at the end of lines, a newline at the end of files" none ends_badly .
t "C is indented by tabs" none indented_by_blanks '*.c' '*.h'
t "text only" none not_text .
t "no big files" none big .
t "mode bits" none of_wrong_mode .
t "no leftovers are tracked" none leftover .
t "nothing is untracked" nothing_untracked
plan

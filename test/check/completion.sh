#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# bash's completion of the command, by bash itself, against what the command's own --help says.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

q11=$(realpath "${BUILD:-build/release}/quorum11")
script=$(mktemp)
folder=$(mktemp -d)
trap 'rm -rf "$script" "$folder"' EXIT
"$q11" completion bash >"$script"
touch "$folder/one.pem" "$folder/two.pem"

# completes WORD...: what is offered for the last of them, sorted, in one line
completes() {
	# shellcheck disable=SC2016
	bash -c 'source "$1"; shift; cd "$1" || exit 1; shift
		COMP_WORDS=(quorum11 "$@") COMP_CWORD=$#
		_quorum11 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$script" "$folder" "$@" | sort -u | xargs
}
is() { local want=$1; shift; [ "$(completes "$@")" = "$want" ] || { echo "offered: $(completes "$@")"; return 1; }; }
helps() { "$q11" "$@" --help | grep -oE '^  --[a-z-]+' | tr -d ' ' | sort -u | xargs; }

t "the script is bash" bash -n "$script"
t "... that completes the command" bash -ic "source '$script'; complete -p quorum11"
mapfile -t verbs < <("$q11" --help | sed -n 's/^  \([a-z-]\+\( [a-z]\+\)\?\)  .*/\1/p')
t "the command has verbs" [ ${#verbs[@]} -ge 30 ]
first=$(printf '%s\n' "${verbs[@]%% *}" | sort -u)
t "the first word: every verb" is "$(printf '%s\n' --help --version "$first" | sort -u | xargs)" ""
for verb in "${verbs[@]}"; do
	read -ra words <<<"$verb"
	t "$verb: every option" is "$(helps "${words[@]}")" "${words[@]}" -
done
t "a verb that is begun" is "$(grep "^re" <<<"$first" | xargs)" re
t "a second word" is "change set unblock" pin ""
t "... that is begun" is "unblock" pin u
t "a verb that is also one of two words has its options, too" is "--receipt --receipts" agent --rec
t "a file where a value is one" is "one.pem two.pem" sign --pin-file ""
t "... that is begun" is "one.pem" sign --pin-file o
t "nothing where a value is none" is "" keygen --label ""
t "a file as an operand" is "one.pem two.pem" cert import ""
t "a verb without operands: its options" is "$(helps doctor)" doctor ""
t "a command to run" is "true" run --sign 3 true
t "... its own words" is "one.pem two.pem" run --sign 3 cat ""
t "no other shell is promised" not "$q11" completion tcsh
plan

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Completion of the command, by each shell itself, against what the command's own --help says.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

q11=$(realpath "${BUILD:-build/release}/quorum11")
script=$(mktemp)
folder=$(mktemp -d)
made=$(mktemp -d)
trap 'rm -rf "$script" "$folder" "$made"' EXIT
"$q11" completion bash >"$script"
touch "$folder/one.pem" "$folder/two.pem"

# completes WORD...: what is offered for the last of them, sorted, in one line
completes() {
	# shellcheck disable=SC2016
	bash -c 'source "$1"; shift; cd "$1" || exit 1; shift
		COMP_WORDS=(quorum11 "$@") COMP_CWORD=$#
		_quorum11 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$script" "$folder" "$@" | sort -u | paste -sd ' '
}
is() { local want=$1; shift; [ "$(completes "$@")" = "$want" ] || { echo "offered: $(completes "$@")"; return 1; }; }
helps() { "$q11" "$@" --help | grep -oE '^  --[a-z-]+' | tr -d ' ' | sort -u | paste -sd ' '; }

t "the script is bash" bash -n "$script"
t "... that completes the command" bash -ic "source '$script'; complete -p quorum11"
mapfile -t verbs < <("$q11" --help | sed -n 's/^  \([a-z-]\+\( [a-z]\+\)\?\)  .*/\1/p')
t "the command has verbs" [ ${#verbs[@]} -ge 30 ]
first=$(printf '%s\n' "${verbs[@]%% *}" | sort -u)
t "the first word: every verb" is "$(printf '%s\n' --help --version "$first" | sort -u | paste -sd ' ')" ""
# All verbs in one process, here and below: a shell takes its time to start.
for verb in "${verbs[@]}"; do
	read -ra words <<<"$verb"
	echo "$verb: $(helps "${words[@]}")"
done >"$made/options"
bash_options() {
	# shellcheck disable=SC2016
	printf '%s\n' "${verbs[@]}" | bash -c 'source "$1"
		while read -r verb; do
			COMP_WORDS=(quorum11 $verb -) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_quorum11 2>/dev/null
			mapfile -t sorted < <(printf "%s\n" "${COMPREPLY[@]}" | sort -u)
			echo "$verb: ${sorted[*]}"
		done' - "$script"
}
t "every option of every verb" diff "$made/options" <(bash_options)
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

# ---- fish ----

"$q11" completion fish >"$made/fish"
fish_completes() {
	(cd "$folder" && HOME=$made fish --no-config -c "source $made/fish; complete -C 'quorum11 $1'") | cut -f 1 |
		sort -u | paste -sd ' '
}
fish_is() { local got; got=$(fish_completes "$2"); [ "$got" = "$1" ] || { echo "offered: $got"; return 1; }; }
t "fish: the script is fish" fish -n "$made/fish"
t "fish: the first word: every verb" fish_is "$(xargs <<<"$first")" ""
fish_options() {
	printf '%s\n' "${verbs[@]}" | HOME=$made fish --no-config -c "source '$made/fish'
		while read -l verb
			echo \$verb: (complete -C \"quorum11 \$verb --\" | string split -f 1 \t | sort -u)
		end"
}
t "fish: every option of every verb" diff "$made/options" <(fish_options)
t "fish: a second word" fish_is "change set unblock" "pin "
t "fish: a file where a value is one" fish_is "one.pem" "sign --pin-file o"
t "fish: nothing where a value is none" fish_is "" "keygen --label "
t "fish: a file as an operand" fish_is "two.pem" "cert import tw"
t "fish: a command to run, and its own words" fish_is "one.pem" "run --sign 3 cat on"

# ---- zsh: what its functions are given ----

"$q11" completion zsh >"$made/_quorum11"
cat >"$made/ask.zsh" <<'END'
# ask.zsh WORD...: the names that are offered for the last one; then what _arguments completes it with. No WORD: the
# options of each verb that stdin has.
fpath=($1 $fpath)
autoload -Uz compinit && compinit -C -d $1/dump
[[ $_comps[quorum11] = _quorum11 ]] || exit 1
shift
_describe() { print -l -- ${(P)4%%:*}; }
compadd() { [[ $1 != -- ]] || { shift; print -l -- $@; }; }
_arguments() { print -lr -- ${(M)@:#*--*} | sed 's/^\**\(--[a-z-]*\).*/\1/'; print -r -- "last: $words[-1]: ${@[-1]}"; }
autoload +X _quorum11
if (( $# )); then
	words=(quorum11 "$@") CURRENT=$(($# + 1))
	_quorum11
else
	# A word behind the verb: of a verb of one word, the second one may be another verb's.
	while read -r verb; do
		words=(quorum11 ${=verb} x "") CURRENT=$#words
		print -r -- "$verb:" $(_quorum11 | grep -v "^last: " | sort -u)
	done
fi
END
zsh_completes() { zsh -f "$made/ask.zsh" "$made" "$@" | grep -v '^last: ' | sort -u | paste -sd ' '; }
zsh_is() { local want=$1; shift; [ "$(zsh_completes "$@")" = "$want" ] || { zsh_completes "$@"; return 1; }; }
zsh_last() { zsh -f "$made/ask.zsh" "$made" "${@:2}" | grep -qxF -- "last: $1"; }
t "zsh: the script is zsh" zsh -n "$made/_quorum11"
t "zsh: the first word: every verb" zsh_is "$(printf '%s\n' --help --version "$first" | sort -u | paste -sd ' ')" ""
t "zsh: every option of every verb" diff "$made/options" <(
    printf '%s\n' "${verbs[@]}" | zsh -f "$made/ask.zsh" "$made")
t "zsh: a second word" zsh_is "change set unblock" pin ""
t "zsh: a file as an operand" zsh_last "o: *:file:_files" cert import o
t "zsh: a command to run" zsh_last "ca: *::argument: _normal" run --sign 3 ca
t "no other shell is promised" not "$q11" completion tcsh
plan

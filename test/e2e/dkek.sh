#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shares of a key encryption key and wrapped keys, crossed with the real sc-hsm-tool: what one makes, the other takes.
# A share's file costs its ten million rounds each time, so what does not depend on each other runs at once.
# Functions are called through t, and what eval gets is expanded there.
# shellcheck disable=SC2317,SC2016
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

q11=$B/quorum11
cd "$T" || exit 1
export QUORUM11_CONF=$T/conf SO=3537363231383830 PIN=648219
printf '[trust]\nroots = %s\n' "$T/pki/root.cvc" >conf
umask 077
echo $PIN >pin
echo $SO >so-pin
umask 022

# on CARD VERB...: our command; hsm CARD OPTION...: theirs
on() { local c=$1; shift; run "$q11" "$@" --reader "$(reader "$c")"; cat out err; return "$status"; }
hsm() { local c=$1; shift; sc-hsm-tool -r "$(reader "$c")" "$@" 2>&1; }
logged_in() { on "$@" --pin-file pin; }
says() { cat out err | tr -s ' \t' ' ' | grep -qF -- "$1"; }
refused() { "$@"; [ "$status" -eq 3 ]; }
failed() { "$@"; [ "$status" -eq 1 ]; }

for c in a b group; do card_new $c || exit 1; done
card_new open --profile open-firmware || exit 1
t "readers and cards" readers_start a b open group || finish

# ---- a key encryption key of two shares ----

t "sc-hsm-tool initialises a card for two shares" hsm a -X --so-pin env:SO --pin env:PIN --dkek-shares 2 --label a
t "we initialise one" on b init --yes --so-pin-file so-pin --pin-file pin --dkek-shares 2 --label b
t "... which says what it expects" says "with each of 2 shares"
t "no key before the shares" failed logged_in b keygen --type ec:secp256r1 --label early
t "... which says why, and what to do" says "2 of 2 shares are missing (quorum11 dkek import)"
t "domain list" on b domain list
t "... both are missing" says "domain 0: 2 of 2 shares missing"

# Its share: 2 of 3 people know the password.
split=(--pwd-shares-threshold 2 --pwd-shares-total 3)
their_share() { yes '' | hsm a --create-dkek-share theirs.pbe "${split[@]}" >theirs.txt; }
their_share & theirs=$!
touch taken.part2
t "a part that is there already" not "$q11" dkek create taken.pbe --split 2/3 --parts-to taken.part
t "... no other one is written" eval '[ ! -e taken.part1 ] && [ ! -e taken.pbe ]'
mkdir small && mount -t tmpfs -o size=8k none small
t "no room for all parts" eval 'failed run "$q11" dkek create small.pbe --split 2/3 --parts-to small/part'
t "... is said" says "small/part3: No space left on device"
t "... none is left, nor a share" eval '[ -z "$(ls -A small)" ] && [ ! -e small.pbe ]'
umount small
written="Press Enter when it is written down:"
given_up() {
	"$TOP/test/e2e/tools/person.py" "$written" "" "$written" $'\x03' -- \
	    "$q11" dkek create shown.pbe --split 2/3 >"tty"
	[ $? -eq 1 ]
}
t "parts on the terminal, given up at the second" given_up
t "... of which nothing stays there" eval 'tail -c 60 tty | grep -qF "$(printf "\033[H\033[2J\033[3J")"'
t "... nor is there a share" eval '[ ! -e shown.pbe ] && ! grep -q "Part 3" tty'
t "our share, its password in three parts" "$q11" dkek create ours.pbe --split 2/3 --parts-to ours.part
t "sc-hsm-tool's share, its password in three parts" wait $theirs
t "... files of one form" eval '[ "$(stat -c %s ours.pbe theirs.pbe | tr -d "\n")" = 6464 ]'
t "... ours for nobody else" eval '[ "$(stat -c %a ours.pbe ours.part1)" = "$(printf "600\n600")" ]'
t "a share is never overwritten" refused run "$q11" dkek create ours.pbe --password-file pin

# What their screens say, a part in each file: from "Prime" to "Share value".
awk '/Prime|Share ID|Share value/ { sub(/^.*Prime/, "Prime"); print >("theirs.part" int((n++) / 3) + 1) }' theirs.txt
t "three parts of theirs" eval '[ "$(cat theirs.part[123] | wc -l)" = 9 ]'

t "a larger file" eval 'cat ours.pbe ours.pbe >larger.pbe; failed on a dkek import larger.pbe --password-file none'
t "... is no share" says "larger.pbe is no share"

# We take theirs; with other two of the three on each card.
field() { sed -n "s/^$2 *: *//p" "ours.part$1"; }
typed() { field "$1" Prime; for i in "$@"; do echo; field "$i" "Share ID"; field "$i" "Share value"; done; }
ours_by_them() { typed "$2" "$3" | hsm "$1" --import-dkek-share ours.pbe --pwd-shares-total 2 >"ours.$1.log"; }
"$q11" dkek import theirs.pbe --reader "$(reader a)" --part theirs.part1 --part theirs.part2 >a.log 2>&1 & one=$!
t "we import their share with two parts" on b dkek import theirs.pbe --part theirs.part3 --part theirs.part2
t "... one is missing now" says "domain 0: 1 of 2 shares missing"
t "... and with other two" wait $one
"$q11" dkek import ours.pbe --reader "$(reader a)" --part ours.part3 --part ours.part1 >a.log 2>&1 & one=$!
t "sc-hsm-tool imports our share with two parts" ours_by_them b 1 2
t "... and we, with other two" wait $one
t "domain list" on a domain list --json
kcv=$(jq -r '.domains[0].check_value' out)
t "... ready" jq -e '.domains[0].ready and .domains[0].shares == 2' out
t "both cards have the same key" eval 'on b domain list && says "key check value $kcv"'
t "... also for sc-hsm-tool" eval "hsm a | tr -d ' ' | grep -q 'DKEKkeycheckvalue:$kcv'"
t "no share more than there are" refused on a dkek import ours.pbe --part ours.part1 --part ours.part2
t "one part twice gives nothing" not "$q11" dkek import ours.pbe --reader "$(reader a)" --part ours.part1

# ---- keys travel ----

signs() {
	echo "release 1.2" >data
	rm -f data.sig
	logged_in "$1" sign data --key "$2" && [ -s data.sig ]
}
t "an EC key on a" logged_in a keygen --type ec:secp256r1 --label ec --id 11 --archive .
t "an RSA key on b" logged_in b keygen --type rsa:2048 --label rsa --id 22 --archive .
t "we write a backup of one" logged_in a backup ec.key --key ec
t "... and say where it can go" says "where the key check value is $kcv"
t "... not twice" refused on a backup ec.key --key ec
t "... but by force" logged_in a backup ec.key --key ec --force
t "... for nobody else" eval '[ "$(stat -c %a ec.key)" = 600 ]'
t "... and nothing beside it" eval '[ -z "$(find . -name ".ec.key*")" ]'
t "sc-hsm-tool restores it on the other card" hsm b --unwrap-key ec.key --key-reference 5 --pin env:PIN
t "... where it signs, which we verify" signs b ec
t "sc-hsm-tool writes a backup of the other" hsm b --wrap-key rsa.key --key-reference 1 --pin env:PIN
t "we restore it on the first" logged_in a restore rsa.key
t "... in its domain" says "in key domain 0"
t "... where it signs, which we verify" signs a rsa
t "it is not put beside itself, which no login is spent for" refused on a restore rsa.key
t "... but by force" logged_in a restore rsa.key --force
t "a backup of what was restored" logged_in b backup again.key --key ec
t "a file cut short" eval 'head -c 300 ec.key >cut.key; failed logged_in a restore cut.key'
t "... is named" says "cut.key is no wrapped key"
cp ec.key changed.key
printf '\0' | dd of=changed.key bs=1 seek=100 conv=notrunc status=none
t "a changed file" failed logged_in a restore changed.key --force
t "... says what it may be" says "the file was changed"
t "... and leaves nothing on the card" eval 'on a status --json && [ "$(jq ".keys | length" out)" = 3 ]'

# ---- two cards agree on a key; a third has the group's ----

with_domains() { on "$1" init --yes --so-pin-file so-pin --pin-file pin --domains 3 --label "$1"; }
t "three cards with room for domains" eval "with_domains a && with_domains b && with_domains group"
t "a key for the group" logged_in group keygen --type ec:brainpoolP256r1 --label group --archive group.pka
t "... and one that cannot be it" logged_in group keygen --type ec:secp384r1 --label big --archive big.pka
for c in a b; do
	t "$c asks" on $c domain ask $c.cvc
	t "... is admitted" logged_in group domain admit $c.cvc $c.kdm --key group
done
t "not by any key" refused on group domain admit a.cvc x.kdm --key big
t "nor a card of another maker" eval "printf '[trust]\nproduction = yes\n' >prod &&
	QUORUM11_CONF=prod refused logged_in group domain admit a.cvc x.kdm --key group && says 'not proved'"
t "nor half a certificate" eval "head -c 400 a.cvc >cut.cvc && failed logged_in group domain admit cut.cvc x.kdm \
	--key group"
t "b does not join with a's membership" refused logged_in b domain join a.kdm
t "... which is said" says "is not the membership of card"
t "a proof is no membership" failed logged_in a domain join group.pka
t "nothing is offered outside a group, nor is anybody asked to log in for it" refused on a domain offer x.offer
t "a joins" logged_in a domain join a.kdm
t "b joins, elsewhere" logged_in b domain join b.kdm --domain 2
t "domain list: no key yet" eval 'on b domain list && says "no key agreed on yet"'
t "no place is taken twice" refused on b domain join b.kdm --domain 2
t "both offer" eval "logged_in a domain offer a.offer && logged_in b domain offer b.offer"
t "... a second time the same, without a login" eval "on a domain offer a2.offer && cmp a.offer a2.offer"
t "one's own offer is refused before a login" eval "refused on a domain agree a.offer && says 'itself offers'"
t "a agrees" logged_in a domain agree b.offer
kcv=$(sed -n 's/.*key check value //p' out)
t "b agrees" logged_in b domain agree a.offer
t "... on the same key" says "key check value $kcv"
t "... once" eval "failed on b domain agree a.offer && says 'has not offered anything'"
t "the keys that agreed are gone" eval 'on a status --json && jq -e ".keys == []" out'
t "no key in a domain that is not there" eval "failed logged_in a keygen --type ec:secp256r1 --label n --domain 9 &&
	says 'has no key domain 9'"
t "... which cannot be deleted either, as is said before a login" eval "failed on a domain delete --domain 9 --yes &&
	says 'has no key domain 9'"
t "a key in a's domain" logged_in a keygen --type ec:secp256r1 --label x --id 55 --domain 0 --archive x.pka
t "... travels" eval "logged_in a backup x.key --key x && logged_in b restore x.key"
t "... into b's" says "in key domain 2"
t "... and signs, which we verify" signs b x
t "forgotten, it stays" eval "logged_in a domain forget --domain 0 --yes && signs a x"
t "... and does not leave" eval "failed on a backup x2.key --key x && says 'cannot leave card'"
t "for programs" eval "on b domain list --json && jq -e '.domains[2] | .kind == \"xkek\" and .ready and
	.check_value == \"$kcv\" and (.group | length == 128)' out"

# ---- domains ----

t "a card with room for three domains" on open init --yes --so-pin-file so-pin --pin-file pin --domains 3 --label open
t "no domain there has the key" refused on open restore ec.key
t "... which is said" says "which no key domain of card"
t "a domain of one share" logged_in open domain create --domain 1
t "... the first empty one" logged_in open domain create --shares 2
t "... is 0" says "domain 0: made"
t "... not twice" refused logged_in open domain create --domain 1
t "... deleted" logged_in open domain delete --domain 1 --yes
t "... and empty" eval 'on open domain list && says "domain 1: empty"'
t "... and not deleted again" eval "failed on open domain delete --domain 1 --yes && says 'is empty'"
t "a card without domains" on open init --yes --so-pin-file so-pin --pin-file pin --label open
t "... says so" eval 'failed on open domain list; says "without key domains"'

finish

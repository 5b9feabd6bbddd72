# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One card that opens by its PIN, for tests of other people's programs. Sourced after lib.sh; the test goes on in $T.
#
#   $q11, $MODULE, $PIN   our command, our module, the card's PIN
#   init_opt              further options of init, if set before
#   pin, so-pin           files with the PINs; conf: the configuration that everything uses
#   pin_agent             an agent, which every program finds from now on; the first one's PIN opens the card
#   agent_says JQ         what the agent says of the card
# What lib.sh gives is known only where both are sourced, and the variables are for those who source this.
# shellcheck disable=SC2034,SC2154

[ -v init_opt ] || init_opt=()
q11=$B/quorum11 MODULE=$B/quorum11.so PIN=648219
cd "$T" || exit 1
echo "$PIN" >pin
echo 57621880 >so-pin
chmod 600 pin so-pin
printf '[module]\nreaders = Virtual HSM card*\n[agent]\nprogram = %s\n' "$B/quorum11-agent" >conf
export QUORUM11_CONF=$T/conf
t "a card" card_new card
t "its reader" readers_start card
t "a PIN" "$q11" init --reader "$(reader card)" --yes --pin-file pin --so-pin-file so-pin --label card \
    "${init_opt[@]}"

agent_says() { "$q11" agent status --socket "$T/agent" --json | jq -e ".[0] | $1" >agent.said; }
pin_agent() {
	start agent "$B/quorum11-agent" --socket "$T/agent" --reader "$(reader card)" --receipts "$T/receipts" \
	    --limits "decipher=any derive=any"
	ready agent agent_says '.state == "closed"'
	export QUORUM11_AGENT=$T/agent
}

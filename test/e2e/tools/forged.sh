# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A server that forges or withholds the custodians' statements, or breaks off, with a target of $PROFILE (sourced by
# forged-PROFILE.sh): no login without the statements that prove it, and the card is closed.
# Functions are called through t.
# shellcheck disable=SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"
# shellcheck source=test/e2e/tools/hostile.sh
. "$TOP/test/e2e/tools/hostile.sh"

t "2 of 3: cards, registration, server, enrolment" nofm_new "${PROFILE:?}" 3 2 "timeout = $WAIT" || finish
t "an RSA key" nofm_key rsa:2048 fit

# The liar speaks plain http to a real server that does, too.
stop server
sed -i '/^cert\|^key/d; s/^\[server\]/[server]\nhttp = yes/' "$T/server.conf"
t "the real server, plain http on loopback" server_start "$T/server.conf"
forged() {
	local text=$1
	shift
	liar proxy "$URL" "$@"
	approvers c1 c2
	t "$text: the login fails" fails
	t "$text: our line says why" said "do not prove"
	approvers_done c1 c2 >/dev/null
	honest
	t "$text: the card is closed" is_closed
}
path='/proofs$'
forged "a forged statement" "flip:$path:proofs.0.statement"
forged "a forged signature of a statement" "flip:$path:proofs.1.statement_signature"
forged "a missing statement" "remove:$path:proofs.0"
forged "no statements" "json:$path:proofs=[]"
forged "one custodian's statement twice" "copy:$path:proofs.1=proofs.0"
# In these two the host asks until its time is over: less time is enough for that.
patience() { sed -i "s/^timeout = .*/timeout = $1/" "$T/host.conf"; }
patience 20
liar proxy "$URL" "drop:/proofs"
approvers c1 c2
t "statements not to be had: the login fails" fails
approvers_done c1 c2 >/dev/null
honest
t "... the card is closed" is_closed
liar proxy "$URL" delay-drop:12
approvers c1 c2
t "the connection drops in mid-ceremony: the login fails" fails
stop approve-c1
stop approve-c2
honest
token=$(cat "$T/state/token")
api() { curl -sS -H "Authorization: Bearer $token" "$@"; }
live() { api "$URL/api/v1/requests" | jq -r '.requests[]|select(.state|IN("waiting","checking","opening")).id'; }
for id in $(live); do
	t "... the operator ends what is left on the server" api -f -X POST -d '{}' "$URL/api/v1/requests/$id/cancel"
done
t "... the card is closed" is_closed

# ---- the honest server still works ----

patience "$WAIT"
export QUORUM11_URL=$URL/rt/hsm
approvers c1 c2
t "and with the honest server it signs" sign
t "... both approved" approvers_done c1 c2

finish

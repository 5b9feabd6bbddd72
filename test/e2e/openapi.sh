#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/openapi.json against a running server: hosts, custodians, an operator and a browser talk to it, all that is said
# is recorded, and each answer has to be as the document says; each that it calls good news has to have been given.
# Functions are called through t.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

t "2 of 3, a challenge for each key: cards, registration, server, enrolment" nofm_new vendor-per-key 3 2 || finish
server=$B/quorum11-server
token=$(cat "$T/state/token")
# All talk to the one who writes down, by whose address the server is called.
stop server
port=$(free_port)
settings="http = yes\npoll = 1\nstock_custodians = yes\nurl = http://127.0.0.1:$port"
sed -i "/^cert\|^key/d; s,^\[server\],[server]\n$settings," "$T/server.conf"
t "the server, plain http on loopback" server_start "$T/server.conf"
real=$URL
start recorder "$TOP/test/e2e/tools/liar.py" --ready "$T/recorder.ready" --port "$port" --record "$T/record" \
    proxy "$real"
ready recorder test -s "$T/recorder.ready"
URL=http://127.0.0.1:$port
sed -i "s,^url = .*,url = $URL/rt/hsm," "$T/host.conf"

# is STATUS CURL-OPTION...: the body to $T/body
is() {
	local want=$1 got
	got=$(curl -sS -o "$T/body" -w '%{http_code}' "${@:2:$#-2}" "$URL${*: -1}")
	[ "$got" = "$want" ] || { echo "$got"; cat "$T/body"; return 1; }
}
operator() { is "$1" -H "Authorization: Bearer $token" "${@:2}"; }
as() { jq -r "$1" "$T/body"; }
newest() { operator 200 /api/v1/requests && id=$(as .requests[0].id) && [ "$(as .requests[0].state)" = "$1" ]; }
asks() { # a host asks, and its request waits for people
	start connect env QUORUM11_CONF="$T/host.conf" "$q11" connect --reader "$(reader target)" &&
	wait_for "$LONG" newest waiting
}
ends_with() { reap connect && [ "$status" -eq "$1" ]; }
turn() { is "$1" -d '{"chr": "'"$chr"'"}' "/api/v1/links/$link/turn"; }

# ---- the operator ----

t "an enrolment" nofm_enrol --replace
t "... again, without saying so" not nofm_enrol
t "... of nothing" operator 400 -d '{}' /api/v1/targets
t "the cards" operator 200 /api/v1/targets
chr=$(as .targets[0].custodians[2]) other=$(as .targets[0].custodians[0])
policy=/api/v1/targets/$target_id/policy
t "a policy" operator 200 -X PUT -d '{"attested": "all", "deadline": 500, "hosts": ["*"],
    "windows": {"open": ["Mon-Sun 00:00-24:00"]}}' "$policy"
t "... is read" operator 200 "$policy"
t "... one that does not fit" operator 422 -X PUT -d '{"roots": ["UTNOSUCHROOT"]}' "$policy"
t "... none" operator 200 -X PUT -d '{}' "$policy"
t "... of no card" operator 404 /api/v1/targets/UTNONE/policy
t "a token" operator 201 -d '{"name": "ann", "roles": ["auditor"], "days": 3}' /api/v1/tokens
t "... of the same name" operator 409 -d '{"name": "ann", "roles": ["auditor"]}' /api/v1/tokens
t "a certificate's key" operator 201 -d '{"name": "bob", "roles": ["reader", "host"],
    "fingerprint": "0123456789012345678901234567890123456789012345678901234567890123"}' /api/v1/tokens
t "tokens" operator 200 /api/v1/tokens
t "... one taken back" operator 200 -d '{}' /api/v1/tokens/ann/revoke
t "... once" operator 404 -d '{}' /api/v1/tokens/ann/revoke

# ---- hosts and custodians ----

t "a host asks" asks
t "... c1 and c2 approve" eval 'approvers c1 c2; approvers_done c1 c2'
t "... the card opens" ends_with 0
t "another one" asks
operator 200 "/api/v1/requests/$id"
link=$(as .link) login=$(as .login_id)
t "its link" is 200 "/api/v1/links/$link"
t "c3's turn, by the link: the card has to be asked" turn 202
t "... then it is his" wait_for "$LONG" turn 200
t "... and nobody else's" operator 409 -d "{\"chr\": \"$other\"}" "/api/v1/requests/$id/turn"
t "... c3 approves" approve c3
t "... and c1" approve c1
t "... the card opens" ends_with 0
t "its statements" is 200 "/api/v1/logins/$login/proofs"
t "nobody ends it" is 204 "/api/v1/logins/$login/end"
t "c2 does" custodian "$q11" end --reader "$(reader c2)" --pin-file "$T/pin" --yes "$URL" "$id"
t "... which is told" is 200 "/api/v1/logins/$login/end"
t "one that is denied" asks
t "... by c2" approve c2 --deny
t "... fails" ends_with 1
t "one that is cancelled" asks
t "... nobody approves it without a signature" is 401 -d "{\"chr\": \"$chr\", \"signature\": \"AAAA\",
    \"statement\": \"AAAA\", \"statement_signature\": \"AAAA\"}" "/api/v1/requests/$id/approve"
t "... by the operator" operator 200 -d '{}' "/api/v1/requests/$id/cancel"
t "... once" operator 409 -d '{}' "/api/v1/requests/$id/cancel"
t "... fails" ends_with 1
t "a link that nobody has" is 404 "/api/v1/links/${link//[a-z]/A}"
t "a request without a token" is 401 "/api/v1/requests/$id"
t "a session that is none" is 400 --data-binary E8 /rt/hsm
t "a card that nobody holds" operator 404 -d '{}' "/api/v1/targets/UTNOBODY00001/ask"
t "a held session that is none" is 400 --data-binary E8 /rt/hold

# ---- clients of other makers ----

stock() { "$TOP/test/e2e/tools/ramclient.py" "$(reader "$1")" "$URL$2" "${@:3}"; }
held() { operator 200 /api/v1/targets && [ "$(as '.targets[0].held.state')" = "$1" ]; }
holds() {
	start hold "$TOP/test/e2e/tools/ramclient.py" "$(reader target)" "$URL/rt/hold" &&
	wait_for "$LONG" held idle
}
t "a card is held connected" holds
by_operator() { host "$q11" "$1" --token-file "$T/state/token" "$URL" "$2" >"$T/said"; }
t "... people are asked" by_operator ask "$target_id"
t "... it is said for how long it is held open" grep -q "held open for up to 8 h$" "$T/said"
t "... once" operator 409 -d '{}' "/api/v1/targets/$target_id/ask"
t "... the request waits" wait_for "$LONG" newest waiting
operator 200 "/api/v1/requests/$id"
link=$(as .link)
t "... and said what to do" grep -qxF "for them: quorum11 approve $URL/r/$link" "$T/said"
t "a card is lent to it" test "$(stock c1 "/rt/r/$link" "$(cat "$T/pin")" | tail -n 1)" = "0 approved"
t "... which is marked" eval 'operator 200 "/api/v1/requests/$id" && [ "$(as "[.custodians[].stock] | any")" = true ]'
t "... without its PIN: not" eval '! stock c2 "/rt/r/$link" >"$T/said" && grep -q "^-120 the PIN" "$T/said"'
t "c3 approves by a statement" approve c3
t "... and is shown for how long" grep -q "HELD OPEN      for up to 8 h" "$T/out"
t "... it is held open" wait_for "$LONG" held open
t "... and closed by the operator" by_operator cancel "$id"
t "... once" not by_operator cancel "$id"
t "... which is told" eval 'reap hold && [ "$status" -eq 0 ] && grep -q "^0 the operator cancelled" "$T/hold.log"'

# ---- who looks after it ----

for path in /api/v1/history '/api/v1/history?outcome=denied&limit=1' /api/v1/audit '/api/v1/audit?from=2&search=enrol' \
    /api/v1/audit/export /metrics; do
	t "$path" operator 200 "$path"
done
t "/metrics of a stranger" is 401 /metrics
for path in /healthz /readyz /api/v1/openapi.json; do t "$path" is 200 "$path"; done
t "... is the document" cmp <(curl -sS "$real/api/v1/openapi.json") "$TOP/docs/openapi.json"

t "nothing of all that was a failure of the store" not grep event=store "$T/server.log"

# ---- a browser ----

browser() { is "$1" -b "$T/jar" -c "$T/jar" "${@:2}"; }
# Streams do not pass through the recorder.
stream() { # PATH
	curl -sS -m 0.5 -b "$T/jar" -o "$T/stream" -w '%{http_code} %{content_type}' "$real$1" >"$T/said" 2>"$T/none"
	jq -cRn --arg path "$1" 'input / " " | {method: "GET", path: $path, sent: "", status: .[0] | tonumber,
	    type: .[1], body: ""}' <"$T/said" >>"$T/record"
	grep -q "^200 text/event-stream" "$T/said"
}
pages=(/ /history /audit /targets /custodians "/requests/$id")
for path in "${pages[@]}" /events; do t "$path without a session" browser 303 "$path"; done
t "/sign-in" browser 200 /sign-in
t "... by a token that is none" browser 401 -d token=AAAA /sign-in
t "... by one that holds" browser 303 -d "token=$token" /sign-in
t "... done already" browser 303 /sign-in
for path in "${pages[@]}" "/r/$link" /assets/style.css /assets/app.js; do t "$path" browser 200 "$path"; done
t "... a file that it has" browser 304 -H "If-None-Match: $(curl -sS -I -X GET "$URL/assets/icon.svg" |
    sed -n 's/^etag: \([^\r]*\).*/\1/ip')" /assets/icon.svg
for path in /events "/r/$link/events"; do t "$path" stream "$path"; done
head_of() { curl -sS -I -m 10 -b "$T/jar" -o /dev/null -w '%{http_code} %{size_download}' "$real$1"; }
t "HEAD of what goes on ends with the head" [ "$(head_of /events)" = "200 0" ]
t "one more request" asks
t "... cancelled by another site's form" browser 403 -d form=AAAA "/requests/$id/cancel"
browser 200 "/requests/$id"
secret=$(sed -n 's/.*name="form"[^>]*value="\([^"]*\)".*/\1/p' "$T/body" | head -n 1)
t "... by its own" browser 303 -d "form=$secret" "/requests/$id/cancel"
t "... fails" ends_with 1
t "a card is held once more" holds
t "... and asked for by a button" browser 303 -d "form=$secret" "/targets/$target_id/ask"
t "... people are asked" wait_for "$LONG" newest waiting
t "... it is cancelled" operator 200 -d '{}' "/api/v1/requests/$id/cancel"
t "... its client ends" eval 'reap hold && [ "$status" -eq 1 ]'
t "/sign-out" browser 303 -d form= /sign-out

# ---- was all of it as the document says? ----

stop recorder
judge() { "$TOP/test/e2e/tools/openapi.py" answers "$1" "$T/record"; }
count=0
while read -r word text; do
	"$word" "$text"
	count=$((count + 1))
done < <(judge "$TOP/docs/openapi.json")
t "each operation has been judged" test "$count" -ge "$("$server" --dump-routes | wc -l)"
# finds WORDS JQ: by a document that is changed so, an answer is wrong
finds() { jq "$2" "$TOP/docs/openapi.json" >"$T/other.json" && judge "$T/other.json" | grep -F -- "not_ok $1"; }
t "a member that the document lacks is found" finds "GET /api/v1/targets: 200" \
    'del(.components.schemas.Targets.properties.targets.items.properties.unverified)'
t "... one that the answer lacks" finds "GET /healthz: 200" '.components.schemas.Health.required += ["more"]'
t "... another type" finds "GET /metrics: 200" \
    '.paths["/metrics"].get.responses["200"].content = {"text/plain": {}}'
t "... an answer that was never given" finds "GET /healthz: 299" \
    '.paths["/healthz"].get.responses["299"] = {description: ""}'
t "... a word that it does not know" finds "GET /api/v1/requests/{id}: 401" \
    '.components.responses.Refused.content[].schema.allOf[1].properties.error.enum -= ["unauthorized"]'
finish

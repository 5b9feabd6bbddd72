#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Telling people, by all three ways, to receivers that speak the real protocols and are not always there.
# Functions are called through t; $ in single quotes is for jq and eval.
# shellcheck disable=SC2016,SC2317
# shellcheck source=test/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/e2e/tools/nofm.sh
. "$TOP/test/e2e/tools/nofm.sh"

log=$T/server.log
sink=$T/sink
operator() { curl -sS --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $(cat "$T/state/token")" "$URL$1" "${@:2}"; }
has_lines() { [ -s "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]; }
hook() { sed -n "$1p" "$sink/hooks" | jq -er "$2"; }
hook_body() { hook "$1" .body | jq -er "$2"; }
told() { [ "$(grep -c "event=tell .* to=$1 .*result=$2 " "$log")" -ge "$3" ]; }
mails() { [ -s "$sink/mails" ] && [ "$(grep -c '^--- ' "$sink/mails")" -ge "$1" ]; }
# mail N PYTHON: an expression about the N-th mail m, its text t, and the line before it
mail() {
	python3 -c '
import email, email.policy, re, sys
parts = re.split(rb"^--- (.*)\n", open(sys.argv[1], "rb").read(), flags=re.M)
n = int(sys.argv[2])
envelope, m = parts[2 * n - 1].decode(), email.message_from_bytes(parts[2 * n], policy=email.policy.default)
print(eval(sys.argv[3], {"m": m, "t": m.get_content().replace("\r", ""), "envelope": envelope}))
' "$sink/mails" "$1" "$2"
}

t "2 of 2: cards, registration, server, enrolment" nofm_new vendor-shared 2 2 || finish
stop server
mkdir "$sink"
receivers() {
	start sink "$TOP/test/e2e/tools/sink.py" "$sink" "$T/tls/server.pem" "$T/tls/server.key" \
	    --user "hsm:pass word" "$@"
}
receivers --fail 1
ready "the receivers" test -s "$sink/smtp"
umask 077
echo 'a secret of the hook' >"$T/hook.secret"
echo 'pass word' >"$T/smtp.password"
umask 022
cat >"$T/hook.sh" <<-EOF
	#!/bin/sh
	cat >>$sink/command
	echo "\$#:\$*" >>$sink/arguments
EOF
chmod 755 "$T/hook.sh"
port=$(free_port)
sed "s,^listen = .*,listen = 127.0.0.1:$port\nurl = https://127.0.0.1:$port," "$T/server.conf" >"$T/notify.conf"
sed -i "s,^url = .*,url = https://127.0.0.1:$port/rt/hsm," "$T/host.conf"
cat >>"$T/notify.conf" <<-EOF
	[notify]
	program = $B/quorum11-tell
	webhook = ops https://127.0.0.1:$(cat "$sink/web")/hook?a=b $T/hook.secret
	mail = anna anna@example.org
	command = pager $T/hook.sh one two
	smtp = smtp://127.0.0.1:$(cat "$sink/smtp")
	smtp_from = quorum11@example.org
	smtp_user = hsm
	smtp_password = $T/smtp.password
	ca = $T/tls/ca.pem
	retry = 1
EOF

# ---- settings ----

checked() { run "$B/quorum11-server" check-config "$T/checked.conf"; }
# wrong TEXT SED WORDS: one thing is wrong, and check-config says it
wrong() {
	sed "$2" "$T/notify.conf" >"$T/checked.conf"
	checked
	t "check-config: $1" test "$status" -eq 1
	t "... is said" grep -q -- "$3" "$T/err"
}
cp "$T/notify.conf" "$T/checked.conf"
checked
t "check-config: all is well" test "$status" -eq 0
chmod 640 "$T/hook.secret"
wrong "a secret that others can read" "" "hook.secret: others can read it; chmod 0600"
chmod 600 "$T/hook.secret"
wrong "no program" "s,^program = .*,program = $T/none," "none: No such file"
wrong "no password" "s,^smtp_password = .*,smtp_password = $T/none," "smtp_password: $T/none: No such file"
wrong "no authorities" "s,^ca = $T/tls.*,ca = $T/none," "ca: $T/none: No such file"
wrong "an address that is none" "s,^mail = .*,mail = anna anna," "that is no mail address"

# ---- a request ----

t "the server" server_start "$T/notify.conf"
start connect env "QUORUM11_CONF=$T/host.conf" "$q11" connect --reader "$(reader target)" \
    --reason $'Release 7 f\xc3\xbcr Anna\nBcc: eve@example.org'
t "the webhook is told, at the second try" wait_for "$LONG" has_lines "$sink/hooks" 1
t "... the first was refused" grep -qx web "$sink/refused"
t "... which the log says" grep -q "event=tell .*to=ops by=webhook tries=1 result=failed .*with status 503" "$log"
t "... at its path" test "$(hook 1 .path)" = "/hook?a=b"
t "... as JSON" test "$(hook 1 .type)" = application/json
hmac=$(hook 1 .body | head -c -1 | openssl dgst -sha256 -hmac 'a secret of the hook' | sed 's/.*= //')
t "... signed" test "$(hook 1 .signature)" = "sha256=$hmac"
id=$(operator /api/v1/requests | jq -r '.requests[0].id')
t "... of this request" test "$(hook_body 1 .request)" = "$id"
link=$(hook_body 1 .link)
by_link() { curl -sS --cacert "$T/tls/ca.pem" "$URL/api/v1/links/${link##*/}" | jq -r .id; }
t "... whose link shows it" test "$(by_link)" = "$id"
t "the mail has arrived, at the second try" wait_for "$LONG" mails 1
t "... the first was refused" grep -qx smtp "$sink/refused"
t "... to one recipient, by who has signed in" test "$(mail 1 envelope)" = \
    "<quorum11@example.org> <anna@example.org> hsm:pass word"
t "... with our headers only" test "$(mail 1 '" ".join(m.keys())')" = \
    "Date From To Message-ID Subject Auto-Submitted MIME-Version Content-Type Content-Transfer-Encoding"
t "... the words of the host cannot add one" grep -q "Reason *Release 7 für Anna.x0aBcc: eve@example.org" <(mail 1 t)
code=$(grep -oE 'code [A-Z2-7]{4}-[A-Z2-7]{4}' "$T/connect.log" | tail -n 1 | cut -d' ' -f2)
t "... and without keys, as the card has none" grep -qx \
    "An approval opens every key on the card; the server knows of none." <(mail 1 t)
t "... with the code that the host shows" grep -qx "Code: $code" <(mail 1 t)
t "the command is told" wait_for "$LONG" has_lines "$sink/command" 1
t "... with its arguments" grep -qx "2:one two" "$sink/arguments"
t "... the same words" cmp <(jq -S . "$sink/command") <(hook_body 1 . | jq -S .)

# ---- what its command does, while nobody hears of it; and the server is killed ----

command=$(mail 1 t | sed -n 's/^  quorum11 \(approve .*\)/\1/p')
by_command() {
	# shellcheck disable=SC2086
	run custodian "$q11" $command --reader "$(reader "$1")" --pin-file "$T/pin" --yes --wait "$WAIT"
	cat "$T/out" "$T/err"
	return "$status"
}
stop sink
t "the mail's command approves: one" by_command c1
t "... two" by_command c2
t "the host is done" reap connect
t "... and content" test "$status" -eq 0
t "the command hears that it is open" wait_for "$LONG" has_lines "$sink/command" 2
t "... the webhook and the mail do not" wait_for "$LONG" told ops failed 2
t "... the mail" wait_for "$LONG" told anna failed 2
login=$(operator /api/v1/requests | jq -er '.requests[0].login_id')
waiting() { operator /metrics | sed -n 's/^quorum11_messages_waiting //p'; }
t "... they wait" test "$(waiting)" = 2
kill -KILL "${PID[server]}"
reap server
receivers --ports "$(head -n 1 "$sink/web")" "$(head -n 1 "$sink/smtp")"
t "the server, after a kill" server_start "$T/notify.conf"
# A try that the kill has cut short counts as under way for the 30 s that one may take.
t "the webhook hears that it is open" wait_for $((2 * LONG)) has_lines "$sink/hooks" 2
t "... of the same request" test "$(hook_body 2 '.about + .request')" = "opened$id"
t "... the mail, too" wait_for $((2 * LONG)) mails 2
t "... whose subject says so" test "$(mail 2 'm["Subject"]')" = "Opened: card $target_id"
t "nothing is left" wait_for "$LONG" eval '[ "$(waiting)" = 0 ]'
t "... and each delivery is an event" told anna delivered 1
# ---- others are told, from one moment to the next ----

cat >"$T/other.sh" <<-EOF
	#!/bin/sh
	cat >>$sink/other
EOF
chmod 755 "$T/other.sh"
reload() { # SED RESULT
	sed -i "$1" "$T/notify.conf"
	kill -HUP "${PID[server]}"
	wait_for "$LONG" grep -q "event=reload result=$2" "$log"
}
t "SIGHUP with an address that is none: refused" reload "s,^mail = .*,mail = anna anna," refused
t "... with others to tell" reload "s,^command = .*,command = other $T/other.sh,; /^mail/d; /^webhook/d" "done"
start connect env "QUORUM11_CONF=$T/host.conf" "$q11" connect --reader "$(reader target)"
t "they hear of the next request" wait_for "$LONG" has_lines "$sink/other" 1
newer=$(jq -r .request "$sink/other")
t "... which is another one" test "$newer" != "$id"
t "... which is cancelled" operator "/api/v1/requests/$newer/cancel" -d '{}'
t "... and of its end" wait_for "$LONG" has_lines "$sink/other" 2
t "... those of before do not" not grep -q "event=tell .*request=$newer .*to=\(ops\|anna\|pager\) " "$log"
reap connect

t "a login's id is in none of them" not grep -q "$login" "$sink/hooks" "$sink/mails" "$sink/command"
t "... nor a secret" not grep -qF -e "$(cat "$T/state/token")" -e 'a secret of the hook' -e 'pass word' "$sink/hooks" \
    "$sink/command"
finish

# SPDX-License-Identifier: Apache-2.0
#
# quorum11.conf(5) from its frame and from the example, which says what each setting is: awk -f conf.awk EXAMPLE FRAME.
# In the example a comment "# text" is about the settings "#name = value" that follow it; [section] begins a section.

function roff(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	if (s ~ /^[.']/) s = "\\&" s
	return s
}
# One entry: its settings, and the text.
function put(   i) {
	for (i = 1; i <= names; i++)
		page = page (i == 1 ? ".TP\n" : ".TQ\n") ".BR " name[i] " \" = " value[i] "\"\n"
	if (names) page = page text
	names = 0
	text = ""
}
FNR == NR && /^\[/ {
	put()
	page = page ".SS " $0 "\n"
	text = ""
	next
}
FNR == NR && /^#[a-z0-9_]+ =/ {
	name[++names] = substr($1, 2)
	sub(/^#[a-z0-9_]+ = ?/, "")
	gsub(/"/, "\\(dq")
	value[names] = roff($0)
	gsub(/\\e\(dq/, "\\(dq", value[names])
	next
}
FNR == NR {
	if (names) put()
	if (/^# ./ && page != "") text = text roff(substr($0, 3)) "\n"
	else text = ""
	next
}
FNR == 1 { put() }
$0 == "@SETTINGS@" { printf "%s", page; next }
{ print }

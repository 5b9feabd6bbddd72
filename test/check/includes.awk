# SPDX-License-Identifier: Apache-2.0
#
# For includes.sh. Reads the text that has the table, then lines "FILE:LINE:#include ...". Prints a line "FOLDER NAME" per
# row of the table and a line "ROOM: FILE:LINE why" per breach ("table: why" if the table itself is wrong).

# Headers that come with the system's C library and kernel; everything else is foreign.
BEGIN {
	n = split("assert ctype dirent dlfcn endian errno fcntl fnmatch getopt glob grp ifaddrs inttypes limits locale netdb " \
	    "poll pthread pwd sched setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib " \
	    "stdnoreturn string strings sysexits syslog termios time unistd wchar", word, " ")
	for (i = 1; i <= n; i++) system_header[word[i] ".h"] = 1
}
function strip(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
# What the row of f names; in brackets, for itself alone.
function named(f,   i, n, list, own, ends) {
	n = split(names[f], list, /[ ,]+/)
	for (i = 1; i <= n; i++) {
		if (sub(/^\(/, "", list[i])) own = 1
		ends = sub(/\)$/, "", list[i])
		if (list[i] == "*") { all[f] = 1; continue }
		if (list[i] == "–" || list[i] == "") continue
		if (!(list[i] in names)) { print "table: " f " names " list[i] ", which has no row"; continue }
		if (own) alone[f, list[i]] = 1
		else may[f, list[i]] = 1
		if (ends) own = 0
	}
}
# And what those include, over any way; rows may name each other. What one includes for itself, others do not by it.
function closure(   via, f, to) {
	for (via in names) for (f in names) if ((f, via) in may)
		for (to in names) if ((via, to) in may) may[f, to] = 1
	for (f in names) for (via in names) if ((f, via) in alone) {
		also[f, via] = 1
		for (to in names) if ((via, to) in may) also[f, to] = 1
	}
}
function room_of(path,   r, best) {
	best = ""
	for (r in names) if (index(path, r "/") == 1 && length(r) > length(best)) best = r
	return best
}
# Whether path fits a glob that has only a star at its end, or names a folder.
function fits(path, glob) {
	if (glob == "*") return 1
	if (glob ~ /[*\/]$/) { sub(/\*$/, "", glob); return index(path, glob) == 1 }
	return path == glob
}
function is_file(path,   line, got) {
	got = (getline line < path)
	close(path)
	return got >= 0
}
FNR == NR {
	if ($0 !~ /^\| `[^`]*\/` \|/) next
	split($0, cell, "|")
	f = strip(cell[2]); gsub(/`/, "", f); sub(/\/$/, "", f)
	names[f] = strip(cell[3])
	n = split(strip(cell[4]), part, ";")
	for (i = 1; i <= n; i++) {
		gsub(/`/, "", part[i])
		if (strip(part[i]) == "*") { any[f] = 1; continue }
		if (split(part[i], kv, ":") != 2) continue
		lib[++libs] = strip(kv[1]); where[libs] = strip(kv[2])
	}
	next
}
!started { started = 1; for (f in names) { print "FOLDER " f; named(f) } closure() }
{
	match($0, /:[0-9]+:/)
	path = substr($0, 1, RSTART - 1); at = path substr($0, RSTART, RLENGTH - 1)
	text = substr($0, RSTART + RLENGTH); sub(/^[ \t]*#[ \t]*include[ \t]*/, "", text)
	room = room_of(path)
	if (room == "") { print "table: " at " is in a folder that has no row"; next }
	if (text ~ /^"/) {
		split(text, q, "\""); target = q[2]
		if (target !~ /\// || target ~ /\.\./ || !is_file(target)) {
			print room ": " at " " target " is not a path from the root"
			next
		}
		to = room_of(target)
		if (to == "") print room ": " at " includes " target ", a folder that has no row"
		else if (to != room && !all[room] && !((room, to) in may) && !((room, to) in also)) print room ": " at " includes " target
		next
	}
	header = text; sub(/^</, "", header); sub(/>.*/, "", header)
	if (header in system_header || header ~ /^(sys|linux|net|netinet|arpa)\//) next
	admitted = room in any
	for (i = 1; i <= libs; i++) if (index(header, lib[i]) == 1 && fits(path, where[i])) admitted = 1
	if (!admitted) print room ": " at " includes <" header ">"
}

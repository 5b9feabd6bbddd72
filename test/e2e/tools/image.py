#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a core file of a living process would hold: image.py PID OUT

All its readable memory but what it keeps out of core files (VmFlags "dd", madvise(2) MADV_DONTDUMP) and devices.
Read through /proc, so that no setting of this machine decides where cores go.
"""
import re
import sys

PAGES = 1 << 24


def mappings(pid):
    """Of each mapping: start, end, permissions, name, flags."""
    row = None
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
            if m:
                row = [int(m[1], 16), int(m[2], 16), m[3], m[4]]
            elif line.startswith("VmFlags:"):
                yield (*row, line.split()[1:])


def main(pid, out):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem, open(out, "wb") as core:
        for start, end, perms, name, flags in mappings(pid):
            if perms[0] != "r" or "dd" in flags or "io" in flags or name in ("[vvar]", "[vsyscall]"):
                continue
            mem.seek(start)
            left = end - start
            while left:
                part = mem.read(min(left, PAGES))
                if not part:
                    break
                core.write(part)
                left -= len(part)


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(int(sys.argv[1]), sys.argv[2])

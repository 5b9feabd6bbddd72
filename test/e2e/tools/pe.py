#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A UEFI application that does nothing, to be signed: pe.py FILE (PE32+, one section, Microsoft's PE specification)."""
import struct
import sys

ALIGN, BASE, AMD64 = 0x200, 0x1000, 0x8664
EXECUTABLE, EFI_APPLICATION, CODE = 0x0022, 10, 0x60000020
text = b"\x31\xc0\xc3".ljust(ALIGN, b"\xcc")    # xor eax, eax; ret

dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
coff = struct.pack("<HHIIIHH", AMD64, 1, 0, 0, 0, 112 + 16 * 8, EXECUTABLE)
optional = struct.pack("<HBBIIIII", 0x20b, 0, 0, len(text), 0, 0, BASE, BASE)
optional += struct.pack("<QIIHHHHHHIIIIHH", 0, BASE, ALIGN, 0, 0, 0, 0, 0, 0, 0, 2 * BASE, ALIGN, 0, EFI_APPLICATION, 0)
optional += struct.pack("<QQQQII", 0, 0, 0, 0, 0, 16) + bytes(16 * 8)
section = struct.pack("<8sIIIIIIHHI", b".text", len(text), BASE, len(text), ALIGN, 0, 0, 0, 0, CODE)
with open(sys.argv[1], "wb") as out:
    out.write((dos + b"PE\0\0" + coff + optional + section).ljust(ALIGN, b"\0") + text)

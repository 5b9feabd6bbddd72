#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A RAMOverHTTP client as those of other makers are: ramclient.py READER URL [PIN]

It verifies the PIN if there is one, lends the card to the server, and does what it is told, blindly, until 204; then the
card is switched off. Each notification is a line, "ID TEXT". Exit status 0 if the last one was 0.
"""
import ctypes
import sys
import urllib.request

SHARED, T1, RESET, UNPOWER = 2, 2, 1, 2
APPLET = bytes.fromhex("00A404000BE82B0601040181C31F020100")
lib = ctypes.CDLL("libpcsclite.so.1")
UL = ctypes.c_ulong


class Pci(ctypes.Structure):
    _fields_ = [("protocol", UL), ("size", UL)]


def must(rv, what):
    if rv & 0xFFFFFFFF:
        sys.exit("%s: %08X" % (what, rv & 0xFFFFFFFF))


class Card:
    def __init__(self, reader):
        self.context, self.card, active = ctypes.c_long(), ctypes.c_long(), UL()
        must(lib.SCardEstablishContext(UL(2), None, None, ctypes.byref(self.context)), "pcscd")
        must(lib.SCardConnect(self.context, reader.encode(), UL(SHARED), UL(T1), ctypes.byref(self.card),
                              ctypes.byref(active)), reader)

    def atr(self):
        atr, size, n, state, protocol = ctypes.create_string_buffer(33), UL(33), UL(0), UL(), UL()
        must(lib.SCardStatus(self.card, None, ctypes.byref(n), ctypes.byref(state), ctypes.byref(protocol), atr,
                             ctypes.byref(size)), "status")
        return atr.raw[:size.value]

    def transmit(self, command):
        answer, size = ctypes.create_string_buffer(65538), UL(65538)
        must(lib.SCardTransmit(self.card, ctypes.byref(Pci(T1, ctypes.sizeof(Pci))), command, UL(len(command)), None,
                               answer, ctypes.byref(size)), "transmit")
        return answer.raw[:size.value]

    def reset(self):
        active = UL()
        must(lib.SCardReconnect(self.card, UL(SHARED), UL(T1), UL(UNPOWER), ctypes.byref(active)), "reset")
        return self.atr()

    def off(self):
        must(lib.SCardDisconnect(self.card, UL(UNPOWER)), "disconnect")


def tlv(tag, value):
    n = len(value)
    size = bytes([n]) if n < 128 else b"\x81" + bytes([n]) if n < 256 else b"\x82" + n.to_bytes(2, "big")
    return bytes([tag]) + size + value


def units(data):
    while data:
        tag, n, at = data[0], data[1], 2
        if n > 128:
            at += n - 128
            n = int.from_bytes(data[2:at], "big")
        yield tag, data[at:at + n]
        data = data[at + n:]


def post(url, body, cookie):
    q = urllib.request.Request(url, data=body, headers={
        "Content-Type": "application/org.openscdp-content-mgt-response;version=1.0",
        "X-Admin-Protocol": "openscdp-remote-admin/1.0", **({"Cookie": cookie} if cookie else {})})
    with urllib.request.urlopen(q, timeout=60) as r:
        given = r.headers.get("Set-Cookie")
        return r.status, r.read(), cookie or (given.split(";")[0] if given else None)


def work(card, body):
    results, n, last = b"", 0, None
    [(tag, inner)] = units(body)
    if tag != 0xAA:
        sys.exit("no template")
    for tag, value in units(inner):
        if tag == 0x22:
            results += tlv(0x23, card.transmit(value))
            n += 1
        elif tag == 0xC0:
            results += tlv(0xC0, card.reset())
        elif tag == 0xE0:
            parts = dict(units(value))
            last = int.from_bytes(parts[0x02], "big", signed=True)
            print(last, parts.get(0x0C, b"").decode(), flush=True)
    return tlv(0xAB, results + tlv(0x80, bytes([n]))), last


def main():
    card, url, last = Card(sys.argv[1]), sys.argv[2], None
    if len(sys.argv) > 3:
        pin = sys.argv[3].encode()
        for command in (APPLET, bytes([0, 0x20, 0, 0x81, len(pin)]) + pin):
            if card.transmit(command)[-2:] != b"\x90\x00":
                sys.exit("the PIN is wrong")
    body, cookie, status = tlv(0xE8, tlv(0xC0, card.atr())), None, 200
    while True:
        status, body, cookie = post(url, body, cookie)
        if status != 200:
            break
        body, said = work(card, body)
        last = last if said is None else said
    card.off()
    sys.exit(0 if status == 204 and last == 0 else 1)


main()

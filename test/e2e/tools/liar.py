#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A management server that misbehaves, on 127.0.0.1, plain HTTP.

liar.py --ready FILE [--port N] MODE [ARG...]

The address is written to FILE when it listens. Modes:
  status CODE        every answer has this status (302 points to itself)
  garbage            200 with bytes that are no template
  drop N             the connection is dropped in the middle of the N-th answer
  silent             accepts, reads, never answers
  empty              endless empty templates
  huge               200 with a body of 64 MiB
  inject HEX...      first SELECT, then each HEX in a template of its own ("reset": the reset object); 204 in the end
  proxy URL RULE...  passes everything to URL, but changes answers; a RULE is
                       drop:PATH-REGEX             drop the connection instead of answering
                       delay-drop:N                drop the N-th POST to the RAMOverHTTP path
                       json:PATH-REGEX:KEY=VALUE   replace a member of the answer (KEY may be a.0.b; VALUE is JSON)
                       flip:PATH-REGEX:KEY         change one character in the middle of a text member
                       remove:PATH-REGEX:KEY       remove a member
                       copy:PATH-REGEX:KEY=KEY2    give KEY the value of KEY2
                       late:PATH-REGEX:N:KEY=VALUE as json, from the N-th answer for such a path on
                       early:PATH-REGEX:N:KEY=VALUE as json, in the first N answers for such a path
                       busy:PATH-REGEX:N           refuse the first N requests for such a path: 409 not_now
--log FILE gets one line per request: what came in, what went out, as hex for templates.
--record FILE gets, in mode proxy, one JSON object per request: what URL has answered (openapi.py reads it).
"""
import argparse
import http.client
import http.server
import json
import os
import re
import socketserver
import sys
import threading
import urllib.parse

SELECT = "00A404000BE82B0601040181C31F020100"
RAM = "application/org.openscdp-content-mgt;version=1.0"
lock = threading.Lock()


def tlv(tag, value):
    n = len(value)
    if n < 0x80:
        length = bytes([n])
    elif n < 0x100:
        length = bytes([0x81, n])
    else:
        length = bytes([0x82, n >> 8, n & 0xFF])
    return bytes([tag]) + length + value


def children(data):
    """The tags inside the one object that data is, each of one byte; what is in them may be anything."""
    def head(at):
        n = data[at + 1]
        if n < 0x80:
            return at + 2, n
        return at + 2 + (n & 0x7F), int.from_bytes(data[at + 2:at + 2 + (n & 0x7F)], "big")

    at, n = head(0)
    end = at + n
    tags = []
    while at < end:
        tags.append(data[at])
        at, n = head(at)
        at += n
    return tags


def unit(text):
    return tlv(0xC0, b"") if text == "reset" else tlv(0x22, bytes.fromhex(text))


def walk(obj, key):
    """The container and last step of a dotted key."""
    steps = key.split(".")
    for s in steps[:-1]:
        obj = obj[int(s)] if isinstance(obj, list) else obj[s]
    last = steps[-1]
    return obj, int(last) if isinstance(obj, list) else last


def flipped(text):
    i = len(text) // 2
    return text[:i] + ("A" if text[i] != "A" else "B") + text[i + 1:]


class Liar(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    posts = 0
    seen = {}

    def log_message(self, *a):
        pass

    def note(self, what, data=b""):
        if self.server.log:
            with lock:
                self.server.log.write("%s %s %s\n" % (what, self.path, data.hex()))
                self.server.log.flush()

    def record(self, sent, got, data):
        if self.server.recorded:
            with lock:
                json.dump({"method": self.command, "path": self.path, "sent": sent.decode("latin-1"), "status": got.status,
                           "type": got.getheader("Content-Type"), "body": data.decode("latin-1")}, self.server.recorded)
                self.server.recorded.write("\n")
                self.server.recorded.flush()

    def nth(self, rule):
        """The how manieth time this rule is looked at."""
        with lock:
            Liar.seen[rule[0], rule[1]] = Liar.seen.get((rule[0], rule[1]), 0) + 1
            return Liar.seen[rule[0], rule[1]]

    def drop(self):
        self.close_connection = True
        self.connection.close()

    def answer(self, status, body=b"", kind=RAM, headers=()):
        self.note("< %d" % status, body[:4096])
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.note("> " + self.command, body)
        with lock:
            self.server.posts += 1
            n = self.server.posts
        getattr(self, "mode_" + self.server.mode)(body, n, self.server.args)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def mode_status(self, body, n, args):
        extra = [("Location", "http://127.0.0.1:%d%s" % (self.server.server_address[1], self.path))] if args[0][0] == "3" else []
        self.answer(int(args[0]), b"" if args[0] == "204" else b"no", "text/plain", extra)

    def mode_garbage(self, body, n, args):
        self.answer(200, bytes((i * 37 + 11) & 0xFF for i in range(200)))

    def mode_drop(self, body, n, args):
        if n < int(args[0]):
            first = tlv(0xAA, unit(SELECT)) if n == 1 else tlv(0xAA, b"")
            return self.answer(200, first)
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"\xAA\x62")
        self.wfile.flush()
        self.drop()

    def mode_silent(self, body, n, args):
        self.server.stop.wait(120)
        self.drop()

    def mode_empty(self, body, n, args):
        self.answer(200, tlv(0xAA, b""))

    def mode_huge(self, body, n, args):
        size = 64 << 20
        self.send_response(200)
        self.send_header("Content-Type", RAM)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            self.wfile.write(b"\xAA\x82\xFF\xFF")
            for _ in range(size >> 16):
                self.wfile.write(b"\0" * 65536)
        except OSError:
            self.close_connection = True

    def mode_inject(self, body, n, args):
        script = [SELECT] + args
        # Not a byte E1 anywhere: the card's random numbers have one, too.
        if body[:1] == b"\xAB" and 0xE1 in children(body):
            return self.answer(204)
        if n <= len(script):
            return self.answer(200, tlv(0xAA, unit(script[n - 1])))
        self.answer(204)

    def mode_proxy(self, body, n, args):
        url = urllib.parse.urlsplit(args[0])
        rules = [r.split(":", 2) for r in args[1:]]
        for r in rules:
            if r[0] == "drop" and re.search(r[1], self.path):
                return self.drop()
            if r[0] == "delay-drop" and self.path.startswith("/rt/"):
                Liar.posts += 1
                if Liar.posts >= int(r[1]):
                    return self.drop()
            if r[0] == "busy" and re.search(r[1], self.path) and self.nth(r) <= int(r[2]):
                return self.answer(409, b'{"error": "not_now", "message": "busy"}', "application/json")
        up = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        up.request(self.command, self.path, body or None, headers)
        got = up.getresponse()
        data = got.read()
        self.record(body, got, data)
        kind = got.getheader("Content-Type") or "text/plain"
        if kind.startswith("application/json"):
            obj = json.loads(data)
            for r in rules:
                if r[0] not in ("json", "late", "early", "flip", "remove", "copy") or not re.search(r[1], self.path):
                    continue
                key, _, value = r[2].partition("=")
                if r[0] in ("late", "early"):
                    n, _, key = key.partition(":")
                    nth = self.nth(r)
                    if nth < int(n) if r[0] == "late" else nth > int(n):
                        continue
                try:
                    box, last = walk(obj, key)
                    if r[0] in ("json", "late", "early"):
                        box[last] = json.loads(value)
                    elif r[0] == "copy":
                        other, step = walk(obj, value)
                        box[last] = other[step]
                    elif r[0] == "flip":
                        box[last] = flipped(box[last])
                    else:
                        del box[last]
                except (KeyError, IndexError, TypeError):
                    continue
            data = json.dumps(obj).encode()
        extra = [(k, v) for k, v in got.getheaders() if k.lower() in ("set-cookie", "location", "etag")]
        self.answer(got.status, data, kind, extra)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--ready", required=True)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--log")
    p.add_argument("--record")
    p.add_argument("mode", choices=sorted(m[5:] for m in dir(Liar) if m.startswith("mode_")))
    p.add_argument("args", nargs="*")
    a = p.parse_args()
    s = Server(("127.0.0.1", a.port), Liar)
    s.mode, s.args, s.posts, s.stop = a.mode, a.args, 0, threading.Event()
    s.log = open(a.log, "a") if a.log else None
    s.recorded = open(a.record, "a") if a.record else None
    with open(a.ready + ".tmp", "w") as f:
        f.write("http://127.0.0.1:%d" % s.server_address[1])

    os.rename(a.ready + ".tmp", a.ready)
    s.serve_forever()


main()

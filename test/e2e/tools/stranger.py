#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whoever connects to a management server on 127.0.0.1 without an HTTP library.

stranger.py PORT answers WANT BYTES   send BYTES (with \\xNN, \\r, \\n), then read until the server closes or says no more;
                                      the statuses of its answers must be WANT: "200 404", or "400|none"
stranger.py PORT crowd FROM N FILE    N connections from this address that say nothing; how many live goes to FILE; ends
                                      well when the server has closed all of them, in 20 s at most
stranger.py PORT deaf                 asks until the server can answer no more, reads nothing; ends well when the server
                                      has closed the connection, in 50 s at most
"""
import os
import re
import select
import socket
import sys
import time

QUIET_S = 1.0


def receive(s):
    data = b""
    s.settimeout(QUIET_S)
    try:
        while part := s.recv(65536):
            data += part
    except (TimeoutError, ConnectionResetError):
        pass
    return data


def answers(port, want, text):
    data = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
    s = socket.create_connection(("127.0.0.1", port))
    try:
        s.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    got = " ".join(m.decode() for m in re.findall(rb"HTTP/1\.[01] (\d{3})", receive(s))) or "none"
    print("got", got)
    return got in want.split("|")


def closed(s, seconds):
    """Has the server closed it, or does it within this time?"""
    p = select.poll()
    p.register(s, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    return bool(p.poll(seconds * 1000))


def crowd(port, source, n, path):
    all_of_them = [socket.create_connection(("127.0.0.1", port), source_address=(source, 0)) for _ in range(int(n))]
    alive = [s for s in all_of_them if not closed(s, 0.005)]
    with open(path + ".tmp", "w") as f:
        f.write(str(len(alive)))
    os.rename(path + ".tmp", path)
    end = time.monotonic() + 20
    return all(closed(s, max(0, end - time.monotonic())) for s in alive)


def deaf(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", port))
    s.settimeout(QUIET_S)
    try:
        while True:
            s.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    except TimeoutError:
        pass
    return closed(s, 50)


verbs = {"answers": answers, "crowd": crowd, "deaf": deaf}
sys.exit(not verbs[sys.argv[2]](int(sys.argv[1]), *sys.argv[3:]))

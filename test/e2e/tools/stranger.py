#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whoever connects to a management server on 127.0.0.1 without an HTTP library.

stranger.py PORT answers              for each line "WANT<tab>BYTES" of stdin: send BYTES (with \\xNN, \\r, \\n), then read
                                      until the server closes or says no more; the statuses of its answers must be
                                      WANT: "200 404", or "400|none". Says "yes" or "no" and what came. A server that
                                      has not said WANT yet has 20 s
stranger.py PORT crowd FROM N OTHER FILE
                                      N connections from this address that say nothing; how many live when the server
                                      has answered the address OTHER goes to FILE; ends well when the server has closed
                                      all of them, in 20 s at most
stranger.py PORT deaf                 asks until the server can answer no more, reads nothing; ends well when the server
                                      has closed the connection, in 50 s at most
"""
import os
import re
import select
import socket
import sys
import time

QUIET_S = 0.3
FULL_S = 1.0
WAIT_S = 20


def statuses(data):
    return " ".join(m.decode() for m in re.findall(rb"HTTP/1\.[01] (\d{3})", data)) or "none"


def receive(s, want):
    """Until it is closed, or quiet after what is wanted: a server on a busy machine may be quiet before."""
    data = b""
    end = time.monotonic() + WAIT_S
    s.settimeout(QUIET_S)
    while True:
        try:
            part = s.recv(65536)
        except TimeoutError:
            if statuses(data) in want or time.monotonic() >= end:
                return data
            continue
        except ConnectionResetError:
            return data
        if not part:
            return data
        data += part


def answer(port, want, text):
    data = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
    s = socket.create_connection(("127.0.0.1", port))
    try:
        s.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    want = want.split("|")
    got = statuses(receive(s, want))
    return f"{'yes' if got in want else 'no'}: {got}"


def answers(port):
    for line in sys.stdin:
        want, text = line.rstrip("\n").split("\t")
        print(answer(port, want, text), flush=True)
    return True


def closed(s, seconds):
    """Has the server closed it, or does it within this time?"""
    p = select.poll()
    p.register(s, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    return bool(p.poll(seconds * 1000))


def crowd(port, source, n, other, path):
    all_of_them = [socket.create_connection(("127.0.0.1", port), source_address=(source, 0)) for _ in range(int(n))]
    # Accepted in order: when it has answered another address, it has closed whom it did not want.
    with socket.create_connection(("127.0.0.1", port), source_address=(other, 0)) as s:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        receive(s, [])
    alive = [s for s in all_of_them if not closed(s, 0)]
    with open(path + ".tmp", "w") as f:
        f.write(str(len(alive)))
    os.rename(path + ".tmp", path)
    end = time.monotonic() + 20
    return all(closed(s, max(0, end - time.monotonic())) for s in alive)


def deaf(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", port))
    s.settimeout(FULL_S)
    try:
        while True:
            s.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    except TimeoutError:
        pass
    return closed(s, 50)


verbs = {"answers": answers, "crowd": crowd, "deaf": deaf}
sys.exit(not verbs[sys.argv[2]](int(sys.argv[1]), *sys.argv[3:]))

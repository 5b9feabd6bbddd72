#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for the program connect and writes down both sides' bytes: tap.py CONNECT LOG

The host's socket is descriptor 3, as connect itself gets it; the real one becomes a child with a socket of its own.
"""
import os
import select
import socket
import sys


def main(program, log):
    host = socket.socket(fileno=3)
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        os.dup2(theirs.fileno(), 3)
        os.closerange(4, 64)
        os.execve(program, ["quorum11-connect"], {})
    theirs.close()
    with open(log, "ab", buffering=0) as out:
        while True:
            for s, to in ((host, ours), (ours, host)):
                if s not in select.select([host, ours], [], [])[0]:
                    continue
                part = s.recv(65536)
                if not part:
                    return
                out.write(part)
                to.sendall(part)


main(*sys.argv[1:])

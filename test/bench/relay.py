#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pass HTTP on, and say when an approval reached the server.

relay.py READY_FILE HOST PORT: listens on a free port of 127.0.0.1, which it writes to READY_FILE, and passes each
connection on to HOST PORT. For each piece of an approval it prints the wall clock in nanoseconds just after the piece was
handed to the server: the last line is when the last approval was complete.
"""
import socket
import sys
import threading
import time


def pump(source, sink, watch):
    approving = False
    while data := source.recv(65536):
        sink.sendall(data)
        if watch:
            if data.startswith((b"POST ", b"GET ")):
                approving = data.split(b"\r\n", 1)[0].split(b" ")[1].endswith(b"/approve")
            if approving:
                print(time.time_ns(), flush=True)
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main():
    ready, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    listener = socket.create_server(("127.0.0.1", 0))
    with open(ready, "w", encoding="ascii") as f:
        f.write(f"{listener.getsockname()[1]}\n")
    while True:
        client, _ = listener.accept()
        server = socket.create_connection((host, port))
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(client, server, True), daemon=True).start()
        threading.Thread(target=pump, args=(server, client, False), daemon=True).start()


main()

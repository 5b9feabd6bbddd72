#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pass HTTP on to a TLS server, and say when an approval reached it.

relay.py READY_FILE HOST PORT CA_FILE: listens on a free port of 127.0.0.1, which it writes to READY_FILE, and passes each
connection on to HOST PORT by TLS. For each piece of an approval it prints the wall clock in nanoseconds just after the
piece was handed to the server: the last line is when the last approval was complete.
"""
import asyncio
import ssl
import sys
import time


async def pump(source, sink, watch):
    approving = False
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
        if watch:
            if data.startswith((b"POST ", b"GET ")):
                approving = data.split(b"\r\n", 1)[0].split(b" ")[1].endswith(b"/approve")
            if approving:
                print(time.time_ns(), flush=True)
    sink.close()


async def main():
    ready, host, port, ca = sys.argv[1:]
    tls = ssl.create_default_context(cafile=ca)

    async def serve(client, to_client):
        server, to_server = await asyncio.open_connection(host, int(port), ssl=tls)
        await asyncio.gather(pump(client, to_server, True), pump(server, to_client, False), return_exceptions=True)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    with open(ready, "w", encoding="ascii") as f:
        f.write(f"{listener.sockets[0].getsockname()[1]}\n")
    await listener.serve_forever()


asyncio.run(main())

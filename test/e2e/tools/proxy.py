#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A proxy as companies have one: proxy.py READY_FILE listens on a free port of 127.0.0.1, which it writes to READY_FILE,
makes tunnels for CONNECT (RFC 9110 9.3.6) and nothing else, and prints where to."""
import asyncio
import sys


async def pump(source, sink):
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


async def serve(client, to_client):
    head = (await client.readuntil(b"\r\n\r\n")).decode("ascii", "replace")
    method, to = head.split(" ", 2)[:2]
    if method != "CONNECT":
        to_client.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
        to_client.close()
        return
    print(to, flush=True)
    server, to_server = await asyncio.open_connection(*to.rsplit(":", 1))
    to_client.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(pump(client, to_server), pump(server, to_client), return_exceptions=True)


async def main():
    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write(f"{listener.sockets[0].getsockname()[1]}\n")
    await listener.serve_forever()


asyncio.run(main())

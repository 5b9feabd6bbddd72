#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A network that comes and goes: forward.py PORT HOST:PORT listens on PORT of 127.0.0.1 and passes each connection on,
byte by byte. When it is ended, all of them break."""
import asyncio
import sys


async def pump(source, sink):
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


async def main():
    port, to = sys.argv[1], sys.argv[2].rsplit(":", 1)

    async def serve(client, to_client):
        server, to_server = await asyncio.open_connection(to[0], int(to[1]))
        await asyncio.gather(pump(client, to_server), pump(server, to_client), return_exceptions=True)

    await (await asyncio.start_server(serve, "127.0.0.1", int(port))).serve_forever()


asyncio.run(main())

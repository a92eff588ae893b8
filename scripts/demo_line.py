#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A line with a length: demo_line.py LISTEN TARGET PORT MS

Relays TCP connections to a free port of LISTEN, which it prints, to TARGET, PORT; what is sent arrives half of MS later, in
either direction, so that a question and its answer take MS more than without it. Connecting takes one MS too.
"""
import asyncio
import socket
import sys

listen, target, port, ms = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
half = ms / 2000


async def carry(reader, writer):
    """Chunks in their order, each at its own time."""
    loop, chunks = asyncio.get_running_loop(), asyncio.Queue()

    async def deliver():
        while True:
            when, data = await chunks.get()
            await asyncio.sleep(max(0, when - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    task = asyncio.create_task(deliver())
    data = b"x"
    while data:
        data = await reader.read(65536)
        chunks.put_nowait((loop.time() + half, data))
    await task


async def relay(reader, writer):
    try:
        await asyncio.sleep(2 * half)  # the handshake of TCP
        far_reader, far_writer = await asyncio.open_connection(target, port)
        for w in writer, far_writer:
            w.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))
        far_writer.close()
    except OSError:
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(relay, listen, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass

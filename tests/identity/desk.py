"""A register at the other end of a wire: a real HTTP server that answers as it was told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


class Desk:
    """`answers` by register: a result, or None for silence (503). `asked` keeps every request."""

    def __init__(self) -> None:
        self.answers: dict[str, str | None] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers every request of one connection."""
        while line := await reader.readline():
            register = line.split()[1].decode().split("/")[2]
            length = 0
            while (header := await reader.readline()).strip():
                name, _, value = header.decode().partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            self.asked.append((register, json.loads(await reader.readexactly(length))))
            result = self.answers.get(register)
            status = "200 OK" if result else "503 Service Unavailable"
            body = json.dumps({"result": result}).encode()
            head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    """A desk that is listening."""
    desk = Desk()
    server = await asyncio.start_server(desk.serve, "127.0.0.1", 0)
    desk.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield desk
    finally:
        server.close()

"""A process with a clearing loop, made to be killed: a line on its standard input is a request, a
line on its standard output an answer that somebody was given.

Run as `python -m tests.payments.killed_app <database url>`; it says "ready" when it is.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import msgspec

from qianbao.db.pool import open_pool
from qianbao.errors import QianbaoError
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from tests.kit.money import Hand, clearing

TYPES = {kind.name: kind for kind in KINDS}


class Answered(msgspec.Struct, frozen=True):
    """What the process answered to the request with this key."""

    key: str
    outcome: str
    answer: msgspec.Raw


def line_of(request: Any) -> bytes:
    """A request as a line."""
    [name] = [kind.name for kind in KINDS if kind.request is type(request)]
    return msgspec.json.encode([name, request]) + b"\n"


async def serve(loop: Clearing, line: bytes) -> None:
    """Clears one request and says what came of it, in one write."""
    name, body = msgspec.json.decode(line, type=tuple[str, msgspec.Raw])
    request = msgspec.json.decode(body, type=TYPES[name].request)
    answer, outcome = None, "done"
    try:
        answer = await loop.submit(request)
    except QianbaoError as refusal:
        outcome = refusal.code
    told = Answered(request.key, outcome, msgspec.Raw(msgspec.json.encode(answer)))
    os.write(1, msgspec.json.encode(told) + b"\n")


async def main(url: str) -> None:
    """Until it is killed, or its input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    pool = await open_pool(url, size=4)
    under_way = set()
    async with clearing(pool, Hand()) as loop:
        os.write(1, b"ready\n")
        async for line in reader:
            under_way.add(asyncio.create_task(serve(loop, line)))
        await asyncio.gather(*under_way)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

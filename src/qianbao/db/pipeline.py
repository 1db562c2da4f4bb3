"""Statements sent together and waited for once.

psycopg's pipeline stops sending when the socket is full and then waits for an answer that cannot
come: the server is still waiting for the rest. So what is queued is sent to its end before anything
is waited for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager

from psycopg.waiting import Ready, Wait

from qianbao.db.queries import Connection


@asynccontextmanager
async def pipeline(conn: Connection, *, commit: bool = False) -> AsyncIterator[None]:
    """Inside, `execute` queues; with `commit` the transaction ends with it. Whoever fetches or
    commits inside calls `sent` first. COPY is not possible."""
    async with conn.pipeline():
        yield
        await sent(conn)
        if commit:
            await conn.commit()


async def sent(conn: Connection) -> None:
    """Sends everything that is queued, reading whatever answers come meanwhile."""
    if conn.pgconn.flush():
        await conn.wait(_send(conn))


def _send(conn: Connection) -> Generator[Wait, Ready | int, None]:
    while conn.pgconn.flush():
        ready = yield Wait.RW
        if ready & Ready.R:
            conn.pgconn.consume_input()

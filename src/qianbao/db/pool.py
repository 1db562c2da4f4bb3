"""The connection pool one process keeps."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[Any]]


async def open_pool(url: str, *, size: int = 10) -> Pool:
    """A pool of at most `size` connections, opened and checked. Every transaction runs at
    READ COMMITTED: verbs lock what they read before they decide on it. Nothing is prepared but what
    `Statements` prepares, which is what runs often."""
    pool: Pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=10,
        kwargs={"autocommit": False, "prepare_threshold": None},
    )
    await pool.open(wait=True, timeout=30)
    return pool

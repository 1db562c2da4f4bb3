"""Numbered SQL files, applied once each, in order, by one process at a time."""

from __future__ import annotations

from importlib import resources

import procrastinate
from psycopg import AsyncConnection

_LOCK = 0x51B0  # any number that nobody else locks on
_START = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def numbered() -> list[tuple[int, str, str]]:
    """(number, name, text) of every migration, in order."""
    folder = resources.files("qianbao.db") / "migrations"
    files = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return [
        (int(name[:4]), name[5:-4], (folder / name).read_text(encoding="utf-8")) for name in files
    ]


async def migrate(url: str) -> int:
    """Brings the database at `url` up to date; gives how many migrations were applied. Each runs
    in its own transaction; a failure leaves the ones before it."""
    applied = 0
    async with await AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        await conn.execute(_START)
        cursor = await conn.execute("SELECT number FROM migrations")
        done = {row[0] for row in await cursor.fetchall()}
        for number, name, text in numbered():
            if number in done:
                continue
            async with conn.transaction():
                await conn.execute(text.encode())
                await conn.execute(
                    "INSERT INTO migrations (number, name) VALUES (%s, %s)", (number, name)
                )
            applied += 1
        cursor = await conn.execute("SELECT to_regclass('procrastinate_jobs') IS NULL")
        row = await cursor.fetchone()
    if row is not None and row[0]:
        connector = procrastinate.PsycopgConnector(conninfo=url)
        async with procrastinate.App(connector=connector).open_async() as app:
            await app.schema_manager.apply_schema_async()
        applied += 1
    return applied

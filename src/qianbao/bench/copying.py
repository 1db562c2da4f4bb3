"""The physical limit that a run is compared with: a bare binary COPY of the very rows it wrote.

All of them, transfers, entries, answers and merchants' payments, in the order and the batches in
which they were written, into tables with the same keys and indexes; no checks, no other statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from qianbao.bench.world import tidy
from qianbao.db.arrays import copy_rows, moment
from qianbao.db.queries import Connection
from qianbao.ledger.seal import NAME_LENGTH

_TABLES = ("transfers", "entries", "answers", "payments")
_TYPES = {"int8": "bigint"}
"""What the driver calls a type, where `copy_rows` calls it something else."""
_MOST = 200_000
"""Payments: more are not copied, since all their rows are kept in memory."""

Rows = list[tuple[Any, ...]]
Table = tuple[list[str], Rows]
"""Column types, and rows with moments as `copy_rows` wants them."""


async def bare_copy(url: str, since: datetime, tell: Callable[[int, int], object]) -> float:
    """Payments a second when what was written since that moment is copied again, a commit for each
    batch that there was."""
    async with await AsyncConnection.connect(url) as conn:
        tables = {name: await _read(conn, name, since) for name in _TABLES}
        for name in tables:
            await conn.execute(f"CREATE TABLE bare_{name} (LIKE {name} INCLUDING INDEXES)".encode())
        await conn.commit()
        await tidy(url)
        sizes = _batches(tables["transfers"][1])
        seconds = await _copy(conn, tables, sizes, tell)
        for name in tables:
            await conn.execute(f"DROP TABLE bare_{name}".encode())
        return sum(sizes) / seconds


async def _read(conn: Connection, name: str, since: datetime) -> Table:
    """The rows in the order they were written. Rows of these tables never change place: all but
    payments are only ever added to, and a charge adds a payment as it stays."""
    limit = _MOST * (2 if name == "entries" else 1)
    query = f"SELECT * FROM {name} WHERE created_at >= %s ORDER BY created_at, ctid LIMIT {limit}"  # noqa: S608
    cursor = await conn.cursor(binary=True).execute(query.encode(), (since,))
    types = [conn.adapters.types[column.type_code].name for column in cursor.description or ()]
    moments = [place for place, kind in enumerate(types) if kind == "timestamptz"]
    rows = []
    async for found in cursor:
        row = list(found)
        for place in moments:
            row[place] = moment(row[place])
        rows.append(tuple(row))
    return [_TYPES.get(kind, kind) for kind in types], rows


def _batches(transfers: Rows) -> list[int]:
    """How many transfers each batch had; a batch's ids begin alike."""
    sizes: dict[str, int] = {}
    for row in transfers:
        name = row[0][:NAME_LENGTH]
        sizes[name] = sizes.get(name, 0) + 1
    return list(sizes.values())


async def _copy(
    conn: Connection,
    tables: dict[str, Table],
    sizes: Sequence[int],
    tell: Callable[[int, int], object],
) -> float:
    transfers, done = len(tables["transfers"][1]), 0
    shares = {name: len(rows) // transfers for name, (_, rows) in tables.items() if rows}
    started = time.perf_counter()
    for size in sizes:
        for name, share in shares.items():
            types, rows = tables[name]
            part = rows[done * share : (done + size) * share]
            await copy_rows(
                conn, f"COPY bare_{name} FROM STDIN (FORMAT binary)".encode(), types, part
            )
        await conn.commit()
        done += size
        tell(done, transfers)
    return time.perf_counter() - started

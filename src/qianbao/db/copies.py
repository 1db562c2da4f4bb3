"""Many rows written by COPY, while whoever makes them makes more.

The driver's COPY is waited for to its end before anything else is done, and the server waits while
the next rows are made. Here a COPY is left open until there is more to write: the server works on
what it was sent meanwhile. A connection does one COPY at a time, so tables take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import cycle
from types import TracebackType
from typing import Any

from psycopg import AsyncCopy

from qianbao.db.queries import Connection

Row = tuple[Any, ...]
Rows = Sequence[Row]

# On the wire a moment is a bigint, and writing it as one skips psycopg's Python.
_WIRE = {"text": "text", "bytea": "bytea", "bigint": "int8", "timestamptz": "int8"}


class Table:
    """Rows that become more: `rows(first)` gives those that `made`, which only grows, has led to
    from its place `first` on. `query` begins a binary COPY; `types` are its columns', moments as
    `arrays.moment` gives them."""

    def __init__(
        self,
        query: bytes,
        types: Sequence[str],
        made: Sequence[Any],
        rows: Callable[[int], Rows],
    ) -> None:
        self.query = query
        self.types = [_WIRE[name] for name in types]
        self._made = made
        self._rows = rows
        self._taken = 0

    def take(self) -> Rows:
        """The rows that were not taken before."""
        first, self._taken = self._taken, len(self._made)
        return self._rows(first) if first < self._taken else ()


class Copies:
    """Inside, the connection does nothing else; all rows are written when it ends well."""

    def __init__(self, conn: Connection, tables: Sequence[Table]) -> None:
        self._cursor = conn.cursor()
        self._tables = tables
        self._turns = cycle(tables)
        self._open: AbstractAsyncContextManager[AsyncCopy] | None = None

    async def __aenter__(self) -> Copies:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        trouble: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if trouble is None:
            for table in self._tables:
                await self._write(table)
        if self._open is not None:
            await self._open.__aexit__(kind, trouble, trace)

    async def turn(self) -> None:
        """Sends what one of the tables has to be written so far, and does not wait for it."""
        await self._write(next(self._turns))

    async def _write(self, table: Table) -> None:
        rows = table.take()
        if not rows:
            return
        if self._open is not None:
            ended, self._open = self._open, None
            await ended.__aexit__(None, None, None)
        self._open = self._cursor.copy(table.query)
        copy = await self._open.__aenter__()
        copy.set_types(table.types)
        written = copy.formatter.write_row  # gives what is to be sent, when it is enough
        for row in rows:
            if data := written(row):
                await copy.writer.write(data)


async def copy_rows(
    conn: Connection, query: bytes, types: Sequence[str], rows: Iterable[Row]
) -> None:
    """`rows`, all at hand."""
    made = list(rows)
    async with Copies(conn, [Table(query, types, made, lambda _: made)]):
        pass

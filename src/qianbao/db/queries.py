"""Named SQL kept in the open, and rows read as structs.

Each room has one `queries.sql`; a query begins with `-- name: some_verb` and runs to the next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import class_row

Row = TypeVar("Row")
Connection = AsyncConnection[Any]
Parameters = Mapping[str, Any] | Sequence[Any] | None

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Queries:
    """The named queries of one room, each an attribute holding its text."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    def __getattr__(self, name: str) -> bytes:
        try:
            return self._texts[name].encode()
        except KeyError:
            raise AttributeError(f"no query named {name!r}") from None


@cache
def load(package: str) -> Queries:
    """The queries of `queries.sql` beside `package`'s `__init__`. Raises ValueError when a name
    is used twice."""
    text = resources.files(package).joinpath("queries.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    names, bodies = parts[0::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{package}/queries.sql names a query twice")
    return Queries({name: body.strip() for name, body in zip(names, bodies, strict=True)})


async def fetch_all(
    conn: Connection, query: bytes, parameters: Parameters, shape: type[Row]
) -> list[Row]:
    """Every row as a `shape`, whose fields are the query's columns."""
    async with conn.cursor(row_factory=class_row(shape)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


async def fetch_one(
    conn: Connection, query: bytes, parameters: Parameters, shape: type[Row]
) -> Row | None:
    """The first row as a `shape`, or None."""
    async with conn.cursor(row_factory=class_row(shape)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()

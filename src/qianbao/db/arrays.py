"""Columns of values as PostgreSQL's binary arrays, and many rows written at once.

A set-based statement takes one array for each column. psycopg dumps a list value by value in
Python; here a whole column becomes bytes in a few calls, which the clearing loop needs. No NULLs.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
from psycopg import pq
from psycopg.adapt import Dumper

from qianbao.db.queries import Connection

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_length = struct.Struct(">i").pack


def moment(at: datetime) -> int:
    """A moment as PostgreSQL writes a timestamptz: microseconds since the year 2000, UTC."""
    return (at - _EPOCH) // _MICROSECOND


class Array(msgspec.Struct, frozen=True):
    """A column, written already. Made by `texts`, `bytes_of`, `integers`, `moments` or
    `days`."""

    data: bytes


class _Texts(Array, frozen=True):
    pass


class _Bytes(Array, frozen=True):
    pass


class _Integers(Array, frozen=True):
    pass


class _Moments(Array, frozen=True):
    pass


class _Days(Array, frozen=True):
    pass


def texts(values: Sequence[str]) -> Array:
    """A text[]."""
    sizes = set(map(len, values))
    if len(sizes) == 1 and 0 < (size := sizes.pop()) < 128:
        # Ids: of one length and ASCII, so that the length before each is a separator.
        before = "\0\0\0" + chr(size)
        joined = before + before.join(values)
        if joined.isascii():
            return _Texts(_head(len(values), 25) + joined.encode())
    return _Texts(_variable([value.encode() for value in values], element_oid=25))


def bytes_of(values: Sequence[bytes]) -> Array:
    """A bytea[]."""
    return _Bytes(_variable(values, element_oid=17))


def integers(values: Sequence[int]) -> Array:
    """A bigint[]."""
    return _Integers(_eight_bytes(values, element_oid=20))


def moments(values: Sequence[int]) -> Array:
    """A timestamptz[], of what `moment` gives."""
    return _Moments(_eight_bytes(values, element_oid=1184))


def days(values: Sequence[date]) -> Array:
    """A date[]."""
    sized = [4] * (2 * len(values))
    sized[1::2] = [value.toordinal() - _EPOCH_DAY for value in values]
    return _Days(_head(len(values), 1082) + struct.pack(">" + "ii" * len(values), *sized))


def _head(count: int, element_oid: int) -> bytes:
    if not count:
        return struct.pack(">iii", 0, 0, element_oid)
    return struct.pack(">iiiii", 1, 0, element_oid, count, 1)


def _variable(values: Sequence[bytes], element_oid: int) -> bytes:
    parts = [_head(len(values), element_oid)]
    for value in values:
        parts.append(_length(len(value)))
        parts.append(value)
    return b"".join(parts)


def _eight_bytes(values: Sequence[int], element_oid: int) -> bytes:
    sized = [8] * (2 * len(values))
    sized[1::2] = values
    return _head(len(values), element_oid) + struct.pack(">" + "iq" * len(values), *sized)


class _Written(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.data


class _TextsDumper(_Written):
    oid = 1009


class _BytesDumper(_Written):
    oid = 1001


class _IntegersDumper(_Written):
    oid = 1016


class _MomentsDumper(_Written):
    oid = 1185


class _DaysDumper(_Written):
    oid = 1182


psycopg.adapters.register_dumper(_Texts, _TextsDumper)
psycopg.adapters.register_dumper(_Bytes, _BytesDumper)
psycopg.adapters.register_dumper(_Integers, _IntegersDumper)
psycopg.adapters.register_dumper(_Moments, _MomentsDumper)
psycopg.adapters.register_dumper(_Days, _DaysDumper)

_COLUMNS: dict[str, tuple[str, Callable[[Any], Array]]] = {
    "text": ("text", texts),
    "bytea": ("bytea", bytes_of),
    "bigint": ("int8", integers),
    # On the wire a moment is a bigint, and writing it as one skips psycopg's Python.
    "timestamptz": ("int8", moments),
}


def arrays(types: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Array]:
    """Rows as one array for each column."""
    columns = zip(*rows, strict=True)
    return [_COLUMNS[name][1](column) for name, column in zip(types, columns, strict=True)]


Rows = Iterable[Sequence[Any]]


@asynccontextmanager
async def copying(
    conn: Connection, query: bytes, types: Sequence[str]
) -> AsyncIterator[Callable[[Rows], Awaitable[None]]]:
    """Inside, rows are written by the binary COPY that `query` begins, and the server works on them
    meanwhile; moments come as `moment` gives them. The connection does nothing else."""
    async with conn.cursor() as cursor, cursor.copy(query) as copy:
        copy.set_types([_COLUMNS[name][0] for name in types])
        written = copy.formatter.write_row  # gives what is to be sent, when it is enough

        async def write(rows: Rows) -> None:
            for row in rows:
                if data := written(row):
                    await copy.writer.write(data)

        yield write


async def copy_rows(conn: Connection, query: bytes, types: Sequence[str], rows: Rows) -> None:
    """`copying`, with all rows at hand."""
    async with copying(conn, query, types) as write:
        await write(rows)

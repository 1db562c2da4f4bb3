"""Answers, kept under the key that a request was sent with: the same request finds its first one.

Here belongs how a request is known again, how answers are found and kept, and that they are dropped
after their time. What an answer says is its kind's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import msgspec

from qianbao.db.arrays import Array, Rows, arrays, copying, texts
from qianbao.db.look_ups import Key, LookUp
from qianbao.db.queries import Connection, load
from qianbao.db.statements import Answer, Statements
from qianbao.payments.batch import Batch, Kind

sql = load("qianbao.payments")

encode = msgspec.json.Encoder().encode
_COLUMNS = ("text", "text", "bytea", "text", "timestamptz")


def digest(request: Any, kind: Kind) -> bytes:
    """What makes two requests under one key the same."""
    return hashlib.sha256(encode((kind.name, *kind.body(request)))).digest()


def ask_answers(statements: Statements, names: Sequence[Key]) -> Answer[tuple[int, bytes, str]]:
    """Asks what was answered under `names`, scope and key: a name's place from 1 on, the digest of
    the first request, and the answer as JSON."""
    return statements.ask(sql.find_answers, _names(names))


def _names(names: Sequence[Key]) -> dict[str, Array]:
    return {
        "scopes": texts([scope for scope, _ in names]),
        "keys": texts([key for _, key in names]),
    }


FIRST_ANSWER = LookUp(sql.find_answers, _names, lambda digest, answer: (digest, answer))
"""Of one request: the digest of the first one's body, and the answer as JSON."""


def ask_to_keep_answers(statements: Statements, batch: Batch) -> None:
    """Keeps the few answers of a batch."""
    statements.ask(sql.insert_answers, arrays(_COLUMNS, batch.answers))


def keeping_answers(
    conn: Connection,
) -> AbstractAsyncContextManager[Callable[[Rows], Awaitable[None]]]:
    """Inside, the many answers of a batch are kept as they come; see `arrays.copying`."""
    return copying(conn, sql.copy_answers, _COLUMNS)


async def forget_answers(conn: Connection, *, before: datetime, limit: int = 10_000) -> int:
    """Drops answers given before `before`, the oldest first; gives how many."""
    cursor = await conn.execute(sql.forget_answers, {"before": before, "limit": limit})
    return cursor.rowcount

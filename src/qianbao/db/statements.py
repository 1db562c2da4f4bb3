"""Statements sent together and waited for once, prepared when a connection first sends them.

A statement of its own costs a round trip; psycopg's pipeline saves that, but still sends each by
itself and gives each a cursor: 20 us of CPU a statement, a tenth of what the clearing loop uses.
Here they leave in one piece, over libpq's pipeline mode as psycopg wraps it (`psycopg.pq`).
Statements are prepared where psycopg prepares none itself (`open_pool`): it would drop ours with
its own. Not here: COPY, which libpq does not allow among others, and what is asked alone, for which
there is a connection's own `execute`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Generic
from weakref import WeakKeyDictionary

from psycopg import OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from qianbao.db.queries import Connection, Parameters, Row

_PLACE = re.compile(r"%%|%(?:\((\w+)\))?[sbt]")
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE)

_BY_KEY = b"SET LOCAL enable_seqscan = off"
"""A prepared statement keeps its plan until the table is analysed, up to a minute later. One that
was made while the table was small would read all of it; what goes through here looks up keys."""


def _columns(*columns: Any) -> Any:
    return columns


class Answer(Generic[Row]):
    """What a statement gave: its `rows`, each made by `shape` from its columns in their order.
    Empty before `answered`."""

    def __init__(self, shape: Callable[..., Row]) -> None:
        self.shape = shape
        self.rows: list[Row] = []

    @property
    def first(self) -> Row | None:
        """The first row."""
        return self.rows[0] if self.rows else None


_Prepared = dict[tuple[bytes, tuple[int, ...]], bytes]
"""Names of a connection's prepared statements, by their text and the types of their parameters."""

_prepared: WeakKeyDictionary[Connection, _Prepared] = WeakKeyDictionary()
_numbers = count()
_values = Transformer()
"""Writes and reads values; belonging to no connection, it reads moments as UTC."""


class Statements:
    """Statements of one connection that wait to be sent. They begin a transaction unless one is
    open; `alone`, they are one of their own, which ends with them."""

    def __init__(self, conn: Connection, *, alone: bool = False) -> None:
        self._conn = conn
        self._alone = alone
        self._names = _prepared.setdefault(conn, {})
        self._expected: list[Answer[Any] | tuple[bytes, tuple[int, ...]]] = []

    def ask(
        self, query: bytes, parameters: Parameters = None, shape: Callable[..., Row] = _columns
    ) -> Answer[Row]:
        """Queues a statement; values are as psycopg takes them, or arrays (`db.arrays`)."""
        if not self._expected:
            self._begin()
        return self._queue(query, parameters, Answer(shape))

    def _begin(self) -> None:
        pgconn = self._conn.pgconn
        begins = not self._alone and pgconn.transaction_status == TransactionStatus.IDLE
        pgconn.enter_pipeline_mode()
        if begins:
            self._queue(b"BEGIN", None, Answer(_columns))
            self._queue(_BY_KEY, None, Answer(_columns))

    def _queue(self, query: bytes, parameters: Parameters, answer: Answer[Row]) -> Answer[Row]:
        text, names = _numbered(query)
        given: Sequence[Any] = (
            [parameters[name] for name in names]
            if isinstance(parameters, Mapping)
            else parameters or ()
        )
        values = _values.dump_sequence(given, [PyFormat.BINARY] * len(given))
        types, formats = tuple(_values.types or ()), _values.formats
        pgconn = self._conn.pgconn
        if self._conn.prepare_threshold is None:
            name = self._prepared(text, types)
            pgconn.send_query_prepared(name, values, formats, Format.BINARY)
        else:
            pgconn.send_query_params(text, values, types, formats, Format.BINARY)
        self._expected.append(answer)
        return answer

    def _prepared(self, text: bytes, types: tuple[int, ...]) -> bytes:
        name = self._names.get((text, types))
        if name is None:
            name = self._names[text, types] = b"qianbao_%d" % next(_numbers)
            self._conn.pgconn.send_prepare(name, text, types)
            self._expected.append((text, types))
        return name

    async def sent(self) -> None:
        """Sends what is queued, so that the server works while we do."""
        if not self._expected:
            return
        self._conn.pgconn.send_flush_request()
        await self._conn.wait(_flushed(self._conn))

    async def answered(self, *, commit: bool = False) -> None:
        """Waits for every answer, and with `commit` for the transaction's end. Raises what psycopg
        raises for the first statement that failed; those after it were not executed."""
        if commit:
            self.ask(b"COMMIT")
        if not self._expected:
            return
        expected, self._expected = self._expected, []
        self._conn.pgconn.pipeline_sync()
        results = await self._conn.wait(_exchanged(self._conn))
        failed = next((one for one in results if one.status in _FAILED), None)
        for one, result in zip(expected, results, strict=False):
            if isinstance(one, Answer):
                _read(one, result)
            elif result.status != ExecStatus.COMMAND_OK:
                del self._names[one]
        if failed is not None:
            raise error_from_result(failed)


def _read(answer: Answer[Any], result: PGresult) -> None:
    if result.status == ExecStatus.TUPLES_OK:
        shape = answer.shape
        _values.set_pgresult(result)
        answer.rows = _values.load_rows(0, result.ntuples, lambda columns: shape(*columns))


@lru_cache(maxsize=512)
def _numbered(query: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The statement with $1, $2 … for %(name)s or %s, and the names in their order; a name that
    comes again is the same parameter."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        name = match[1] or f"%{len(names)}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACE.sub(number, query.decode()).encode(), tuple(names)


def _flushed(conn: Connection) -> Generator[Wait, Ready | int, None]:
    """Reads whatever answers come meanwhile: the server may not take the rest before."""
    while conn.pgconn.flush():
        ready = yield Wait.RW
        if ready & Ready.R:
            conn.pgconn.consume_input()


def _exchanged(conn: Connection) -> Generator[Wait, Ready | int, list[PGresult]]:
    """Sends, and gives the result of everything queued; leaves the pipeline mode."""
    yield from _flushed(conn)
    pgconn = conn.pgconn
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            if pgconn.status != ConnStatus.OK:
                raise OperationalError("the connection was lost")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            pgconn.exit_pipeline_mode()
            return results
        else:
            results.append(result)

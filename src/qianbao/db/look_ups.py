"""Look-ups of a row by its key; those that are wanted at once are asked for together.

Nearly every request begins by looking up who asks. In a transaction of its own that is three round
trips, and more of the process's time than the payment that follows. Here whatever is wanted while
the last answer is on its way goes out next, one statement for each kind, all in one wait: under
light load one key, under heavy load many, as in the clearing loop. Each sees what was committed
before it was wanted. Not here: what locks a row, or has to agree with another statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from qianbao.db.arrays import Array
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.db.statements import Answer, Statements

Key = tuple[Any, ...]


class LookUp(msgspec.Struct, frozen=True, eq=False):
    """A kind of look-up. `columns` writes keys as the arrays of `query`, whose first column is the
    place of the key it answers, counted from 1; `shape` is made of the others."""

    query: bytes
    columns: Callable[[Sequence[Key]], Mapping[str, Array]]
    shape: Callable[..., Any]


Find = Callable[[LookUp, Key], Awaitable[Any]]
"""Finds the row of a key as its look-up shapes it; None when there is none."""
_Wanted = list[tuple[Key, "asyncio.Future[Any]"]]


class LookUps:
    """One process's look-ups. They begin with the first and end with the last that is wanted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._wanted: dict[LookUp, _Wanted] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, look_up: LookUp, key: Key) -> Any:
        """A `Find`, in a transaction that ends before the answer is given."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(look_up, []).append((key, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="look-ups")
        return await future

    async def _run(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            futures = [future for some in wanted.values() for _, future in some]
            try:
                await self._ask(wanted)
            except Exception as trouble:
                for future in futures:
                    if not future.done():
                        future.set_exception(trouble)
            finally:
                for future in futures:
                    future.cancel()  # whoever still waits when the process ends

    async def _ask(self, wanted: dict[LookUp, _Wanted]) -> None:
        async with self._pool.connection() as conn:
            statements = Statements(conn, alone=True)
            asked = [
                (_ask(statements, look_up, [key for key, _ in some]), look_up, some)
                for look_up, some in wanted.items()
            ]
            await statements.answered()
            for answer, look_up, some in asked:
                found = _by_place(look_up, answer)
                for place, (_, future) in enumerate(some, start=1):
                    if not future.done():
                        future.set_result(found.get(place))


def one_by_one(conn: Connection) -> Find:
    """Finds in the transaction of `conn`."""

    async def find(look_up: LookUp, key: Key) -> Any:
        statements = Statements(conn)
        answer = _ask(statements, look_up, [key])
        await statements.answered()
        return _by_place(look_up, answer).get(1)

    return find


def _ask(statements: Statements, look_up: LookUp, keys: Sequence[Key]) -> Answer[Any]:
    return statements.ask(look_up.query, look_up.columns(keys))


def _by_place(look_up: LookUp, answer: Answer[Any]) -> dict[int, Any]:
    return {place: look_up.shape(*row) for place, *row in answer.rows}

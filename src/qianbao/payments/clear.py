"""The clearing loop: requests that arrived while the last commit ran are settled as one batch.

There are no timers: under light load a batch is one request, under heavy load it grows by itself.
When many wait that touch none of its accounts, they are cleared beside it. What happens to a batch
is `settle`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
import structlog

from qianbao.clock import Clock
from qianbao.db.look_ups import LookUps
from qianbao.db.pool import Pool
from qianbao.db.statements import Statements
from qianbao.ledger import AccountKey
from qianbao.payments.answers import FIRST_ANSWER, digest
from qianbao.payments.batch import Kind
from qianbao.payments.errors import (
    BlockedByPolicy,
    ClearingBusy,
    ClearingInterrupted,
    RequestClash,
)
from qianbao.payments.settle import PoliciesInForce, Settling
from qianbao.payments.waiting import Bound, step_up_id
from qianbao.policy.facts import Situation
from qianbao.policy.policies import Policy
from qianbao.remedies.goals import Goal
from qianbao.remedies.offer import asks_operator, ways_out
from qianbao.remedies.plan import WayOut
from qianbao.settings import Settings
from qianbao.wallets.cases import open_cases_of
from qianbao.wallets.standing import numbered

log = structlog.get_logger(__name__)

Queued = tuple[Any, "asyncio.Future[Any]"]
_SIDE_BY_SIDE = 2
"""Batches that one process clears at once, at most: it waits for one server."""
_MANY = 128
"""Requests: how many a batch beside another has at least."""


class Clearing:
    """One process's clearing loop. `start` it, `submit` requests, `stop` it."""

    def __init__(
        self,
        pool: Pool,
        kinds: Sequence[Kind],
        policies: PoliciesInForce,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._look_ups = LookUps(pool)
        self._settling = Settling(kinds, policies, settings, clock)
        self._settings = settings
        self._clock = clock
        self._queue: list[Queued] = []
        self._under_way: dict[asyncio.Task[None], list[Queued]] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to clear."""
        self._task = asyncio.create_task(self._run(), name="clearing")

    async def stop(self) -> None:
        """Ends the loop; whatever waits is told to come back."""
        if self._task is not None:
            ending = [self._task, *self._under_way]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
        for _, future in self._queue:
            if not future.done():
                future.set_exception(ClearingBusy())
        self._queue.clear()

    async def submit(self, request: Any) -> Any:
        """The kind's answer once it is durable. Raises what the kind raises; a policy's refusal
        (`BlockedByPolicy`) brings its ways out. Nothing has changed when anything is raised, but
        for `ClearingInterrupted`, after which the same key finds out."""
        ended = self._task is not None and self._task.done()
        if ended or len(self._queue) >= self._settings.clearing_queue:
            raise ClearingBusy()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append((request, future))
        if len(self._queue) in (1, _MANY):
            self._woken.set()
        try:
            return await future
        except BlockedByPolicy as refusal:
            goal = Goal(
                capabilities=(refusal.decision.capability,), amount_minor=refusal.amount_minor
            )
            found = await asyncio.to_thread(
                ways_out, await self._now_in_force(), refusal.situation, self._clock(), goal
            )
            refusal.ways_out = await self._numbered(found, refusal.situation)
            raise

    async def _numbered(self, ways: tuple[WayOut, ...], of: Situation) -> tuple[WayOut, ...]:
        if not any(asks_operator(way) for way in ways):
            return ways
        async with self._pool.connection() as conn:
            return numbered(ways, await open_cases_of(conn, of.wallet_id), of)

    async def first_answer(self, request: Any) -> Any:
        """What this very request was answered when it was first sent; None when it is new, or
        another one under its key. With it a door knows a repeat before it looks at anything that
        may have changed since, such as the payment PIN."""
        kind = self._settling.kinds[type(request)]
        found = await self._look_ups.find(FIRST_ANSWER, (request.scope, request.key))
        if found is None or found[0] != digest(request, kind):
            return None
        return msgspec.json.decode(found[1], type=kind.answer)

    def bound(self, request: Any) -> Bound:
        """What a code for `request`, of a kind that a holder may be asked about, is good for."""
        kind = self._settling.kinds[type(request)]
        assert kind.counterparty is not None
        name = step_up_id(request.wallet_id, request.key)
        return Bound(request.wallet_id, name, digest(request, kind), kind.counterparty(request))

    async def _now_in_force(self) -> tuple[Policy, ...]:
        async with self._pool.connection() as conn:
            statements = Statements(conn)
            given = self._settling.policies(statements)
            await statements.answered()
            return await given(conn)

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while batch := self._take_apart() if self._under_way else self._take():
                task = asyncio.create_task(self._clear(batch), name="clearing a batch")
                self._under_way[task] = batch
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if self._queue:
            self._woken.set()

    def _take(self) -> list[Queued]:
        """All that wait; of very many the first half, for what waits may be cleared beside it."""
        waiting, most = len(self._queue), self._settings.clearing_batch
        if waiting >= 4 * _MANY:
            most = min(most, waiting // 2)
        batch, self._queue = self._queue[:most], self._queue[most:]
        return batch

    def _take_apart(self) -> list[Queued]:
        """`_MANY` or more that touch no account of the batch under way, nor of one who waits for it
        and came before: they are cleared beside it, and neither we nor the server waits for the
        other. Fewer wait, since a batch costs hardly less for being small."""
        if len(self._queue) < _MANY or len(self._under_way) >= _SIDE_BY_SIDE:
            return []
        touched: set[AccountKey] = set()
        for batch in self._under_way.values():
            touched.update(*map(self._accounts, batch))
        apart: list[Queued] = []
        rest: list[Queued] = []
        for one in self._queue:
            accounts = self._accounts(one)
            if touched.isdisjoint(accounts) and len(apart) < self._settings.clearing_batch:
                apart.append(one)
            else:
                rest.append(one)
                touched.update(accounts)
        if len(apart) < _MANY:
            return []
        self._queue = rest
        return apart

    def _accounts(self, queued: Queued) -> Sequence[AccountKey]:
        return self._settling.kinds[type(queued[0])].accounts(queued[0])

    async def _clear(self, waiting: list[Queued]) -> None:
        """Clears a batch; when it fails as a whole though the database is there, one request at a
        time, so that a bad one does not fail its neighbours."""
        try:
            outcomes = await self.clear_batch([request for request, _ in waiting])
        except asyncio.CancelledError:
            _answer(waiting, [ClearingInterrupted()] * len(waiting))
            raise
        except Exception as trouble:
            if len(waiting) > 1 and not isinstance(trouble, psycopg.OperationalError):
                await self._clear_each(waiting)
                return
            if isinstance(trouble, psycopg.errors.IntegrityError | psycopg.errors.DataError):
                outcomes = [RequestClash()]
            else:
                log.exception("clearing failed", requests=len(waiting))
                outcomes = [ClearingInterrupted()] * len(waiting)
        _answer(waiting, outcomes)

    async def _clear_each(self, waiting: list[Queued]) -> None:
        rest = list(waiting)
        try:
            while rest:
                await self._clear([rest.pop(0)])
        finally:
            self._queue[:0] = rest  # cut short: `stop` tells them

    async def clear_batch(self, requests: list[Any]) -> list[Any]:
        """One batch, one transaction: for each request its answer, or its refusal as an exception
        that is returned, not raised."""
        async with self._pool.connection() as conn:
            return await self._settling.clear(conn, requests)


def _answer(waiting: list[Queued], outcomes: Sequence[Any]) -> None:
    for (_, future), outcome in zip(waiting, outcomes, strict=True):
        if future.done():
            continue  # whoever asked has gone; the answer is stored under the key
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

"""The clearing loop: requests that arrived while the last commit ran are settled as one batch.

One transaction: lock the accounts in key order; find what was answered before; read facts, limits
and the policies in force (a later statement, which sees what the locks waited for); per request
decide, then apply in memory; write everything by COPY and set-based statements; commit; answer.
Money, limits and rules can therefore never disagree, and one commit carries many payments. There
are no timers: under light load a batch is one request, under heavy load it grows by itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg.types.json import Jsonb

from qianbao.clock import Clock
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, copy_rows, load
from qianbao.errors import QianbaoError
from qianbao.ids import new_id
from qianbao.ledger import Book, load_holds, lock_accounts, write_book
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.errors import (
    BlockedByPolicy,
    ClearingBusy,
    ClearingInterrupted,
    RequestClash,
    SameKeyOtherRequest,
)
from qianbao.policy.policies import Policy
from qianbao.remedies.goals import Goal
from qianbao.remedies.plan import plan
from qianbao.settings import Settings
from qianbao.wallets.situation import read_situations

sql = load("qianbao.payments")
log = structlog.get_logger(__name__)

PoliciesInForce = Callable[[Connection], Awaitable[tuple[Policy, ...]]]
Waiting = tuple[Any, "asyncio.Future[Any]"]
Answered = dict[tuple[str, str], tuple[bytes, Any]]
"""By (scope, key): the digest of the first request's body, and the stored answer, as JSON."""
Fresh = dict[tuple[str, str], tuple[bytes, Any]]
"""The same for what this batch answers, the answer as its struct."""
_ANSWER_TYPES = ["text", "text", "bytea", "jsonb", "timestamptz"]


class Clearing:
    """One process's clearing loop. `start` it, `submit` requests, `stop` it."""

    def __init__(
        self,
        pool: Pool,
        kinds: Sequence[Kind],
        policies: PoliciesInForce,
        settings: Settings,
        clock: Clock,
        chance: Callable[[int], int] = random.randrange,
    ) -> None:
        self._pool = pool
        self._kinds = {kind.request: kind for kind in kinds}
        self._policies = policies
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._queue: list[Waiting] = []
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to clear."""
        self._task = asyncio.create_task(self._run(), name="clearing")

    async def stop(self) -> None:
        """Ends the loop after the batch under way; whatever waits is told to come back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for _, future in self._queue:
            if not future.done():
                future.set_exception(ClearingBusy())
        self._queue.clear()

    async def submit(self, request: Any) -> Any:
        """The kind's answer once it is durable. Raises what the kind raises; a policy's refusal
        (`BlockedByPolicy`) brings its ways out. Nothing has changed when anything is raised, but
        for `ClearingInterrupted`, after which the same key finds out."""
        if len(self._queue) >= self._settings.clearing_queue:
            raise ClearingBusy()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append((request, future))
        self._arrived.set()
        try:
            return await future
        except BlockedByPolicy as refusal:
            goal = Goal(
                capabilities=(refusal.decision.capability,), amount_minor=refusal.amount_minor
            )
            refusal.ways_out = await asyncio.to_thread(
                plan, await self._now_in_force(), refusal.situation, self._clock(), goal
            )
            raise

    async def _now_in_force(self) -> tuple[Policy, ...]:
        async with self._pool.connection() as conn:
            return await self._policies(conn)

    async def _run(self) -> None:
        most = self._settings.clearing_batch
        while True:
            await self._arrived.wait()
            batch, self._queue = self._queue[:most], self._queue[most:]
            if not self._queue:
                self._arrived.clear()
            if batch:
                await self._clear(batch)

    async def _clear(self, waiting: list[Waiting]) -> None:
        """Clears a batch; when the database refuses it as a whole, one request at a time, so that
        a bad one does not fail its neighbours."""
        try:
            outcomes = await self.clear_batch([request for request, _ in waiting])
        except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
            if len(waiting) == 1:
                outcomes = [RequestClash()]
            else:
                await self._clear_each(waiting)
                return
        except asyncio.CancelledError:
            _answer(waiting, [ClearingInterrupted()] * len(waiting))
            raise
        except Exception:
            log.exception("clearing failed", requests=len(waiting))
            outcomes = [ClearingInterrupted()] * len(waiting)
        _answer(waiting, outcomes)

    async def _clear_each(self, waiting: list[Waiting]) -> None:
        rest = list(waiting)
        try:
            while rest:
                await self._clear([rest.pop(0)])
        finally:
            self._queue[:0] = rest  # cut short: `stop` tells them

    async def clear_batch(self, requests: list[Any]) -> list[Any]:
        """One batch, one transaction: for each request its answer, or its refusal as an exception
        that is returned, not raised."""
        kinds = [self._kinds[type(request)] for request in requests]
        async with self._pool.connection() as conn:
            batch = await self._load(conn, requests, kinds)
            answered = await _find_answers(conn, requests)
            present = set(kinds)
            for kind in self._kinds.values():  # always in the same order: they lock rows
                if kind in present and kind.load is not None:
                    same = [one for one in requests if type(one) is kind.request]
                    await kind.load(conn, same, batch)
            fresh: Fresh = {}
            outcomes = [
                _settle(request, kind, batch, answered, fresh)
                for request, kind in zip(requests, kinds, strict=True)
            ]
            await self._write(conn, batch, dict.fromkeys(kinds), fresh)
        return outcomes

    async def _load(self, conn: Connection, requests: list[Any], kinds: list[Kind]) -> Batch:
        pairs = list(zip(requests, kinds, strict=True))
        keys = {key for request, kind in pairs for key in kind.accounts(request)}
        accounts = await lock_accounts(conn, keys)
        now = self._clock()
        wallets = sorted({wallet for request, kind in pairs for wallet in kind.wallets(request)})
        situations = await read_situations(
            conn, wallets, now=now, free_minor=self._settings.withdrawal_free_minor
        )
        holds = await load_holds(
            conn, [(r.wallet_id, r.hold_id) for r in requests if getattr(r, "hold_id", None)]
        )
        return Batch(
            now=now,
            book=Book(accounts, holds),
            situations=situations,
            policies=await self._policies(conn),
            settings=self._settings,
            sampled=lambda: self._chance(1000) < self._settings.permit_sample_per_mille,
        )

    async def _write(
        self,
        conn: Connection,
        batch: Batch,
        kinds: dict[Kind, None],
        fresh: Fresh,
    ) -> None:
        await write_book(conn, batch.book, batch.now)
        await _write_counters(conn, batch)
        for kind in kinds:
            if kind.write is not None and batch.rows.get(kind.name):
                await kind.write(conn, batch)
        await _write_answers(conn, fresh, batch)
        await _write_decisions(conn, batch)


def _answer(waiting: list[Waiting], outcomes: Sequence[Any]) -> None:
    for (_, future), outcome in zip(waiting, outcomes, strict=True):
        if future.done():
            continue  # whoever asked has gone; the answer is stored under the key
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _settle(request: Any, kind: Kind, batch: Batch, answered: Answered, fresh: Fresh) -> Any:
    """The answer or the refusal of one request; a refusal leaves the batch as it was."""
    digest, key = _digest(request, kind), (request.scope, request.key)
    if key in answered or key in fresh:
        first, answer = answered[key] if key in answered else fresh[key]
        if first != digest:
            return SameKeyOtherRequest()
        return msgspec.convert(answer, kind.answer) if key in answered else answer
    mark = batch.book.mark()
    try:
        answer = kind.apply(request, batch)
    except QianbaoError as refusal:
        batch.book.back_to(mark)
        return refusal
    fresh[key] = (digest, answer)
    return answer


def _digest(request: Any, kind: Kind) -> bytes:
    body = [kind.name, *(getattr(request, field) for field in kind.body)]
    return hashlib.sha256(msgspec.json.encode(body)).digest()


async def _find_answers(conn: Connection, requests: list[Any]) -> Answered:
    cursor = await conn.execute(
        sql.find_answers,
        {"scopes": [r.scope for r in requests], "keys": [r.key for r in requests]},
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in await cursor.fetchall()}


async def _write_answers(conn: Connection, fresh: Fresh, batch: Batch) -> None:
    rows = [
        (scope, key, digest, Jsonb(answer, dumps=msgspec.json.encode), batch.now)
        for (scope, key), (digest, answer) in fresh.items()
    ]
    await copy_rows(conn, sql.copy_answers, _ANSWER_TYPES, rows)


async def _write_counters(conn: Connection, batch: Batch) -> None:
    if not batch.counted:
        return
    items = batch.counted.items()
    await conn.execute(
        sql.write_counters,
        {
            "wallets": [wallet for wallet, _ in items],
            "days": [counted.day for _, counted in items],
            "years": [counted.day.year for _, counted in items],
            "paid": [counted.paid_minor for _, counted in items],
            "moved": [counted.moved_minor for _, counted in items],
            "received": [counted.received_minor for _, counted in items],
            "now": batch.now,
        },
    )


async def _write_decisions(conn: Connection, batch: Batch) -> None:
    if not batch.decisions:
        return
    logged = batch.decisions
    await conn.execute(
        sql.write_decisions,
        {
            "wallets": [one.wallet_id for one in logged],
            "ids": [new_id("dec", batch.now) for _ in logged],
            "capabilities": [one.decision.capability for one in logged],
            "outcomes": [one.decision.outcome for one in logged],
            "policies": [Jsonb(msgspec.to_builtins(one.decision.versions)) for one in logged],
            "reasons": [Jsonb(msgspec.to_builtins(one.decision.reasons)) for one in logged],
            "facts": [Jsonb(msgspec.to_builtins(one.facts)) for one in logged],
            "now": batch.now,
        },
    )


async def forget_answers(conn: Connection, *, before: datetime, limit: int = 10_000) -> int:
    """Drops answers given before `before`, the oldest first; gives how many."""
    cursor = await conn.execute(sql.forget_answers, {"before": before, "limit": limit})
    return cursor.rowcount

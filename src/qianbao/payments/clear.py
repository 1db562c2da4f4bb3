"""The clearing loop: requests that arrived while the last commit ran are settled as one batch.

One transaction: lock the accounts in key order; find what was answered before; read facts, limits
and the policies in force (later statements, which see what the locks waited for); per request
decide, then apply in memory; write everything by set-based statements; commit; answer. Money,
limits and rules can therefore never disagree, and one commit carries many payments. There are no
timers: under light load a batch is one request, under heavy load it grows by itself.

The database is waited for twice: once for all that is read, once for all that is written and the
commit; a kind's own rows, and wallets that are not known yet, add to that. Above `_FEW` requests
the rows go by COPY, which cannot share a wait but is cheaper a row.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import structlog

from qianbao.clock import Clock
from qianbao.db.arrays import Array, arrays, copying, days, integers, texts
from qianbao.db.look_ups import Key, LookUp, LookUps
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, load
from qianbao.db.statements import Answer, Statements
from qianbao.errors import QianbaoError
from qianbao.ledger import AccountKey, ask_book, ask_changes, ask_rows, copy_book, take_book
from qianbao.payments.batch import Batch, Kind, Member
from qianbao.payments.decisions import ask_to_log
from qianbao.payments.errors import (
    BlockedByPolicy,
    ClearingBusy,
    ClearingInterrupted,
    RequestClash,
    SameKeyOtherRequest,
    StepUpRequired,
)
from qianbao.payments.waiting import Bound, Waiting, ask_to_keep, step_up_id
from qianbao.policy.policies import Policy
from qianbao.remedies.goals import Goal
from qianbao.remedies.plan import plan
from qianbao.settings import Settings
from qianbao.wallets.known import KnownWallets, ask_moved

sql = load("qianbao.payments")
log = structlog.get_logger(__name__)

PoliciesInForce = Callable[[Statements], Callable[[Connection], Awaitable[tuple[Policy, ...]]]]
"""Asks for the policies in force; gives what gives them, once the statements are answered."""
Queued = tuple[Any, "asyncio.Future[Any]"]
Answered = dict[tuple[str, str], tuple[bytes, str]]
"""By (scope, key): the digest of the first request's body, and the stored answer, as JSON."""
Fresh = dict[tuple[str, str], tuple[bytes, Any]]
"""The same for what this batch answers, the answer as its struct."""
_ANSWERS = ("text", "text", "bytea", "text", "timestamptz")
_encode = msgspec.json.Encoder().encode
_FEW = 256
"""Requests: where arrays and COPY cost the same, as measured (docs/ledger.md)."""


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
        self._kinds = {kind.request: kind for kind in kinds}
        self._policies = policies
        self._settings = settings
        self._clock = clock
        self._known = KnownWallets(settings.clearing_known_wallets, settings.withdrawal_free_minor)
        self._queue: list[Queued] = []
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
        ended = self._task is not None and self._task.done()
        if ended or len(self._queue) >= self._settings.clearing_queue:
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

    async def first_answer(self, request: Any) -> Any:
        """What this very request was answered when it was first sent; None when it is new, or
        another one under its key. With it a door knows a repeat before it looks at anything that
        may have changed since, such as the payment PIN."""
        kind = self._kinds[type(request)]
        found = await self._look_ups.find(_FIRST_ANSWER, (request.scope, request.key))
        if found is None or found[0] != _digest(request, kind):
            return None
        return msgspec.json.decode(found[1], type=kind.answer)

    def bound(self, request: Any) -> Bound:
        """What a code for `request`, of a kind that a holder may be asked about, is good for."""
        kind = self._kinds[type(request)]
        assert kind.counterparty is not None
        name = step_up_id(request.wallet_id, request.key)
        return Bound(request.wallet_id, name, _digest(request, kind), kind.counterparty(request))

    async def _now_in_force(self) -> tuple[Policy, ...]:
        async with self._pool.connection() as conn:
            statements = Statements(conn)
            given = self._policies(statements)
            await statements.answered()
            return await given(conn)

    async def _run(self) -> None:
        most = self._settings.clearing_batch
        while True:
            await self._arrived.wait()
            batch, self._queue = self._queue[:most], self._queue[most:]
            if not self._queue:
                self._arrived.clear()
            if batch:
                await self._clear(batch)

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
        kinds = [self._kinds[type(request)] for request in requests]
        async with self._pool.connection() as conn:
            batch, answered, digests = await self._read(conn, requests, kinds)
            present = set(kinds)
            for kind in self._kinds.values():
                if kind in present and kind.load is not None:
                    await kind.load(conn, _loadable(requests, kind, batch), batch)
            work = list(zip(requests, kinds, digests, strict=True))
            outcomes = await _settle_all(conn, batch, answered, work)
            for kind in dict.fromkeys(kinds):
                if kind.write is not None and batch.rows.get(kind.name):
                    await kind.write(conn, batch)
            await _write(conn, batch, many=len(requests) > _FEW)
        return outcomes

    async def _read(
        self, conn: Connection, requests: list[Any], kinds: list[Kind]
    ) -> tuple[Batch, Answered, list[bytes]]:
        """Asks everything at once, and digests the requests meanwhile. The locks come first: each
        later statement sees what whoever held them before has committed. The whole batch is of one
        moment, also when it waits for its locks over midnight."""
        now = self._clock()
        keys, wallets = _touched(requests, kinds)
        names = [(request.scope, request.key) for request in requests]
        statements = Statements(conn)
        asked = ask_book(statements, keys)
        moved = ask_moved(statements, wallets, now)
        found: Answer[tuple[int, bytes, str]] = statements.ask(sql.find_answers, _names(names))
        in_force = self._policies(statements)
        await statements.sent()
        digests = [_digest(*one) for one in zip(requests, kinds, strict=True)]
        await statements.answered()
        answered = {names[place - 1]: (digest, answer) for place, digest, answer in found.rows}
        policies = await in_force(conn)
        holds = [(r.wallet_id, r.hold_id) for r in requests if getattr(r, "hold_id", None)]
        book = await take_book(conn, asked, now=now, holds=holds)
        known = await self._known.know(conn, moved.rows, policies, now)
        members = {
            one.wallet_id: Member(
                wallet, one, book.accounts.get((one.wallet_id, wallet.situation.currency))
            )
            for wallet, one in zip(known, moved.rows, strict=True)
        }
        batch = Batch(
            now=now,
            book=book,
            members=members,
            policies=policies,
            settings=self._settings,
        )
        return batch, answered, digests


def _touched(requests: list[Any], kinds: list[Kind]) -> tuple[set[AccountKey], set[str]]:
    """The accounts to lock and the wallets to read."""
    keys: set[AccountKey] = set()
    wallets: set[str] = set()
    for request, kind in zip(requests, kinds, strict=True):
        keys.update(kind.accounts(request))
        wallets.update(kind.wallets(request))
    return keys, wallets


def _loadable(requests: list[Any], kind: Kind, batch: Batch) -> list[Any]:
    """Those of the kind whose first account is locked. Kinds lock rows one after the other, and
    only behind that lock do two batches never wait for each other in a circle. A request without
    one names a currency that its wallet does not hold, and is refused."""
    return [
        one
        for one in requests
        if type(one) is kind.request and kind.accounts(one)[0] in batch.book.accounts
    ]


async def _settle_all(
    conn: Connection, batch: Batch, answered: Answered, work: list[tuple[Any, Kind, bytes]]
) -> list[Any]:
    """The answer or the refusal of each request. The server stores the answers of a large batch
    while the rest of it is settled."""
    fresh: Fresh = {}
    if len(work) <= _FEW:
        return [_settle(*one, batch, answered, fresh) for one in work]
    outcomes = []
    async with copying(conn, sql.copy_answers, _ANSWERS) as write:
        for start in range(0, len(work), _FEW):
            stored, part = len(batch.answers), work[start : start + _FEW]
            outcomes += [_settle(*one, batch, answered, fresh) for one in part]
            await write(batch.answers[stored:])
    return outcomes


async def _write(conn: Connection, batch: Batch, *, many: bool) -> None:
    """What every kind leaves, and the commit."""
    statements = Statements(conn)
    ask_changes(statements, batch.book)
    _write_counters(statements, batch)
    ask_to_log(statements, batch)
    if batch.waiting:
        ask_to_keep(statements, list(batch.waiting.values()))
    if many:
        await copy_book(conn, batch.book, statements)
    elif batch.answers:
        ask_rows(statements, batch.book)
        statements.ask(sql.insert_answers, arrays(_ANSWERS, batch.answers))
    await statements.answered(commit=True)


def _answer(waiting: list[Queued], outcomes: Sequence[Any]) -> None:
    for (_, future), outcome in zip(waiting, outcomes, strict=True):
        if future.done():
            continue  # whoever asked has gone; the answer is stored under the key
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _settle(
    request: Any, kind: Kind, digest: bytes, batch: Batch, answered: Answered, fresh: Fresh
) -> Any:
    """The answer or the refusal of one request; a refusal leaves the batch as it was."""
    key = (request.scope, request.key)
    if key in answered or key in fresh:
        first, answer = answered[key] if key in answered else fresh[key]
        if first != digest:
            return SameKeyOtherRequest()
        return msgspec.json.decode(answer, type=kind.answer) if key in answered else answer
    mark, batch.key = batch.book.mark(), request.key
    try:
        answer = kind.apply(request, batch)
    except QianbaoError as refusal:
        batch.book.back_to(mark)
        if isinstance(refusal, StepUpRequired):
            _keep_waiting(request, kind, digest, refusal, batch)
        return refusal
    fresh[key] = (digest, answer)
    batch.answers.append((*key, digest, _encode(answer).decode(), batch.book.moment))
    return answer


def _keep_waiting(
    request: Any, kind: Kind, digest: bytes, refusal: StepUpRequired, batch: Batch
) -> None:
    """So that a code can be sent for exactly this request, and for no other."""
    assert kind.counterparty is not None
    refusal.step_up_id = step_up_id(request.wallet_id, request.key)
    refusal.expires_at = batch.now + timedelta(minutes=batch.settings.step_up_minutes)
    batch.waiting[refusal.step_up_id] = Waiting(
        wallet_id=request.wallet_id,
        step_up_id=refusal.step_up_id,
        kind=kind.name,
        request_hash=digest,
        amount_minor=refusal.amount_minor,
        currency=refusal.situation.currency,
        counterparty_id=kind.counterparty(request),
        pin_proven="pin" in request.proven,
        expires_at=refusal.expires_at,
    )


def _digest(request: Any, kind: Kind) -> bytes:
    return hashlib.sha256(_encode((kind.name, *kind.body(request)))).digest()


def _names(names: Sequence[Key]) -> dict[str, Array]:
    return {
        "scopes": texts([scope for scope, _ in names]),
        "keys": texts([key for _, key in names]),
    }


_FIRST_ANSWER = LookUp(sql.find_answers, _names, lambda digest, answer: (digest, answer))


def _write_counters(statements: Statements, batch: Batch) -> None:
    counted = [one for one in batch.members.values() if one.counted]
    if not counted:
        return
    statements.ask(
        sql.write_counters,
        {
            "wallets": texts([one.moved.wallet_id for one in counted]),
            "days": days([one.known.day for one in counted]),
            "paid": integers([one.paid_minor for one in counted]),
            "moved": integers([one.moved_minor for one in counted]),
            "received": integers([one.received_minor for one in counted]),
            "now": batch.now,
        },
    )


async def forget_answers(conn: Connection, *, before: datetime, limit: int = 10_000) -> int:
    """Drops answers given before `before`, the oldest first; gives how many."""
    cursor = await conn.execute(sql.forget_answers, {"before": before, "limit": limit})
    return cursor.rowcount

"""One run: the world it needs, a warm-up, the measured drive, and what it is compared with.

The warm-up is not timed: one payment by every wallet. After it the process knows every wallet, its
connections have prepared their statements, and the server has its pages in memory, as anywhere that
has run for a minute.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import AsyncConnection

from qianbao.bench import over_http, pgbench
from qianbao.bench.copying import bare_copy
from qianbao.bench.drive import Send, Taken, Tell, arrivals, drive, parts
from qianbao.bench.existing import add_existing
from qianbao.bench.shape import Shape, Wanted, dice, each_once, wanted
from qianbao.bench.single import transfers_one_by_one
from qianbao.bench.world import World, tidy, world
from qianbao.clock import system_clock
from qianbao.db.pool import open_pool
from qianbao.errors import QianbaoError
from qianbao.ledger.proof import prove_snapshot
from qianbao.money import Money
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from qianbao.payments.transfer import SendMoney
from qianbao.rollouts.in_force import PoliciesInForce
from qianbao.services import calm_collector
from qianbao.settings import Settings

_AGE = timedelta(days=29)
"""How far back the wallets and the existing transfers begin: their answers are still kept."""


class Machine(msgspec.Struct, frozen=True):
    """What it ran on, and how durable a commit was."""

    cores: int
    postgresql: str
    synchronous_commit: str
    fsync: str
    shared_buffers: str


class Figures(msgspec.Struct, frozen=True):
    """What a bench found. Times are milliseconds, of a batch for `ledger`, else of a payment; CPU
    is that of the process that clears, and of the client where that is another. A ratio is to the
    speed named alike; None: not measured."""

    bench: str
    payments_per_second: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    cpu_seconds: float | None
    client_cpu_seconds: float | None
    rejected: int
    copy_per_second: int | None
    copy_ratio: float | None
    single_per_second: int | None
    single_ratio: float | None
    tpcb_per_second: int | None
    sound: bool | None
    settings: Shape
    machine: Machine


class Run(msgspec.Struct, frozen=True):
    """What a drive did: its payments, the moment it began, and its cost."""

    payments: list[Wanted]
    since: datetime
    taken: Taken
    cpu_seconds: float | None
    client_cpu_seconds: float | None = None


class Limits(msgspec.Struct, frozen=True):
    """What others reach on the same server, a second; None: not measured."""

    copied: float | None = None
    single: float | None = None
    tpcb: float | None = None


Cpu = Callable[[], Awaitable[float | None]]
"""The seconds that the process which clears has used."""


async def measure(
    url: str, name: str, shape: Shape, *, compare: bool, prove: bool, tell: Tell
) -> Figures:
    """Runs the bench `name` (`ledger`, `payments` or `http`) on the empty database at `url`."""
    now = system_clock()
    ready = await world(url, shape.accounts, now - _AGE)
    await add_existing(
        url, ready.wallets, shape.existing, now - _AGE, now,
        lambda done: tell("Filling the ledger", done, shape.existing),
    )  # fmt: skip
    run = await _BENCHES[name](ready, shape, tell)
    sound = await _prove(url, tell) if prove else None
    limits = await _limits(url, run, tell) if compare else Limits()
    return _figures(name, shape, run, limits, sound, await _machine(url))


async def _limits(url: str, run: Run, tell: Tell) -> Limits:
    copied = await bare_copy(url, run.since, lambda done, total: tell("Bare COPY", done, total))
    tell("One by one, and TPC-B", 0, 2)
    single = await transfers_one_by_one(url, run.payments, system_clock())
    tell("One by one, and TPC-B", 1, 2)
    tpcb = await pgbench.tpcb(url)
    tell("One by one, and TPC-B", 2, 2)
    return Limits(copied, single, tpcb)


async def _ledger(ready: World, shape: Shape, tell: Tell) -> Run:
    """Batches, `concurrency` of them at a time, through the clearing loop's own transaction."""
    payments = wanted(shape, ready.wallets, ready.wallets)
    warm_up = [_send_money(one) for one in each_once(ready.wallets, ready.wallets)]
    work = list(parts([_send_money(one) for one in payments], shape.batch))
    async with _clearing(ready, shape, connections=max(4, shape.concurrency)) as clearing:

        async def send(batch: Sequence[SendMoney]) -> int:
            outcomes = await clearing.clear_batch(list(batch))
            return sum(isinstance(outcome, Exception) for outcome in outcomes)

        job = _Job(payments, list(parts(warm_up, shape.batch)), work, [send] * shape.concurrency)
        return await _timed(job, shape, shape.rate / shape.batch, tell, _own_cpu)


async def _payments(ready: World, shape: Shape, tell: Tell) -> Run:
    """Single payments, `concurrency` of them in flight, through the clearing loop in process."""
    payments = wanted(shape, ready.wallets, ready.wallets)
    warm_up = [_send_money(one) for one in each_once(ready.wallets, ready.wallets)]
    work = [_send_money(one) for one in payments]
    async with _clearing(ready, shape, connections=4) as clearing:

        async def send(request: SendMoney) -> int:
            try:
                await clearing.submit(request)
            except QianbaoError:
                return 1
            return 0

        clearing.start()
        try:
            job = _Job(payments, warm_up, work, [send] * shape.concurrency)
            return await _timed(job, shape, shape.rate, tell, _own_cpu)
        finally:
            await clearing.stop()


async def _http(ready: World, shape: Shape, tell: Tell) -> Run:
    """Merchants' charges, one a request, over `concurrency` connections."""
    merchants = list(ready.merchants)
    payments = wanted(shape, ready.wallets, merchants)
    warm_up = each_once(ready.wallets, merchants)
    await over_http.sign_mandates(ready.url, [*warm_up, *payments], system_clock())
    await tidy(ready.url)
    async with over_http.connections(ready.url, shape.batch, shape.concurrency) as made:
        job = _Job(
            payments,
            over_http.charges(ready, warm_up),
            over_http.charges(ready, payments),
            [one.charge for one in made],
        )
        client = await _own_cpu()
        run = await _timed(job, shape, shape.rate, tell, lambda: over_http.cpu_seconds(made[0]))
        return msgspec.structs.replace(run, client_cpu_seconds=(await _own_cpu()) - client)


_BENCHES: dict[str, Callable[[World, Shape, Tell], Awaitable[Run]]] = {
    "ledger": _ledger,
    "payments": _payments,
    "http": _http,
}


class _Job(msgspec.Struct, frozen=True):
    """Work, and who sends it."""

    payments: list[Wanted]
    warm_up: list[Any]
    work: list[Any]
    sends: list[Send]


async def _timed(job: _Job, shape: Shape, rate: float, tell: Tell, cpu: Cpu) -> Run:
    calm_collector()
    await drive(job.warm_up, job.sends, lambda done: tell("Warming up", done, len(job.warm_up)))
    dues = arrivals(dice(shape), len(job.work), rate)
    since, before = system_clock(), await cpu()
    taken = await drive(job.work, job.sends, lambda done: tell("Paying", done, len(job.work)), dues)
    after = await cpu()
    used = after - before if after is not None and before is not None else None
    return Run(job.payments, since, taken, used)


async def _own_cpu() -> float:
    return time.process_time()


@asynccontextmanager
async def _clearing(ready: World, shape: Shape, *, connections: int) -> AsyncIterator[Clearing]:
    """A clearing loop as a process has it: rules, limits, idempotency, decision sample."""
    settings = Settings(clearing_batch=shape.batch)
    pool = await open_pool(ready.url, size=connections)
    try:
        yield Clearing(pool, KINDS, PoliciesInForce().ask, settings, system_clock)
    finally:
        await pool.close()


def _send_money(one: Wanted) -> SendMoney:
    return SendMoney(one.payer, one.key, one.payee, Money(one.amount_minor))


async def _prove(url: str, tell: Tell) -> bool:
    pool = await open_pool(url, size=1)
    try:
        proof = await prove_snapshot(pool, lambda step, done, total: tell(step, done, total))
    finally:
        await pool.close()
    return proof.sound


async def _machine(url: str) -> Machine:
    async with await AsyncConnection.connect(url) as conn:
        said = []
        for name in ("server_version", "synchronous_commit", "fsync", "shared_buffers"):
            row = await (await conn.execute("SELECT current_setting(%s)", (name,))).fetchone()
            assert row is not None
            said.append(str(row[0]))
    return Machine(os.cpu_count() or 0, *said)


def _rounded(value: float | None, digits: int | None = None) -> Any:
    return None if value is None else round(value, digits)


def _figures(
    name: str, shape: Shape, run: Run, limits: Limits, sound: bool | None, machine: Machine
) -> Figures:
    speed = shape.transfers / run.taken.seconds

    def ratio(limit: float | None) -> float | None:
        return round(speed / limit, 3) if limit else None

    return Figures(
        bench=name,
        payments_per_second=round(speed),
        p50_ms=run.taken.at(0.5),
        p99_ms=run.taken.at(0.99),
        p999_ms=run.taken.at(0.999),
        cpu_seconds=_rounded(run.cpu_seconds, 2),
        client_cpu_seconds=_rounded(run.client_cpu_seconds, 2),
        rejected=run.taken.refused,
        copy_per_second=_rounded(limits.copied),
        copy_ratio=ratio(limits.copied),
        single_per_second=_rounded(limits.single),
        single_ratio=ratio(limits.single),
        tpcb_per_second=_rounded(limits.tpcb),
        sound=sound,
        settings=shape,
        machine=machine,
    )

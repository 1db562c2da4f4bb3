"""`qianbao bench`: what can be measured, and how it is shown."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from qianbao.bench import copying
from qianbao.bench.world import Shape, World, requests, run, server, world
from qianbao.settings import Settings

app = typer.Typer(help="Measure, beside a limit measured in the same run.")

Accounts = Annotated[int, typer.Option(min=10, help="Wallets that take part.")]
Transfers = Annotated[int, typer.Option(min=1, help="Payments made.")]
Hot = Annotated[float, typer.Option(min=0, max=1, help="Share that goes to one hot wallet.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


class Figures(msgspec.Struct, frozen=True):
    """What a bench found. Times are milliseconds; `copy_ratio` is to the bare COPY."""

    bench: str
    payments_per_second: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    cpu_seconds: float
    rejected: int
    copy_per_second: int
    copy_ratio: float
    settings: Shape


@app.command()
def ledger(
    accounts: Accounts = 10_000,
    transfers: Transfers = 40_000,
    batch: Annotated[int, typer.Option(min=1, help="Requests in a batch.")] = 1_000,
    hot_share: Hot = 0.0,
    as_json: AsJson = False,
) -> None:
    """Batches through the clearing loop's own transaction: rules, limits, idempotency, commit."""
    _bench("ledger", Shape(accounts, transfers, batch, 1, hot_share), as_json)


@app.command()
def payments(
    accounts: Accounts = 10_000,
    transfers: Transfers = 20_000,
    concurrency: Annotated[int, typer.Option(min=1, help="Payments in flight.")] = 32,
    hot_share: Hot = 0.0,
    as_json: AsJson = False,
) -> None:
    """Single payments in flight at once, in process: what one app process can clear."""
    _bench("payments", Shape(accounts, transfers, 1_000, concurrency, hot_share), as_json)


def _bench(name: str, shape: Shape, as_json: bool) -> None:
    console = Console(stderr=True, quiet=as_json)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=as_json) as bar:
        task = bar.add_task("Opening wallets", total=shape.transfers)
        found = run(
            _measure(
                name, shape, lambda done: bar.update(task, completed=done, description="Paying")
            )
        )
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        _show(found)


async def _measure(name: str, shape: Shape, tell: Callable[[int], object]) -> Figures:
    settings = Settings(clearing_batch=shape.batch, database_pool_size=4)
    with server(os.environ.get("QIANBAO_DATABASE_URL", "")) as url:
        async with world(url, shape, settings) as ready:
            drive = _DRIVERS[name]
            cpu, started = time.process_time(), time.perf_counter()
            times, rejected = await drive(ready, shape, tell)
            seconds = time.perf_counter() - started
            cpu = time.process_time() - cpu
        copied = await copying.bare_copy(url, shape.batch)
    speed = shape.transfers / seconds
    ordered = sorted(times)
    return Figures(
        bench=name,
        payments_per_second=round(speed),
        p50_ms=_at(ordered, 0.5),
        p99_ms=_at(ordered, 0.99),
        p999_ms=_at(ordered, 0.999),
        cpu_seconds=round(cpu, 2),
        rejected=rejected,
        copy_per_second=round(copied),
        copy_ratio=round(speed / copied, 3),
        settings=shape,
    )


async def _in_batches(
    ready: World, shape: Shape, tell: Callable[[int], object]
) -> tuple[list[float], int]:
    """One batch after another; a batch's time counts for each of its payments."""
    made, times, rejected = requests(shape, ready.wallets), [], 0
    for start in range(0, len(made), shape.batch):
        began = time.perf_counter()
        outcomes = await ready.clearing.clear_batch(made[start : start + shape.batch])
        times.append((time.perf_counter() - began) * 1000)
        rejected += sum(isinstance(outcome, Exception) for outcome in outcomes)
        tell(start + len(outcomes))
    return times, rejected


async def _in_flight(
    ready: World, shape: Shape, tell: Callable[[int], object]
) -> tuple[list[float], int]:
    """`concurrency` callers, each with one payment in flight at any time."""
    import asyncio

    waiting = iter(requests(shape, ready.wallets))
    times: list[float] = []
    rejected = 0

    async def caller() -> None:
        nonlocal rejected
        for request in waiting:
            began = time.perf_counter()
            try:
                await ready.clearing.submit(request)
            except Exception:
                rejected += 1
            times.append((time.perf_counter() - began) * 1000)
            if len(times) % 500 == 0:
                tell(len(times))

    ready.clearing.start()
    await asyncio.gather(*(caller() for _ in range(shape.concurrency)))
    await ready.clearing.stop()
    return times, rejected


_DRIVERS: dict[str, Any] = {"ledger": _in_batches, "payments": _in_flight}


def _at(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)


def _show(found: Figures) -> None:
    table = Table(title=f"qianbao bench {found.bench}", show_header=False)
    for name, value in msgspec.structs.asdict(found).items():
        if name not in ("bench", "settings"):
            table.add_row(name.replace("_", " "), f"{value:,}")
    Console().print(table)

"""`qianbao bench`: what can be measured, and how it is shown."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from qianbao.bench import linting, names, photos, rules
from qianbao.bench.measure import Figures, measure
from qianbao.bench.progress import progress
from qianbao.bench.shape import Shape
from qianbao.bench.world import LOG_FILES, run, server

app = typer.Typer(help="Measure, beside limits measured in the same run.")

Accounts = Annotated[int, typer.Option(min=10, max=1_000_000, help="Wallets that take part.")]
Transfers = Annotated[int, typer.Option(min=1, help="Payments made.")]
Batch = Annotated[int, typer.Option(min=1, help="Most payments in one transaction.")]
Concurrency = Annotated[int, typer.Option(min=1, help="In flight at once, at most.")]
HotShare = Annotated[float, typer.Option(min=0, max=1, help="Share that goes to one receiver.")]
Zipf = Annotated[
    float, typer.Option(min=0, help="How uneven the others are: rank k weighs 1/k^zipf.")
]
Rate = Annotated[
    float, typer.Option(min=0, help="Arrivals a second, answered or not; 0: as answers come.")
]
Existing = Annotated[int, typer.Option(min=0, help="Transfers that are there before.")]
Compare = Annotated[
    bool, typer.Option(help="Measure a bare COPY, one transaction a transfer, and TPC-B, too.")
]
Prove = Annotated[bool, typer.Option("--prove", help="Prove the whole ledger afterwards.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command(epilog="Example: qianbao bench ledger --batch 8000 --transfers 160000 --json")
def ledger(
    accounts: Accounts = 10_000,
    transfers: Transfers = 40_000,
    batch: Batch = 1_000,
    concurrency: Concurrency = 1,
    hot_share: HotShare = 0.0,
    zipf: Zipf = 0.0,
    rate: Rate = 0.0,
    existing: Existing = 0,
    compare: Compare = True,
    prove: Prove = False,
    as_json: AsJson = False,
) -> None:
    """Batches through the clearing loop's own transaction: rules, limits, idempotency, commit.

    In flight are whole batches, and a time is a batch's."""
    shape = Shape(accounts, transfers, batch, concurrency, hot_share, zipf, rate, existing)
    _bench("ledger", shape, compare=compare, prove=prove, as_json=as_json)


@app.command(epilog="Example: qianbao bench payments --concurrency 1024 --json")
def payments(
    accounts: Accounts = 10_000,
    transfers: Transfers = 40_000,
    batch: Batch = 1_000,
    concurrency: Concurrency = 32,
    hot_share: HotShare = 0.0,
    zipf: Zipf = 0.0,
    rate: Rate = 0.0,
    existing: Existing = 0,
    compare: Compare = True,
    prove: Prove = False,
    as_json: AsJson = False,
) -> None:
    """Single payments in flight, in process: what one clearing loop can do."""
    shape = Shape(accounts, transfers, batch, concurrency, hot_share, zipf, rate, existing)
    _bench("payments", shape, compare=compare, prove=prove, as_json=as_json)


@app.command(epilog="Example: qianbao bench http --rate 3000 --json")
def http(
    accounts: Accounts = 10_000,
    transfers: Transfers = 40_000,
    batch: Batch = 1_000,
    concurrency: Concurrency = 64,
    hot_share: HotShare = 0.0,
    zipf: Zipf = 0.0,
    rate: Rate = 0.0,
    existing: Existing = 0,
    compare: Compare = True,
    prove: Prove = False,
    as_json: AsJson = False,
) -> None:
    """Merchants' charges over keep-alive connections to the real app, one payment a request."""
    shape = Shape(accounts, transfers, batch, concurrency, hot_share, zipf, rate, existing)
    _bench("http", shape, compare=compare, prove=prove, as_json=as_json)


app.command(name="names")(names.command)
app.command(name="photos")(photos.command)
app.command(name="decide")(rules.decide)
app.command(name="plan")(rules.plan)
app.command(name="simulate")(rules.simulate)
app.command(name="lint")(linting.command)


def _bench(name: str, shape: Shape, *, compare: bool, prove: bool, as_json: bool) -> None:
    own = os.environ.get("QIANBAO_DATABASE_URL", "")
    with progress() as tell, server(own, log_files=LOG_FILES) as url:
        found = run(measure(url, name, shape, compare=compare, prove=prove, tell=tell))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        _show(found)


def _show(found: Figures) -> None:
    table = Table(title=f"qianbao bench {found.bench}", show_header=False)
    for name, value in msgspec.structs.asdict(found).items():
        if name not in ("bench", "settings", "machine") and value is not None:
            table.add_row(name.replace("_", " "), f"{value:,}")
    Console().print(table)

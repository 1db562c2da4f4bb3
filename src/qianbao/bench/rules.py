"""`qianbao bench decide|plan|simulate`: the commands; what they measure is in `deciding` and
`simulating`."""

from __future__ import annotations

import os
import sys
from typing import Annotated, get_args

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from qianbao.bench.progress import progress
from qianbao.bench.world import run, server
from qianbao.rollouts.engines import Engine

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def decide(
    wallets: Annotated[int, typer.Option(min=1, help="Made-up wallets decided on.")] = 10_000,
    as_json: AsJson = False,
) -> None:
    """One decision by the shipped rules, in process; a permit, and a whole refusal, beside it."""
    from qianbao.bench.deciding import measure_decide

    with progress() as tell:
        found = measure_decide(wallets, tell)
    _show("decide", found, as_json=as_json)


def plan(
    wallets: Annotated[int, typer.Option(min=1, help="Made-up wallets, blocked or not.")] = 1_000,
    as_json: AsJson = False,
) -> None:
    """All ways out of each block of each wallet."""
    from qianbao.bench.deciding import measure_plan

    with progress() as tell:
        found = measure_plan(wallets, tell)
    _show("plan", found, as_json=as_json)


def simulate(
    wallets: Annotated[int, typer.Option(min=1, help="Wallets counted.")] = 1_000_000,
    engine: Annotated[str, typer.Option(help="postgres, duckdb or spark.")] = "duckdb",
    snapshot_wallets: Annotated[
        int, typer.Option(min=1, help="Real rows of which a snapshot is taken.")
    ] = 500_000,
    as_json: AsJson = False,
) -> None:
    """A simulation of everybody, beside hand-written SQL; and how fast a snapshot is taken."""
    from qianbao.bench.simulating import measure

    if engine not in get_args(Engine):
        raise typer.BadParameter("--engine is postgres, duckdb or spark")
    chosen = msgspec.convert(engine, Engine)
    with progress() as tell, server(os.environ.get("QIANBAO_DATABASE_URL", "")) as url:
        found = run(measure(url, wallets, chosen, snapshot_wallets, tell))
    _show("simulate", found, as_json=as_json)


def _show(name: str, found: msgspec.Struct, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    table = Table(title=f"qianbao bench {name}", show_header=False)
    for label, value in msgspec.structs.asdict(found).items():
        if isinstance(value, int | float):
            table.add_row(label.replace("_", " "), f"{value:,}")
    Console().print(table)

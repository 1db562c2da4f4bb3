"""`qianbao policy simulate|snapshot` tries a policy on everybody before anybody is told;
`qianbao decision replay` takes a logged decision again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from qianbao.settings import Settings

SNAPSHOT_EXAMPLE = "Example: qianbao policy snapshot /var/lib/qianbao/monday"
SIMULATE_EXAMPLE = "Example: qianbao policy simulate two-banks 2 --engine duckdb"

decision = typer.Typer(help="Take logged decisions again.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@decision.callback()
def _decisions() -> None:
    """Take logged decisions again."""


@decision.command(epilog="Example: qianbao decision replay dec_01kc…")
def replay(
    decision_id: Annotated[str, typer.Argument(help="The decision's id, from a refusal's log.")],
    as_json: AsJson = False,
) -> None:
    """Take a decision again, by the stored versions of the policies that took it.

    Ends with 0 when the same comes out; otherwise with 1, after naming what is different."""
    import msgspec

    from qianbao.clock import OPERATOR_ZONE
    from qianbao.terminal import IN_THE_WAY, ready_for

    found = asyncio.run(_replay(ready_for(), decision_id))
    logged, now = found.logged, found.replayed
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        at = logged.at.astimezone(OPERATOR_ZONE)
        typer.echo(f"{at:%Y-%m-%d %H:%M} {logged.capability}: {logged.outcome}")
        for name, version, _ in logged.policies:
            typer.echo(f"    {name} {version}")
        for name, value in logged.facts.items():
            typer.echo(f"    {name} = {value}")
        for one in now.differences:
            typer.echo(f"different: {one.what}\n    then {one.logged}\n    now  {one.now}")
        typer.echo("Not the same." if now.differences else "The same.")
    raise typer.Exit(IN_THE_WAY if now.differences else 0)


async def _replay(settings: Settings, decision_id: str) -> Any:
    from psycopg import AsyncConnection

    from qianbao.db.clock import present
    from qianbao.rollouts.operators import COMMAND_LINE
    from qianbao.rollouts.oversight import look_at_decision

    async with await AsyncConnection.connect(settings.database_url) as conn:
        now = await present(conn, sandbox=settings.sandbox)
        return await look_at_decision(conn, decision_id=decision_id, operator=COMMAND_LINE, now=now)


async def _present(settings: Settings) -> datetime:
    from psycopg import AsyncConnection

    from qianbao.db.clock import present

    async with await AsyncConnection.connect(settings.database_url) as conn:
        return await present(conn, sandbox=settings.sandbox)


def snapshot(
    folder: Annotated[Path, typer.Argument(help="A new folder for its files.")],
    as_json: AsJson = False,
) -> None:
    """Write every open wallet's facts, and no personal data, to Parquet files."""
    import msgspec

    from qianbao.rollouts.snapshot import take
    from qianbao.terminal import ready_for

    settings = ready_for()
    now = asyncio.run(_present(settings))
    with _bar(quiet=as_json) as bar:
        made = take(settings.database_url, folder, now=now, tell=_teller(bar))
    text = (
        msgspec.json.encode(made).decode() if as_json else f"{made.wallets:,} wallets in {folder}"
    )
    typer.echo(text)


def simulate(
    name: Annotated[str, typer.Argument(help="The policy's name.")],
    version: Annotated[int, typer.Argument(help="The stored version to try.")],
    engine: Annotated[str, typer.Option(help="postgres, duckdb or spark.")] = "postgres",
    of: Annotated[
        Path | None, typer.Option("--snapshot", help="Taken before; else one is taken and dropped.")
    ] = None,
    spark_master: Annotated[str, typer.Option(help="Where Spark runs.")] = "local[*]",
    as_json: AsJson = False,
) -> None:
    """Count who would lose what, by segment, and how they get out; kept with the version."""
    import tempfile

    import msgspec

    from qianbao.rollouts.snapshot import take
    from qianbao.terminal import ready_for

    if engine not in ("postgres", "duckdb", "spark"):
        raise typer.BadParameter("--engine is postgres, duckdb or spark")
    settings = ready_for()
    url, now = settings.database_url, asyncio.run(_present(settings))
    with tempfile.TemporaryDirectory(prefix="qianbao-snapshot-") as folder:
        if engine != "postgres" and of is None:
            of = Path(folder) / "snapshot"
            with _bar(quiet=as_json) as bar:
                take(url, of, now=now, tell=_teller(bar))
        found = asyncio.run(_simulate(url, name, version, engine, of, spark_master, now))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show(found)


async def _simulate(
    url: str, name: str, version: int, engine: str, of: Path | None, master: str, now: datetime
) -> Any:
    from psycopg import AsyncConnection

    from qianbao.ids import new_id
    from qianbao.rollouts import engines, simulate
    from qianbao.rollouts.operators import COMMAND_LINE

    def on(as_of: datetime) -> engines.Population:
        assert of is not None
        count_in = engines.in_duckdb
        if engine == "spark":
            count_in = partial(engines.in_spark, master=master)
        return count_in(of, as_of=as_of)

    async with await AsyncConnection.connect(url) as conn:
        return await simulate.simulate(
            conn,
            policy=name,
            version=version,
            operator=COMMAND_LINE,
            simulation_id=new_id("sim", now),
            now=now,
            on=None if engine == "postgres" else on,
        )


def _show(found: Any) -> None:
    from qianbao.clock import OPERATOR_ZONE
    from qianbao.money import show
    from qianbao.terminal import show_table, spoken

    as_of = found.as_of.astimezone(OPERATOR_ZONE)
    result, chinese = found.result, spoken() == "zh"
    held = ", ".join(show(minor, money) for money, minor in result.locked_out_minor.items())
    typer.echo(
        f"{found.simulation_id}: {found.policy} {found.version} as of {as_of:%Y-%m-%d %H:%M}\n"
        f"{result.mandates.failing:,} of {result.mandates.active:,} mandates would fail in "
        "30 days"
    )
    if result.beyond is not None:
        typer.echo(
            f"{result.beyond:,} of {result.wallets:,} wallets are beyond the limit: they have more "
            "than it lets out or, where it is on what comes in, it applies to them"
        )
    if result.asked is not None:
        typer.echo(
            f"{result.asked.for_anything:,} of {result.wallets:,} wallets would be asked at any "
            f"amount, {result.asked.for_all:,} if they moved all they have"
        )
        return
    typer.echo(
        f"{result.locked_out:,} of {result.wallets:,} wallets do not meet it; they hold {held}\n"
        f"{result.ways.visit:,} would have to visit a bank, {result.ways.none:,} have no way out, "
        f"{result.ways.unplanned:,} not looked at"
    )
    show_table(("capability", "lose it", "get it back"), [
        (one.capability, f"{one.loses:,}", f"{one.regains:,}") for one in result.changes
    ])  # fmt: skip
    show_table(("wallets", "cheapest way out"), [
        (f"{way.wallets:,}", " → ".join(way.steps_zh if chinese else way.steps_en) or "none")
        for way in result.ways.ways
    ])  # fmt: skip
    show_table(("by", "", "", "wallets", "do not meet it", "they hold"), [
        (_BY[one.by], _label(one), one.currency, f"{one.wallets:,}", f"{one.locked_out:,}",
         show(one.locked_out_minor, one.currency))
        for one in result.segments
    ])  # fmt: skip


_BY = {
    "residency": "residency", "document_kind": "document", "bank": "bank",
    "age_days": "days open", "balance_minor": "balance",
}  # fmt: skip


def _label(segment: Any) -> str:
    """A segment's own word: bands of balance in whole units."""
    from qianbao.bank_names import bank_name
    from qianbao.policy.facts import FACTS
    from qianbao.rollouts.counting import band_words
    from qianbao.terminal import spoken

    if segment.by in ("age_days", "balance_minor"):
        return band_words(segment)
    if not segment.value:
        return "no card" if segment.by == "bank" else "no document"
    if segment.by == "bank":
        return bank_name(segment.value, spoken())
    return FACTS[segment.by].word(segment.value, spoken())


def _bar(quiet: bool) -> AbstractContextManager[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), disable=quiet)


def _teller(bar: Any) -> Callable[[int, int], None]:
    """Moves a bar of its own as wallets are done."""
    task = bar.add_task("Wallets", total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)

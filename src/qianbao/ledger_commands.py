"""`qianbao ledger`: the ledger proves itself, and says what a balance was."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

app = typer.Typer(help="Have the ledger prove itself.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Have the ledger prove itself."""


_STEPS = {
    "chain": "Batches against their chain",
    "accounts": "Entries against balances",
    "transfers": "Transfers against entries",
}


@app.command(epilog="Example: qianbao ledger verify")
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Recompute every balance, running balance, sum and link of the chain, on one snapshot.

    Ends with 0 when the ledger is sound; otherwise with 1, after naming what is broken."""
    import msgspec
    from rich.console import Console

    from qianbao.terminal import IN_THE_WAY, ready_for

    proof = asyncio.run(_prove(ready_for().database_url, quiet=as_json))
    if as_json:
        typer.echo(msgspec.json.encode({"sound": proof.sound, **msgspec.structs.asdict(proof)}))
    else:
        counts = proof.counts
        typer.echo(
            f"{counts.transfers:,} transfers in {counts.batches:,} batches, "
            f"{counts.entries:,} entries, {counts.accounts:,} accounts"
        )
        console = Console(highlight=False, soft_wrap=True)
        for broken in proof.broken:
            console.print(f"[red]broken[/red] {broken}")
        typer.echo("Sound." if proof.sound else f"Not sound; it begins at {proof.broken[0]}")
    raise typer.Exit(0 if proof.sound else IN_THE_WAY)


async def _prove(url: str, *, quiet: bool) -> Any:
    from qianbao.db.pool import open_pool
    from qianbao.ledger.proof import prove_snapshot

    pool = await open_pool(url, size=1)
    try:
        with _bar(quiet) as bar:
            tasks: dict[str, Any] = {}

            def tell(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    tasks[step] = bar.add_task(_STEPS[step], total=total)
                bar.update(tasks[step], completed=done)

            return await prove_snapshot(pool, tell)
    finally:
        await pool.close()


def _bar(quiet: bool) -> AbstractContextManager[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), disable=quiet)

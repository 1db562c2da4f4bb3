"""The command line: translate, call one verb, print. No rules here.

Commands of a room are in a module of their own, named in `GROUPS`; every command imports what it
calls only when it is called, so that each starts fast.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from qianbao.terminal import IN_THE_WAY, WRONG, leave, ready_for, refused, settings_for

GROUPS = {
    "operator": ("qianbao.admission", "operators", "Who may sign in to the console."),
    "merchant": ("qianbao.admission", "merchants", "Who may be paid, and their API keys."),
    "policy": ("qianbao.policy_commands", "app", "Policies: checked, tried, and their life."),
    "decision": ("qianbao.simulation_commands", "decision", "Take logged decisions again."),
    "ledger": ("qianbao.ledger_commands", "app", "Have the ledger prove itself."),
    "names": ("qianbao.names_commands", "app", "Compare names; show how banks print them."),
    "bench": ("qianbao.bench", "app", "Measure, beside a limit measured in the same run."),
}
"""Command groups: the module and name where each is, and its line in the list of commands."""

TRY, RUN, ADMIT, READ = "Try it", "Run it", "Let in and keep out", "Read"

app = typer.Typer(
    help="Qianbao · 钱包: a consumer wallet that an operator hosts itself.",
    epilog="Each command has help and an example: qianbao serve --help",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # locals may be secrets; `main` says what is known
)


@app.command(rich_help_panel=TRY, epilog="Example: PORT=9000 qianbao demo")
def demo(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete what the demo made, and start over.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")] = False,
) -> None:
    """Run everything on this machine, with a cast of people."""
    from qianbao.demo import main as run_demo

    raise typer.Exit(run_demo(fresh=fresh, sure=yes))


@app.command(rich_help_panel=TRY, epilog="Example: QIANBAO_SANDBOX=true qianbao sandbox")
def sandbox() -> None:
    """Serve the simulated banks; never in use with real money."""
    from qianbao.banks.sandbox.app import serve as run_sandbox
    from qianbao.db.ready import DatabaseUnready, check_address

    settings = settings_for()
    if not settings.sandbox:
        leave("Simulated banks need QIANBAO_SANDBOX=true, and play money.", code=WRONG)
    if not (settings.sandbox_database_url or settings.database_url):
        leave("Set QIANBAO_SANDBOX_DATABASE_URL or QIANBAO_DATABASE_URL.", code=WRONG)
    try:
        check_address(settings.database_url)
        check_address(settings.sandbox_database_url, "QIANBAO_SANDBOX_DATABASE_URL")
    except DatabaseUnready as unready:
        leave(str(unready), code=IN_THE_WAY)
    run_sandbox(settings)


@app.command(rich_help_panel=RUN, epilog="Example: qianbao new-key > /etc/qianbao/master.key")
def new_key() -> None:
    """Print a fresh master key, to be kept in a file."""
    from qianbao.keyring import new_master_key

    typer.echo(new_master_key())


@app.command(rich_help_panel=RUN, epilog="Example: QIANBAO_DATABASE_URL=… qianbao migrate")
def migrate() -> None:
    """Bring the database up to date; may be repeated."""
    from qianbao.db.ready import DatabaseUnready, check_server

    url = settings_for("database").database_url
    try:
        check_server(url)
    except DatabaseUnready as unready:
        leave(str(unready), code=IN_THE_WAY)
    applied = asyncio.run(_migrate(url))
    typer.echo(f"{applied} migrations applied" if applied else "Nothing to do")


async def _migrate(url: str) -> int:
    from psycopg import AsyncConnection

    from qianbao.clock import system_clock
    from qianbao.db.migrate import migrate as run_migrations
    from qianbao.installation import prepare

    applied = await run_migrations(url)
    async with await AsyncConnection.connect(url) as conn:
        await prepare(conn, now=system_clock())
    return applied


@app.command(rich_help_panel=RUN, epilog="Example: qianbao serve")
def serve() -> None:
    """Serve the app: API, screens, console and advisor."""
    settings = ready_for("keys", "banks")
    from qianbao.app import serve as run_app

    run_app(settings)


@app.command(rich_help_panel=RUN, epilog="Example: qianbao worker")
def worker() -> None:
    """Do the jobs that commits left behind."""
    settings = ready_for("keys", "banks")
    from qianbao.worker import run

    run(settings)


@app.command(rich_help_panel=READ, epilog="Example: qianbao mrz passport.jpg")
def mrz(
    photo: Annotated[Path, typer.Argument(help="A photo of the page; - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read the machine-readable lines from a photo. Needs the extra: qianbao[photos]."""
    from qianbao.mrz_command import main as show

    show(photo, as_json=as_json)


@app.command(rich_help_panel=READ, epilog="Example: qianbao settings | grep BANK")
def settings() -> None:
    """Print every setting."""
    _print_page("settings_page")


@app.command(rich_help_panel=READ, epilog="Example: qianbao errors")
def errors() -> None:
    """Print every error code."""
    _print_page("errors_page")


@app.command(rich_help_panel=READ, epilog="Example: qianbao facts")
def facts() -> None:
    """Print every fact a policy may read."""
    _print_page("facts_page")


def _print_page(name: str) -> None:
    from qianbao import reference

    page: str = getattr(reference, name)()
    sys.stdout.write(page)


def _add_groups(words: list[str]) -> None:
    """Adds the group that `words` begin with; when help is wanted, a line for each instead."""
    asked = words[0] if words else "--help"
    for name, (module, attribute, line) in GROUPS.items():
        if asked == name:
            group: Any = getattr(importlib.import_module(module), attribute)
        elif asked.startswith("-"):
            group = typer.Typer()
        else:
            continue
        panel = ADMIT if name in ("operator", "merchant") else RUN
        app.add_typer(group, name=name, help=line, rich_help_panel=panel)


def main() -> None:
    """What `qianbao` and `python -m qianbao` run."""
    from psycopg import OperationalError

    from qianbao.errors import QianbaoError

    _add_groups(sys.argv[1:])
    try:
        app(prog_name="qianbao")
    except QianbaoError as error:
        refused(error)
    except OperationalError as error:
        leave(f"The database: {' '.join(str(error).split())}", code=IN_THE_WAY)

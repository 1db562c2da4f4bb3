"""The command line: translate, call one verb, print. No rules here.

Commands of a room are in a module of their own, named in `GROUPS`; every command imports what it
calls only when it is called, so that each starts fast.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from qianbao.settings import Settings, load

GROUPS = {
    "bench": "qianbao.bench",
    "ledger": "qianbao.ledger.commands",
    "names": "qianbao.names.commands",
    "policy": "qianbao.policy.commands",
}
"""Command groups, and the module whose `app` holds each; one that is not there yet is left out."""

app = typer.Typer(
    help="Qianbao · 钱包: a consumer wallet that an operator hosts itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they may hold secrets
)


@app.command()
def demo() -> None:
    """Run everything on this machine, with a cast of people. PORT=9000 moves it."""
    from qianbao.demo import main as run_demo

    raise typer.Exit(run_demo())


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    applied = asyncio.run(_migrate(_settings(database=True).database_url))
    Console().print(f"{applied} migrations applied" if applied else "Nothing to do")


async def _migrate(url: str) -> int:
    from psycopg import AsyncConnection

    from qianbao.clock import system_clock
    from qianbao.db.migrate import migrate as run_migrations
    from qianbao.installation import prepare

    applied = await run_migrations(url)
    async with await AsyncConnection.connect(url) as conn:
        await prepare(conn, now=system_clock())
    return applied


@app.command()
def add_operator(
    name: str, password: Annotated[str, typer.Option(prompt=True, hide_input=True)]
) -> None:
    """Let somebody sign in to the console. Two operators are needed to publish a policy."""
    from qianbao.admission import add_operator as run_add_operator

    asyncio.run(run_add_operator(_settings(database=True), name=name, password=password))
    Console().print(f"{name} can sign in at /console")


@app.command()
def add_merchant(name_en: str, name_zh: str) -> None:
    """Admit a merchant; prints its id and its API key, the key this once."""
    from qianbao.admission import add_merchant as run_add_merchant

    found = asyncio.run(
        run_add_merchant(_settings(database=True), name_en=name_en, name_zh=name_zh)
    )
    Console().print(f"merchant {found[0]}\nAPI key  {found[1]}", highlight=False)


@app.command()
def serve() -> None:
    """Serve the app: API, screens, console and advisor."""
    from qianbao.app import serve as run_app

    run_app(_settings(database=True))


@app.command()
def worker() -> None:
    """Do the jobs that commits left behind."""
    from qianbao.worker import run

    run(_settings(database=True))


@app.command()
def sandbox() -> None:
    """Serve the simulated banks. Never in use with real money."""
    from qianbao.banks.sandbox.app import serve as run_sandbox

    settings = _settings()
    if not settings.sandbox:
        raise typer.BadParameter("simulated banks need QIANBAO_SANDBOX=true, and play money")
    run_sandbox(settings)


@app.command()
def settings() -> None:
    """Print every setting: the text of docs/settings.md."""
    _print_page("settings_page")


@app.command()
def errors() -> None:
    """Print every error code: the text of docs/errors.md."""
    _print_page("errors_page")


@app.command()
def facts() -> None:
    """Print every fact a policy may read: the text of docs/facts.md."""
    _print_page("facts_page")


def _print_page(name: str) -> None:
    from qianbao import reference

    page: str = getattr(reference, name)()
    sys.stdout.write(page)


def _settings(*, database: bool = False) -> Settings:
    """Settings from the environment, or an exit that says what is wrong with them."""
    try:
        found = load()
    except (msgspec.ValidationError, OSError) as error:
        raise typer.BadParameter(f"settings: {error}") from None
    if database and not found.database_url:
        raise typer.BadParameter("set QIANBAO_DATABASE_URL to the PostgreSQL to use")
    return found


def _add_groups(words: list[str]) -> None:
    """Adds the group that `words` begin with; all of them when help is what is wanted."""
    wanted: Any = GROUPS if not words or words[0] not in GROUPS else words[:1]
    if words and words[0] not in GROUPS and not words[0].startswith("-"):
        return
    for name in wanted:
        if importlib.util.find_spec(GROUPS[name]) is not None:
            app.add_typer(importlib.import_module(GROUPS[name]).app, name=name)


def main() -> None:
    """What `qianbao` and `python -m qianbao` run."""
    from qianbao.errors import QianbaoError

    _add_groups(sys.argv[1:])
    try:
        app()
    except QianbaoError as error:
        for language in ("en", "zh"):
            sys.stderr.write(f"{error.sentence(language)} {error.next_step(language)}\n")
        raise SystemExit(3) from None

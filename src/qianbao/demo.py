"""`make demo`: everything on one machine, with sandbox banks and a cast of people.

Here belongs the order in which the pieces start and end, and what is told to whoever watches. What
a piece does is its own business; starting and ending processes is in `processes.py`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import psycopg
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from qianbao import processes
from qianbao.db import embedded
from qianbao.db.connection_url import database_name, with_database
from qianbao.db.migrate import migrate
from qianbao.db.ready import DatabaseUnready, check_address, check_server
from qianbao.keyring import kept_secret, new_token
from qianbao.settings import LAST_PORT, Settings, SettingsWrong, load

DATABASE = "qianbao"
MADE_HERE = ("seeding", "bank_token", "master.key")
"""Files of the data folder that the demo makes, besides its server, its logs and its lock."""
WATCH_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Tell = Callable[[str], None]


class CannotStart(RuntimeError):
    """Something on this machine stands in the way; the message says what, and what to do."""


def main(*, fresh: bool = False, sure: bool = False) -> int:
    """Runs the demo until Ctrl-C; gives the exit code. `fresh` deletes what an earlier demo made,
    after asking unless `sure`, and starts over."""
    console = Console()
    for number in STOP_SIGNALS:  # SIGINT too: a shell's background jobs are born ignoring it
        signal.signal(number, _interrupt)
    try:
        settings = _choose_settings()
        if fresh and not _start_over(settings, console, sure=sure):
            return 0
        _run(settings, console)
    except KeyboardInterrupt:
        console.print(
            "Stopped. `make demo` starts again with the same data, `make demo-again` without."
        )
        return 0
    except (CannotStart, processes.ChildDied, embedded.ServerFailed, TimeoutError) as error:
        console.print(f"\n[bold red]The demo ended.[/] {_escape(str(error))}", highlight=False)
        return 1
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _start_over(settings: Settings, console: Console, *, sure: bool) -> bool:
    """Deletes what earlier demos made in their folder, and nothing else in it. False when whoever
    is asked says no. Raises `CannotStart`."""
    folder = settings.folder
    if settings.database_url:
        name = database_name(settings.database_url)
        raise CannotStart(
            f"The demo's data is in a PostgreSQL of yours. Drop the databases {name} and "
            f"{name}_sandbox there, then run `make demo`."
        )
    with _only_demo(folder):
        console.print(f"This deletes the demo's wallets, keys and logs in {folder}.")
        if not sure and not _agreed(console):
            console.print("Nothing was deleted.")
            return False
        embedded.remove(folder / "postgresql")
        shutil.rmtree(folder / "logs", ignore_errors=True)
        for name in MADE_HERE:
            (folder / name).unlink(missing_ok=True)
    return True


def _agreed(console: Console) -> bool:
    if not sys.stdin.isatty():
        raise CannotStart("Nobody is here to be asked: `qianbao demo --fresh --yes` does not ask.")
    return console.input("Type yes to go on: ").strip().lower() in ("yes", "y", "是")


def _run(settings: Settings, console: Console) -> None:
    """Starts all pieces, prints the panel, watches; whatever happens, ends what it started."""
    children: list[processes.Child] = []
    with _only_demo(settings.folder), ExitStack() as pieces:
        pieces.callback(_end_quietly, children)
        with _progress(console) as tell:
            settings = _prepare_database(settings, pieces, tell, console)
            _start_all(settings, children, tell)
        console.print(_panel(settings), highlight=False)
        while True:
            time.sleep(WATCH_SECONDS)
            processes.check(children)


def _choose_settings() -> Settings:
    """The demo's settings: the environment's, in the sandbox, at PORT, with a token of its own.
    Raises `CannotStart`."""
    try:
        settings = load(sandbox=True)
        check_address(settings.database_url)
        check_address(settings.sandbox_database_url, "QIANBAO_SANDBOX_DATABASE_URL")
    except SettingsWrong as wrong:
        raise CannotStart("\n".join(wrong.problems)) from None
    except DatabaseUnready as unready:
        raise CannotStart(str(unready)) from None
    typed = os.environ.get("PORT") or str(settings.port)
    port = int(typed) if typed.isdecimal() else 0
    if not 0 < port < LAST_PORT:
        raise CannotStart(f"PORT={typed} is not a port: choose one from 1024 to {LAST_PORT - 1}.")
    folder = settings.folder
    folder.mkdir(parents=True, exist_ok=True)
    token = settings.bank_token or kept_secret(folder / "bank_token", new_token)
    return msgspec.structs.replace(settings, port=port, data_folder=str(folder), bank_token=token)


@contextmanager
def _only_demo(folder: Path) -> Iterator[None]:
    """Two demos on one data folder would move each other's clock. Raises `CannotStart`."""
    with (folder / "demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"A demo already runs with the data in {folder}. Stop it, or give this one a "
                "folder of its own: QIANBAO_DATA_FOLDER=… PORT=… make demo"
            ) from None
        yield


@contextmanager
def _progress(console: Console) -> Iterator[Tell]:
    """A bar on a terminal, a line a step elsewhere."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    shown = console.is_terminal
    with Progress(*columns, console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def tell(text: str) -> None:
            bar.update(task, description=text)
            if not shown:
                print(text, flush=True)

        yield tell


def _prepare_database(
    settings: Settings, pieces: ExitStack, tell: Tell, console: Console
) -> Settings:
    """Settings with addresses of two databases that exist: the app's, and the sandbox banks'."""
    for port in (settings.port, settings.sandbox_port or settings.port + 1):
        _check_port(settings.host, port)
    if settings.database_url:
        tell("Reaching your PostgreSQL")
        return _prepare_own_server(settings, console)
    tell("Starting PostgreSQL")
    server = embedded.start(settings.folder / "postgresql")
    # We hold the folder's lock: a server that already runs was left behind by a demo that died.
    pieces.callback(embedded.end, server)
    _undo_half_a_seed(settings, server.url)
    return msgspec.structs.replace(
        settings,
        database_url=embedded.create_database(server.url, DATABASE),
        sandbox_database_url=embedded.create_database(server.url, f"{DATABASE}_sandbox"),
    )


def _check_port(host: str, port: int) -> None:
    try:
        processes.check_port(host, port)
    except processes.PortTaken as taken:
        raise CannotStart(
            f"Port {taken.port} is in use. The demo needs two neighbouring ports: choose others "
            f"with PORT={taken.port + 1000} make demo"
        ) from None


def _prepare_own_server(settings: Settings, console: Console) -> Settings:
    """The two databases on a server of the user's own, created where missing, and said to be."""
    url, name = settings.database_url, database_name(settings.database_url)
    try:
        try:
            psycopg.connect(url, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            if "does not exist" not in str(error):
                raise
            _create(with_database(url, "postgres"), name, console)
        if _seeding(settings).exists():
            raise CannotStart(
                f"The last demo ended while its people moved in. Drop the databases {name} and "
                f"{name}_sandbox, remove {_seeding(settings)}, and start again."
            )
        check_server(url)
        banks = settings.sandbox_database_url or _create(url, f"{name}_sandbox", console)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CannotStart(
            f"{error}Create the databases {name} and {name}_sandbox, or name the second one in "
            "QIANBAO_SANDBOX_DATABASE_URL."
        ) from None
    except DatabaseUnready as unready:
        raise CannotStart(str(unready)) from None
    except psycopg.OperationalError as error:
        raise CannotStart(f"QIANBAO_DATABASE_URL does not lead to a database: {error}") from None
    return msgspec.structs.replace(settings, sandbox_database_url=banks)


def _create(url: str, name: str, console: Console) -> str:
    """The address of the database `name` on the user's server, created when it is not there."""
    if not embedded.has_database(url, name):
        console.print(f"Creating the database {_escape(name)} on your PostgreSQL", highlight=False)
    return embedded.create_database(url, name)


def _seeding(settings: Settings) -> Path:
    """A file that is there while the cast moves in."""
    return settings.folder / "seeding"


def _undo_half_a_seed(settings: Settings, url: str) -> None:
    """Drops the databases when the last demo ended while the cast was moving in."""
    if not _seeding(settings).exists():
        return
    with psycopg.connect(url, autocommit=True) as connection:
        for name in (DATABASE, f"{DATABASE}_sandbox"):
            drop = psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(psycopg.sql.Identifier(name)))
    _seeding(settings).unlink()


def _start_all(settings: Settings, children: list[processes.Child], tell: Tell) -> None:
    """Starts all three processes; the first time, the cast moves in before the worker and the app
    run, for the seed does the jobs itself."""
    logs = settings.folder / "logs"

    def start(name: str, command: str) -> processes.Child:
        child = processes.start(name, command, settings, logs)
        children.insert(0, child)  # ended in the opposite order
        return child

    banks = start("sandbox", "sandbox")
    tell("Migrating")
    asyncio.run(migrate(settings.database_url))
    if not _seeded(settings.database_url):
        tell("Starting the sandbox banks")
        processes.wait_until_ready(banks, f"{settings.sandbox_url}/readyz")
        _seed(settings, tell)
    tell("Starting the app, the worker and the sandbox banks")
    app = start("app", "serve")
    start("worker", "worker")
    for child, url in ((banks, settings.sandbox_url), (app, _own_url(settings))):
        processes.wait_until_ready(child, f"{url}/readyz")
    processes.check(children)


def _own_url(settings: Settings) -> str:
    """Where the app is on this very machine, whatever address it is reached at from outside."""
    return f"http://{settings.host}:{settings.port}"


def _seed(settings: Settings, tell: Tell) -> None:
    from qianbao.seed import seed  # three seconds of imports that a second start saves

    _seeding(settings).touch()
    # In a thread of its own: Ctrl-C reaches the main one, whatever the seed is waiting for.
    failures: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(seed(settings, tell))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work, name="seed", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(WATCH_SECONDS)
    if failures:
        raise failures[0]
    _seeding(settings).unlink()


def _seeded(url: str) -> bool:
    """Whether the last step of `seed`, the operators, is done."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM operators LIMIT 1").fetchone() is not None


def _end_quietly(children: list[processes.Child]) -> None:
    """Ends the children; pressing Ctrl-C again meanwhile changes nothing."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    processes.end(children)


def _panel(settings: Settings) -> Panel:
    """Where to go and who to be."""
    from qianbao.cast import CAST, OPERATOR_PASSWORD, OPERATORS, PIN

    app, banks = settings.base_url, settings.sandbox_url
    table = Table.grid(padding=(0, 2))
    table.add_row("Wallet", f"[bold]{app}/[/]")
    table.add_row("Advisor", f"{app}/advise")
    table.add_row("Console", f"{app}/console  ({' or '.join(OPERATORS)}, {OPERATOR_PASSWORD})")
    table.add_row(
        "Keys, lines", "cards, passport lines, merchants' API keys, sign-ins: on the wallet's"
    )
    table.add_row("", "first page (the same list: docs/demo.md)")
    table.add_row("API", f"{app}/schema/openapi.json")
    table.add_row("Phones", f"{banks}/phone   where every text message arrives")
    table.add_row("Banks", f"{banks}/counter   everybody's cards, and what a branch corrects")
    table.add_row("Newcomers", f"{banks}/newcomer   a specimen passport, an account and a card")
    table.add_row("Clock", f"{app}/sandbox/clock   moves the demo to another day")
    table.add_row("", "")
    for person in CAST:
        table.add_row(person.name, f"{person.phone}   {person.story_en}")
    table.add_row("", f"Everybody's payment PIN is {PIN}; the sign-in code is on the phone's page.")
    return Panel(table, title="Qianbao · 钱包", subtitle="Ctrl-C stops it", expand=False)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


if __name__ == "__main__":
    sys.exit(main())

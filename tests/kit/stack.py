"""The whole of Qianbao for a test module: app, worker and sandbox banks as processes, over HTTP.

`stack` has the shipped policies and none of the cast; whoever signs up there does so for a test of
their own, since all modules share it. `seeded_stack` has the demo's cast, with databases of each
module's own; the cast moves in once a session, and is copied. Both begin on the demo's first
morning: no test runs on the machine's date. What the processes said is shown under a test that
fails.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from qianbao import processes
from qianbao.cast import OPERATOR_PASSWORD, TODAY
from qianbao.clock import MovableClock
from qianbao.db import clock as sandbox_clock
from qianbao.installation import prepare
from qianbao.seed import seed
from qianbao.services import open_services
from qianbao.settings import Settings
from tests.kit import programs
from tests.kit.ports import unused_port

PATIENCE_SECONDS = 120
"""For what happens in another process: long, because nothing waits for it to pass."""

MakeDatabase = Callable[..., AbstractContextManager[str]]


class Stack(msgspec.Struct, frozen=True):
    """Running processes, and how to reach them."""

    settings: Settings
    children: tuple[processes.Child, ...]
    operator_password: str = OPERATOR_PASSWORD

    @property
    def url(self) -> str:
        """Where the app is."""
        return self.settings.base_url

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox banks are."""
        return self.settings.sandbox_url

    def client(self) -> httpx.Client:
        """A client of the app, signed in as nobody."""
        return httpx.Client(base_url=self.url, timeout=30)

    def move_clock(self, to: datetime) -> None:
        """Moves the sandbox to a later moment, for every process."""
        run(_move(self.settings.database_url, to))

    def now(self) -> datetime:
        """The sandbox's present moment."""
        offset = self.sql("SELECT offset_seconds FROM clock")
        return datetime.now(UTC) + timedelta(seconds=offset)

    def sql(self, statement: str, *values: Any) -> Any:
        """The first column of the first row that the app's database gives, if any; for what no
        person could see or change, such as how long ago something was."""
        with psycopg.connect(self.settings.database_url, autocommit=True) as conn:
            cursor = conn.execute(statement.encode(), values)
            return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]

    def wait_for(self, condition: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
        """What `condition` gives once that is true; fails when it does not become true."""
        give_up = time.monotonic() + seconds
        while not (found := condition()):
            processes.check(self.children)
            assert time.monotonic() < give_up, f"still not so after {seconds} s"
            time.sleep(0.05)
        return found


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of `work`, whether or not a loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _move(url: str, to: datetime) -> None:
    clock = MovableClock()
    async with await psycopg.AsyncConnection.connect(url) as conn:
        await sandbox_clock.refresh(conn, clock)
        await sandbox_clock.move(conn, clock, to)


@pytest.fixture(scope="session")
def common_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What all stacks of a session share: secrets, so that a seeded database can be copied."""
    return Settings(
        sandbox=True,
        data_folder=str(tmp_path_factory.mktemp("qianbao")),
        master_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        bank_token=secrets.token_urlsafe(16),
    )


@pytest.fixture(scope="session")
def seeded_databases(
    make_database: MakeDatabase, common_settings: Settings
) -> Iterator[tuple[str, str]]:
    """Two databases, app and banks, in which the cast has moved in and to which nobody connects."""
    with make_database() as app_url, make_database(migrated=False) as banks_url:
        settings = _placed(common_settings, app_url, banks_url)
        banks = _start(settings, "sandbox", "sandbox")
        try:
            processes.wait_until_ready(banks, f"{settings.sandbox_url}/readyz")
            run(seed(settings))
        except Exception as error:
            error.add_note(banks.last_lines())
            raise
        finally:
            processes.end([banks])
        yield app_url, banks_url


@pytest.fixture(scope="session")
def stack(make_database: MakeDatabase, common_settings: Settings) -> Iterator[Stack]:
    """Everything running, the shipped policies installed, and none of the cast."""
    with make_database() as app_url, make_database(migrated=False) as banks_url:
        settings = _placed(common_settings, app_url, banks_url)
        run(_prepare(settings))
        with _running(settings) as running:
            yield running


@pytest.fixture(scope="module")
def seeded_stack(
    make_database: MakeDatabase, common_settings: Settings, seeded_databases: tuple[str, str]
) -> Iterator[Stack]:
    """Everything running, with the demo's cast on the demo's first morning."""
    app_template, banks_template = seeded_databases
    with (
        make_database(template=app_template) as app_url,
        make_database(template=banks_template) as banks_url,
        _running(_placed(common_settings, app_url, banks_url)) as running,
    ):
        yield running


async def _prepare(settings: Settings) -> None:
    async with open_services(settings) as services, services.pool.connection() as conn:
        assert isinstance(services.clock, MovableClock)
        await sandbox_clock.start_at(conn, services.clock, TODAY)
        await prepare(conn, now=services.now())


def _placed(common: Settings, app_url: str, banks_url: str) -> Settings:
    return msgspec.structs.replace(
        common,
        database_url=app_url,
        sandbox_database_url=banks_url,
        port=unused_port(),
        sandbox_port=unused_port(),
    )


def _start(settings: Settings, name: str, command: str) -> processes.Child:
    logs = Path(settings.data_folder) / f"logs-{settings.port}"
    return programs.start(name, command, settings, logs)


@contextmanager
def _running(settings: Settings) -> Iterator[Stack]:
    """The three processes, ready; ended in the order in which the demo ends them."""
    commands = {"sandbox": "sandbox", "worker": "worker", "app": "serve"}
    children = tuple(_start(settings, name, command) for name, command in commands.items())
    try:
        for child, url in ((children[0], settings.sandbox_url), (children[2], settings.base_url)):
            processes.wait_until_ready(child, f"{url}/readyz")
        yield Stack(settings, children)
    finally:
        processes.end(reversed(children))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Adds the end of each process's log to the report of a test that failed."""
    report: pytest.TestReport = yield  # type: ignore[misc,assignment]
    if report.failed:
        values = getattr(item, "funcargs", {}).values()
        stacks = {value.url: value for value in values if isinstance(value, Stack)}
        for child in [child for found in stacks.values() for child in found.children]:
            report.sections.append((f"log of {child.name}", child.last_lines(40)))
    return report  # type: ignore[return-value]

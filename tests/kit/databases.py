"""A real PostgreSQL for the tests, and a fresh, migrated database for each.

One embedded server per pytest process (so per xdist worker), made for speed and thrown away
afterwards; `QIANBAO_TEST_DATABASE_URL` takes a server of one's own instead. Its files are in memory
where the machine has a place for that: a copy of a database is some three hundred files, and takes
a tenth of the time there. Migrations run once, into a template; a test gets a copy of it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from qianbao.db import embedded
from qianbao.db.connection_url import with_database
from qianbao.db.migrate import migrate
from qianbao.db.pool import Pool, open_pool

_FOLDER = "qianbao-tests-"
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 3_000_000_000
"""Free memory from which it is used: a server needs a tenth of this, and there may be several."""
_number = itertools.count(1)


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """The address of a server on which databases may be created."""
    own = os.environ.get("QIANBAO_TEST_DATABASE_URL")
    if own:
        yield own
        return
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        _sweep()
    folder = _place() / f"{_FOLDER}{os.getpid()}"
    server = embedded.start(folder, durable=False)
    yield server.url
    embedded.stop(server)
    _remove(server)


@pytest.fixture(scope="session")
def template_database(database_server: str) -> Iterator[str]:
    """The address of a migrated database that nobody is connected to."""
    with _database(database_server, "template") as url:
        asyncio.run(migrate(url))
        yield url


@pytest.fixture(scope="session")
def make_database(database_server: str, template_database: str) -> Callable[..., Any]:
    """`with make_database() as url`: a fresh migrated database, or an empty one (`migrated=False`),
    or a copy of the one at the address `template`."""

    def make(*, migrated: bool = True, template: str = "") -> Any:
        copied = template or (template_database if migrated else "")
        return _database(database_server, "copy", copied)

    return make


@pytest.fixture
def database_url(make_database: Callable[..., Any]) -> Iterator[str]:
    """The address of a fresh, migrated database of this test's own."""
    with make_database() as url:
        yield url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool on the test's database, as a process has it."""
    opened = await open_pool(database_url, size=8)
    yield opened
    await opened.close()


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    """One connection to the test's database, in a transaction; what is not committed is gone."""
    async with await AsyncConnection.connect(database_url) as connection:
        yield connection
        await connection.rollback()


@contextmanager
def _database(server: str, what: str, template: str = "") -> Iterator[str]:
    """The address of a database that exists until the end of the block."""
    name = f"qianbao_{what}_{os.getpid()}_{next(_number)}"
    copied = psycopg.conninfo.conninfo_to_dict(template).get("dbname", "template0")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(str(copied))
    )
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create)
    try:
        yield with_database(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop)


def _place() -> Path:
    """Where a server's folder is made."""
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    roomy = in_memory and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES
    return _MEMORY if roomy else Path(tempfile.gettempdir())


def _sweep() -> None:
    """Ends what a killed test run left behind."""
    left = [*Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"), *_MEMORY.glob(f"{_FOLDER}*")]
    for folder in left:
        process = folder.name.removeprefix(_FOLDER)
        with suppress(OSError, RuntimeError):
            if process.isdigit() and not _alive(int(process)):
                server = embedded.start(folder, durable=False)
                embedded.end(server)
                _remove(server)


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(server: embedded.EmbeddedServer) -> None:
    shutil.rmtree(server.home, ignore_errors=True)
    if server.folder.is_symlink():
        server.folder.unlink()

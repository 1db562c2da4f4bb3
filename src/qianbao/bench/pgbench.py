"""PostgreSQL's own load generator, which comes with the embedded server's wheel: written in C, its
own cost is small beside what it measures."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from qianbao.db import embedded
from qianbao.db.connection_url import database_name, with_database
from qianbao.db.embedded_account import Account, usable_binaries

CLIENTS = 32
THREADS = 2
_SCALE = CLIENTS
"""TPC-B's branches: with fewer than clients it would measure their waiting for one row."""
_SECONDS = 5
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def program() -> Path | None:
    """Where it is; None when this machine has none."""
    found = usable_binaries(Account()) / "pgbench"
    return found if found.exists() else None


async def tpcb(url: str) -> float | None:
    """Transactions a second of the built-in TPC-B on `url`'s server, in a database of its own; None
    without the program."""
    if program() is None:
        return None
    name = f"{database_name(url)}_tpcb"
    place = await asyncio.to_thread(embedded.create_database, url, name)
    try:
        await _run(place, "-i", "-q", "-s", str(_SCALE))
        return await speed(place, "-T", str(_SECONDS))
    finally:
        async with await AsyncConnection.connect(
            with_database(url, database_name(url)), autocommit=True
        ) as conn:
            await conn.execute(SQL("DROP DATABASE {}").format(Identifier(name)))


async def speed(url: str, *arguments: str) -> float:
    """Transactions a second of a run of 32 clients."""
    said = await _run(
        url, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", str(THREADS), *arguments
    )
    found = _TPS.search(said)
    if found is None:
        raise RuntimeError(f"pgbench says no speed:\n{said}")
    return float(found[1])


async def _run(url: str, *arguments: str) -> str:
    """What it prints. The address goes through the environment: it may hold a password."""
    place = conninfo_to_dict(url)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    given = {_VARIABLES[name]: str(place[name]) for name in _VARIABLES if place.get(name)}
    done = await asyncio.to_thread(
        subprocess.run, [str(program()), *arguments],
        env=kept | given, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"pgbench failed:\n{done.stderr[-2000:]}")
    return done.stdout

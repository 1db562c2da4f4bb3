"""Whether a database is fit to be started on: reached, new enough, and up to date."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from qianbao.db.migrate import numbered
from qianbao.settings import POSTGRESQL

OLDEST_POSTGRESQL = 15
CONNECT_SECONDS = 10


class DatabaseUnready(RuntimeError):
    """Nothing can be started on this database; the message says why and what to do, in a line."""


def check_address(url: str, setting: str = "QIANBAO_DATABASE_URL") -> None:
    """Raises `DatabaseUnready` when `url`, which may hold a password, is no PostgreSQL's."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise DatabaseUnready(
            f"{setting} does not lead to a database: it is not the address of a PostgreSQL, such "
            f"as {POSTGRESQL}"
        ) from None


def check_server(url: str) -> None:
    """Raises `DatabaseUnready` when `url` leads to no database, or to a PostgreSQL too old."""
    with _reached(url) as connection:
        if connection.info.server_version < OLDEST_POSTGRESQL * 10_000:
            raise DatabaseUnready(f"Qianbao needs PostgreSQL {OLDEST_POSTGRESQL} or newer.")


def check_migrated(url: str) -> None:
    """Raises `DatabaseUnready` as `check_server` does, and when migrations are missing."""
    check_server(url)
    with _reached(url) as connection:
        try:
            row = connection.execute("SELECT max(number) FROM migrations").fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
    if row is None or row[0] is None or row[0] < numbered()[-1][0]:
        raise DatabaseUnready("The database is not up to date. Run `qianbao migrate` first.")


def _reached(url: str) -> psycopg.Connection[Any]:
    check_address(url)
    try:
        return psycopg.connect(url, connect_timeout=CONNECT_SECONDS)
    except psycopg.Error as error:
        why = " ".join(str(error).split())
        raise DatabaseUnready(f"QIANBAO_DATABASE_URL does not lead to a database: {why}") from None

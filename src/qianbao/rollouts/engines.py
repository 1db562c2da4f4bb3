"""What simulations are counted on: PostgreSQL itself, or a snapshot with DuckDB or Spark.

Each engine is a `Population`: the dialect it speaks, a relation of wallets as they stand at one
moment, and how it answers a statement. What is asked is the same for all (`counting`).
"""

# ruff: noqa: S608 - statements made of our own columns and checked trees

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
from psycopg import AsyncClientCursor
from psycopg.rows import dict_row

from qianbao.db.queries import Connection
from qianbao.errors import InvalidInput
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR
from qianbao.rollouts.columns import (
    CHARGED_DAYS,
    moved_sql,
    passed,
    snapshot_sql,
)
from qianbao.rollouts.counting import Dialect, Row
from qianbao.rollouts.snapshot import SimulationExtraMissing, duckdb, open_snapshot

Engine = Literal["postgres", "duckdb", "spark"]


class SnapshotTooLate(InvalidInput):
    code = "snapshot_too_late"
    en = "The snapshot is of {taken}, after {asked}, the moment asked about."
    zh = "快照时间为 {taken}，晚于所查询的时间 {asked}。"
    next_en = "Take another snapshot, or ask about a later moment."
    next_zh = "请重新生成快照，或查询更晚的时间。"


class Population(msgspec.Struct, frozen=True, eq=False):
    """Wallets to ask about, as they were read at `taken_at`: `wallets` is a relation in `dialect`,
    `ask` runs a statement."""

    taken_at: datetime
    dialect: Dialect
    wallets: str
    ask: Callable[[str], Awaitable[Sequence[Row]]]


async def in_postgres(conn: Connection, *, as_of: datetime, now: datetime) -> Population:
    """The wallets that are there, reckoned once into a table that ends with the transaction."""
    values = {"now": as_of, "charged_since": now - timedelta(days=CHARGED_DAYS)}
    wallets = AsyncClientCursor(conn).mogrify(snapshot_sql(), values)
    await conn.execute(b"DROP TABLE IF EXISTS pg_temp.simulated")
    await conn.execute(
        f"CREATE TEMP TABLE simulated ON COMMIT DROP AS SELECT *, {SMALLEST_AMOUNT_MINOR}::bigint "
        f"AS amount_minor FROM ({wallets}) AS wallets".encode()
    )

    async def ask(statement: str) -> Sequence[Row]:
        async with conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement.encode())
            return await cursor.fetchall()

    return Population(now, "postgres", "pg_temp.simulated", ask)


def in_duckdb(folder: Path, *, as_of: datetime) -> Population:
    """The wallets of a snapshot, moved on to `as_of`. Raises `SnapshotUnreadable`,
    `SnapshotTooLate` or `SimulationExtraMissing`."""
    library = duckdb()
    taken_at, columns = _columns(folder, as_of)
    files = str(folder / "*.parquet").replace("'", "''")
    connection = library.connect()

    def run(statement: str) -> Sequence[Row]:
        found = connection.execute(statement)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    async def ask(statement: str) -> Sequence[Row]:
        return await asyncio.to_thread(run, statement)

    wallets = f"(SELECT {columns} FROM read_parquet('{files}'))"
    return Population(taken_at, "duckdb", wallets, ask)


def in_spark(folder: Path, *, as_of: datetime, master: str = "local[*]") -> Population:
    """The same with Spark, on the cluster at `master`. Raises as `in_duckdb` does."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise SimulationExtraMissing(library="PySpark", extra="spark") from None
    taken_at, columns = _columns(folder, as_of)
    session: Any = (
        SparkSession.builder.appName("qianbao simulate")
        .master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "8")
        .getOrCreate()
    )
    # Each by its name: a pattern is first looked up as a name, which Spark reports as an error.
    files = session.read.parquet(*(str(one) for one in sorted(folder.glob("*.parquet"))))
    files.createOrReplaceTempView("snapshot")

    def run(statement: str) -> Sequence[Row]:
        return [row.asDict() for row in session.sql(statement).collect()]

    async def ask(statement: str) -> Sequence[Row]:
        return await asyncio.to_thread(run, statement)

    wallets = f"(SELECT {columns} FROM snapshot)"
    return Population(taken_at, "spark", wallets, ask)


def _columns(folder: Path, as_of: datetime) -> tuple[datetime, str]:
    found = open_snapshot(folder)
    if as_of < found.as_of:
        raise SnapshotTooLate(taken=found.as_of.isoformat(), asked=as_of.isoformat())
    return found.taken_at, moved_sql(passed(found.zones, found.as_of, as_of))

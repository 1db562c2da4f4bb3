"""Snapshots: the facts of every open wallet at one moment, in a folder of Parquet files.

Taken by streaming from PostgreSQL in one consistent view, a piece at a time, so that memory stays
bounded however many wallets there are. A snapshot holds ids and facts and no personal data;
simulating on it (`engines`) leaves the database alone. What its columns are is `columns`.
"""

# ruff: noqa: S608 - statements made of our own columns and the folder's name, quoted

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from psycopg import AsyncClientCursor, AsyncConnection, IsolationLevel, sql

from qianbao.errors import NotFound, QianbaoError
from qianbao.rollouts.columns import CHARGED_DAYS, SQL, TYPES, snapshot_sql

PIECE_WALLETS = 122_880
"""Wallets in a file: one row group, as DuckDB reads best."""

STREAMS = 2
"""Connections that read at once."""

MANIFEST = "snapshot.json"

Tell = Callable[[int, int], object]
"""Hears how many wallets are done, of how many."""


class SimulationExtraMissing(QianbaoError):
    code = "simulation_extra_missing"
    status = 501
    en = "{library} is not installed here, and this engine needs it."
    zh = "此处未安装 {library}，该引擎无法使用。"
    next_en = "Install qianbao[{extra}], or use the engine postgres."
    next_zh = "请安装 qianbao[{extra}]，或改用 postgres 引擎。"


class SnapshotUnreadable(NotFound):
    code = "snapshot_unreadable"
    en = "{folder} holds no snapshot that this version can read."
    zh = "{folder} 中没有当前版本可读取的快照。"
    next_en = "Take one with: qianbao policy snapshot FOLDER"
    next_zh = "请用 qianbao policy snapshot FOLDER 生成快照。"


class SnapshotExists(QianbaoError):
    code = "snapshot_exists"
    en = "{folder} is there already; a snapshot is never written over."
    zh = "{folder} 已存在；快照不会被覆盖。"
    next_en = "Name another folder, or delete this one."
    next_zh = "请换一个文件夹，或先将其删除。"


class Snapshot(msgspec.Struct, frozen=True):
    """What a snapshot is of: `wallets` open ones as they stand at `as_of`, in time zones `zones`,
    read at `taken_at`. `columns` are those its files have."""

    as_of: datetime
    taken_at: datetime
    wallets: int
    zones: tuple[str, ...]
    columns: tuple[str, ...]


def duckdb() -> Any:
    """The library, or `SimulationExtraMissing`."""
    try:
        import duckdb as library
    except ImportError:
        raise SimulationExtraMissing(library="DuckDB", extra="simulation") from None
    return library


async def take(url: str, folder: Path, *, now: datetime, tell: Tell) -> Snapshot:
    """Writes a snapshot of the wallets as they stand at `now` into the new `folder`. Raises
    `SnapshotExists` or `SimulationExtraMissing`."""
    duckdb()
    await asyncio.to_thread(_make_folder, folder)
    done = 0

    async with _one_view(url) as connections:
        total, zones = await _size(connections[0])

        def add(count: int) -> None:
            nonlocal done
            done += count
            tell(done, total)

        step = 100 // len(connections)
        await asyncio.gather(*(
            _stream(each, folder, range(number * step, number * step + step), now, add)
            for number, each in enumerate(connections)
        ))  # fmt: skip
    return write_manifest(folder, as_of=now, taken_at=now, wallets=done, zones=zones)


def _make_folder(folder: Path) -> None:
    """Only its owner may look into it."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise SnapshotExists(folder=str(folder)) from None


def write_manifest(
    folder: Path, *, as_of: datetime, taken_at: datetime, wallets: int, zones: Sequence[str]
) -> Snapshot:
    """Says what the files in `folder` are; only then is it a snapshot."""
    made = Snapshot(as_of, taken_at, wallets, tuple(sorted(zones)), tuple(TYPES))
    (folder / MANIFEST).write_bytes(msgspec.json.encode(made))
    return made


def open_snapshot(folder: Path) -> Snapshot:
    """What is in `folder`. Raises `SnapshotUnreadable`."""
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Snapshot)
    except (OSError, msgspec.DecodeError):
        raise SnapshotUnreadable(folder=str(folder)) from None
    if found.columns != tuple(TYPES):
        raise SnapshotUnreadable(folder=str(folder))
    return found


@asynccontextmanager
async def _one_view(url: str) -> AsyncIterator[list[AsyncConnection[Any]]]:
    """Connections that all see the database as it is at one and the same moment."""
    opened: list[AsyncConnection[Any]] = []
    try:
        for _ in range(STREAMS):
            one = await AsyncConnection.connect(url)
            opened.append(one)
            await one.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await one.set_read_only(True)
        row = await (await opened[0].execute("SELECT pg_export_snapshot()")).fetchone()
        assert row is not None
        for other in opened[1:]:
            await other.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(row[0])))
        for one in opened:
            await one.execute(SQL.read_alone)
        yield opened
    finally:
        for one in opened:
            await one.close()


async def _size(conn: AsyncConnection[Any]) -> tuple[int, list[str]]:
    rows = await (await conn.execute(SQL.open_wallets_by_zone)).fetchall()
    return sum(count for _, count in rows), [zone for zone, _ in rows]


async def _stream(
    conn: AsyncConnection[Any],
    folder: Path,
    buckets: range,
    now: datetime,
    add: Callable[[int], None],
) -> None:
    """The wallets of some buckets, a file for every piece of them."""
    values = {"now": now, "charged_since": now - timedelta(days=CHARGED_DAYS)}
    statement = AsyncClientCursor(conn).mogrify(snapshot_sql(buckets), values)
    library, writing, pieces = duckdb().connect(), asyncio.create_task(asyncio.sleep(0)), 0
    text, rows = bytearray(), 0

    async def flush() -> None:
        nonlocal writing, text, rows, pieces
        await writing  # one piece is written while the next arrives
        if rows or not pieces:  # and where there is nobody, a file without rows
            pieces += 1
            name = folder / f"wallets-{buckets.start:02}-{pieces:05}"
            writing = asyncio.create_task(asyncio.to_thread(_write, library, name, text))
            add(rows)
            text, rows = bytearray(), 0

    async with conn.cursor().copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)".encode()) as copy:
        async for line in copy:
            text += line
            rows += 1
            if rows == PIECE_WALLETS:
                await flush()
    await flush()
    await writing
    library.close()


def _write(library: Any, name: Path, text: bytearray) -> None:
    """CSV as a Parquet file."""
    written = name.with_suffix(".csv")
    written.write_bytes(text)
    library.execute(
        "COPY (SELECT * FROM read_csv($file, header = false, delim = ',', quote = '\"', "
        "columns = $columns, force_not_null = ['banks'], auto_detect = false)) "
        f"TO '{_quoted(name.with_suffix('.parquet'))}' (FORMAT parquet, COMPRESSION snappy)",
        {"file": str(written), "columns": TYPES},
    )
    written.unlink()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

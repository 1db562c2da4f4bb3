"""Snapshots: the facts of every open wallet at one moment, in a folder of Parquet files.

Taken by streaming from PostgreSQL in one consistent view, a piece at a time, so that memory stays
bounded however many wallets there are. A snapshot holds ids and facts and no personal data;
simulating on it (`engines`) leaves the database alone. What its columns are is `columns`.
"""

# ruff: noqa: S608 - statements made of our own columns and the folder's name, quoted

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path
from threading import Event, Lock
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg import ClientCursor, Connection, IsolationLevel, sql
from psycopg.abc import Buffer

from qianbao.clock import local_date
from qianbao.errors import NotFound, QianbaoError
from qianbao.rollouts.columns import CHARGED_DAYS, SQL, TYPES, Those, snapshot_sql

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


def take(url: str, folder: Path, *, now: datetime, tell: Tell) -> Snapshot:
    """Writes a snapshot of the wallets as they stand at `now` into the new `folder`. Raises
    `SnapshotExists` or `SimulationExtraMissing`."""
    duckdb()
    _make_folder(folder)
    stopped = Event()

    with _one_view(url) as connections, ThreadPoolExecutor(len(connections)) as pool:
        zones = connections[0].execute(SQL.open_wallets_by_zone).fetchall()
        total = sum(count for _, count in zones)
        done, telling = 0, Lock()

        def add(count: int) -> bool:
            nonlocal done
            with telling:
                done += count
                tell(done, total)
            return not stopped.is_set()

        step = 100 // len(connections)
        streams = [
            pool.submit(
                _stream, each, folder, range(number * step, number * step + step),
                [zone for zone, _ in zones], now, add,
            )
            for number, each in enumerate(connections)
        ]  # fmt: skip
        try:
            for stream in streams:
                stream.result()
        finally:  # after Ctrl-C or a failure the others end with their piece
            stopped.set()
    names = [zone for zone, _ in zones]
    return write_manifest(folder, as_of=now, taken_at=now, wallets=done, zones=names)


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


@contextmanager
def _one_view(url: str) -> Iterator[list[Connection[Any]]]:
    """Connections that all see the database as it is at one and the same moment."""
    with ExitStack() as opened:
        connections: list[Connection[Any]] = []
        for _ in range(STREAMS):
            one = Connection.connect(url)
            opened.callback(one.close)
            one.isolation_level, one.read_only = IsolationLevel.REPEATABLE_READ, True
            connections.append(one)
        row = connections[0].execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        for other in connections[1:]:
            other.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(row[0])))
        yield connections


def _stream(
    conn: Connection[Any],
    folder: Path,
    buckets: range,
    zones: Sequence[str],
    now: datetime,
    add: Callable[[int], bool],
) -> None:
    """The wallets of some buckets, those of the first time zone and then all others', a file for
    every piece of them. `add` hears of each piece and says whether to go on."""
    zone = zones[0] if zones else "UTC"
    which: tuple[Those, ...] = ("one", "others") if len(zones) > 1 else ("one",)
    conn.execute(SQL.read_alone, {"zone": zone})
    values = {
        "now": now, "today": local_date(now, ZoneInfo(zone)), "zone": zone,
        "charged_since": now - timedelta(days=CHARGED_DAYS),
    }  # fmt: skip
    lines = _lines(conn, [snapshot_sql(buckets, those) for those in which], values)
    with duckdb().connect() as library, ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for piece in count():
            text, rows = _piece(lines)
            if written is not None:
                written.result()  # one piece is written while the next arrives
            if piece and not rows:
                return  # where there is nobody at all, there is a file without rows
            name = folder / f"wallets-{buckets.start:02}-{piece:05}"
            written = writer.submit(_write, library, name, text)
            if not add(rows):
                return


def _piece(lines: Iterator[Buffer]) -> tuple[bytearray, int]:
    """So many of the next lines as make a file. Gathered at once: a list of them all would take
    three times as long, every line in fresh memory."""
    text, rows = bytearray(), 0
    for line in islice(lines, PIECE_WALLETS):
        text += line
        rows += 1
    return text, rows


def _lines(
    conn: Connection[Any], statements: Sequence[str], values: Mapping[str, object]
) -> Iterator[Buffer]:
    """The rows of some statements as CSV."""
    for statement in statements:
        query = ClientCursor(conn).mogrify(statement, values)
        with conn.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT csv)".encode()) as copy:
            yield from copy


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

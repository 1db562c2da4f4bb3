"""`qianbao bench simulate`: everybody counted, beside hand-written SQL, and a snapshot's making.

The wallets that are counted are made up straight into a snapshot, by the million, each from its
number, so every run has the same. How fast a snapshot is taken is measured on real rows in
PostgreSQL, of as many wallets as `snapshot_wallets` says, and not reckoned up to more.
"""

# ruff: noqa: S608 - statements made of our own columns and a folder's name, quoted

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg import AsyncConnection

from qianbao.bench.population import settle
from qianbao.bench.world import tidy
from qianbao.db.migrate import migrate
from qianbao.policy.policies import load_pack
from qianbao.rollouts.columns import TYPES
from qianbao.rollouts.engines import Engine, in_duckdb, in_postgres, in_spark
from qianbao.rollouts.losses import count_in
from qianbao.rollouts.snapshot import PIECE_WALLETS, duckdb, take, write_manifest

Tell = Callable[[str, int, int], object]

NOW = datetime(2027, 2, 1, 4, 0, tzinfo=UTC)
POLICY = "two-banks"
RUNS = 3
"""Of which the best counts, for both sides."""

SETTLED_AT_ONCE = 100_000


class Settings(msgspec.Struct, frozen=True):
    """What was measured: `wallets` counted, and `snapshot_wallets` taken from real rows."""

    wallets: int
    snapshot_wallets: int
    engine: Engine
    policy: str
    policies: int


class SimulateFigures(msgspec.Struct, frozen=True):
    """`seconds` for all figures and segments of one simulation; the ratio is to hand-written SQL
    for the same figures in the same engine (None: not measured there)."""

    seconds: float
    sql_seconds: float | None
    ratio_to_sql: float | None
    snapshot_wallets_per_second: int
    snapshot_seconds: float
    locked_out: int
    settings: Settings


async def measure(
    url: str, wallets: int, engine: Engine, snapshot_wallets: int, tell: Tell
) -> SimulateFigures:
    """Runs on the empty database at `url`."""
    await migrate(url)
    # PostgreSQL counts its own rows; the others a snapshot that is made up.
    real = wallets if engine == "postgres" else snapshot_wallets
    await _settle(url, real, tell)
    with tempfile.TemporaryDirectory(prefix="qianbao-bench-") as home:
        taken = _take(url, Path(home) / "real", tell)
        made = Path(home) / "made"
        if engine != "postgres":
            make(made, wallets, tell)
        tell("Counting", 0, RUNS)
        seconds, by_hand, locked_out = await _count(url, made, engine)
        tell("Counting", RUNS, RUNS)
    pack = load_pack()
    return SimulateFigures(
        seconds=round(seconds, 3),
        sql_seconds=None if by_hand is None else round(by_hand, 3),
        ratio_to_sql=None if by_hand is None else round(seconds / by_hand, 2),
        snapshot_wallets_per_second=round(real / taken),
        snapshot_seconds=round(taken, 2),
        locked_out=locked_out,
        settings=Settings(wallets, real, engine, POLICY, len(pack)),
    )


async def _settle(url: str, wallets: int, tell: Tell) -> None:
    async with await AsyncConnection.connect(url, autocommit=True) as conn:
        for first in range(0, wallets, SETTLED_AT_ONCE):
            count = min(SETTLED_AT_ONCE, wallets - first)
            await settle(conn, first=first, count=count, now=NOW)
            tell("Opening wallets", first + count, wallets)
    await tidy(url)


def _take(url: str, folder: Path, tell: Tell) -> float:
    began = time.perf_counter()
    take(url, folder, now=NOW, tell=lambda done, all_: tell("Snapshot", done, all_))
    return time.perf_counter() - began


async def _count(url: str, folder: Path, engine: Engine) -> tuple[float, float | None, int]:
    """The best of some runs, ours and by hand in turn."""
    pack = load_pack()
    tried = next(one for one in pack if one.name == POLICY)
    others = [one for one in pack if one.name != POLICY]
    async with await AsyncConnection.connect(url) as conn:
        ours, by_hand, locked_out = [], [], 0
        for _ in range(RUNS):
            began = time.perf_counter()
            if engine == "postgres":
                population = await in_postgres(conn, as_of=NOW, now=NOW)
            else:
                population = (in_duckdb if engine == "duckdb" else in_spark)(folder, as_of=NOW)
            outcome = await count_in(population, tried, others, NOW, {})
            ours.append(time.perf_counter() - began)
            locked_out = outcome.locked_out
            if engine == "duckdb":
                began = time.perf_counter()
                rows = duckdb().connect().execute(_by_hand(folder)).fetchall()
                by_hand.append(time.perf_counter() - began)
                assert sum(row[8] for row in rows) == locked_out, "not the same question"
    return min(ours), min(by_hand) if by_hand else None, locked_out


def _by_hand(folder: Path) -> str:
    """What somebody would write who wants the same figures for this one rule."""
    before = (
        "category <= 1 AND moved_for_life_minor >= 100000 OR category = 3 AND "
        "paid_this_year_minor >= 20000000 OR category = 2 AND paid_this_year_minor >= 10000000 OR "
        "document_kind IS NOT NULL AND document_valid_until < today OR legal_hold OR NOT verified"
    )
    topped = (
        "category <= 1 AND received_for_life_minor >= 100000 OR document_kind IS NOT NULL AND "
        "document_valid_until < today OR legal_hold OR NOT verified"
    )
    out = "residency = 'foreign' AND linked_banks < 2 AND coalesce(days_since_verified, 90) >= 90"
    return f"""SELECT residency, document_kind, banks, currency,
    CASE WHEN days_since_opened < 30 THEN 0 WHEN days_since_opened < 90 THEN 1
        WHEN days_since_opened < 365 THEN 2 WHEN days_since_opened < 1095 THEN 3 ELSE 4 END AS age,
    CASE WHEN balance_minor < 1 THEN 0 WHEN balance_minor < 10000 THEN 1
        WHEN balance_minor < 100000 THEN 2 WHEN balance_minor < 1000000 THEN 3 ELSE 4 END AS band,
    count(*), count(*) FILTER (WHERE residency = 'foreign'), count(*) FILTER (WHERE {out}),
    sum(balance_minor) FILTER (WHERE {out}),
    count(*) FILTER (WHERE {out} AND NOT ({before})),
    sum(mandates_active) FILTER (WHERE {out} AND NOT ({before})),
    sum(mandates_charged) FILTER (WHERE {out} AND NOT ({before})),
    count(*) FILTER (WHERE {out} AND NOT ({topped}))
FROM read_parquet('{_quoted(folder)}/*.parquet')
GROUP BY ALL"""


def make(folder: Path, wallets: int, tell: Tell) -> None:
    """Writes a snapshot of wallets that never were, each made from its number alone."""
    folder.mkdir(parents=True)
    connection: Any = duckdb().connect()
    piece = PIECE_WALLETS * 8
    for number, first in enumerate(range(0, wallets, piece)):
        count = min(piece, wallets - first)
        columns = ", ".join(f"({_MADE[name]})::{kind} AS {name}" for name, kind in TYPES.items())
        connection.execute(
            f"COPY (SELECT {columns} FROM (SELECT i, {_DICE} FROM range({first}, {first + count}) "
            f"AS t(i)) ) TO '{_quoted(folder)}/made-{number:05}.parquet' "
            "(FORMAT parquet, COMPRESSION snappy)"
        )
        tell("Making wallets up", first + count, wallets)
    write_manifest(folder, as_of=NOW, taken_at=NOW, wallets=wallets, zones=("Asia/Shanghai",))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _roll(salt: int, sides: int) -> str:
    return f"hash(i * 64 + {salt}) % {sides}"


_DICE = ", ".join(
    f"{_roll(salt, sides)} AS {name}"
    for salt, (name, sides) in enumerate({
        "kind": 100, "cards": 100, "bank": 5, "valid": 2000, "seen": 100, "verified_days": 1000,
        "opened_days": 1000, "share": 100, "low": 1000, "high": 1000, "paid": 12_000_000,
        "used": 60, "named": 100,
    }.items())
)  # fmt: skip
"""The same shares as `population`'s."""

_NAMED = "named >= 8"
_CARDS = f"CASE WHEN NOT ({_NAMED}) OR cards < 10 THEN 0 WHEN cards < 70 THEN 1 " \
    "WHEN cards < 90 THEN 2 ELSE 3 END"  # fmt: skip
_SEEN = "CASE WHEN seen < 40 THEN 1 WHEN seen < 60 THEN 2 ELSE 0 END"
_VERIFIED = f"({_NAMED} AND cards >= 10)"
_TODAY = "DATE '2027-02-01'"

_MADE: dict[str, str] = {
    "wallet_id": "'wal_' || lpad(i::VARCHAR, 20, '0')",
    "currency": "'CNY'",
    "time_zone": "'Asia/Shanghai'",
    "banks": "array_to_string(['ICBC','BOC','CCB','CMB','ABC','ICBC','BOC','CCB','CMB']"
    f"[bank + 1 : bank + ({_CARDS})], ',')",
    "stale_banks": "0",
    "mandates_charged": "CASE WHEN share < 10 THEN 1 ELSE 0 END",
    "residency": f"CASE WHEN NOT ({_NAMED}) THEN NULL WHEN kind < 25 THEN 'foreign' "
    "WHEN kind < 90 THEN 'mainland' ELSE 'hmt' END",
    "document_kind": f"CASE WHEN NOT ({_NAMED}) THEN NULL WHEN kind < 22 THEN 'passport' "
    "WHEN kind < 25 THEN 'permanent_residence' WHEN kind < 90 THEN 'resident_id' "
    "ELSE 'travel_permit' END",
    "document_valid_until": f"CASE WHEN {_NAMED} THEN {_TODAY} + (valid::INTEGER - 200) END",
    "today": _TODAY,
    "category": f"CASE WHEN NOT ({_NAMED}) THEN 0 WHEN ({_CARDS}) + ({_SEEN}) >= 5 THEN 3 "
    f"WHEN ({_CARDS}) + ({_SEEN}) >= 3 THEN 2 WHEN ({_CARDS}) + ({_SEEN}) >= 1 THEN 1 ELSE 0 END",
    "channels": f"({_CARDS}) + ({_SEEN})",
    "linked_banks": _CARDS,
    "linked_cards": _CARDS,
    "verified": _VERIFIED,
    "days_since_verified": f"CASE WHEN {_VERIFIED} "
    "THEN greatest(0, opened_days::BIGINT - least(verified_days::BIGINT, 30)) END",
    "identity_data_missing": "0",
    "days_since_confirmed": f"CASE WHEN {_NAMED} THEN opened_days END",
    "days_since_opened": "opened_days",
    "days_since_last_use": "used",
    "used_since_opened": "TRUE",
    "legal_hold": "share = 99",
    "mandates_active": "CASE WHEN share < 20 THEN 1 + share % 3 ELSE 0 END",
    "pay_score_on": "FALSE",
    "score_orders_open": "0",
    "in_flight": "0",
    "balance_minor": "low * high",
    "available_minor": "low * high",
    "paid_today_minor": "paid // 100",
    "paid_this_year_minor": "paid",
    "moved_for_life_minor": "paid",
    "received_for_life_minor": "paid + low * high",
}

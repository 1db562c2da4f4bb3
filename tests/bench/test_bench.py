"""What a bench does is right: its past is sound, its payments are real, its times are honest.

How fast anything is belongs to `make bench`, never to a test.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection
from typer.testing import CliRunner

from qianbao.bench import app
from qianbao.bench.copying import bare_copy
from qianbao.bench.deciding import measure_decide, measure_plan
from qianbao.bench.drive import arrivals, drive
from qianbao.bench.existing import add_existing
from qianbao.bench.measure import measure
from qianbao.bench.population import settle
from qianbao.bench.shape import Shape, dice, wanted
from qianbao.bench.simulating import NOW, make
from qianbao.bench.simulating import measure as simulate
from qianbao.bench.single import transfers_one_by_one
from qianbao.bench.world import world
from qianbao.ledger.proof import prove_snapshot
from qianbao.policy.policies import load_pack
from qianbao.rollouts.snapshot import take

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=20)
WALLETS = 12


def quiet(*_):
    """Hears, and says nothing."""


@pytest.mark.parametrize(
    ("asked", "made"), [(2, 2), (12, 12), (24 + 5, 29), (36 + 1, 36), (1, 0)], ids=str
)
async def test_a_past_that_was_made_at_once_is_sound(database_url, pool, asked, made):
    ready = await world(database_url, WALLETS, SINCE)
    await add_existing(database_url, ready.wallets, asked, SINCE, UNTIL, quiet)
    proof = await prove_snapshot(pool)
    assert proof.broken == []
    assert proof.counts.transfers == WALLETS + made
    async with pool.connection() as conn:
        row = await (await conn.execute("SELECT count(*) FROM answers")).fetchone()
    assert row == (made,)


@pytest.mark.parametrize("name", ["ledger", "payments", "http"])
async def test_a_run_pays_what_it_says_and_leaves_the_ledger_sound(database_url, pool, name):
    shape = Shape(
        accounts=WALLETS, transfers=60, batch=20, concurrency=4, hot_share=0.3, zipf=0.8, rate=2000,
        existing=WALLETS,
    )  # fmt: skip
    found = await measure(database_url, name, shape, compare=False, prove=True, tell=quiet)
    assert (found.rejected, found.sound) == (0, True)
    assert found.payments_per_second > 0
    assert found.p50_ms <= found.p99_ms <= found.p999_ms
    # Top-ups, the past, the warm-up and the run.
    assert (await prove_snapshot(pool)).counts.transfers == 3 * WALLETS + 60


async def test_the_rows_of_a_run_are_copied_and_its_payments_made_one_by_one(database_url, pool):
    shape = Shape(accounts=WALLETS, transfers=64, batch=10, concurrency=1)
    began = datetime.now(UTC)
    await measure(database_url, "ledger", shape, compare=False, prove=False, tell=quiet)
    counts = []
    assert await bare_copy(database_url, began, lambda done, total: counts.append((done, total)))
    # Two batches of the warm-up and seven of the run.
    assert counts == [(n, 76) for n in (10, 12, 22, 32, 42, 52, 62, 72, 76)]
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT wallet_id FROM wallets")
        wallets = [row[0] for row in await cursor.fetchall()]
    payments = wanted(shape, wallets, wallets)
    assert await transfers_one_by_one(database_url, payments, UNTIL)
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^(bare|single)_'"
        )
        assert await cursor.fetchall() == []


def test_payments_are_as_uneven_as_asked():
    names = [f"wallet {number}" for number in range(50)]

    def counted(**given):
        shape = Shape(accounts=50, transfers=4_000, batch=1, concurrency=1, **given)
        payments = wanted(shape, names, names)
        assert payments == wanted(shape, names, names)
        assert all(one.payer != one.payee for one in payments)
        assert len({one.key for one in payments}) == len(payments)
        return Counter(one.payee for one in payments)

    assert max(counted().values()) < 200
    assert counted(hot_share=1.0) == {"wallet 0": 4_000}
    uneven = counted(zipf=1.0)
    assert uneven["wallet 0"] > 3 * uneven["wallet 9"] > 0


async def test_work_that_waits_for_its_turn_is_slow():
    """Both are due at once and there is one hand: the second took twice as long."""

    async def slow(piece):
        await asyncio.sleep(0.02)
        return piece

    taken = await drive([1, 0], [slow], quiet, dues=[0.0, 0.0])
    assert taken.refused == 1
    assert taken.times_ms[0] >= 19
    assert taken.times_ms[1] >= 39


def test_arrivals_come_at_the_rate():
    shape = Shape(accounts=10, transfers=1, batch=1, concurrency=1)
    assert arrivals(dice(shape), 10, 0) == []
    dues = arrivals(dice(shape), 10_000, 500)
    assert dues == sorted(dues)
    assert 18 < dues[-1] < 22


def test_the_shipped_policies_are_linted_wallet_by_wallet():
    done = CliRunner().invoke(app, ["lint", "--json"])
    figures = json.loads(done.output)
    assert (figures["policies"], figures["findings"]) == (len(load_pack()), 0)
    assert figures["combinations"] > 1_000
    assert figures["seconds"] > 0


def test_decisions_and_plans_are_those_of_the_pack():
    found = measure_decide(30, quiet)
    assert (found.decisions, found.policies) == (240, len(load_pack()))
    assert 0 < found.refused_share < 1
    assert 0 < found.p50_us <= found.p99_us
    planned = measure_plan(30, quiet)
    # A plan is for the smallest amount, of which less is refused.
    assert 0 < planned.plans <= round(found.refused_share * 240)
    assert planned.without == 0
    assert 0 < planned.p50_ms <= planned.p99_ms <= planned.most_ms


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
async def test_a_simulation_asks_what_the_hand_written_sql_asks(make_database, engine):
    """Of made-up wallets, which are of all kinds; a snapshot of real rows is timed beside it."""
    pytest.importorskip("duckdb", reason="the extra simulation is not installed")
    with make_database(migrated=False) as url:
        found = await simulate(url, 3_000, engine, 500, quiet)
    assert found.settings.snapshot_wallets == (500 if engine == "duckdb" else 3_000)
    assert 300 < found.locked_out < 600
    assert found.snapshot_wallets_per_second > 0
    assert (found.ratio_to_sql is None) == (engine == "postgres")


async def test_made_up_and_real_wallets_have_the_same_shares(make_database, tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="the extra simulation is not installed")
    make(tmp_path / "made", 4_000, quiet)
    with make_database() as url:
        async with await AsyncConnection.connect(url, autocommit=True) as conn:
            await settle(conn, first=0, count=4_000, now=NOW)
        take(url, tmp_path / "real", now=NOW, tell=lambda _done, _all: None)
    made, real = (
        duckdb.sql(
            "SELECT coalesce(residency, ''), count(*) / 4000, avg(linked_banks), avg(category), "
            f"avg(verified::int) FROM '{tmp_path / folder}/*.parquet' GROUP BY 1 ORDER BY 1"
        ).fetchall()
        for folder in ("made", "real")
    )
    assert [row[0] for row in made] == ["", "foreign", "hmt", "mainland"]
    for one, other in zip(made, real, strict=True):
        assert one[1:] == pytest.approx(other[1:], rel=0.2, abs=0.05)

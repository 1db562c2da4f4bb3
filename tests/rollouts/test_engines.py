"""One population, three engines: each says the same of everybody, and what it says is true."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from psycopg import AsyncConnection

from qianbao.db.queries import Connection
from qianbao.ids import new_id
from qianbao.policy.dates import enforced_from
from qianbao.policy.facts import carry
from qianbao.policy.policies import Policy, load_pack, load_policy
from qianbao.remedies.offer import as_known
from qianbao.rollouts import publish
from qianbao.rollouts.engines import (
    Population,
    SnapshotTooLate,
    in_duckdb,
    in_postgres,
    in_spark,
)
from qianbao.rollouts.simulate import Outcome, simulate, try_out
from qianbao.rollouts.snapshot import (
    SnapshotExists,
    SnapshotUnreadable,
    open_snapshot,
    take,
)
from qianbao.rollouts.ways import WAYS_MOST, cheapest
from qianbao.settings import Settings
from qianbao.wallets.situation import read_situations
from tests.rollouts.policies import ASKING, DOCUMENT_VALID, YEARLY_LIMIT, two_banks
from tests.rollouts.population import settle

pytest.importorskip("duckdb", reason="the extra simulation is not installed")

NOW = datetime(2026, 11, 2, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai, 16:59 in Berlin
ASKS = load_policy(ASKING)
DRAFTS = [load_policy(text) for text in (two_banks(2, banks=3), YEARLY_LIMIT, DOCUMENT_VALID)]


def _as_of(tried: Policy) -> datetime:
    return max(NOW, enforced_from(tried))


async def _people(conn: Connection, count: int) -> list[str]:
    found = await settle(conn, seed=31, count=count, now=NOW)
    await conn.execute(
        "UPDATE wallets SET stale_banks = card_banks[1:1] WHERE bucket < 20 AND legal_hold"
    )
    await conn.commit()
    return found


async def _tried(conn: Connection, tried: Policy, population: Population) -> Outcome:
    return await try_out(
        conn, tried, in_force=load_pack(), as_of=_as_of(tried), now=NOW, population=population
    )


@pytest.fixture
async def snapshot(conn: Connection, database_url: str, tmp_path: Path) -> Path:
    """What 400 people leave in a snapshot."""
    await _people(conn, 400)
    take(database_url, tmp_path / "snapshot", now=NOW, tell=lambda _done, _all: None)
    return tmp_path / "snapshot"


async def test_a_snapshot_holds_every_open_wallet_and_no_person(
    conn: Connection, snapshot: Path
) -> None:
    row = await (
        await conn.execute("SELECT count(*) FROM wallets WHERE status = 'open'")
    ).fetchone()
    found = open_snapshot(snapshot)
    assert row == (found.wallets,)
    assert found.zones == ("Asia/Shanghai", "Europe/Berlin")
    assert not {"person_id", "phone_index", "phone_tail"} & set(found.columns)
    assert sorted(Path(name).suffix for name in os.listdir(snapshot)) == [
        ".json", ".parquet", ".parquet",
    ]  # fmt: skip


@pytest.mark.parametrize("tried", [*DRAFTS, ASKS, load_pack()[-1]], ids=lambda policy: policy.name)
async def test_duckdb_says_what_postgresql_says(
    conn: Connection, snapshot: Path, tried: Policy
) -> None:
    """Also of a day to come: the snapshot is moved on to it, time zone by time zone."""
    theirs = await _tried(conn, tried, in_duckdb(snapshot, as_of=_as_of(tried)))
    ours = await _tried(conn, tried, await in_postgres(conn, as_of=_as_of(tried), now=NOW))
    assert theirs == ours
    assert ours.wallets > 300
    assert ours.locked_out > 0 or tried.limit is not None or tried.asks
    assert (ours.asked is not None and ours.asked.for_all > 0) == bool(tried.asks)


async def test_a_snapshot_is_as_old_as_the_wallets_in_it(conn: Connection, snapshot: Path) -> None:
    """A run today on last month's wallets is no look at those there are."""
    body, later = two_banks(2), NOW + timedelta(days=8)
    await publish.draft(conn, body=body, operator="Mei", now=later)
    key: dict[str, Any] = {"policy": "two-banks", "version": 2}
    run = await simulate(
        conn,
        **key,
        operator="Mei",
        simulation_id=new_id("sim", later),
        now=later,
        on=lambda as_of: in_duckdb(snapshot, as_of=as_of),
    )
    assert run.created_at == NOW
    with pytest.raises(publish.SimulationNeeded):
        await publish.publish(conn, Settings(), **key, operator="Oskar", now=later)


async def test_spark_says_what_duckdb_says(conn: Connection, snapshot: Path, java: None) -> None:
    for tried in (*DRAFTS, ASKS):
        ours = await _tried(conn, tried, in_duckdb(snapshot, as_of=_as_of(tried)))
        master = "local[2]"
        population = in_spark(snapshot, as_of=_as_of(tried), master=master)
        assert await _tried(conn, tried, population) == ours


async def test_the_ways_out_of_groups_are_those_of_each_wallet(
    conn: AsyncConnection[object],
) -> None:
    """Planned once for each kind of situation, and once for each wallet: the same steps."""
    people = await _people(conn, 1_500)
    tried = DRAFTS[0]
    as_of = _as_of(tried)
    outcome = await _tried(conn, tried, await in_postgres(conn, as_of=as_of, now=NOW))
    whole = msgspec.structs.replace(tried, grace_days=0)
    policies = (*(one for one in load_pack() if one.name != tried.name), whole)
    alone = await in_postgres(conn, as_of=as_of, now=NOW)
    out = await alone.ask(
        "SELECT wallet_id FROM pg_temp.simulated WHERE residency = 'foreign' AND "
        "linked_banks < 3 AND (days_since_verified < 90) IS NOT TRUE"
    )
    ids = [row["wallet_id"] for row in out]
    read = await read_situations(conn, ids, NOW, free_minor=0)
    steps: Counter[tuple[str, ...]] = Counter()
    for each in read.values():
        way = cheapest(policies, as_known(carry(each, NOW, as_of)), as_of, tried)
        steps[tuple(step.action for step in way.steps) if way else ()] += 1
    ways = outcome.ways
    assert ways is not None
    assert len(people) > len(ids) == outcome.locked_out > 20
    assert [way.wallets for way in ways.ways] == [n for _, n in steps.most_common(WAYS_MOST)]
    assert all(steps[way.steps] == way.wallets for way in ways.ways)
    assert ways.situations < len(ids)
    assert ways.visit == sum(n for kinds, n in steps.items() if "open_account" in kinds) > 0
    assert (ways.none, ways.unplanned) == (steps[()], 0)


async def test_samples_are_bounded_and_the_same_each_time(conn: Connection, snapshot: Path) -> None:
    tried = DRAFTS[0]
    found = [
        (await _tried(conn, tried, in_duckdb(snapshot, as_of=_as_of(tried)))).samples
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert len(set(found[0])) == 20


async def test_mandates_charged_lately_are_those_that_would_fail(
    conn: Connection, snapshot: Path
) -> None:
    await conn.execute("UPDATE wallets SET mandates_active = 0")
    everybody = await (
        await conn.execute(
            "SELECT wallet_id FROM wallets WHERE residency = 'foreign' AND cardinality(card_banks) "
            "= 1 AND status = 'open' AND NOT legal_hold AND verified_at < %s ORDER BY wallet_id",
            (datetime(2026, 1, 1, tzinfo=UTC),),
        )
    ).fetchall()
    charged, quiet = (row[0] for row in everybody[:2])
    for wallet, paid_at in ((charged, NOW), (quiet, datetime(2026, 9, 1, tzinfo=UTC))):
        await conn.execute(
            "UPDATE wallets SET mandates_active = 1, evidence = '{}', document_kind = 'passport', "
            "document_valid_until = '2030-01-01', data_missing = '{}', data_confirmed_at = %s "
            "WHERE wallet_id = %s", (NOW, wallet)
        )  # fmt: skip
        await conn.execute("UPDATE accounts SET moved_for_life_minor = 0")
        await conn.execute(
            "INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en, title_zh,"
            " per_charge_minor, currency, state, signed_at) "
            "VALUES (%s, 'man_1', 'mch_1', 'pln_1', 'a', 'a', 100, 'CNY', 'active', %s)",
            (wallet, NOW),
        )
        await conn.execute(
            "INSERT INTO payments (merchant_id, payment_id, merchant_reference, description, "
            "amount_minor, currency, state, wallet_id, mandate_id, created_at, paid_at) "
            "VALUES ('mch_1', %s, 'r', 'd', 100, 'CNY', 'paid', %s, 'man_1', %s, %s)",
            (f"pay_{wallet}", wallet, paid_at, paid_at),
        )
    tried = next(one for one in load_pack() if one.name == "two-banks")
    as_of = _as_of(tried)
    others = [one for one in load_pack() if one.name != "two-banks"]
    outcome = await try_out(
        conn, tried, in_force=others, as_of=as_of, now=NOW,
        population=await in_postgres(conn, as_of=as_of, now=NOW),
    )  # fmt: skip
    assert (outcome.mandates.active, outcome.mandates.failing) == (2, 1)


async def test_a_snapshot_that_was_broken_off_is_none(
    conn: Connection, database_url: str, tmp_path: Path
) -> None:
    """Both streams end, and what they wrote is no snapshot."""
    await _people(conn, 50)

    def breaks_off(_done: int, _all: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        take(database_url, tmp_path / "broken", now=NOW, tell=breaks_off)
    with pytest.raises(SnapshotUnreadable):
        open_snapshot(tmp_path / "broken")


async def test_what_is_no_snapshot_is_not_read(
    snapshot: Path, database_url: str, tmp_path: Path
) -> None:
    with pytest.raises(SnapshotUnreadable):
        in_duckdb(tmp_path, as_of=NOW)
    with pytest.raises(SnapshotTooLate):
        in_duckdb(snapshot, as_of=datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(SnapshotExists):
        take(database_url, snapshot, now=NOW, tell=lambda _done, _all: None)
    manifest = snapshot / "snapshot.json"
    manifest.write_text(manifest.read_text().replace('"residency",', ""))
    with pytest.raises(SnapshotUnreadable):
        in_duckdb(snapshot, as_of=NOW)

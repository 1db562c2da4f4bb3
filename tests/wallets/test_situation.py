"""The row of facts is read as it was written, each counter only for its day and year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from psycopg.rows import dict_row

from qianbao.clock import local_date
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, load
from qianbao.ids import new_id
from qianbao.policy.facts import Situation
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.situation import read_situation, read_situations
from tests.rollouts.population import settle
from tests.wallets.scene import ANNA, BEN, NOW, sign_up

FREE = 100_000


async def _set(pool: Pool, table: str, wallet_id: str, **columns: Any) -> None:
    owner = "owner_id" if table == "accounts" else "wallet_id"
    sets = ", ".join(f"{name} = %({name})s" for name in columns)
    async with pool.connection() as conn:
        await conn.execute(
            f"UPDATE {table} SET {sets} WHERE {owner} = %(wallet_id)s".encode(),
            columns | {"wallet_id": wallet_id},
        )


async def _read(pool: Pool, wallet_id: str, now: datetime = NOW) -> Situation:
    async with pool.connection() as conn:
        return await read_situation(conn, wallet_id=wallet_id, now=now, free_minor=FREE)


async def test_a_fresh_wallet(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    situation = await _read(pool, annas)
    assert situation == Situation(
        wallet_id=annas, status="open", residency=None, document_kind=None,
        document_valid_until=None, card_banks=(), evidence=(), opened_at=NOW, verified_at=None,
        last_used_at=None, facts_changed_at=NOW, mandates_active=0, pay_score_on=False,
        score_orders_open=0, in_flight=0, legal_hold=False, bucket=situation.bucket,
        balance_minor=0, held_minor=0, currency="CNY", time_zone="Asia/Shanghai",
        paid_today_minor=0, paid_this_year_minor=0, moved_for_life_minor=0,
        received_for_life_minor=0, free_withdrawal_left_minor=FREE,
    )  # fmt: skip


async def test_every_column_arrives_where_it_belongs(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    facts = {
        "residency": "foreign", "document_kind": "passport",
        "document_valid_until": date(2031, 5, 1), "card_banks": ["ICBC", "ICBC"],
        "evidence": ["immigration"], "stale_banks": ["BOC"], "verified_at": NOW,
        "mandates_active": 2, "pay_score_on": True, "score_orders_open": 3, "in_flight": 4,
        "legal_hold": True, "bucket": 42,
    }  # fmt: skip
    money = {"balance_minor": 320_000, "held_minor": 5_000}
    counters = {
        "last_used_at": NOW, "paid_today_minor": 1, "paid_this_year_minor": 2,
        "moved_for_life_minor": 3, "received_for_life_minor": 4,
    }  # fmt: skip
    await _set(pool, "wallets", annas, **facts)
    await _set(pool, "accounts", annas, **money)
    await _set(pool, "accounts", annas, counted_on=local_date(NOW), **counters)
    async with pool.connection() as conn:
        for number, state in ((2, "active"), (1, "active"), (3, "ended")):
            await conn.execute(
                "INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en, "
                "title_zh, per_charge_minor, currency, state, signed_at) VALUES "
                "(%s, %s, 'mch', 'pln', 'Rides', '打车', 1, 'CNY', %s, %s)",
                (annas, f"man_{number}", state, NOW),
            )
    found = msgspec.structs.asdict(await _read(pool, annas))
    for name, value in (facts | money | counters).items():
        assert found[name] == (tuple(value) if isinstance(value, list) else value), name
    assert found["mandates"] == ("man_1", "man_2")


@pytest.mark.parametrize(
    ("now", "today_minor", "year_minor"),
    [
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), 700, 9_000),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), 0, 0),  # midnight where Anna lives
        (datetime(2027, 12, 31, 0, 0, tzinfo=UTC), 0, 0),
        (datetime(2026, 12, 30, 0, 0, tzinfo=UTC), 700, 9_000),  # another process's clock is ahead
    ],
)
async def test_counters_count_for_their_day_and_year(
    pool: Pool, now: datetime, today_minor: int, year_minor: int
) -> None:
    annas = await sign_up(pool, ANNA)
    await _set(
        pool, "accounts", annas, counted_on=date(2026, 12, 31), paid_today_minor=700,
        paid_this_year_minor=9_000, moved_for_life_minor=12_000,
    )  # fmt: skip
    situation = await _read(pool, annas, now)
    assert (situation.paid_today_minor, situation.paid_this_year_minor) == (today_minor, year_minor)
    assert situation.moved_for_life_minor == 12_000


@pytest.mark.parametrize(("used", "left"), [(0, FREE), (40_000, 60_000), (130_000, 0)])
async def test_what_is_left_of_a_persons_free_withdrawals(pool: Pool, used: int, left: int) -> None:
    annas, bens = await sign_up(pool, ANNA), await sign_up(pool, BEN)
    async with pool.connection() as conn:
        await conn.execute("INSERT INTO people VALUES ('per_anna', %s, %s)", (used, NOW))
    await _set(pool, "wallets", annas, person_id="per_anna")
    assert (await _read(pool, annas)).free_withdrawal_left_minor == left
    assert (await _read(pool, bens)).free_withdrawal_left_minor == FREE


@pytest.mark.parametrize("days", [-400, -1, 0, 1, 60])
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_population_is_counted_by_the_rows_that_are_decided_by(
    conn: Connection, seed: int, days: int
) -> None:
    """Both queries give the same facts of every open wallet, also of people who closed one and came
    back, on a day that some counters have not reached yet, and in a new year."""
    wallet_ids = await settle(conn, seed=seed, count=250, now=NOW)
    now = NOW + timedelta(days=days)
    read = await read_situations(conn, wallet_ids, now, free_minor=FREE)
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(load("qianbao.rollouts").situations, {"now": now})
        counted = {row["wallet_id"]: row for row in await cursor.fetchall()}
    assert set(counted) == set(read) == set(wallet_ids)
    for wallet_id, row in counted.items():
        decided = msgspec.structs.asdict(read[wallet_id])
        assert {name: _plain(value) for name, value in row.items()} == {
            name: _plain(decided[name]) for name in row
        }
    own = await conn.execute("SELECT wallet_id FROM wallets WHERE legal_hold")
    held = {row[0] for row in await own.fetchall()}
    assert {one.wallet_id for one in read.values() if one.legal_hold} > held & set(read)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


async def test_what_an_earlier_wallet_moved_counts_for_whoever_came_back(conn: Connection) -> None:
    former, present = (await settle(conn, seed=5, count=8, now=NOW))[:2]
    await conn.execute(
        "UPDATE wallets SET person_id = 'per_ben' WHERE wallet_id IN (%s, %s)", (former, present)
    )
    await conn.execute(
        "UPDATE accounts SET counted_on = %s, paid_today_minor = 7, "
        "paid_this_year_minor = 40, moved_for_life_minor = 500, received_for_life_minor = 600",
        (local_date(NOW),),
    )
    await conn.execute("UPDATE wallets SET status = 'closed' WHERE wallet_id = %s", (former,))
    found = await read_situations(conn, [present], NOW, free_minor=FREE)
    theirs = found[present]
    assert (theirs.paid_today_minor, theirs.paid_this_year_minor) == (14, 80)
    assert (theirs.moved_for_life_minor, theirs.received_for_life_minor) == (1_000, 1_200)


async def test_many_at_once_and_who_is_not_there(pool: Pool) -> None:
    annas, bens = await sign_up(pool, ANNA), await sign_up(pool, BEN, NOW + timedelta(hours=1))
    nobodys = new_id("wal", NOW)
    async with pool.connection() as conn:
        found = await read_situations(conn, [bens, annas, nobodys], NOW, free_minor=FREE)
        with pytest.raises(WalletUnknown):
            await read_situation(conn, wallet_id=nobodys, now=NOW, free_minor=FREE)
    assert {key: value.wallet_id for key, value in found.items()} == {annas: annas, bens: bens}

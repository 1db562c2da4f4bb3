"""A population of wallets, made from a seed and written straight into the tables: what the rooms
would have left there after years of use, corners included."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from qianbao.clock import local_date
from qianbao.db.queries import Connection
from qianbao.ids import new_id

_BANKS = ("icbc", "boc", "ccb", "cmb", "abc")
_WALLET = """
INSERT INTO wallets (
    wallet_id, person_id, currency, phone_index, phone_cipher, phone_tail, pin_hash, status,
    opened_at, residency, document_kind, document_valid_until, evidence, verified_at, card_banks,
    data_missing, data_confirmed_at,
    in_flight, mandates_active, pay_score_on, score_orders_open, legal_hold, bucket,
    facts_changed_at, time_zone
) VALUES (
    %(wallet_id)s, %(person_id)s, %(currency)s, convert_to(%(wallet_id)s, 'UTF8'), '', '0000', '',
    %(status)s,
    %(opened_at)s, %(residency)s, %(document_kind)s, %(document_valid_until)s, %(evidence)s,
    %(verified_at)s, %(card_banks)s, %(data_missing)s, %(data_confirmed_at)s,
    %(in_flight)s, %(mandates_active)s,
    %(pay_score_on)s, %(score_orders_open)s, %(legal_hold)s, %(bucket)s, %(opened_at)s,
    %(time_zone)s
)"""
_ACCOUNT = """
INSERT INTO accounts (owner_id, account_id, kind, currency, balance_minor, held_minor, opened_at,
    changed_at, counted_on, last_used_at, paid_today_minor, paid_this_year_minor,
    moved_for_life_minor, received_for_life_minor)
VALUES (%(wallet_id)s, %(currency)s, 'wallet', %(currency)s, %(balance_minor)s, %(held_minor)s,
    %(opened_at)s, %(opened_at)s, %(counted_on)s, %(last_used_at)s, %(paid_today_minor)s,
    %(paid_this_year_minor)s, %(moved_for_life_minor)s, %(received_for_life_minor)s)"""


async def settle(conn: Connection, *, seed: int, count: int, now: datetime) -> list[str]:
    """Writes `count` wallets; gives the ids of the open ones."""
    random = Random(seed)
    rows = [_row(random, now) for _ in range(count)]
    async with conn.cursor() as cursor:
        for statement in (_WALLET, _ACCOUNT):
            await cursor.executemany(statement, rows)
    return [row["wallet_id"] for row in rows if row["status"] == "open"]


def _row(random: Random, now: datetime) -> dict[str, Any]:
    identified = random.random() < 0.85
    cards = random.choices(_BANKS, k=random.choice((0, 1, 1, 2, 2, 3, 5))) if identified else []
    opened_at = now - timedelta(days=random.randint(91, 900), minutes=random.randint(0, 1440))
    # close to 90 days at either side of midnight is where Python and SQL could disagree
    verified_days = random.choice((0, 30, 89, 90, 91, 400))
    counted_at = now - timedelta(days=random.choice((0, 0, 1, 40, 400)))
    balance_minor = random.choice((0, 1, 320_000, random.randint(0, 10**7)))
    paid = random.choice((0, 9_999_999, 10_000_000, random.randint(0, 2 * 10**7)))
    return {
        "wallet_id": new_id("wal", opened_at, random.randbytes),
        # a person has had several wallets, and their year is counted over all of them
        "person_id": f"per_{random.randint(1, 150)}" if identified else None,
        "currency": random.choice(("CNY", "CNY", "CNY", "EUR")),
        "status": "closed" if random.random() < 0.1 else "open",
        "time_zone": random.choice(("Asia/Shanghai", "Asia/Shanghai", "Europe/Berlin")),
        "opened_at": opened_at,
        "residency": random.choice(("foreign", "foreign", "mainland", "hmt"))
        if identified else None,
        "document_kind": random.choice(("passport", "resident_id", "travel_permit"))
        if identified else None,
        "document_valid_until": local_date(now) + timedelta(random.choice((-31, -30, -29, 400)))
        if identified and random.random() < 0.9 else None,
        "evidence": random.sample(("immigration", "mobile_operator"), k=random.randint(0, 2)),
        "verified_at": now - timedelta(days=verified_days, minutes=random.randint(0, 1440))
        if cards else None,
        "card_banks": cards,
        "data_missing": random.choice(([],) * 9 + (["sex", "address"],))
        if identified else [],
        "data_confirmed_at": max(
            opened_at, now - timedelta(days=random.choice((0, 0, 0, 0, 0, 183, 184, 400)))
        )
        if identified else None,
        "last_used_at": counted_at if paid else None,
        "in_flight": random.randint(0, 1),
        "mandates_active": random.randint(0, 2),
        "pay_score_on": random.random() < 0.3,
        "score_orders_open": random.randint(0, 1),
        "legal_hold": random.random() < 0.05,
        "bucket": random.randint(0, 99),
        "balance_minor": balance_minor,
        "held_minor": random.randint(0, balance_minor),
        "counted_on": local_date(counted_at),
        "paid_today_minor": paid,
        "paid_this_year_minor": paid,
        "moved_for_life_minor": paid,
        "received_for_life_minor": paid + balance_minor,
    }  # fmt: skip

"""A population to simulate on: real rows for PostgreSQL, or a snapshot made at once for millions.

Both follow from each wallet's number alone, so every run has the same people: eight shares of
residency, document, banks and age, as a wallet in use for three years might have them.
"""

# ruff: noqa: S608 - statements made of numbers that stand here

from __future__ import annotations

from datetime import datetime

from qianbao.db.queries import Connection

_DICE = "hashint8extended({number}, {salt})"
"""A number that looks random and is not: PostgreSQL's own hash, the same everywhere."""


def _roll(salt: int, sides: int) -> str:
    """SQL for 0 … sides-1, the same for the same wallet."""
    return f"(({_DICE.format(number='n', salt=salt)} & 9223372036854775807) %% {sides})"


_PEOPLE = f"""
CREATE TEMP TABLE made AS
SELECT n, 'wal_' || lpad(n::text, 20, '0') AS wallet_id,
    CASE WHEN {_roll(1, 100)} >= 8
        THEN 'per_' || lpad((n - CASE WHEN n %% 50 = 1 THEN 1 ELSE 0 END)::text, 20, '0') END
        AS person_id,
    %(now)s::timestamptz - make_interval(days => {_roll(2, 1000)}::int) AS opened_at,
    {_roll(3, 100)} AS kind, {_roll(4, 100)} AS cards, {_roll(5, 5)} AS bank,
    {_roll(6, 2000)} - 200 AS valid_days, {_roll(7, 100)} AS seen,
    {_roll(8, 1000)} AS verified_days,
    {_roll(9, 100)} AS share, ({_roll(10, 1000)} * {_roll(11, 1000)}) AS balance_minor,
    {_roll(12, 12_000_000)} AS paid_minor, {_roll(13, 60)} AS used_days
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_WALLETS = """
INSERT INTO wallets (wallet_id, person_id, phone_index, phone_cipher, phone_tail, pin_hash,
    opened_at, residency, document_kind, document_valid_until, evidence, verified_at, card_banks,
    mandates_active, legal_hold, bucket, facts_changed_at, data_confirmed_at)
SELECT wallet_id, person_id, convert_to(wallet_id, 'UTF8'), '', '0000', '-', opened_at,
    CASE WHEN person_id IS NULL THEN NULL WHEN kind < 25 THEN 'foreign' WHEN kind < 90
        THEN 'mainland' ELSE 'hmt' END,
    CASE WHEN person_id IS NULL THEN NULL WHEN kind < 22 THEN 'passport'
        WHEN kind < 25 THEN 'permanent_residence' WHEN kind < 90 THEN 'resident_id'
        ELSE 'travel_permit' END,
    CASE WHEN person_id IS NOT NULL THEN %(now)s::timestamptz::date + valid_days::int END,
    CASE WHEN seen < 40 THEN '{immigration}' WHEN seen < 60 THEN '{immigration,mobile_operator}'
        ELSE '{}' END::text[],
    CASE WHEN person_id IS NOT NULL AND cards >= 10
        THEN opened_at + make_interval(days => least(verified_days, 30)::int) END,
    CASE WHEN person_id IS NULL OR cards < 10 THEN '{}' ELSE
        (ARRAY['ICBC', 'BOC', 'CCB', 'CMB', 'ABC', 'ICBC', 'BOC', 'CCB', 'CMB'])
        [bank + 1:bank + CASE WHEN cards < 70 THEN 1 WHEN cards < 90 THEN 2 ELSE 3 END] END::text[],
    CASE WHEN share < 20 THEN 1 + share %% 3 ELSE 0 END, share = 99, share, opened_at,
    CASE WHEN person_id IS NOT NULL THEN opened_at END
FROM made
"""
_ACCOUNTS = """
INSERT INTO accounts (owner_id, account_id, kind, currency, balance_minor, opened_at, changed_at,
    counted_on, last_used_at, paid_today_minor, paid_this_year_minor, moved_for_life_minor,
    received_for_life_minor)
SELECT wallet_id, 'CNY', 'wallet', 'CNY', balance_minor, opened_at, opened_at, day::date, day,
    paid_minor / 100, paid_minor, paid_minor, paid_minor + balance_minor
FROM made CROSS JOIN LATERAL (
    SELECT %(now)s::timestamptz - make_interval(days => used_days::int) AS day) AS last
"""


async def settle(conn: Connection, *, first: int, count: int, now: datetime) -> None:
    """Writes wallets number `first` and the `count` - 1 after it, with their accounts."""
    span = {"first": first, "last": first + count - 1, "now": now}
    for statement in (_PEOPLE, _WALLETS, _ACCOUNTS, "DROP TABLE made"):
        await conn.execute(statement.encode(), span if "%(" in statement else None)

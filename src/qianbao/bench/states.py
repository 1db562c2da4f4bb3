"""Wallets' situations made up for benches: from a seed, corners included, and nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from qianbao.clock import OPERATOR_ZONE
from qianbao.ids import new_id
from qianbao.policy.facts import Situation

BANKS = ("ICBC", "BOC", "CCB", "CMB", "ABC")
REGISTERS = ("immigration", "mobile_operator")


def states(seed: int, count: int, now: datetime) -> Iterator[Situation]:
    """`count` open wallets as they may stand at `now`."""
    random = Random(seed)  # noqa: S311 - a bench, not a secret
    for _ in range(count):
        yield _state(random, now)


def _state(random: Random, now: datetime) -> Situation:
    opened_at = now - timedelta(days=random.randint(1, 900))
    cards = random.choices(BANKS, k=random.choices((0, 1, 2, 3, 5), (1, 5, 3, 2, 1))[0])
    identified = random.random() < 0.95
    verified = identified and bool(cards)
    today = now.astimezone(OPERATOR_ZONE).date()
    balance_minor = random.choice((0, 1, random.randint(2, 1_000_000)))
    paid_minor = random.choice((0, random.randint(0, 12_000_000)))
    return Situation(
        wallet_id=new_id("wal", opened_at, random.randbytes),
        status="open",
        residency=random.choice(("foreign", "mainland", "hmt")) if identified else None,
        document_kind="passport" if identified else None,
        document_valid_until=today + timedelta(random.choice((-3, 40, 400, 2000)))
        if identified else None,
        card_banks=tuple(cards) if identified else (),
        evidence=tuple(random.sample(REGISTERS, k=random.choice((0, 1, 1, 2)))),
        opened_at=opened_at,
        verified_at=min(now, opened_at + timedelta(days=random.choice((0, 1, 400))))
        if verified else None,
        last_used_at=now - timedelta(days=random.randint(0, 60)) if paid_minor else None,
        data_missing=("address",) if identified and random.random() < 0.1 else (),
        data_confirmed_at=opened_at if identified else None,
        facts_changed_at=opened_at,
        mandates_active=random.choice((0, 0, 0, 2)),
        pay_score_on=random.random() < 0.3,
        score_orders_open=random.choice((0, 0, 0, 1)),
        in_flight=random.choice((0, 0, 0, 1)),
        legal_hold=random.random() < 0.02,
        bucket=random.randrange(100),
        balance_minor=balance_minor,
        held_minor=random.choice((0, balance_minor // 2)),
        currency="CNY",
        time_zone="Asia/Shanghai",
        paid_today_minor=paid_minor // 100,
        paid_this_year_minor=paid_minor,
        moved_for_life_minor=paid_minor,
        received_for_life_minor=paid_minor + balance_minor,
        free_withdrawal_left_minor=100_000,
        stale_banks=(random.choice(BANKS),) if random.random() < 0.1 else (),
        accounts_at=random.choice((None, tuple(dict.fromkeys(cards)), BANKS)),
    )  # fmt: skip

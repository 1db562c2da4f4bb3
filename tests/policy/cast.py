"""Anna, Ben, Chiara and Deng as situations, moments in Shanghai, and wallets made up at random."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from msgspec.structs import replace

from qianbao.clock import local_date, start_of_day
from qianbao.policy.facts import FACTS, Situation
from qianbao.policy.policies import Stop

SHANGHAI = ZoneInfo("Asia/Shanghai")
REGISTERS = ("immigration", "mobile_operator")


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment in Shanghai."""
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


AFTER_ENFORCEMENT = at(2027, 1, 20)


def anna(**changes: Any) -> Situation:
    """German passport, one ICBC card, 3,200.00, two mandates, Pay Score on; verified in June."""
    situation = Situation(
        wallet_id="wal_0d3z0000000000000000",
        status="open",
        residency="foreign",
        document_kind="passport",
        document_valid_until=date(2031, 5, 6),
        card_banks=("ICBC",),
        evidence=REGISTERS,
        opened_at=at(2026, 3, 1),
        verified_at=at(2026, 6, 1),
        data_confirmed_at=at(2026, 6, 1),
        last_used_at=at(2026, 12, 24),
        facts_changed_at=at(2026, 6, 1),
        mandates_active=2,
        pay_score_on=True,
        score_orders_open=0,
        in_flight=0,
        legal_hold=False,
        bucket=42,
        balance_minor=320_000,
        held_minor=0,
        currency="CNY",
        time_zone="Asia/Shanghai",
        paid_today_minor=0,
        paid_this_year_minor=0,
        moved_for_life_minor=90_000,
        received_for_life_minor=410_000,
        free_withdrawal_left_minor=100_000,
    )
    return replace(situation, **changes)


def ben(**changes: Any) -> Situation:
    """As Anna, and he has said that ICBC is his only bank."""
    return replace(anna(accounts_at=("ICBC",)), **changes)


def chiara(**changes: Any) -> Situation:
    """Her passport was renewed; ICBC still holds the old number, and no card is linked yet."""
    return replace(anna(card_banks=(), verified_at=None, stale_banks=("ICBC",)), **changes)


def deng(**changes: Any) -> Situation:
    """Two cards, both ICBC."""
    return replace(anna(card_banks=("ICBC", "ICBC")), **changes)


def newcomer(**changes: Any) -> Situation:
    """A wallet opened two days after the rule came in; nothing has been shown yet."""
    opened = at(2027, 1, 17)
    fresh = anna(
        residency=None, document_kind=None, document_valid_until=None, card_banks=(), evidence=(),
        opened_at=opened, verified_at=None, data_confirmed_at=None, last_used_at=None,
        facts_changed_at=opened,
        mandates_active=0, pay_score_on=False, balance_minor=0, moved_for_life_minor=0,
        received_for_life_minor=0,
    )  # fmt: skip
    return replace(fresh, **changes)


def amounts(most: int = 30_000_000) -> st.SearchStrategy[int]:
    """Amounts, often at the edges that limits are cut at."""
    edges = [0, 1, 99_999, 100_000, 100_001, 10_000_000, 10_000_001, 20_000_000, 20_000_001]
    return st.one_of(st.sampled_from(edges), st.integers(0, most))


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Moments around the days the story plays on, some of them exactly midnight."""
    day = at(2026, 11, 1, 0) + timedelta(days=draw(st.integers(0, 500)))
    return day + timedelta(seconds=draw(st.sampled_from([0, 0, 1, 43_200, 86_399])))


def _exemptions(now: datetime) -> st.SearchStrategy[tuple[str, datetime]]:
    """From one policy or another, ended or not."""
    ends = st.integers(-40, 40).map(lambda days: now + timedelta(days=days))
    return st.tuples(st.sampled_from(["two-banks", "document-expiry", "made-up"]), ends)


@st.composite
def stops(draw: st.DrawFn) -> tuple[Stop, ...]:
    """Enforcement not stopped, mostly; or stopped, and perhaps resumed."""
    if draw(st.integers(0, 3)):
        return ()
    stopped_at = draw(moments())
    later = start_of_day(local_date(stopped_at) + timedelta(days=draw(st.integers(1, 60))))
    return (Stop(stopped_at, draw(st.sampled_from([None, later]))),)


@st.composite
def new_wallets(draw: st.DrawFn, now: datetime) -> Situation:
    """A wallet opened in the last months: nothing shown, a document shown, or cards linked too."""
    opened = now - timedelta(days=draw(st.integers(0, 120)))
    steps = draw(st.integers(0, 3))
    document = {
        "residency": draw(st.sampled_from(["foreign", "foreign", "hmt", "mainland"])),
        "document_kind": "passport",
        "document_valid_until": now.date() + timedelta(days=draw(st.integers(1, 3000))),
        "evidence": draw(st.sampled_from([(), REGISTERS[:1], REGISTERS])),
        "data_missing": draw(st.sampled_from([(), ("occupation", "address")])),
        "data_confirmed_at": opened,
    }
    banks = draw(st.sampled_from([("ICBC",), ("ICBC", "ICBC"), ("ICBC", "BOC")]))
    return newcomer(
        opened_at=opened,
        facts_changed_at=opened + (now - opened) * draw(st.floats(0, 1)),
        accounts_at=draw(st.sampled_from([None, ("ICBC",), ("ICBC", "CMB")])),
        stale_banks=draw(st.sampled_from([(), ("CMB",)])),
        **(document if steps > 0 else {}),
        **({"card_banks": banks, "verified_at": opened} if steps > 1 else {}),
    )


@st.composite
def situations(draw: st.DrawFn, now: datetime) -> Situation:
    """Any wallet that could be read at `now`."""
    past = st.integers(0, 900).map(lambda days: now - timedelta(days=days, hours=days % 24))
    document = draw(st.sampled_from([None, *FACTS["document_kind"].values]))
    expires = st.none() | st.integers(-300, 900).map(lambda days: (now + timedelta(days)).date())
    banks = st.lists(st.sampled_from(["ICBC", "BOC", "CMB", "CCB", "ABC"]), max_size=6)
    balance = draw(amounts())
    open_wallet = draw(st.integers(0, 9)) > 0
    cards = tuple(draw(banks)) if open_wallet and document else ()
    # a wallet is opened before anything happens to it
    opened, changed = sorted((draw(past), draw(past)))
    later = st.floats(0, 1).map(lambda part: opened + (now - opened) * part)
    return anna(
        status="open" if open_wallet else "closed",
        residency=draw(st.sampled_from([None, *FACTS["residency"].values])),
        document_kind=document,
        document_valid_until=draw(expires) if document else None,
        card_banks=cards,
        evidence=draw(st.sampled_from([(), REGISTERS[:1], REGISTERS])) if document else (),
        opened_at=opened,
        verified_at=draw(st.none() | later) if document else None,
        data_missing=draw(st.sampled_from([(), ("address",), ("sex", "occupation", "address")]))
        if document else (),
        data_confirmed_at=draw(later) if document else None,
        last_used_at=draw(st.none() | later),
        facts_changed_at=changed,
        mandates_active=draw(st.integers(0, 3)),
        pay_score_on=draw(st.booleans()),
        score_orders_open=draw(st.integers(0, 2)),
        in_flight=draw(st.integers(0, 2)),
        legal_hold=draw(st.integers(0, 5)) == 0,
        bucket=draw(st.integers(0, 99)),
        exemptions=tuple(draw(st.lists(_exemptions(now), max_size=2))),
        balance_minor=balance,
        held_minor=draw(st.sampled_from([0, 0, balance // 2])),
        time_zone=draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"])),
        paid_today_minor=draw(amounts()),
        paid_this_year_minor=draw(amounts()),
        moved_for_life_minor=draw(amounts()),
        received_for_life_minor=draw(amounts()),
        stale_banks=draw(st.sampled_from([(), ("ICBC",), ("BOC", "ICBC")])),
        accounts_at=draw(st.sampled_from([None, (), ("ICBC",), ("ICBC", "BOC", "CMB")])),
    )  # fmt: skip

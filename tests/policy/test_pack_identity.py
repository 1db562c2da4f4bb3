"""The shipped rules on missing data, on wallets never used, and on foreign visitors' amounts."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianbao.clock import local_date
from qianbao.policy.decide import coming, decide
from qianbao.policy.facts import carry, facts_at, facts_on
from qianbao.policy.policies import load_pack
from tests.policy.cast import anna, at, moments, situations

PACK = load_pack()
NOW = at(2026, 12, 24)


def _reasons(wallet, now=NOW, amount_minor=1, capability="pay"):
    facts = facts_at(wallet, now, amount_minor)
    return [one.policy for one in decide(PACK, capability, facts, now, wallet).reasons]


@settings(max_examples=200, deadline=None)
@given(data=st.data(), now=moments(), days=st.integers(-500, 500))
def test_facts_moved_to_another_day_are_the_facts_of_that_day(data, now, days):
    wallet = data.draw(situations(now))
    then = now + timedelta(days=days)
    moved = carry(wallet, now, then) if days > 0 else wallet
    facts = facts_at(wallet, now, 7)
    day = then.astimezone(ZoneInfo(wallet.time_zone)).date()
    assert facts_on(facts, day) == facts_at(moved, then, 7)


def test_data_that_is_missing_blocks_after_ninety_days_and_is_named():
    shown = at(2026, 9, 1)
    wallet = anna(data_missing=("occupation", "address"), facts_changed_at=shown)
    assert _reasons(wallet, shown + timedelta(days=89)) == []
    told = next(one for one in coming(PACK, wallet, NOW - timedelta(days=60))
                if one.policy == "missing-data")  # fmt: skip
    assert told.reason.sentence_en.startswith(
        "Something that has to be known about you is missing: occupation, address."
    )
    after = shown + timedelta(days=91)
    assert _reasons(wallet, after) == ["missing-data"]
    assert _reasons(wallet, after, capability="withdraw") == []
    reason = decide(PACK, "pay", facts_at(wallet, after), after, wallet).reasons[0]
    assert "尚缺：职业、住址" in reason.sentence_zh
    assert reason.basis.en.startswith("Customer identification rules")


@pytest.mark.parametrize(
    ("days", "used", "confirmed_days", "blocked"),
    [
        (183, False, 183, False), (184, False, 184, True), (184, True, 184, False),
        (184, False, 183, False), (400, False, 0, False), (400, False, 184, True),
    ],
)  # fmt: skip
def test_a_wallet_never_used_is_dormant_after_six_months(days, used, confirmed_days, blocked):
    opened = NOW - timedelta(days=days)
    wallet = anna(
        opened_at=opened, last_used_at=opened if used else None,
        data_confirmed_at=NOW - timedelta(days=confirmed_days),
    )  # fmt: skip
    assert (_reasons(wallet) == ["dormant"]) == blocked
    assert _reasons(wallet, capability="withdraw") == []


@pytest.mark.parametrize(
    ("changes", "capability", "amount_minor", "reasons"),
    [
        ({}, "top_up", 3_500_000, []),
        ({}, "top_up", 3_500_001, ["visitor-payment"]),
        ({}, "pay", 3_500_001, ["daily-two-factors", "visitor-payment"]),
        ({}, "withdraw", 3_500_001, []),
        ({"document_kind": "permanent_residence"}, "top_up", 3_500_001, []),
        ({"residency": "hmt"}, "top_up", 3_500_001, []),
        ({"paid_this_year_minor": 35_000_000}, "pay", 1, ["category-two", "visitor-year"]),
    ],
)
def test_a_foreign_passport_has_limits_of_its_own(changes, capability, amount_minor, reasons):
    wallet = anna(card_banks=("ICBC", "BOC"), **changes)
    assert _reasons(wallet, NOW, amount_minor, capability) == reasons


def test_what_is_coming_to_an_unused_wallet_is_told():
    wallet = anna(opened_at=at(2026, 12, 1), last_used_at=None, data_confirmed_at=at(2026, 12, 2))
    told = {one.policy: one.at for one in coming(PACK, wallet, NOW)}
    assert local_date(told["dormant"]) == at(2027, 6, 4).date()

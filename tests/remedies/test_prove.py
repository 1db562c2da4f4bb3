"""The promise, for wallets nobody thought of: blocked means told, and every way out works."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianbao.policy.dates import phase
from qianbao.policy.decide import blocking, changes, decide
from qianbao.policy.facts import carry, facts_at
from qianbao.policy.policies import CAPABILITIES, load_pack, load_policy
from qianbao.remedies.actions import OFFERED
from qianbao.remedies.goals import allowed, card_linked, is_reached
from qianbao.remedies.plan import plan
from qianbao.remedies.prove import StepImpossible, prove, replay, withdrawable_minor
from tests.policy.cast import AFTER_ENFORCEMENT, anna, moments, new_wallets, situations

PACK = load_pack()


@settings(max_examples=120, deadline=None)
@given(data=st.data(), now=moments())
def test_blocked_means_told_and_every_way_out_works(data: st.DataObject, now: datetime) -> None:
    assert prove(PACK, data.draw(situations(now)), now) == ()


@settings(max_examples=60, deadline=None)
@given(data=st.data(), now=moments(), amount_minor=st.sampled_from([1, 60_000, 10**6, 10**9]))
def test_so_it_is_for_amounts(data: st.DataObject, now: datetime, amount_minor: int) -> None:
    assert prove(PACK, data.draw(situations(now)), now, amount_minor) == ()


@settings(max_examples=80, deadline=None)
@given(data=st.data(), now=moments())
def test_several_wishes_at_once_and_a_certain_card(data: st.DataObject, now: datetime) -> None:
    wallet = data.draw(situations(now))
    wishes = data.draw(st.lists(st.sampled_from(CAPABILITIES), min_size=1, unique=True))
    for goal in (allowed(*wishes), card_linked("BOC")):
        ways = plan(PACK, wallet, now, goal)
        assert bool(ways) is not is_reached(PACK, wallet, now, goal)
        for way in ways:
            after, moment, asked = replay(PACK, wallet, now, goal, way)
            assert is_reached(PACK, after, moment, asked)
            assert {step.action for step in way.steps} <= OFFERED


@settings(max_examples=200, deadline=None)
@given(data=st.data(), now=moments())
def test_only_a_legal_hold_keeps_money_in(data: st.DataObject, now: datetime) -> None:
    wallet = data.draw(situations(now))
    for way_out in ("withdraw", "close"):
        decision = decide(PACK, way_out, facts_at(wallet, now), now, wallet)
        assert (decision.outcome == "blocked") is wallet.legal_hold
    assert decide(PACK, "export", facts_at(wallet, now), now, wallet).outcome == "allowed"
    reachable = wallet.status == "open" and wallet.card_banks and not wallet.legal_hold
    available = wallet.balance_minor - wallet.held_minor
    assert withdrawable_minor(PACK, wallet, now) == (available if reachable else 0)


def test_anna_can_withdraw_everything_while_she_is_shut_out() -> None:
    assert withdrawable_minor(PACK, anna(), AFTER_ENFORCEMENT) == 320_000
    assert withdrawable_minor(PACK, anna(held_minor=20_000), AFTER_ENFORCEMENT) == 300_000
    assert withdrawable_minor(PACK, anna(legal_hold=True), AFTER_ENFORCEMENT) == 0


# ── Until when a way holds ───────────────────────────────────────────────────────────────────────

GOALS = st.sampled_from([("pay",), ("pay", "transfer", "top_up"), ("receive",), ("be_charged",)])


@settings(max_examples=120, deadline=None)
@given(data=st.data(), now=moments(), wishes=GOALS)
def test_a_temporary_way_names_the_rules_that_return_on_its_day(
    data: st.DataObject, now: datetime, wishes: tuple[str, ...]
) -> None:
    wallet, goal = data.draw(situations(now) | new_wallets(now)), allowed(*wishes)
    for way in plan(PACK, wallet, now, goal):
        after, moment, asked = replay(PACK, wallet, now, goal, way)
        after = msgspec.structs.replace(after, last_used_at=moment)  # what was wanted is done
        titles = {policy.name: policy.title_en for policy in PACK}
        assert way.because_en == tuple(titles[name] for name in way.because)
        if way.temporary_until is None:
            assert changes(PACK, after, moment, wishes) == ()
            continue
        assert way.because
        # A rule that is not announced yet is not told of, and may come first.
        told = tuple(policy for policy in PACK if phase(policy, moment) != "draft")
        just_before = way.temporary_until - timedelta(microseconds=1)
        assert is_reached(told, carry(after, moment, just_before), just_before, asked)
        then = carry(after, moment, way.temporary_until)
        facts = facts_at(then, way.temporary_until)
        returned = blocking(told, wishes, facts, way.temporary_until, then)
        assert sorted(way.because) == sorted(policy.name for policy in returned)


@settings(max_examples=120, deadline=None)
@given(data=st.data(), now=moments(), wishes=GOALS)
def test_a_lasting_way_is_offered_where_there_is_one(
    data: st.DataObject, now: datetime, wishes: tuple[str, ...]
) -> None:
    """That there is one is seen without the search: whoever has a document that is good for years
    and cards of three banks more is let through, and stays so."""
    wallet, goal = data.draw(situations(now) | new_wallets(now)), allowed(*wishes)
    ways = plan(PACK, wallet, now, goal)
    settled = msgspec.structs.replace(
        wallet,
        status="open",
        residency=wallet.residency or "foreign",
        document_kind=wallet.document_kind or "passport",
        document_valid_until=(now + timedelta(days=1800)).date(),
        card_banks=(*wallet.card_banks, "OTHER-1", "OTHER-2", "OTHER-3"),
        verified_at=wallet.verified_at or now,
        data_missing=(),
        data_confirmed_at=now,
        last_used_at=now,
        legal_hold=False,
    )
    lasts = is_reached(PACK, settled, now, goal) and not changes(PACK, settled, now, wishes)
    if ways and lasts:
        assert any(way.temporary_until is None for way in ways)


# ── The proof itself can fail ────────────────────────────────────────────────────────────────────


def _pack_with(**fields: str) -> tuple[Any, ...]:
    text = (
        "policy: bad\nversion: 1\ntitle: {{en: Bad, zh: 坏}}\nbasis: a test\n"
        "requires: {requires}\notherwise: {{block: [pay]}}\n"
    )
    return (*PACK, load_policy(text.format(**fields)))


def test_a_rule_that_nothing_can_satisfy_is_found_out() -> None:
    breaches = prove(_pack_with(requires="residency = 'mainland'"), anna(), AFTER_ENFORCEMENT)
    assert [(breach.capability, breach.problem) for breach in breaches] == [("pay", "no way out")]


def test_a_rule_of_ones_own_gets_its_ways_out_without_a_word_about_them() -> None:
    pack = _pack_with(requires="linked_banks >= 3 AND NOT pay_score_on")
    # nothing turns Pay Score off for its own sake; closing does
    ways = plan(pack, anna(), AFTER_ENFORCEMENT, allowed("pay"))
    assert prove(pack, anna(), AFTER_ENFORCEMENT) == ()
    assert "disable_pay_score" in [step.action for step in ways[0].steps]


def test_a_plan_told_to_the_wrong_wallet_does_not_replay() -> None:
    goal = allowed("pay")
    way = plan(PACK, anna(), AFTER_ENFORCEMENT, goal)[1]
    for other in (anna(mandates_active=3), anna(legal_hold=True), anna(status="closed")):
        with pytest.raises(StepImpossible):
            replay(PACK, other, AFTER_ENFORCEMENT, goal, way)


def test_a_way_out_can_be_stored_and_read_again() -> None:
    ways = plan(PACK, anna(), AFTER_ENFORCEMENT, allowed("pay"))
    assert msgspec.json.decode(msgspec.json.encode(ways[1]), type=type(ways[1])) == ways[1]

"""Decisions: told in full, exact to the moment, and never a surprise."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qianbao.policy.asking import Factor
from qianbao.policy.compared import Compared, Comparison
from qianbao.policy.decide import (
    CapabilityUnknown,
    Decision,
    allows,
    clears_at,
    coming,
    decide,
    next_change,
)
from qianbao.policy.facts import Situation, carry, facts_at
from qianbao.policy.policies import CAPABILITIES, load_pack, load_policy
from tests.policy.cast import AFTER_ENFORCEMENT, anna, at, deng, moments, situations

PACK = load_pack()
INSTANT = timedelta(microseconds=1)


def ask(
    situation: Situation, now: datetime, capability: str = "pay", amount_minor: int = 0
) -> Decision:
    return decide(PACK, capability, facts_at(situation, now, amount_minor), now, situation)


def refused_by(decision: Decision) -> list[str]:
    return [reason.policy for reason in decision.reasons]


# ── The article, told as it should have been ─────────────────────────────────────────────────────


def test_anna_pays_until_the_last_second_before_the_rule_is_enforced() -> None:
    assert ask(anna(), at(2027, 1, 14, 23, 59)).outcome == "allowed"
    assert refused_by(ask(anna(), at(2027, 1, 15, 0))) == ["two-banks"]


def test_anna_is_told_everything_about_the_refusal() -> None:
    (reason,) = ask(anna(), AFTER_ENFORCEMENT).reasons
    assert (reason.policy, reason.version, reason.who_must_act) == ("two-banks", 1, "holder")
    assert reason.basis.en.startswith("PBOC Announcement [2015] No. 43")
    assert "中国人民银行公告〔2015〕第43号" in reason.basis.zh
    assert reason.compared == Compared(  # either would be enough
        combine="any",
        comparisons=(
            Comparison(
                fact="linked_banks", label_en="banks with a linked card", label_zh="已绑卡的银行数",
                unit="banks", operator=">=", expected=2, actual=1,
            ),
            Comparison(
                fact="days_since_verified", label_en="days since your real name was first verified",
                label_zh="距首次实名认证的天数", unit="days", operator="<", expected=90, actual=233,
            ),
        ),
    )  # fmt: skip
    assert reason.sentence_en == (
        "Cards from two banks are needed, unless your real name was first verified lately; yours "
        "are from 1 (Industrial and Commercial Bank of China). Two cards of one bank count once."
    )
    assert reason.sentence_zh == (
        "需要绑定两家不同银行的银行卡（近期首次完成实名认证的除外）；您目前绑定了 1 家"
        "（中国工商银行）。同一家银行的多张卡只算一家。"
    )
    assert reason.announced_at == at(2026, 12, 1, 0)
    assert reason.since == reason.deadline == reason.in_force_from == at(2027, 1, 15, 0)
    assert reason.headroom_minor is None


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_what_two_banks_takes_from_anna_and_what_it_never_takes(capability: str) -> None:
    taken = capability in ("pay", "transfer", "top_up", "be_charged")
    assert ask(anna(), AFTER_ENFORCEMENT, capability).outcome == ("blocked" if taken else "allowed")


def test_a_second_bank_or_a_fresh_verification_is_enough_and_two_cards_of_one_bank_are_not() -> (
    None
):
    both = anna(card_banks=("ICBC", "BOC"))
    fresh = anna(verified_at=AFTER_ENFORCEMENT)
    assert ask(both, AFTER_ENFORCEMENT).outcome == "allowed"
    assert ask(fresh, AFTER_ENFORCEMENT).outcome == "allowed"
    assert ask(anna(residency="mainland"), AFTER_ENFORCEMENT).outcome == "allowed"
    assert refused_by(ask(deng(), AFTER_ENFORCEMENT)) == ["two-banks"]
    assert ask(deng(), AFTER_ENFORCEMENT).reasons[0].compared.comparisons[0].actual == 1


def test_the_verification_that_ben_made_anew_holds_for_ninety_days_and_no_longer() -> None:
    ben = anna(verified_at=AFTER_ENFORCEMENT, facts_changed_at=AFTER_ENFORCEMENT)
    lapses = next_change(PACK, ben, AFTER_ENFORCEMENT, ["pay"])
    assert lapses is not None
    assert (lapses.at, lapses.policies) == (at(2027, 4, 20, 0), ("two-banks",))
    assert ask(ben, lapses.at - INSTANT).outcome == "allowed"
    assert ask(ben, lapses.at).reasons[0].since == lapses.at


def test_what_is_coming_is_told_from_the_day_it_is_announced() -> None:
    wallet = anna(document_valid_until=date(2027, 3, 31))
    before = coming(PACK, wallet, at(2026, 11, 30, 23, 59))
    after = coming(PACK, wallet, at(2026, 12, 1, 0))
    assert [one.policy for one in before] == ["document-expiry"]
    assert [(one.policy, one.at) for one in after] == [
        ("two-banks", at(2027, 1, 15, 0)),
        ("document-expiry", at(2027, 4, 1, 0)),
    ]
    assert after[0].capabilities == ("pay", "transfer", "top_up", "be_charged")
    assert "1 (Industrial and Commercial Bank of China)" in after[0].reason.sentence_en


def test_what_is_coming_shows_todays_values_and_those_of_its_day() -> None:
    """Anna was verified on 1 June: 202 days ago today, 228 on the rule's first day."""
    (soon,) = coming(PACK, anna(), at(2026, 12, 20))
    cards, days = soon.reason.compared.comparisons
    assert soon.reason.compared.combine == "any"
    assert (cards.actual, cards.projected) == (1, None)
    assert (days.actual, days.projected, days.expected) == (202, 228, 90)
    (later,) = coming(PACK, anna(verified_at=at(2026, 12, 20)), at(2026, 12, 20))
    assert later.at == at(2027, 3, 20, 0)
    days = later.reason.compared.comparisons[1]
    assert (days.actual, days.projected) == (0, 90)


def test_a_document_that_will_expire_is_not_said_to_have_expired() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"), document_valid_until=date(2027, 3, 31))
    soon = next(
        one for one in coming(PACK, wallet, at(2026, 12, 20)) if one.policy == "document-expiry"
    )
    assert soon.reason.sentence_en.startswith("Your document is valid until 31 March 2027.")
    assert "已过期" not in soon.reason.sentence_zh
    (leaf,) = soon.reason.compared.comparisons
    assert (leaf.actual, leaf.projected, leaf.expected) == ("2027-03-31", None, "2027-04-01")


def test_a_rule_older_than_the_wallet_could_not_have_been_prevented() -> None:
    """The rule came in on 15 January; Mia opens her wallet in February, as Ben's neighbour."""
    opened, document, verified = at(2027, 2, 1), at(2027, 2, 3), at(2027, 2, 5)
    mia = anna(
        opened_at=opened, facts_changed_at=document, card_banks=(), verified_at=None,
        last_used_at=None,
    )  # fmt: skip
    reason = next(one for one in ask(mia, at(2027, 2, 4)).reasons if one.policy == "two-banks")
    assert (reason.since, reason.deadline) == (document, None)
    assert reason.in_force_from == at(2027, 1, 15, 0)
    one_card = replace(mia, card_banks=("ICBC",), verified_at=verified, facts_changed_at=verified)
    (reason,) = ask(one_card, at(2027, 6, 1)).reasons
    assert reason.since == reason.deadline == at(2027, 5, 6, 0)  # ninety days of her own


def test_an_act_that_helped_nothing_takes_no_history_away() -> None:
    """Deng unlinks one of his two cards of one bank: since when it blocks, and that it could have
    been prevented, stays as it was."""
    unlinked = at(2027, 1, 15, 18)
    known = (("two-banks", at(2026, 8, 30, 0)),)
    wallet = deng(card_banks=("ICBC",), facts_changed_at=unlinked, fallen_out=known)
    (reason,) = ask(wallet, at(2027, 1, 16)).reasons
    assert reason.since == reason.deadline == at(2027, 1, 15, 0)


MARIA = anna(
    opened_at=at(2026, 12, 20), verified_at=at(2026, 12, 20), data_confirmed_at=at(2026, 12, 20),
    facts_changed_at=at(2026, 12, 20), last_used_at=at(2027, 1, 5),
    data_missing=("occupation", "address"),
)  # fmt: skip
IN_AUGUST = at(2027, 8, 1)


def test_confirming_data_moves_no_date_of_another_rule() -> None:
    """Ninety days after her verification two banks are needed; she confirms her data in August."""
    before = ask(MARIA, IN_AUGUST).reasons
    confirmed = replace(MARIA, data_missing=(), data_confirmed_at=IN_AUGUST)
    (after,) = ask(confirmed, IN_AUGUST + timedelta(minutes=5)).reasons
    assert (after.since, after.deadline) == (at(2027, 3, 20, 0), at(2027, 3, 20, 0))
    assert [(one.policy, one.since) for one in before] == [
        ("missing-data", at(2027, 3, 20)), ("two-banks", at(2027, 3, 20, 0)),
    ]  # fmt: skip


def test_another_card_of_the_same_bank_moves_no_date() -> None:
    """The sweep remembered what time alone had brought: it could have been prevented, as before."""
    fell_out = (("two-banks", at(2027, 3, 20, 0)),)
    linked = replace(
        MARIA, card_banks=("ICBC", "ICBC"), facts_changed_at=IN_AUGUST, fallen_out=fell_out
    )
    reason = next(one for one in ask(linked, IN_AUGUST).reasons if one.policy == "two-banks")
    assert reason.since == reason.deadline == at(2027, 3, 20, 0)


def test_an_amount_too_large_could_not_have_been_prevented() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"))
    reasons = ask(wallet, AFTER_ENFORCEMENT, "pay", 10_000_001).reasons
    assert [reason.policy for reason in reasons] == [
        "category-two", "daily-two-factors", "visitor-payment",
    ]  # fmt: skip
    assert {reason.deadline for reason in reasons} == {None}


@settings(max_examples=200, deadline=None)
@given(data=st.data(), now=moments(), what=st.sampled_from(CAPABILITIES))
def test_nobody_is_told_of_a_time_before_their_wallet(
    data: st.DataObject, now: datetime, what: str
) -> None:
    wallet = data.draw(situations(now))
    for reason in ask(wallet, now, what).reasons:
        assert wallet.opened_at <= reason.since <= now
        if reason.deadline is not None:
            (policy,) = [policy for policy in PACK if policy.name == reason.policy]
            assert wallet.opened_at < reason.deadline == reason.since
            before = reason.deadline - INSTANT  # there was such a time, with the facts as they are
            assert allows((policy,), what, facts_at(wallet, before), before, wallet)


def test_a_document_is_good_through_its_last_day() -> None:
    """Anna's passport says 31 March; she is in Shanghai, then in Berlin."""
    wallet = anna(card_banks=("ICBC", "BOC"), document_valid_until=date(2027, 3, 31))
    assert ask(wallet, at(2027, 3, 31, 23, 59)).outcome == "allowed"
    expired = ask(wallet, at(2027, 4, 1, 0))
    assert refused_by(expired) == ["document-expiry"]
    assert expired.reasons[0].since == at(2027, 4, 1, 0)
    assert "31 March 2027" in expired.reasons[0].sentence_en
    assert ask(wallet, at(2027, 4, 2), "withdraw").outcome == "allowed"
    assert ask(replace(wallet, time_zone="Europe/Berlin"), at(2027, 4, 1, 5)).outcome == "allowed"
    assert ask(replace(wallet, document_valid_until=None), at(2027, 4, 2)).outcome == "allowed"


def test_all_reasons_are_given_not_the_first() -> None:
    wallet = anna(
        document_valid_until=date(2027, 1, 1), verified_at=None, legal_hold=True, evidence=()
    )
    assert refused_by(ask(wallet, AFTER_ENFORCEMENT, "pay", 200_000)) == [
        "category-one", "document-expiry", "legal-hold", "real-name", "two-banks",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("card_banks", "used", "amount_minor", "headroom_minor"),
    [
        (("ICBC", "BOC"), 0, 10_000_000, None),
        (("ICBC", "BOC"), 0, 10_000_001, 10_000_000),
        (("ICBC", "BOC"), 9_999_999, 1, None),
        (("ICBC", "BOC"), 9_999_999, 2, 1),
        (("ICBC", "BOC"), 12_000_000, 1, 0),
        (("ICBC", "BOC", "CMB"), 12_000_000, 1, None),
        (("ICBC", "BOC", "CMB"), 20_000_000, 1, 0),
    ],
)
def test_category_two_and_three_count_the_year(
    card_banks: tuple[str, ...], used: int, amount_minor: int, headroom_minor: int | None
) -> None:
    wallet = anna(card_banks=card_banks, paid_this_year_minor=used)
    reasons = ask(wallet, AFTER_ENFORCEMENT, "pay", amount_minor).reasons
    of_the_year = [one.headroom_minor for one in reasons if one.policy.startswith("category-")]
    assert of_the_year == ([] if headroom_minor is None else [headroom_minor])


@pytest.mark.parametrize(
    ("used", "amount_minor", "proven", "outcome"),
    [
        (0, 100_000, {"pin"}, "allowed"),
        (0, 100_001, {"pin"}, "step_up"),
        (99_999, 2, {"pin"}, "step_up"),
        (99_999, 2, {"pin", "code"}, "allowed"),
        (100_000, 400_000, {"pin", "code"}, "allowed"),
        (100_000, 400_001, {"pin", "code"}, "blocked"),
        (500_000, 1, {"pin"}, "blocked"),
    ],
)
def test_a_day_goes_as_far_as_what_was_proved(
    used: int, amount_minor: int, proven: set[Factor], outcome: str
) -> None:
    """domain.md 1.2: with one factor 1,000 a day, with two 5,000. Withdrawing is outside both, and
    a charge was agreed to before: it counts, and only the 5,000 stop it."""
    wallet = anna(card_banks=("ICBC", "BOC"), paid_today_minor=used)
    facts = facts_at(wallet, AFTER_ENFORCEMENT, amount_minor)

    def decided(capability: str) -> str:
        known = frozenset(proven)
        return decide(PACK, capability, facts, AFTER_ENFORCEMENT, wallet, known).outcome

    assert decided("pay") == decided("transfer") == outcome
    assert decided("withdraw") == decided("top_up") == decided("receive") == "allowed"
    assert decided("be_charged") == ("blocked" if used + amount_minor > 500_000 else "allowed")


def test_category_one_money_may_always_leave_and_never_comes_in_beyond_what_may() -> None:
    """Anna's evidence is gone: one channel. What she has, 3,200.00, she can take out."""
    wallet = anna(evidence=(), verified_at=AFTER_ENFORCEMENT, received_for_life_minor=100_000)
    assert ask(wallet, AFTER_ENFORCEMENT, "withdraw", 320_000).outcome == "allowed"
    assert refused_by(ask(wallet, AFTER_ENFORCEMENT, "top_up", 1)) == ["category-one-receive"]
    assert refused_by(ask(wallet, AFTER_ENFORCEMENT, "receive", 1)) == ["category-one-receive"]
    assert ask(wallet, AFTER_ENFORCEMENT, "pay", 10_000).outcome == "allowed"
    assert refused_by(ask(wallet, AFTER_ENFORCEMENT, "pay", 10_001)) == ["category-one"]


def test_a_legal_hold_leaves_the_records_and_names_who_must_act() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"), legal_hold=True)
    outcomes = {name: ask(wallet, AFTER_ENFORCEMENT, name).outcome for name in CAPABILITIES}
    assert [name for name, outcome in outcomes.items() if outcome == "allowed"] == ["export"]
    assert ask(wallet, AFTER_ENFORCEMENT).reasons[0].who_must_act == "authority"


def test_waiting_helps_against_a_years_limit_and_not_against_two_banks() -> None:
    full = anna(card_banks=("ICBC", "BOC"), paid_this_year_minor=10_000_000)
    assert clears_at(PACK, full, AFTER_ENFORCEMENT, ["pay"], 1) == at(2028, 1, 1, 0)
    assert clears_at(PACK, anna(), AFTER_ENFORCEMENT, ["pay"]) is None
    both = replace(full, document_valid_until=date(2027, 12, 30))
    assert clears_at(PACK, both, AFTER_ENFORCEMENT, ["pay"], 1) is None


def test_an_amount_too_large_is_blocked_since_now_and_a_full_year_since_its_last_payment() -> None:
    wallet = anna(
        card_banks=("ICBC", "BOC"), paid_this_year_minor=11_000_000, last_used_at=at(2027, 1, 18)
    )
    roomy = replace(wallet, paid_this_year_minor=0)
    assert ask(wallet, AFTER_ENFORCEMENT).reasons[0].since == at(2027, 1, 18)
    too_much = ask(roomy, AFTER_ENFORCEMENT, "pay", 10_000_001)
    assert too_much.reasons[0].since == AFTER_ENFORCEMENT


def test_a_capability_nobody_knows_is_refused() -> None:
    with pytest.raises(CapabilityUnknown):
        ask(anna(), AFTER_ENFORCEMENT, "fly")


def test_a_decision_can_be_stored_and_read_again() -> None:
    decision = ask(anna(), AFTER_ENFORCEMENT)
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
    assert ("two-banks", 1) in decision.versions


# ── The life of a policy ─────────────────────────────────────────────────────────────────────────

WITH_GRACE = load_policy("""
policy: two-cards
version: 1
title: {en: Two cards, zh: 两张卡}
basis: a test
requires: linked_cards >= 2 OR days_since_verified < 90
otherwise: {block: [pay]}
timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}
grace_days: 30
""")


def _blocked(situation: Situation, now: datetime) -> bool:
    return not allows((WITH_GRACE,), "pay", facts_at(situation, now), now, situation)


def test_grace_runs_from_when_the_wallet_itself_fell_out() -> None:
    long_since = anna(verified_at=at(2026, 6, 1))
    lately = anna(verified_at=at(2026, 11, 1), facts_changed_at=at(2026, 11, 1))
    assert _blocked(long_since, at(2027, 1, 15, 0))  # its thirty days were over in autumn
    assert not _blocked(lately, at(2027, 1, 15, 0))
    falls_out = at(2027, 1, 30, 0)
    assert not _blocked(lately, falls_out + timedelta(days=30) - INSTANT)
    assert _blocked(lately, falls_out + timedelta(days=30))
    (soon,) = coming((WITH_GRACE,), lately, at(2027, 1, 20))
    assert soon.at == falls_out + timedelta(days=30)


def test_a_retired_policy_blocks_nobody_and_its_end_is_worth_waiting_for() -> None:
    ending = load_policy(WITH_GRACE.text.replace("15}", "15, retire: 2027-03-01}"))
    wallet = anna()
    assert clears_at((ending,), wallet, AFTER_ENFORCEMENT, ["pay"]) == at(2027, 3, 1, 0)
    after = at(2027, 3, 1, 0)
    assert allows((ending,), "pay", facts_at(wallet, after), after, wallet)


# ── Exact to the moment, for any wallet ──────────────────────────────────────────────────────────


def _allowed_at(situation: Situation, read_at: datetime, moment: datetime, what: str) -> bool:
    then = carry(situation, read_at, moment)
    return allows(PACK, what, facts_at(then, moment), moment, then)


ANNOUNCED = at(2026, 12, 1, 0)
"""Before this day two-banks is nobody's business, and `coming` rightly does not know it."""


@settings(max_examples=250, deadline=None)
@given(data=st.data(), now=moments(), what=st.sampled_from(CAPABILITIES))
def test_a_permission_ends_exactly_when_it_is_said_to(
    data: st.DataObject, now: datetime, what: str
) -> None:
    assume(now >= ANNOUNCED)
    wallet = data.draw(situations(now))
    assume(_allowed_at(wallet, now, now, what))
    change = next_change(PACK, wallet, now, [what])
    end = change.at if change else now + timedelta(days=400)
    if change:
        assert now < change.at
        assert not _allowed_at(wallet, now, change.at, what)
        then = carry(wallet, now, change.at)
        facts = facts_at(then, change.at)
        reasons = decide(PACK, what, facts, change.at, then).reasons
        assert sorted(reason.policy for reason in reasons) == sorted(change.policies)
    between = now + (end - INSTANT - now) * data.draw(st.floats(0, 1))
    for moment in (between, end - INSTANT):
        assert _allowed_at(wallet, now, moment, what)


@settings(max_examples=250, deadline=None)
@given(data=st.data(), now=moments(), what=st.sampled_from(CAPABILITIES))
def test_a_block_began_exactly_when_it_is_said_to_and_waiting_ends_it_so_too(
    data: st.DataObject, now: datetime, what: str
) -> None:
    wallet = data.draw(situations(now))
    decision = ask(wallet, now, what)
    assume(decision.outcome == "blocked")
    for reason in decision.reasons:
        (policy,) = [policy for policy in PACK if policy.name == reason.policy]
        before, since = reason.since - INSTANT, reason.since
        assert since <= now
        assert not allows((policy,), what, facts_at(wallet, since), since, wallet)
        if since > wallet.facts_changed_at and since != wallet.last_used_at:
            assert allows((policy,), what, facts_at(wallet, before), before, wallet)
    clear = clears_at(PACK, wallet, now, [what])
    if clear is None:
        later = now + timedelta(days=data.draw(st.integers(0, 399)))
        assert not _allowed_at(wallet, now, later, what)
    else:
        assert _allowed_at(wallet, now, clear, what)
        assert not _allowed_at(wallet, now, clear - INSTANT, what)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), now=moments())
def test_nobody_is_surprised(data: st.DataObject, now: datetime) -> None:
    """Whatever blocks tomorrow or in a year, and does not today, was told today with its day."""
    assume(now >= ANNOUNCED)
    wallet = data.draw(situations(now))
    told = {one.policy: one.at for one in coming(PACK, wallet, now)}
    later = now + timedelta(days=data.draw(st.integers(1, 399)), seconds=1)
    then = carry(wallet, now, later)
    for what in CAPABILITIES:
        today = refused_by(ask(wallet, now, what))
        for reason in ask(then, later, what).reasons:
            if reason.policy not in today:
                assert told[reason.policy] <= later

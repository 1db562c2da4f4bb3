"""Where Anna stands on the day two-banks is enforced, and before, and after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.policy.decide import CapabilityUnknown
from qianbao.policy.facts import Situation
from qianbao.policy.policies import CAPABILITIES, load_pack, load_policy
from qianbao.wallets import holds
from qianbao.wallets.cases import open_case, open_cases_of
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.standing import (
    HeldStanding,
    StaleBank,
    Standing,
    brought_on,
    judge,
    standing,
)
from qianbao.wallets.unlinking import limits_brought_on
from tests.wallets.scene import ANNA, NOW, SETTINGS, sign_up

PACK = load_pack()
BEFORE = datetime(2026, 12, 20, 2, 0, tzinfo=UTC)
ENFORCED = datetime(2027, 1, 20, 2, 0, tzinfo=UTC)
ANNAS = Situation(
    wallet_id="wal_anna", status="open", residency="foreign", document_kind="passport",
    document_valid_until=date(2031, 5, 1), card_banks=("ICBC",),
    evidence=("immigration", "mobile_operator"), opened_at=datetime(2026, 1, 5, tzinfo=UTC),
    verified_at=datetime(2026, 1, 5, tzinfo=UTC), last_used_at=datetime(2026, 11, 1, tzinfo=UTC),
    facts_changed_at=datetime(2026, 1, 5, tzinfo=UTC), mandates_active=2, pay_score_on=True,
    score_orders_open=0, in_flight=0, legal_hold=False, bucket=0, balance_minor=320_000,
    held_minor=0, currency="CNY", time_zone="Asia/Shanghai", paid_today_minor=0,
    paid_this_year_minor=0, moved_for_life_minor=0, received_for_life_minor=0,
    free_withdrawal_left_minor=100_000, mandates=("man_1", "man_2"),
)  # fmt: skip


def _judge(situation: Situation, now: datetime, **asked: object) -> Standing:
    return judge(PACK, SETTINGS, situation, now, **asked)  # type: ignore[arg-type]


def test_anna_is_shut_out_and_told_everything() -> None:
    found = _judge(ANNAS, ENFORCED)
    (blocker,) = found.blockers
    assert blocker.reason.policy == "two-banks"
    assert set(blocker.capabilities) == {"pay", "transfer", "top_up", "be_charged"}
    assert found.capabilities["pay"].policies == ("two-banks",)
    assert found.capabilities["withdraw"].outcome == "allowed"
    assert (
        found.withdrawable_now.arrives.amount_minor,
        found.withdrawable_now.fee.amount_minor,
    ) == (319_780, 220)
    assert blocker.reason.deadline <= ENFORCED
    steps = [[step.action for step in way.steps] for way in found.ways_out]
    assert ["link_card"] in [[one for one in way if one != "open_account"] for way in steps]
    closing = next(way for way in found.ways_out if way.temporary_until)
    assert "close_wallet" in [step.action for step in closing.steps]


def test_anna_is_warned_before() -> None:
    found = _judge(ANNAS, BEFORE)
    assert found.blockers == found.ways_out == ()
    assert {one.outcome for one in found.capabilities.values()} == {"allowed"}
    warning = next(one for one in found.coming if one.policy == "two-banks")
    assert BEFORE < warning.at < ENFORCED


def test_one_capability_alone() -> None:
    withdraw = _judge(ANNAS, ENFORCED, capabilities=("withdraw",))
    assert set(withdraw.capabilities) == {"withdraw"}
    assert withdraw.blockers == withdraw.ways_out == ()
    pay = _judge(ANNAS, ENFORCED, capabilities=("pay",), amount_minor=1_000)
    assert pay.blockers[0].capabilities == ("pay",)
    assert pay.ways_out
    with pytest.raises(CapabilityUnknown):
        _judge(ANNAS, ENFORCED, capabilities=("fly",))


def test_two_rules_at_once_are_both_told() -> None:
    expired = msgspec.structs.replace(ANNAS, document_valid_until=date(2026, 12, 31))
    found = _judge(expired, ENFORCED)
    assert {one.reason.policy for one in found.blockers} == {"two-banks", "document-expiry"}
    assert set(found.capabilities["pay"].policies) == {"two-banks", "document-expiry"}
    assert found.withdrawable_now.arrives.amount_minor == 319_780


def test_a_closed_wallet_does_nothing_and_no_rule_is_blamed() -> None:
    closed = msgspec.structs.replace(
        ANNAS, status="closed", balance_minor=0, card_banks=(), mandates=(), mandates_active=0
    )
    found = _judge(closed, ENFORCED)
    assert {one.outcome for one in found.capabilities.values()} == {"closed"}
    assert found.blockers == found.coming == ()
    assert "reopen_wallet" in [step.action for step in found.ways_out[0].steps]


def test_money_under_a_legal_hold_cannot_be_withdrawn() -> None:
    held = msgspec.structs.replace(ANNAS, legal_hold=True)
    found = _judge(held, BEFORE)
    assert found.withdrawable_now.arrives.amount_minor == 0
    assert found.capabilities["withdraw"].outcome == "blocked"
    assert (found.ways_out[0].who, found.ways_out[0].certain) == ("authority", False)
    assert found.legal_hold == HeldStanding(case_ids=(), still_works=("export",))
    assert _judge(ANNAS, BEFORE).legal_hold is None


def test_a_bank_with_an_old_document_number_is_named() -> None:
    found = _judge(msgspec.structs.replace(ANNAS, stale_banks=("BOC",)), ENFORCED)
    assert found.stale_banks == (StaleBank("BOC", "Bank of China", "中国银行"),)
    steps = [[(step.action, step.argument) for step in way.steps] for way in found.ways_out]
    assert [("update_id_at_bank", "BOC"), ("link_card", "BOC")] in steps
    ahead = _judge(msgspec.structs.replace(ANNAS, stale_banks=("BOC",)), BEFORE).ways_ahead
    assert "update_id_at_bank" in [step.action for way in ahead for step in way.steps]


def test_what_keeps_a_rule_away_lasts() -> None:
    fresh = msgspec.structs.replace(ANNAS, verified_at=BEFORE, facts_changed_at=BEFORE)
    found = _judge(fresh, BEFORE)
    (soon,) = [one for one in found.coming if one.policy == "two-banks"]
    assert soon.at == BEFORE + timedelta(days=90) - timedelta(hours=10)  # at Anna's midnight
    assert [one.action for one in found.ways_ahead[0].steps] == ["link_card"]
    assert all("two-banks" not in way.because for way in found.ways_ahead)


def test_what_to_do_in_time_is_told_of_one_thing_too() -> None:
    """Another rule is coming that has nothing to do with paying."""
    other = load_policy(
        "policy: confirmed\nversion: 1\ntitle: {en: Confirmed, zh: 已确认}\nbasis: ours\n"
        "requires: days_since_confirmed < 100\notherwise: {block: [receive]}\n"
        "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    )
    found = judge((*PACK, other), SETTINGS, ANNAS, BEFORE, capabilities=("pay",))
    assert [one.policy for one in found.coming] == ["two-banks"]
    assert {way.prevents for way in found.ways_ahead} == {("two-banks",)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.builds(
        msgspec.structs.replace,
        st.just(ANNAS),
        residency=st.sampled_from(["foreign", "mainland", "hmt"]),
        card_banks=st.lists(st.sampled_from(["ICBC", "BOC", "CMB"]), max_size=3).map(tuple),
        evidence=st.sampled_from([(), ("immigration",), ("immigration", "mobile_operator")]),
        document_valid_until=st.dates(date(2026, 6, 1), date(2028, 1, 1)),
        balance_minor=st.integers(0, 500_000),
        paid_this_year_minor=st.integers(0, 30_000_000),
        bucket=st.integers(0, 99),
    ),
    st.datetimes(datetime(2026, 11, 1), datetime(2027, 6, 1)),
    st.integers(0, 1_000_000),
)
def test_blocked_always_means_told(situation: Situation, moment: datetime, amount: int) -> None:
    found = _judge(situation, moment.replace(tzinfo=UTC), amount_minor=amount)
    named = {one.reason.policy for one in found.blockers}
    for capability in CAPABILITIES:
        state = found.capabilities[capability]
        assert (state.outcome == "blocked") == bool(state.policies)
        assert named.issuperset(state.policies)
    assert bool(found.ways_out) == bool(found.blockers)
    leaving = found.withdrawable_now
    assert leaving.amount.amount_minor in (0, situation.balance_minor)
    assert leaving.arrives + leaving.fee == leaving.amount
    assert bool(leaving.amount.amount_minor) == bool(
        situation.balance_minor and situation.card_banks
    )


async def test_the_standing_of_a_real_wallet(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    case_id = new_id("cas", NOW)
    async with pool.connection() as conn:
        await open_case(
            conn, wallet_id=annas, case_id=case_id, subject="Why?", body="I cannot pay.", now=NOW
        )
        found = await standing(
            conn, PACK, SETTINGS, wallet_id=annas, now=NOW + timedelta(minutes=1)
        )
        with pytest.raises(WalletUnknown):
            await standing(conn, PACK, SETTINGS, wallet_id=new_id("wal", NOW), now=NOW)
    assert found.capabilities["pay"].outcome == "blocked"
    actions = [[step.action for step in way.steps] for way in found.ways_out]
    assert any({"add_document", "link_card"}.issubset(way) for way in actions)
    assert found.cases_open == (case_id,)
    assert found.withdrawable_now.arrives.amount_minor == 0
    msgspec.json.encode(found)  # a door sends it as it is


async def test_a_held_wallet_is_told_the_number_of_its_case(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    asked = new_id("cas", NOW)
    order = {"wallet_id": annas, "legal_hold_id": new_id("leg", NOW), "now": NOW}
    async with pool.connection() as conn:
        await open_case(conn, wallet_id=annas, case_id=asked, subject="Why?", body="?", now=NOW)
        await holds.enter(conn, **order, reference="(2026) Jing 01 No. 77", operator="Mei")
        await holds.approve(conn, **order, operator="Oskar")
        (case,) = [one for one in await open_cases_of(conn, annas) if one.legal_hold_id]
        found = await standing(conn, PACK, SETTINGS, wallet_id=annas, now=NOW)
    assert found.legal_hold == HeldStanding((case.case_id,), ("export",))
    assert found.cases_open == (asked,)


def _to_withdraw(**changes: object) -> list[list[str]]:
    of = msgspec.structs.replace(ANNAS, card_banks=(), **changes)
    found = _judge(of, ENFORCED, capabilities=("withdraw",))
    assert found.capabilities["withdraw"].outcome == "allowed"
    return [[step.action for step in way.steps] for way in found.ways_to_withdraw]


def test_money_without_a_card_is_told_how_it_can_leave() -> None:
    """An expired document keeps nobody's money in whom a bank has confirmed before."""
    expired = date(2027, 1, 1)
    assert _to_withdraw() == [["link_card"]]
    assert _to_withdraw(document_valid_until=expired) == [
        ["link_card_to_withdraw"], ["renew_document", "link_card"],
    ]  # fmt: skip
    assert _to_withdraw(document_valid_until=expired, verified_at=None) == [
        ["renew_document", "link_card"], ["ask_operator"],
    ]  # fmt: skip
    assert _to_withdraw(balance_minor=0) == []
    assert _judge(ANNAS, ENFORCED).ways_to_withdraw == ()


LOCALS_ONLY = load_policy(
    "policy: locals-only\nversion: 1\ntitle: {en: A rule, zh: 一条规则}\nbasis: a test\n"
    "requires: residency = 'mainland'\notherwise: {block: [pay, transfer]}\n"
)


async def test_where_nothing_helps_the_operator_does_with_a_number(pool: Pool) -> None:
    """No lint lets such a rule pass; should one be in force all the same, nobody is left alone."""
    annas = await sign_up(pool, ANNA)
    asked = {"wallet_id": annas, "capability": "pay", "now": NOW}
    async with pool.connection() as conn:
        before = await standing(conn, (LOCALS_ONLY,), SETTINGS, **asked)
        case_id = new_id("cas", NOW)
        words = {"subject": "Locals only?", "body": "I cannot pay."}
        await open_case(conn, wallet_id=annas, case_id=case_id, **words, now=NOW)
        after = await standing(conn, (LOCALS_ONLY,), SETTINGS, **asked)
    (way,), (again,) = before.ways_out, after.ways_out
    assert (way.certain, way.who, way.minutes) == (False, "operator", None)
    assert [(step.action, step.argument, step.screen) for step in way.steps] == [
        ("ask_operator", "", "/me/help")
    ]
    assert again.steps[0].argument == case_id
    assert case_id in again.steps[0].title_en
    assert case_id in again.steps[0].title_zh


def test_what_one_card_less_would_bring_on() -> None:
    """With a second bank Anna is blocked by nothing; without it two-banks stops her, at once or on
    its day. What blocks her anyway is not called new."""
    two = msgspec.structs.replace(ANNAS, card_banks=("ICBC", "BOC"))
    (at_once,) = brought_on(PACK, two, ANNAS, ENFORCED)
    assert (at_once.policy, at_once.at) == ("two-banks", ENFORCED)
    assert set(at_once.capabilities) == {"pay", "transfer", "top_up", "be_charged"}
    assert at_once.reason.compared.comparisons[0].actual == 1
    (later,) = brought_on(PACK, two, ANNAS, BEFORE)
    assert (later.policy, later.at.isoformat()[:10]) == ("two-banks", "2027-01-14")
    none = msgspec.structs.replace(ANNAS, card_banks=())
    assert "two-banks" not in [one.policy for one in brought_on(PACK, ANNAS, none, ENFORCED)]
    assert brought_on(PACK, two, two, ENFORCED) == ()


def test_a_card_less_tells_which_limits_then_apply() -> None:
    """With one source less Anna's wallet is of Category I: nothing is blocked by that today."""
    two = msgspec.structs.replace(ANNAS, card_banks=("ICBC", "BOC"), evidence=("immigration",))
    one = msgspec.structs.replace(two, card_banks=("ICBC",))
    found = limits_brought_on(PACK, two, one, ENFORCED)
    (receives, pays) = sorted(found, key=lambda limit: len(limit.capabilities))
    assert (receives.policy, pays.policy) == ("category-one-receive", "category-one")
    assert pays.capabilities == ("pay", "transfer", "be_charged")
    assert "may pay out ¥1,000.00 in all" in pays.reason.sentence_en
    assert [one.policy for one in limits_brought_on(PACK, one, two, ENFORCED)] == ["category-two"]
    assert limits_brought_on(PACK, two, two, ENFORCED) == ()


def test_what_is_refused_is_told_by_the_least_there_is() -> None:
    """Nobody has asked for an amount yet; what has gone out counts."""
    large = load_policy(
        """\
policy: large-by-banks
version: 1
title: {en: Two banks above 500, zh: 超过 500 元须两家银行}
basis: The operator's own
requires: amount_minor + moved_for_life_minor <= 50000 OR linked_banks >= 2
otherwise: {block: [top_up]}
"""
    )
    two = msgspec.structs.replace(ANNAS, card_banks=("ICBC", "BOC"), moved_for_life_minor=200_00)
    one = msgspec.structs.replace(two, card_banks=("ICBC",))
    (limit,) = limits_brought_on((large,), two, one, ENFORCED)
    assert "¥500.01, needed: at most ¥500.00; or" in limit.reason.sentence_en
    most = msgspec.structs.replace(one, moved_for_life_minor=900_00)
    (limit,) = limits_brought_on((large,), two, most, ENFORCED)
    assert "¥900.01, needed: at most ¥500.00; or" in limit.reason.sentence_en

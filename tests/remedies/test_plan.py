"""Ways out: the article's two solutions, and others, found by searching."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from qianbao.policy.decide import decide
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import load_pack
from qianbao.remedies.actions import ACTIONS, EVERY_ACTION, Action
from qianbao.remedies.goals import Goal, allowed, card_linked, is_reached
from qianbao.remedies.lint import lint
from qianbao.remedies.offer import ways_out
from qianbao.remedies.plan import WayOut, plan
from qianbao.remedies.prove import replay
from tests.policy.bad import rule
from tests.policy.cast import AFTER_ENFORCEMENT, anna, at, ben, chiara, deng, newcomer

PACK = load_pack()
SOLUTION_TWO = [
    "withdraw_all", "terminate_mandate", "disable_pay_score", "unlink_cards", "close_wallet",
    "reopen_wallet", "link_card",
]  # fmt: skip


def actions(way: WayOut) -> list[str]:
    return [step.action for step in way.steps]


def titles(way: WayOut, language: str = "en") -> list[str]:
    return [getattr(step, f"title_{language}") for step in way.steps]


def test_the_articles_two_solutions_come_out_of_the_search_for_anna() -> None:
    first, second = plan(PACK, anna(), AFTER_ENFORCEMENT, allowed("pay"))
    assert titles(first) == ["Link a card from another bank"]
    assert titles(first, "zh") == ["绑定另一家银行的银行卡"]
    assert (first.temporary_until, first.visit, first.loses_en, first.who) == (
        None, False, (), "holder",
    )  # fmt: skip
    assert first.steps[0].screen == "/me/pay/cards/add"
    assert actions(second) == SOLUTION_TWO
    assert titles(second)[1] == "Cancel your auto-deduction services (2)"
    assert titles(second, "zh")[1] == "关闭扣费服务（2 项）"
    assert titles(second)[-1] == "Link a card from Industrial and Commercial Bank of China"
    assert titles(second, "zh")[-1] == "绑定中国工商银行的银行卡"
    assert second.temporary_until == at(2027, 4, 20, 0)  # ninety days after today
    assert second.because == ("two-banks",)
    assert second.because_en == ("Link cards from two banks",)
    assert second.because_zh == ("绑定两家银行的银行卡",)
    assert second.loses_en
    assert len(second.loses_en) == len(second.loses_zh)


def test_anna_is_told_the_bank_she_already_has_an_account_at() -> None:
    wallet = anna(accounts_at=("BOC", "ICBC"))
    first, second = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay", "transfer"))
    assert [(step.action, step.argument) for step in first.steps] == [("link_card", "BOC")]
    assert actions(second) == SOLUTION_TWO


def test_ben_without_a_second_bank_would_have_to_visit_one_or_start_over() -> None:
    first, second = plan(PACK, ben(), AFTER_ENFORCEMENT, allowed("pay"))
    assert titles(first) == ["Open an account at another bank", "Link a card from another bank"]
    assert (first.visit, first.temporary_until) == (True, None)
    assert actions(second) == SOLUTION_TWO
    assert not second.visit


def test_ben_resolves_what_stands_in_the_way_before_he_closes() -> None:
    busy = ben(score_orders_open=1, in_flight=1, held_minor=20_000)
    way = plan(PACK, busy, AFTER_ENFORCEMENT, allowed("pay"))[-1]
    assert actions(way) == [
        "withdraw_all", "await_bank", "terminate_mandate", "settle_score_orders",
        "disable_pay_score", "unlink_cards", "close_wallet", "reopen_wallet", "link_card",
    ]  # fmt: skip
    assert way.who == "bank"
    idle = ben(balance_minor=0, mandates_active=0, pay_score_on=False)
    way = plan(PACK, idle, AFTER_ENFORCEMENT, allowed("pay"))[0]  # now less trouble than a visit
    assert actions(way) == ["unlink_cards", "close_wallet", "reopen_wallet", "link_card"]


def test_chiara_goes_to_her_bank_first_and_is_told_what_to_take() -> None:
    (way,) = plan(PACK, chiara(), AFTER_ENFORCEMENT, card_linked("ICBC"))
    assert [(step.action, step.argument) for step in way.steps] == [
        ("update_id_at_bank", "ICBC"), ("link_card", "ICBC"),
    ]  # fmt: skip
    assert way.steps[0].needs_en == ("Your new and your old document", "The bank card")
    assert way.steps[0].needs_zh == ("新旧证件", "该行银行卡")
    assert (way.visit, way.steps[0].visit, way.steps[1].visit) == (True, True, False)
    assert titles(way, "zh")[0] == "到中国工商银行更新证件号码"


def test_after_the_refused_card_chiara_is_told_which_bank_to_go_to() -> None:
    """She has said nothing of her accounts, but ICBC has refused her card for its old number."""
    one_card = chiara(card_banks=("BOC",), verified_at=at(2026, 6, 1))
    ways = plan(PACK, one_card, AFTER_ENFORCEMENT, allowed("pay"))
    assert [(step.action, step.argument) for step in ways[1].steps] == [
        ("update_id_at_bank", "ICBC"), ("link_card", "ICBC"),
    ]  # fmt: skip
    assert titles(ways[1])[0] == (
        "Have Industrial and Commercial Bank of China update your document number"
    )
    assert ways[1].temporary_until is None
    assert [step.argument for step in ways[0].steps] == [""]
    only_these = replace(one_card, accounts_at=("BOC",))
    first = plan(PACK, only_these, AFTER_ENFORCEMENT, allowed("pay"))[0]
    assert "open_account" not in actions(first)  # whoever holds an old number has an account


def test_an_expired_passport_is_renewed_and_only_then_does_another_bank_help() -> None:
    wallet = anna(document_valid_until=date(2027, 1, 1))
    assert actions(plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("receive"))[0]) == [
        "renew_document"
    ]
    assert actions(plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay"))[0]) == [
        "renew_document", "link_card",
    ]  # fmt: skip
    knowing = anna(document_valid_until=date(2027, 1, 1), accounts_at=("ICBC", "BOC"))
    assert actions(plan(PACK, knowing, AFTER_ENFORCEMENT, allowed("pay"))[0]) == [
        "renew_document", "update_id_at_bank", "link_card",
    ]  # fmt: skip


def test_whoever_leaves_to_come_back_renews_first_and_the_bank_still_holds_the_old_number() -> None:
    """Unlinking makes no bank forget what it was told; and an expired document opens no wallet."""
    wallet = deng(document_valid_until=date(2027, 1, 1))
    ways = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay"))
    coming_back = next(way for way in ways if "close_wallet" in actions(way))
    steps = [(step.action, step.argument) for step in coming_back.steps]
    renewed, closed = (
        actions(coming_back).index("renew_document"),
        steps.index(("close_wallet", "")),
    )
    assert renewed < closed
    last = [step for step in steps if step[0] in ("update_id_at_bank", "link_card")]
    assert last == [("update_id_at_bank", "ICBC"), ("link_card", "ICBC")]
    assert coming_back.visit


def test_deng_needs_one_bank_more_not_a_third_card_of_the_same() -> None:
    first = plan(PACK, deng(), AFTER_ENFORCEMENT, allowed("pay"))[0]
    assert [(step.action, step.argument) for step in first.steps] == [("link_card", "")]


def test_against_a_limit_one_raises_it_asks_for_less_or_waits() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"), paid_this_year_minor=9_990_000)
    ways = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay", amount_minor=50_000))
    assert [titles(way) for way in ways] == [
        ["Link a card from another bank"],
        ["Choose ¥100.00 or less"],
        ["Wait until 1 January 2028"],
    ]
    assert [way.minutes for way in ways] == [5, 1, 0]


def test_nobody_is_told_to_choose_more_than_is_in_the_wallet() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"), balance_minor=318_650, held_minor=18_650)
    for capability in ("pay", "transfer", "be_charged"):
        ways = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed(capability, amount_minor=10**13))
        asked = [
            step.argument for way in ways for step in way.steps if step.action == "lower_amount"
        ]
        assert asked
        assert max(map(int, asked)) == 300_000
    empty = replace(wallet, balance_minor=18_650)
    ways = plan(PACK, empty, AFTER_ENFORCEMENT, allowed("transfer", amount_minor=10**13))
    assert "lower_amount" not in [step.action for way in ways for step in way.steps]


def test_an_amount_no_category_allows_can_only_be_made_smaller() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"))
    ways = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay", amount_minor=10**9))
    assert {actions(way)[-1] for way in ways} == {"lower_amount"}


def test_an_amount_no_day_allows_in_a_year_already_full_needs_patience_and_modesty() -> None:
    wallet = anna(
        card_banks=("ICBC", "BOC", "CMB", "CCB", "ABC"), paid_this_year_minor=20_000_000,
        balance_minor=30_000_000, document_kind="permanent_residence",
    )  # fmt: skip
    way = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay", amount_minor=10**9))[0]
    assert titles(way) == ["Choose ¥5,000.00 or less", "Wait until 1 January 2028"]


def test_a_document_that_runs_out_while_one_waits_is_renewed_first() -> None:
    wallet = anna(
        card_banks=("ICBC", "BOC", "CMB"), document_valid_until=date(2027, 12, 30),
        paid_this_year_minor=20_000_000,
    )  # fmt: skip
    way = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay", amount_minor=1))[0]
    assert actions(way) == ["renew_document", "wait_until"]


def test_a_passport_that_ends_next_winter_is_told_and_what_lasts_beyond_it() -> None:
    ways = plan(
        PACK, anna(document_valid_until=date(2027, 12, 30)), AFTER_ENFORCEMENT, allowed("pay")
    )
    assert [actions(way) for way in ways] == [
        ["link_card"], ["renew_document", "link_card"], SOLUTION_TWO,
    ]  # fmt: skip
    assert (ways[0].temporary_until, ways[0].because) == (
        at(2027, 12, 31, 0), ("document-expiry",),
    )  # fmt: skip
    assert ways[1].temporary_until is None
    assert ways[2].because == ("two-banks",)


def test_the_longest_search_still_comes_back_with_a_way() -> None:
    """Closed, held, the year's limit used up: everything must be done, and then waited."""
    wallet = anna(
        status="closed", residency=None, card_banks=(), verified_at=None, legal_hold=True,
        document_valid_until=None, balance_minor=0, paid_this_year_minor=20_000_000,
        stale_banks=("ICBC",), accounts_at=("ICBC",), mandates_active=0, pay_score_on=False,
    )  # fmt: skip
    ways = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("transfer", amount_minor=1))
    assert ways
    assert {"reopen_wallet", "contact_operator"} <= set(actions(ways[0]))


def test_under_a_legal_hold_an_authority_decides_and_nothing_is_promised() -> None:
    (way,) = plan(PACK, anna(legal_hold=True), AFTER_ENFORCEMENT, allowed("withdraw"))
    assert (actions(way), way.who) == (["contact_operator"], "authority")
    assert (way.certain, way.minutes, way.steps[0].minutes) == (False, None, None)
    held_and_shut_out = plan(PACK, anna(legal_hold=True), AFTER_ENFORCEMENT, allowed("pay"))
    assert {"contact_operator", "link_card"} == set(actions(held_and_shut_out[0]))
    assert {(way.who, way.certain) for way in held_and_shut_out} == {("authority", False)}
    assert all(way.certain for way in plan(PACK, anna(), AFTER_ENFORCEMENT, allowed("pay")))


def test_a_newcomer_shows_a_document_and_links_a_card_or_two_so_that_it_lasts() -> None:
    """The rule that will end the first way is not the one that blocks her now."""
    first, lasting = plan(PACK, newcomer(), AFTER_ENFORCEMENT, allowed("pay"))
    begin = ["Show your passport or other document", "Link a card from a bank"]
    assert titles(first) == begin
    assert (first.temporary_until, first.because) == (at(2027, 4, 20, 0), ("two-banks",))
    assert first.because_zh == ("绑定两家银行的银行卡",)
    assert titles(lasting) == [*begin, "Link a card from another bank"]
    assert (lasting.temporary_until, lasting.because) == (None, ())


def test_a_closed_wallet_is_opened_again() -> None:
    closed = anna(status="closed", card_banks=(), balance_minor=0)
    first, lasting = plan(PACK, closed, AFTER_ENFORCEMENT, allowed("pay"))
    assert actions(first) == ["reopen_wallet", "link_card"]
    assert actions(lasting) == ["reopen_wallet", "link_card", "link_card"]


def test_of_few_ways_wanted_one_lasts() -> None:
    only = plan(PACK, newcomer(), AFTER_ENFORCEMENT, allowed("pay"), limit=1)
    assert [way.temporary_until for way in only] == [None]


def test_nothing_is_offered_where_nothing_is_blocked() -> None:
    assert plan(PACK, anna(), at(2027, 1, 14), allowed("pay")) == ()
    assert plan(PACK, anna(), AFTER_ENFORCEMENT, allowed("withdraw")) == ()
    assert plan(PACK, anna(), AFTER_ENFORCEMENT, card_linked("ICBC")) == ()


def test_at_most_as_many_ways_as_asked_for_and_only_from_what_is_offered() -> None:
    goal = allowed("pay")
    assert len(plan(PACK, anna(), AFTER_ENFORCEMENT, goal, limit=1)) == 1
    without_closing = frozenset(ACTIONS) - {"close_wallet"}
    ways = plan(PACK, anna(), AFTER_ENFORCEMENT, goal, offered=without_closing)
    assert [actions(way) for way in ways] == [["link_card"]]


def test_where_operators_of_phones_confirm_names_that_is_a_way_too() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"), evidence=(), moved_for_life_minor=100_000)
    goal = allowed("pay", amount_minor=1)
    usual = [actions(way) for way in plan(PACK, wallet, AFTER_ENFORCEMENT, goal)]
    asked = plan(PACK, wallet, AFTER_ENFORCEMENT, goal, offered=frozenset(ACTIONS))
    assert ["verify_phone"] not in usual
    assert ["verify_phone"] in [actions(way) for way in asked]


def test_a_plan_is_the_same_every_time() -> None:
    goal = allowed("pay", "receive")
    wallet = anna(legal_hold=True, evidence=(), stale_banks=("ICBC",))
    assert plan(PACK, wallet, AFTER_ENFORCEMENT, goal) == plan(
        PACK, wallet, AFTER_ENFORCEMENT, goal
    )


@pytest.mark.parametrize("wallet", [anna(), ben(), deng()])
def test_a_temporary_way_lapses_at_the_very_moment_it_says(wallet: Situation) -> None:
    goal: Goal = allowed("pay")
    way = plan(PACK, wallet, AFTER_ENFORCEMENT, goal)[-1]
    after, _, _ = replay(PACK, wallet, AFTER_ENFORCEMENT, goal, way)
    assert way.temporary_until is not None
    outcomes = []
    for moment in (way.temporary_until - timedelta(microseconds=1), way.temporary_until):
        decision = decide(PACK, "pay", facts_at(after, moment), moment, after)
        outcomes.append((decision.outcome, tuple(reason.policy for reason in decision.reasons)))
    assert outcomes == [("allowed", ()), ("blocked", way.because)]


@pytest.mark.parametrize("action", EVERY_ACTION, ids=ACTIONS)
def test_every_action_says_everything_in_both_languages(action: Action) -> None:
    for name in ("title", "bring", "loses"):
        english, chinese = getattr(action, f"{name}_en"), getattr(action, f"{name}_zh")
        assert bool(english) is bool(chinese)
        assert english != chinese or not english
        assert isinstance(english, str) or len(english) == len(chinese)
    for need in action.needs:
        assert need.en != need.zh
        assert need.cure is None or need.cure in ACTIONS


def test_who_asks_for_more_than_one_request_may_be_is_told_how_much_may() -> None:
    most = rule("each", "limit: {at_most_minor: 50000}")
    (way,) = plan((most,), anna(), AFTER_ENFORCEMENT, allowed("pay", amount_minor=60_000))
    assert [(step.action, step.argument) for step in way.steps] == [("lower_amount", "50000")]
    assert plan((most,), anna(), AFTER_ENFORCEMENT, allowed("pay", amount_minor=50_000)) == ()


def test_a_wallet_that_is_dormant_in_a_full_year_waits_first_and_then_confirms() -> None:
    """Confirmed now, the data would be too old again by the New Year."""
    wallet = anna(
        card_banks=("ICBC", "BOC", "CMB", "CCB", "ABC"), paid_this_year_minor=20_000_000,
        last_used_at=None, data_confirmed_at=at(2026, 6, 1),
    )  # fmt: skip
    ways = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay", amount_minor=1))
    assert actions(ways[0]) == ["wait_until", "confirm_data"]
    assert ways[0].temporary_until is None


def test_a_rule_that_only_leaving_helps_against_is_left_when_the_year_is_over() -> None:
    """The year's sum is the person's, whatever they close; the new wallet must be young."""
    young = rule("young", "days_since_opened < 30")
    year = rule("year", "paid_this_year_minor < 1000")
    wallet = anna(
        card_banks=("ICBC", "BOC"), paid_this_year_minor=1_000, mandates_active=0,
        pay_score_on=False, balance_minor=0,
    )  # fmt: skip
    ways = plan((young, year), wallet, AFTER_ENFORCEMENT, allowed("pay"))
    assert [action for action in actions(ways[0]) if action in ("wait_until", "close_wallet")] == [
        "wait_until", "close_wallet",
    ]  # fmt: skip


def test_a_wallet_with_data_missing_completes_it() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"), data_missing=("address",))
    ways = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("pay"))
    assert actions(ways[0]) == ["confirm_data"]
    assert ways[0].steps[0].api == "POST /v1/identity-data"


def test_whoever_has_too_many_cards_unlinks_some() -> None:
    """Of a bank that has several, as long as there is one; the last of a bank where banks count."""
    fewer = rule("fewer", "linked_banks >= 1 AND linked_cards - linked_banks <= 1")
    three = anna(card_banks=("ICBC", "ICBC", "ICBC"))
    (way,) = plan((fewer,), three, AFTER_ENFORCEMENT, allowed("pay"))
    assert titles(way) == ["Unlink a card from Industrial and Commercial Bank of China"]
    assert titles(way, "zh") == ["解绑一张中国工商银行的银行卡"]
    assert way.steps[0].api == "DELETE /v1/cards/{id}"
    all_ten = anna(card_banks=("ICBC",) * 7 + ("BOC",) * 3)
    ways = plan((fewer,), all_ten, AFTER_ENFORCEMENT, allowed("pay"))
    assert actions(ways[0]) == ["unlink_card"] * 7
    assert is_reached(
        (fewer,), *replay((fewer,), all_ten, AFTER_ENFORCEMENT, allowed("pay"), ways[0])
    )
    one_bank = rule("one-bank", "linked_banks <= 1")
    two = anna(card_banks=("ICBC", "BOC", "BOC"))
    ways = plan((one_bank,), two, AFTER_ENFORCEMENT, allowed("pay"))
    assert [step.argument for step in ways[0].steps] == ["ICBC"]
    waiting = replace(three, in_flight=1)
    (way,) = plan((fewer,), waiting, AFTER_ENFORCEMENT, allowed("pay"))
    assert actions(way) == ["await_bank", "unlink_card"]


def test_a_wallet_full_of_cards_of_one_bank_makes_room_for_another() -> None:
    full = anna(card_banks=("ICBC",) * 10, accounts_at=("ICBC", "BOC"))
    way = plan(PACK, full, AFTER_ENFORCEMENT, allowed("pay"))[0]
    assert [(step.action, step.argument) for step in way.steps] == [
        ("unlink_card", "ICBC"), ("link_card", "BOC"),
    ]  # fmt: skip
    replay(PACK, full, AFTER_ENFORCEMENT, allowed("pay"), way)


def test_nobody_unlinks_a_card_for_a_rule_that_wants_more_of_them() -> None:
    for way in plan(PACK, anna(card_banks=("ICBC", "ICBC")), AFTER_ENFORCEMENT, allowed("pay")):
        assert "unlink_card" not in actions(way)


def test_under_an_order_nobody_waits_before_they_ask() -> None:
    """Tomorrow's limit comes by itself while the authority decides."""
    spent = anna(
        legal_hold=True, card_banks=("ICBC", "BOC"), paid_today_minor=500_000,
        paid_this_year_minor=500_000,
    )  # fmt: skip
    ways = plan(PACK, spent, AFTER_ENFORCEMENT, allowed("pay", amount_minor=1))
    assert actions(ways[0]) == ["contact_operator", "wait_until"]
    year = replace(spent, paid_this_year_minor=35_000_000)
    for way in (*ways, *plan(PACK, year, AFTER_ENFORCEMENT, allowed("pay", amount_minor=1))):
        after = actions(way)[actions(way).index("contact_operator") + 1 :]
        assert "wait_until" not in actions(way) or "wait_until" in after


def test_of_a_bank_that_nobody_named_both_are_told() -> None:
    """Whoever has an account elsewhere links its card; whoever has none visits a bank first."""
    link, visit, *_ = ways_out(PACK, ben(accounts_at=None), AFTER_ENFORCEMENT, allowed("pay"))
    assert (actions(link), link.visit, link.minutes) == (["link_card"], False, 5)
    told = "An account there already; without one, see the way that opens one"
    assert told in link.steps[0].needs_en
    assert (actions(visit), visit.visit, visit.minutes) == (["open_account", "link_card"], True, 95)
    known = ways_out(PACK, anna(accounts_at=("ICBC", "BOC")), AFTER_ENFORCEMENT, allowed("pay"))
    assert [way.visit for way in known] == [False, False]


def test_a_visit_comes_after_what_takes_minutes() -> None:
    """Ben's data, too, will have to be completed: seven minutes without a visit make it last."""
    lacking = ben(
        accounts_at=None, data_missing=("address",), facts_changed_at=at(2026, 12, 1),
        card_banks=("ICBC",),
    )  # fmt: skip
    ways = ways_out(PACK, lacking, AFTER_ENFORCEMENT, allowed("pay"))
    visit = [way.visit for way in ways].index(True)
    assert [way.minutes for way in ways[: visit + 1]] == [5, 7, 95]


def test_a_wait_that_changes_nothing_is_left_out() -> None:
    for way in ways_out(PACK, anna(), AFTER_ENFORCEMENT, allowed("pay", amount_minor=1)):
        assert "wait_until" not in actions(way)


def test_of_an_empty_wallet_no_large_amount_is_promised_and_nobody_is_asked() -> None:
    large = allowed("pay", amount_minor=4_000_000)
    empty = anna(balance_minor=0, card_banks=("ICBC", "BOC"))
    assert ways_out(PACK, empty, AFTER_ENFORCEMENT, large) == ()
    never = (*PACK, rule("locals", "residency = 'mainland'"))
    (way,) = ways_out(never, empty, AFTER_ENFORCEMENT, large)
    assert actions(way) == ["ask_operator"]


@pytest.mark.parametrize(
    ("requires", "does"),
    [
        ("pay_score_on = FALSE", ["disable_pay_score"]),
        ("mandates_active <= 1", ["terminate_mandate"]),
        (
            "mandates_active = 0 AND pay_score_on = FALSE",
            ["disable_pay_score", "terminate_mandate"],
        ),
        ("pay_score_on = FALSE AND linked_banks >= 2", ["disable_pay_score", "link_card"]),
        ("limit: {fact: balance_minor, at_most_minor: 300000}", ["withdraw_all"]),
    ],
)
def test_what_a_rule_is_about_is_ended_by_itself(requires: str, does: list[str]) -> None:
    """Nobody closes a wallet to turn Pay Score off."""
    policies = (rule("tidy", requires),)
    first = plan(policies, anna(), AFTER_ENFORCEMENT, allowed("pay"))[0]
    assert sorted(actions(first)) == does
    assert not lint(policies)

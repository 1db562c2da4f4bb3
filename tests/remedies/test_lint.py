"""The proof finds what it is for: money that cannot leave, and blocks that nothing ends."""

from __future__ import annotations

import pytest

from qianbao.policy.lint import Finding, in_force
from qianbao.policy.policies import CAPABILITIES, Policy, load_pack, load_policy
from qianbao.policy.space import space_of
from qianbao.remedies.goals import allowed, is_reached
from qianbao.remedies.lint import lint
from qianbao.remedies.plan import plan
from qianbao.remedies.prove import prove
from qianbao.remedies.recipes import Search, has_way
from tests.policy.bad import rule

SHIPPED = load_pack()
PACK = tuple(
    policy for policy in SHIPPED
    if policy.name not in ("missing-data", "dormant", "visitor-payment", "visitor-year")
)  # fmt: skip
"""The shipped rules without those that many wallets differ by, to be quick: for what is said of
other rules beside them."""


def _errors(*policies: Policy) -> list[Finding]:
    return [one for one in lint((*PACK, *policies)) if one.severity == "error"]


def test_the_shipped_pack_is_sound_and_every_wallet_was_looked_at() -> None:
    told: list[tuple[int, int]] = []
    assert lint(SHIPPED, lambda done, total: told.append((done, total))) == []
    done = [one for one, _ in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1] > 1_000


def test_what_the_lint_says_of_a_wallet_the_planner_says_too() -> None:
    """Wallets are settled by ways that helped others; each is asked for here by itself, of a pack
    that has no way for some."""
    policies = in_force((*PACK, rule("mainland", "residency = 'mainland' OR linked_banks = 2")))
    conditions = [one for policy in policies for one in (policy.applies_to, policy.requires)]
    cells = list(space_of(conditions, legal_hold=False).cells())
    answers, search = set(), Search(policies, "pay")
    for made in cells[:: max(1, len(cells) // 150)]:
        goal = allowed("pay", amount_minor=made.amount_minor)
        there = is_reached(policies, made.situation, made.now, goal)
        ways = there or bool(plan(policies, made.situation, made.now, goal))
        assert search.has_way(made) is ways
        answers.add(ways)
    assert answers == {True, False}


def test_a_rule_that_nothing_can_meet_is_told_as_a_story() -> None:
    (found,) = _errors(rule("locals-only", "residency = 'mainland'", blocks="pay, transfer"))
    assert (found.code, found.policies, found.line) == ("no_way_out", ("locals-only",), 6)
    assert found.story is not None
    assert found.story.en == (
        "Somebody has ¥500.00 in the wallet (residency: foreign). They want to transfer or pay, be "
        "it only ¥0.01, and are refused by “locals-only” (residency: foreign, needed: mainland "
        "Chinese). Waiting does not help, nor does a case with the operator. There is no way out."
    )
    assert found.story.zh.startswith("一位用户的钱包里有 ¥500.00（身份类别：外籍）。想转账、付款")


def test_a_cause_is_told_once_by_its_simplest_wallet() -> None:
    """Together with other rules the same one blocks many more wallets; that says nothing new."""
    found = _errors(rule("few", "channels + linked_banks = 1", "pay, transfer, be_charged"))
    assert [one.policies for one in found] == [("few",)]
    assert found[0].story is not None
    assert "transfer or pay or be charged by merchants" in found[0].story.en


FEW = "linked_banks BETWEEN 2 AND 7 OR linked_banks = 10"
MANY = "NOT linked_banks BETWEEN 2 AND 7"


def _trap(name: str, requires: str) -> Policy:
    return rule(name, requires, blocks="withdraw", kept_open=False)


def test_two_rules_each_harmless_alone_trap_money_together() -> None:
    """Whoever has one bank may withdraw after linking a card or two more under the one rule, and at
    once under the other; under both only after nine, which is more than a way out may ask."""
    few, many = _trap("few-banks", FEW), _trap("many-banks", MANY)
    assert _errors(few) == []
    assert _errors(many) == []
    found = _errors(few, many)
    assert [one.code for one in found] == ["traps_money"]
    assert found[0].policies == ("many-banks", "few-banks")
    assert found[0].story is not None
    for told in (
        "Somebody has ¥500.00 in the wallet (banks with a linked card: 1).",
        "They want to withdraw, be it only ¥0.01, and are refused by “few-banks”",
        "If they choose “Link a card from another bank”, they are refused by “many-banks”",
        "Without any one of these rules there would be one.",
    ):
        assert told in found[0].story.en
    assert "少了其中任何一条规则，都有办法。" in found[0].story.zh


def test_a_sum_for_life_on_withdrawals_traps_what_came_in_above_it() -> None:
    """Category I as the regulation has it, without the cap on what comes in; a limit of a year, and
    one that more banks lift, leave a way."""
    life = "limit: {fact: moved_for_life_minor, at_most_minor: 100000}"
    year = "limit: {fact: paid_this_year_minor, at_most_minor: 100000}"
    trap = rule("for-life", life, blocks="withdraw", kept_open=False)
    assert [one.code for one in _errors(trap)] == ["traps_money"]
    assert _errors(rule("a-year", year, blocks="withdraw", kept_open=False)) == []
    lifted = rule("lifted", life, "withdraw", applies_to="category <= 1", kept_open=False)
    assert _errors(lifted) == []


@pytest.mark.parametrize(
    ("requires", "is_sound"),
    [
        ("linked_banks >= 3", True),
        ("linked_banks <= 3", True),  # cards can be unlinked
        ("linked_cards <= 2", False),  # Category I is left by a third bank, where no register helps
        ("linked_banks >= 1 AND linked_cards - linked_banks <= 1", True),
        ("linked_banks >= 2 AND linked_cards <= 1", False),
        ("linked_cards - linked_banks >= 2", False),  # no plan links a second card of one bank
        ("linked_cards - linked_banks IN (0, 3) OR linked_banks > 8", True),
        ("days_since_opened >= 60", True),
        ("days_since_opened < 60", True),  # once a new year has lifted a limit, it is closed
        ("document_valid_until IS NULL OR document_valid_until >= today + 30", True),
        ("document_valid_until >= today + 30", False),  # some documents have no last day
        ("document_valid_until IS NULL OR document_valid_until >= today + 1000", False),
        ("document_kind = 'resident_id'", False),
        ("limit: {fact: paid_today_minor, at_most_minor: 50000}", True),
        ("limit: {at_most_minor: 50000}", True),
        ("amount_minor <= 50000", False),  # a limit would let people ask for less
        ("balance_minor >= 100", False),
    ],
)
def test_what_holders_can_and_cannot_do_something_about(requires: str, is_sound: bool) -> None:
    found = _errors(rule("new", requires))
    assert ([one.code for one in found] == []) is is_sound
    assert {one.code for one in found} <= {"no_way_out"}


def test_a_large_amount_is_no_trouble_where_a_smaller_one_has_a_way() -> None:
    """Who has not paid for long closes and comes back with an empty wallet, and so can be promised
    no large amount; a limit by its side says how much there may be."""
    asleep = "used_since_opened OR days_since_opened < 180"
    most = "limit: {at_most_minor: 50000}"
    assert _errors(rule("asleep", asleep, "top_up"), rule("each", most, "top_up")) == []
    told = _errors(rule("asleep", asleep), rule("each", "amount_minor <= 50000"))
    assert ("each",) in [one.policies for one in told]


def test_the_wallet_of_a_story_is_really_stuck() -> None:
    """Checked without the lint: the planner, asked with all policies, breaks its promise there."""
    bad = rule("few", "linked_banks >= 2 AND linked_cards <= 1")
    policies = in_force((*PACK, bad))
    conditions = [bad.applies_to, bad.requires]
    stuck = [made for made in space_of(conditions).cells()
             if not has_way(policies, "pay", made)]  # fmt: skip
    breaches = prove(policies, stuck[0].situation, stuck[0].now)
    assert [(breach.capability, breach.problem) for breach in breaches] == [("pay", "no way out")]
    assert set(CAPABILITIES) > {"pay"}


ASKS = (
    "policy: ask-first\nversion: 1\ntitle: {{en: A code first, zh: 先验证}}\nbasis: a test\n"
    "{condition}\notherwise: {{require: [{factor}], before: [{before}]}}\n"
)


def test_a_sum_of_two_counters_is_not_called_proven() -> None:
    """Tomorrow one begins again; the other was never looked at where it alone is too much."""
    rule = load_policy(
        "policy: sums\nversion: 1\ntitle: {en: Sums, zh: 合计}\nbasis: a test\n"
        "requires: moved_for_life_minor + paid_today_minor <= 7777777\n"
        "otherwise: {block: [pay]}\n"
    )
    assert "not_proven" in [one.code for one in lint((rule,))]


@pytest.mark.parametrize(
    ("condition", "factor", "before", "traps"),
    [
        ("when: TRUE", "code", "withdraw", True),
        ("when: TRUE", "pin", "withdraw", False),
        ("when: TRUE", "code", "pay", False),
        ("limit: {at_most_minor: 50000}", "code", "withdraw", False),  # in smaller amounts
        ("when: amount_minor > 50000", "code", "withdraw", False),
        ("when: category <= 1", "code", "withdraw", True),  # another card takes a code as well
        ("limit: {fact: paid_today_minor, at_most_minor: 0}", "code", "withdraw", True),
        ("limit: {fact: paid_today_minor, at_most_minor: 50000}", "code", "withdraw", False),
        ("limit: {fact: paid_today_minor, at_most_minor: 100}", "code", "withdraw", True),
        ("when: amount_minor > 1", "code", "withdraw", True),  # a fen at a time
        ("when: amount_minor < 10000", "code", "withdraw", True),  # what is left over stays
        ("when: amount_minor <> 20000", "code", "withdraw", True),
        ("limit: {fact: moved_for_life_minor, at_most_minor: 50000}", "code", "withdraw", True),
    ],
)
def test_a_code_before_withdrawing_traps_nobody_whose_phone_is_lost(
    condition: str, factor: str, before: str, traps: bool
) -> None:
    """Whoever cannot be sent a code gets their money out all the same: in smaller amounts, or
    tomorrow."""
    rule = load_policy(ASKS.format(condition=condition, factor=factor, before=before))
    found = [one.code for one in lint((rule,)) if one.severity == "error"]
    assert ("traps_money" in found) is traps

"""Policies: what may be written, what is refused and where, and the pack that is shipped."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from qianbao.errors import TABLE, InvalidInput
from qianbao.policy.conditions import PolicyForbidden, PolicyTypeError, PolicyUnknownFact
from qianbao.policy.marks import LONGEST_POLICY, PolicyFieldWrong, PolicyUnreadable
from qianbao.policy.policies import (
    CAPABILITIES,
    WAYS_OUT_OF_A_WALLET,
    Policy,
    PolicyTimelineOrder,
    PolicyTrapsMoney,
    PolicyUnknownCapability,
    enforced_from,
    load_pack,
    load_policy,
    locked_out_sql,
    phase,
    steps,
)
from tests.policy.cast import at

GOOD = """\
policy: two-banks
version: 3
title: {en: Link cards from two banks, zh: 绑定两家银行的银行卡}
basis: PBOC 2015 No. 43, categories by channels
applies_to: residency = 'foreign'
requires: linked_banks >= 2 OR days_since_verified < 90
otherwise: {block: [pay, transfer, top_up]}
timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15, rollout: [1, 10, 100],
  step_days: 7}
"""
REQUIRES = "linked_banks >= 2 OR days_since_verified < 90"


def test_a_policy_reads_as_it_is_written() -> None:
    policy = load_policy(GOOD)
    assert (policy.name, policy.version, policy.blocks) == (
        "two-banks",
        3,
        ("pay", "transfer", "top_up"),
    )
    assert policy.requires.reads == {"linked_banks", "days_since_verified"}
    assert (policy.who_must_act, policy.grace_days) == ("holder", 0)
    assert steps(policy) == (
        (1, at(2027, 1, 15, 0)), (10, at(2027, 1, 22, 0)), (100, at(2027, 1, 29, 0)),
    )  # fmt: skip
    assert policy.text == GOOD


def test_a_basis_is_given_in_both_languages_or_once_for_both() -> None:
    once = load_policy(GOOD)
    assert once.basis.en == once.basis.zh == "PBOC 2015 No. 43, categories by channels"
    plain = "basis: PBOC 2015 No. 43, categories by channels"
    both = load_policy(GOOD.replace(plain, "basis: {en: PBOC No. 43, zh: 公告第43号}"))
    assert (both.basis.en, both.basis.zh) == ("PBOC No. 43", "公告第43号")


REFUSED = {
    "not yaml": (("version: 3", "version: [3"), PolicyUnreadable, 3),
    "an unknown field": (("basis:", "bases:"), PolicyFieldWrong, 1),
    "a field twice": (("version: 3", "version: 3\nversion: 4"), PolicyFieldWrong, 3),
    "a title in one language": ((", zh: 绑定两家银行的银行卡", ""), PolicyFieldWrong, 3),
    "a version that is text": (("version: 3", "version: three"), PolicyFieldWrong, 2),
    "a name with blanks": (("policy: two-banks", "policy: Two Banks"), PolicyFieldWrong, 1),
    "a day that is no day": (("warn: 2026-12-15", "warn: soon"), PolicyFieldWrong, 8),
    "neither requires nor limit": ((f"requires: {REQUIRES}\n", ""), PolicyFieldWrong, 1),
    "both requires and limit": (
        ("otherwise:", "limit: {fact: paid_today_minor, at_most_minor: 5}\notherwise:"),
        PolicyFieldWrong, 6,
    ),
    "blocking nothing": (("[pay, transfer, top_up]", "[]"), PolicyFieldWrong, 7),
    "an unknown capability": (("top_up]", "topup]"), PolicyUnknownCapability, 7),
    "an unknown fact": (("linked_banks >=", "linked_bank >="), PolicyUnknownFact, 6),
    "a type error": (("< 90", "< '90'"), PolicyTypeError, 6),
    "a function": (("residency =", "lower(residency) ="), PolicyForbidden, 5),
    "a limit on what is no amount": (
        (f"requires: {REQUIRES}", "limit: {fact: channels, at_most_minor: 5}"),
        PolicyTypeError, 6,
    ),
    "a limit on an unknown fact": (
        (f"requires: {REQUIRES}", "limit: {fact: paid_todya_minor, at_most_minor: 5}"),
        PolicyUnknownFact, 6,
    ),
    "warned after it is enforced": (
        ("warn: 2026-12-15", "warn: 2027-02-15"), PolicyTimelineOrder, 8,
    ),
    "retired before it is enforced": (
        ("rollout:", "retire: 2027-01-15, rollout:"), PolicyTimelineOrder, 8,
    ),
    "retired before everybody is reached": (
        ("rollout:", "retire: 2027-01-29, rollout:"), PolicyTimelineOrder, 8,
    ),
    "steps without the days between them": (
        (",\n  step_days: 7", ""), PolicyFieldWrong, 8,
    ),
    "a rollout that ends early": (("[1, 10, 100]", "[1, 10]"), PolicyTimelineOrder, 8),
    "a rollout that goes back": (("[1, 10, 100]", "[10, 1, 100]"), PolicyTimelineOrder, 8),
    "an explanation of no fact": (
        ("applies_to:", "explain: {en: 'You have {cards}.', zh: 无}\napplies_to:"),
        PolicyUnknownFact, 5,
    ),
    "a basis in one language": (
        ("basis: PBOC 2015 No. 43, categories by channels", "basis: {en: PBOC}"),
        PolicyFieldWrong, 4,
    ),
    "an explanation ahead of no fact": (
        ("applies_to:", "explain_ahead: {en: 'You have {cards}.', zh: 无}\napplies_to:"),
        PolicyUnknownFact, 5,
    ),
    "an explanation that digs": (
        ("applies_to:", "explain: {en: 'You have {today:{year}}.', zh: 无}\napplies_to:"),
        PolicyFieldWrong, 5,
    ),
    "withdraw blocked": (("top_up]", "withdraw]"), PolicyTrapsMoney, 7),
    "close blocked": (("top_up]", "close]"), PolicyTrapsMoney, 7),
    "export blocked": (("top_up]", "export]"), PolicyTrapsMoney, 7),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_policy_is_refused_with_its_place(case: str) -> None:
    (good, bad), error, line = REFUSED[case]
    assert GOOD.count(good) == 1
    with pytest.raises(InvalidInput) as refused:
        load_policy(GOOD.replace(good, bad))
    assert type(refused.value) is error
    assert refused.value.detail["line"] == line
    assert TABLE[error.code] is error
    assert refused.value.sentence("zh") != refused.value.sentence("en")
    assert refused.value.next_step("en")
    assert refused.value.next_step("zh")


@pytest.mark.parametrize("text", ["", "- a\n- b", "just words", "a: &x [*x]", "\t:"])
def test_what_is_no_policy_at_all_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        load_policy(text)


def test_a_policy_of_unreasonable_length_is_refused() -> None:
    with pytest.raises(PolicyUnreadable):
        load_policy(GOOD + "# " + "x" * LONGEST_POLICY)


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("requires: verified AND linked_bank >= 2", 6, 24),
        ("requires: 'residency = ''foreign'' AND linked_bank >= 2'", 6, 40),
        ('requires: "verified AND linked_bank >= 2"', 6, 25),
        ("requires: verified\n  AND linked_bank >= 2", 7, 7),
        ("requires: >-\n  verified\n  AND\n  linked_bank >= 2", 9, 3),
        ("requires: |\n  linked_banks >= 1 AND\n  linked_bank >= 2", 8, 3),
    ],
)
def test_the_place_is_found_in_every_way_yaml_can_be_written(
    written: str, line: int, column: int
) -> None:
    """`linked_bank` is unknown, wherever the text is folded or quoted."""
    with pytest.raises(PolicyUnknownFact) as refused:
        load_policy(GOOD.replace(f"requires: {REQUIRES}", written))
    assert (refused.value.detail["line"], refused.value.detail["column"]) == (line, column)


def _blocking_withdraw(applies_to: str, requires: str) -> str:
    return (
        GOOD.replace("residency = 'foreign'", applies_to)
        .replace(REQUIRES, requires)
        .replace("top_up]", "withdraw]")
    )


@pytest.mark.parametrize(
    ("applies_to", "requires"),
    [
        ("TRUE", "legal_hold = FALSE"),
        ("legal_hold", "FALSE"),
        ("residency = 'foreign' AND legal_hold", "linked_banks >= 2"),
        ("TRUE", "NOT legal_hold OR linked_banks >= 2"),
    ],
)  # fmt: skip
def test_under_a_legal_hold_money_may_be_kept(applies_to: str, requires: str) -> None:
    assert load_policy(_blocking_withdraw(applies_to, requires)).blocks[-1] == "withdraw"


@pytest.mark.parametrize(
    ("applies_to", "requires"),
    [
        ("TRUE", "legal_hold = FALSE AND linked_banks >= 2"),
        ("TRUE", "legal_hold = TRUE"),
        ("legal_hold OR linked_banks < 2", "verified"),
        ("legal_hold IS NOT NULL", "verified"),
        ("TRUE", "verified IS NULL OR legal_hold = TRUE"),
    ],
)
def test_reading_legal_hold_is_no_excuse_for_trapping_money(applies_to: str, requires: str) -> None:
    with pytest.raises(PolicyTrapsMoney):
        load_policy(_blocking_withdraw(applies_to, requires))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (at(2026, 11, 30, 23, 59), "draft"),
        (at(2026, 12, 1, 0), "announced"),
        (at(2026, 12, 15, 0), "warning"),
        (at(2027, 1, 14, 23, 59), "warning"),
        (at(2027, 1, 15, 0), "enforced"),
        (at(2027, 6, 1, 0), "retired"),
    ],
)
def test_a_policy_goes_through_its_phases_at_midnight(day: datetime, expected: str) -> None:
    policy = load_policy(GOOD.replace("rollout:", "retire: 2027-06-01, rollout:"))
    assert phase(policy, day) == expected
    assert enforced_from(policy) == at(2027, 1, 15, 0)


PACK = {policy.name: policy for policy in load_pack()}


@pytest.mark.parametrize("policy", PACK.values(), ids=PACK)
def test_each_shipped_policy_has_its_basis_and_traps_no_money(policy: Policy) -> None:
    assert policy.basis.en
    assert re.search(r"[\u4e00-\u9fff]", policy.basis.zh)
    assert policy.source
    assert policy.explain_en
    assert policy.explain_zh
    traps = WAYS_OUT_OF_A_WALLET.intersection(policy.blocks)
    assert policy.name == "legal-hold" or not traps
    assert "export" not in policy.blocks
    assert "IS NOT TRUE" in locked_out_sql(policy)


def test_the_pack_is_complete_and_each_capability_is_known() -> None:
    assert set(PACK) == {
        "two-banks", "document-expiry", "real-name", "category-one", "category-one-receive",
        "category-two", "category-three", "legal-hold",
    }  # fmt: skip
    assert {name for policy in PACK.values() for name in policy.blocks} <= set(CAPABILITIES)

"""Rules that contradict each other, stand behind another, or never come to bear are found out."""

from __future__ import annotations

import pytest

from qianbao.policy.lint import Finding, in_force, lint_conditions
from qianbao.policy.policies import load_pack, load_policy
from tests.policy.bad import rule

PACK = load_pack()


def _found(*policies: tuple[str, str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    made = [rule(name, requires, applies_to=applies) for name, applies, requires in policies]
    return [_short(finding) for finding in lint_conditions(tuple(made))]


def _short(finding: Finding) -> tuple[str, str, tuple[str, ...]]:
    assert finding.message.en
    assert finding.message.zh
    return finding.severity, finding.code, finding.policies


def test_the_shipped_pack_has_nothing_of_the_kind() -> None:
    assert lint_conditions(in_force(PACK)) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("linked_banks >= 2", "linked_banks <= 1"),
        ("residency = 'foreign'", "residency IN ('mainland', 'hmt')"),
        ("document_valid_until > today + 30", "document_valid_until < today"),
        ("category >= 2", "channels < 3"),
        ("verified", "days_since_verified IS NULL"),
        ("paid_today_minor >= 100", "paid_this_year_minor < 100"),
        ("days_since_opened < 60", "days_since_verified >= 60"),
    ],
)
def test_what_nobody_can_meet_together_contradicts(one: str, other: str) -> None:
    found = _found(("one", "TRUE", one), ("other", "TRUE", other))
    assert ("error", "contradict", ("other", "one")) in found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("TRUE", "linked_banks >= 2"), ("TRUE", "linked_banks <= 2")),
        (("residency = 'foreign'", "linked_banks >= 2"),
         ("residency = 'mainland'", "linked_banks <= 1")),
        (("TRUE", "linked_banks >= 2"), ("linked_banks < 2", "verified")),
        (("TRUE", "paid_today_minor < 100"), ("TRUE", "paid_this_year_minor >= 100")),
        (("TRUE", "verified"), ("TRUE", "days_since_opened < 60")),
        (("TRUE", "paid_today_minor >= 500"), ("TRUE", "paid_this_year_minor < 600")),
    ],
)  # fmt: skip
def test_what_somebody_meets_together_does_not(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    codes = [code for _, code, _ in _found(("one", *one), ("other", *other))]
    assert "contradict" not in codes


@pytest.mark.parametrize(
    ("behind", "before"),
    [
        (("TRUE", "linked_banks >= 2"), ("TRUE", "linked_banks >= 3")),
        (("residency = 'foreign'", "channels >= 3"), ("TRUE", "category >= 2")),
        (("TRUE", "paid_today_minor + amount_minor <= 500"),
         ("TRUE", "paid_today_minor + amount_minor <= 400")),
        (("TRUE", "document_kind IS NOT NULL"), ("TRUE", "verified")),
    ],
)  # fmt: skip
def test_a_rule_that_changes_nothing_is_shadowed(
    behind: tuple[str, str], before: tuple[str, str]
) -> None:
    for order in ((("behind", *behind), ("before", *before)),
                  (("before", *before), ("behind", *behind))):  # fmt: skip
        assert _found(*order) == [("warning", "shadowed", ("behind", "before"))]


def test_a_rule_behind_another_on_less_is_not_shadowed() -> None:
    wide = rule("wide", "linked_banks >= 2", blocks="pay, transfer")
    narrow = rule("narrow", "linked_banks >= 3", blocks="pay")
    assert lint_conditions((wide, narrow)) == ()


@pytest.mark.parametrize(
    ("applies", "requires", "code"),
    [
        ("category = 1 AND channels >= 3", "verified", "never_applies"),
        ("residency = 'foreign' AND document_kind IS NULL", "verified", "never_applies"),
        ("linked_banks > 40", "verified", "never_applies"),
        ("paid_today_minor > paid_this_year_minor", "verified", "never_applies"),
        ("linked_cards < linked_banks", "verified", "never_applies"),
        ("linked_cards > 10", "verified", "never_applies"),
        ("linked_banks >= 8 AND linked_cards - linked_banks >= 3", "verified", "never_applies"),
        ("verified", "days_since_verified >= 0", "never_blocks"),
        ("category = 3", "channels > 4 AND document_kind IS NOT NULL", "never_blocks"),
        ("TRUE", "amount_minor > 0", "never_blocks"),
    ],
)
def test_a_rule_that_never_comes_to_bear(applies: str, requires: str, code: str) -> None:
    assert _found(("idle", applies, requires)) == [("error", code, ("idle",))]


@pytest.mark.parametrize(
    ("applies", "requires"),
    [
        ("linked_cards >= 3 AND linked_banks = 1", "verified = FALSE"),
        ("residency = 'foreign' AND linked_cards >= 3", "linked_banks >= 2"),
        ("linked_cards - linked_banks >= 9", "channels >= 4"),
        ("linked_cards = 10 AND linked_banks = 1", "channels >= 4"),
        ("mandates_active >= 12 AND score_orders_open > mandates_active", "in_flight > 4"),
    ],
)
def test_a_rule_on_many_cards_of_one_bank_comes_to_bear(applies: str, requires: str) -> None:
    """A wallet may have ten cards, all of them from one bank."""
    assert _found(("rare", applies, requires)) == []


def test_two_files_with_one_name_and_what_is_too_much_to_prove() -> None:
    twice = _found(("same", "TRUE", "verified"), ("same", "TRUE", "linked_banks >= 2"))
    assert ("error", "policy_twice", ("same",)) in twice
    sums = "paid_today_minor + in_flight + mandates_active + score_orders_open < 9"
    assert ("warning", "not_proven", ("sums",)) in _found(("sums", "TRUE", sums))


@pytest.mark.parametrize(("grace_days", "is_told"), [(16, False), (17, True), (400, True)])
def test_grace_beyond_the_day_of_retirement_is_told(grace_days: int, is_told: bool) -> None:
    """From 15 January to 1 February are 17 days: who falls out once it is enforced is let go."""
    dates = "{announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15, retire: 2027-02-01}"
    text = rule("brief", "linked_banks >= 2").text
    policy = load_policy(f"{text}\ntimeline: {dates}\ngrace_days: {grace_days}\n")
    found = lint_conditions(in_force([policy]))
    told = [("warning", "grace_outlasts", ("brief",))] if is_told else []
    assert [_short(finding) for finding in found] == told

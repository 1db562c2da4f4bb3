"""Conditions: checked when written; every reader of the tree gives SQL's own answer."""

from __future__ import annotations

import sqlite3

import pytest
import sqlglot
from hypothesis import given, settings

from qianbao.errors import InvalidInput
from qianbao.policy.closures import to_sql
from qianbao.policy.conditions import (
    LONGEST_CONDITION,
    PolicyForbidden,
    PolicySyntax,
    PolicyTypeError,
    PolicyUnknownFact,
    PolicyUnknownValue,
    read_condition,
)
from qianbao.policy.facts import FACTS, Facts
from qianbao.policy.sentences import compare, failed_leaves, sentence
from tests.policy.expressions import conditions, facts, truth


@settings(max_examples=400, deadline=None)
@given(text=conditions(), given_facts=facts())
def test_the_closure_gives_the_three_valued_answer(text: str, given_facts: Facts) -> None:
    expected = truth(sqlglot.parse_one(text, dialect="postgres"), given_facts)
    assert read_condition(text).value(given_facts) is expected


@settings(max_examples=300, deadline=None)
@given(text=conditions(with_dates=False), given_facts=facts())
def test_the_sql_gives_the_answer_in_a_real_database(text: str, given_facts: Facts) -> None:
    condition = read_condition(text)
    columns = [name for name, fact in FACTS.items() if fact.type != "date"]
    row = ", ".join(f"? AS {name}" for name in columns)
    where = to_sql(condition.tree, "sqlite", columns=True)
    # dates are not columns here, and no leaf but IS NULL names them
    dates = ", ".join(f"'x' AS {name}" for name in FACTS if name not in columns)
    known = given_facts | {name: "x" for name in FACTS if name not in columns}
    with sqlite3.connect(":memory:") as connection:
        values = [given_facts[name] for name in columns]
        query = f"SELECT ({where}) FROM (SELECT {row}, {dates})"
        (answer,) = connection.execute(query, values).fetchone()
    assert condition.value(known) is (None if answer is None else bool(answer))


@settings(max_examples=300, deadline=None)
@given(text=conditions(), given_facts=facts())
def test_what_is_explained_is_what_was_decided(text: str, given_facts: Facts) -> None:
    """A condition that is TRUE has no failed leaf and nothing to say; any other has both."""
    condition = read_condition(text)
    leaves = failed_leaves(condition.tree, given_facts)
    said = {
        language: sentence(condition.tree, given_facts, currency="CNY", language=language)
        for language in ("en", "zh")
    }
    assert bool(leaves) is not condition.holds(given_facts)
    assert all(bool(words) is bool(leaves) for words in said.values())
    for leaf in leaves:
        compare(leaf, given_facts)


@settings(max_examples=200, deadline=None)
@given(text=conditions(), given_facts=facts())
def test_reading_what_was_written_changes_nothing(text: str, given_facts: Facts) -> None:
    condition = read_condition(text)
    again = read_condition(to_sql(condition.tree, columns=True))
    assert again.value(given_facts) is condition.value(given_facts)


def test_brackets_survive_being_written_out() -> None:
    tree = read_condition("(verified OR legal_hold) AND NOT (pay_score_on AND verified)").tree
    assert to_sql(tree, columns=True) == (
        "(verified = TRUE OR legal_hold = TRUE) AND (pay_score_on = FALSE OR verified = FALSE)"
    )


REFUSED = [
    ("linked_bank >= 2", PolicyUnknownFact, 1, 1, "linked_banks"),
    ("verified AND\n  chanels >= 3", PolicyUnknownFact, 2, 3, "channels"),
    ("\"Residency\" = 'foreign'", PolicyUnknownFact, 1, 1, "residency"),
    ("residency = 'forein'", PolicyUnknownValue, 1, 13, "foreign"),
    ("document_kind IN ('passport', 'pasport')", PolicyUnknownValue, 1, 31, "passport"),
    ("channels > '3'", PolicyTypeError, 1, 12, None),
    ("channels > 1.5", PolicyTypeError, 1, 12, None),
    ("channels", PolicyTypeError, 1, 1, None),
    ("verified > TRUE", PolicyTypeError, 1, 1, None),
    ("residency + 1 > 2", PolicyTypeError, 1, 1, None),
    ("today + today > today", PolicyTypeError, 1, 9, None),
    ("document_valid_until * 2 > today", PolicyTypeError, 1, 1, None),
    ("today > '2027-01-15'", PolicyTypeError, 1, 9, None),
    ("today > DATE '2027-13-15'", PolicyTypeError, 1, 14, None),
    ("NOT channels", PolicyTypeError, 1, 5, None),
    ("upper(residency) = 'X'", PolicyForbidden, 1, 1, None),
    ("channels > (SELECT 1)", PolicyForbidden, 1, 20, None),
    ("channels IN (SELECT 1)", PolicyForbidden, 1, 1, None),
    ("channels IN (linked_banks, 2)", PolicyForbidden, 1, 14, None),
    ("channels::text = '1'", PolicyForbidden, 1, 1, None),
    ("channels / 2 > 1", PolicyForbidden, 1, 1, None),
    ("channels * linked_banks > 2", PolicyForbidden, 1, 1, None),
    ("channels = NULL", PolicyForbidden, 1, 1, None),
    ("verified IS TRUE", PolicyForbidden, 1, 1, None),
    ("residency LIKE 'f%'", PolicyForbidden, 1, 1, None),
    ("wallets.residency = 'foreign'", PolicyForbidden, 1, 1, None),
    ("channels = :channels", PolicyForbidden, 1, 1, None),
    ("1 < channels < 3", PolicyForbidden, 1, 1, None),
    ("verified = verified = verified", PolicyForbidden, 1, 1, None),
    ("channels BETWEEN SYMMETRIC 3 AND 1", PolicyForbidden, 1, 1, None),
    ("SELECT 1", PolicyForbidden, 1, 8, None),
    ("DROP TABLE wallets", PolicyForbidden, 1, 12, None),
    ("", PolicySyntax, 1, 1, None),
    ("channels >", PolicySyntax, 1, 10, None),
    ("(verified", PolicySyntax, 1, 2, None),
    ("legal_hold = FALSE)", PolicySyntax, 1, 19, None),
    ("residency = 'foreign", PolicySyntax, 1, 13, None),
    ("channels = 1 2", PolicySyntax, 1, 14, None),
    ("verified; verified", PolicySyntax, 1, 11, None),
    ("(" * 1500 + "verified" + ")" * 1500, PolicySyntax, 1, 1, None),
    ("verified AND " * LONGEST_CONDITION + "verified", PolicySyntax, 1, 1, None),
]


@pytest.mark.parametrize(
    ("text", "error", "line", "column", "nearest"), REFUSED, ids=[row[0][:30] for row in REFUSED]
)
def test_a_wrong_condition_is_refused_with_its_place(
    text: str, error: type[InvalidInput], line: int, column: int, nearest: str | None
) -> None:
    with pytest.raises(error) as refused:
        read_condition(text)
    assert type(refused.value) is error
    assert (refused.value.detail["line"], refused.value.detail["column"]) == (line, column)
    assert refused.value.detail.get("nearest") == nearest
    for language in ("en", "zh"):
        assert refused.value.sentence(language)
        assert refused.value.next_step(language)


def test_facts_become_sql_over_the_wallets_row() -> None:
    tree = read_condition("days_since_verified < 90 OR linked_banks >= 2").tree
    assert to_sql(tree) == (
        "((CAST((%(now)s AT TIME ZONE time_zone) AS DATE) "
        "- CAST((verified_at AT TIME ZONE time_zone) AS DATE))) < 90 "
        "OR ((SELECT COUNT(DISTINCT bank) FROM UNNEST(card_banks) AS bank)) >= 2"
    )


@pytest.mark.parametrize(
    ("text", "given_facts", "en", "zh"),
    [
        ("linked_banks >= 2 OR days_since_verified < 90",
         {"linked_banks": 1, "days_since_verified": 120},
         "banks with a linked card: 1, at least 2 needed; or days since your real name was "
         "verified: 120 days, less than 90 days needed",
         "已绑卡的银行数：目前为 1，至少须为 2；或者距实名认证的天数：目前为 120 天，须少于 90 天"),
        ("verified AND paid_today_minor + amount_minor <= 500000",
         {"verified": False, "paid_today_minor": 450_000, "amount_minor": 100_000},
         "real name verified: no, yes needed; and paid today plus this amount: ¥5,500.00, at most "
         "¥5,000.00 allowed",
         "已完成实名认证：目前为 否，应为 是；并且今日已付金额加本次金额：目前为 ¥5,500.00，"
         "不得超过 ¥5,000.00"),
        ("NOT document_valid_until < DATE '2027-03-01'", {"document_valid_until": None},
         "document valid until: unknown, must be 1 March 2027 or later",
         "证件有效期至：目前为 未知，须不早于 2027年3月1日"),
    ],
)  # fmt: skip
def test_a_failed_condition_reads_well_without_a_template(
    text: str, given_facts: Facts, en: str, zh: str
) -> None:
    tree = read_condition(text).tree
    assert sentence(tree, given_facts, currency="CNY", language="en") == en
    assert sentence(tree, given_facts, currency="CNY", language="zh") == zh

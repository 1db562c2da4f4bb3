"""Conditions: checked when written; every reader of the tree gives SQL's own answer."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from qianbao.errors import InvalidInput
from qianbao.policy.closures import to_sql
from qianbao.policy.compared import Compared, Comparison, compare
from qianbao.policy.conditions import (
    LONGEST_CONDITION,
    PolicyComment,
    PolicyForbidden,
    PolicySyntax,
    PolicyTypeError,
    PolicyUnknownFact,
    PolicyUnknownValue,
    read_condition,
    refuse_comment,
)
from qianbao.policy.facts import Facts
from qianbao.policy.operands import leaf_holds
from qianbao.policy.sentences import sentence
from tests.policy.expressions import conditions, facts, truth


@settings(max_examples=400, deadline=None)
@given(text=conditions(), given_facts=facts())
def test_the_closure_gives_the_three_valued_answer(text: str, given_facts: Facts) -> None:
    expected = truth(sqlglot.parse_one(text, dialect="postgres"), given_facts)
    assert read_condition(text).value(given_facts) is expected


@settings(max_examples=300, deadline=None)
@given(text=conditions(), given_facts=facts())
def test_what_is_explained_is_what_was_decided(text: str, given_facts: Facts) -> None:
    """A condition that is TRUE has no failed leaf and nothing to say; any other has both."""
    condition = read_condition(text)
    compared = compare(condition.tree, given_facts)
    said = {
        language: sentence(compared, currency="CNY", language=language) for language in ("en", "zh")
    }
    assert bool(compared.leaves()) is not condition.holds(given_facts)
    assert all(bool(words) is bool(compared.leaves()) for words in said.values())


@settings(max_examples=300, deadline=None)
@given(text=conditions(), given_facts=facts(), data=st.data())
def test_what_is_said_to_be_enough_is_enough_and_no_less_is(
    text: str, given_facts: Facts, data: st.DataObject
) -> None:
    """Whoever puts right all of an "all" and one of an "any" meets the condition; whoever leaves
    out a single thing of it does not."""
    tree = read_condition(text).tree
    compared = compare(tree, given_facts)
    done = _enough(compared, data)
    assert _holds_once(tree, given_facts, done)
    said_once = len(set(compared.leaves())) == len(compared.leaves())
    for left_out in done if said_once else ():
        assert not _holds_once(tree, given_facts, done - {left_out})


def _enough(compared: Compared, data: st.DataObject) -> frozenset[Comparison]:
    parts = [*(frozenset({one}) for one in compared.comparisons)]
    parts += [_enough(group, data) for group in compared.groups]
    if compared.combine == "any":
        return data.draw(st.sampled_from(parts))
    return frozenset[Comparison]().union(*parts)


def _holds_once(tree: Any, given_facts: Facts, done: frozenset[Comparison]) -> bool:
    if isinstance(tree, exp.And | exp.Or):
        sides = [_holds_once(side, given_facts, done) for side in (tree.this, tree.expression)]
        return all(sides) if isinstance(tree, exp.And) else any(sides)
    return leaf_holds(tree, given_facts) or compare(tree, given_facts).comparisons[0] in done


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
    ("linked_banks >= 2 -- x", PolicyComment, 1, 19, None),
    ("linked_banks >= 2 /* x */ AND verified", PolicyComment, 1, 19, None),
    ("verified\n  AND channels >= 1 --", PolicyComment, 2, 21, None),
    ("residency = '--' -- x", PolicyComment, 1, 18, None),
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
        (refuse_comment if error is PolicyComment else read_condition)(text)
    assert type(refused.value) is error
    assert (refused.value.detail["line"], refused.value.detail["column"]) == (line, column)
    assert refused.value.detail.get("nearest") == nearest
    for language in ("en", "zh"):
        assert refused.value.sentence(language)
        assert refused.value.next_step(language)


def test_facts_become_sql_over_the_wallets_row() -> None:
    tree = read_condition("days_since_verified < 90 OR linked_cards >= 2").tree
    assert to_sql(tree) == (
        "((CAST((%(now)s AT TIME ZONE time_zone) AS DATE) "
        "- CAST((verified_at AT TIME ZONE time_zone) AS DATE))) < 90 "
        "OR (CARDINALITY(card_banks)) >= 2"
    )


@pytest.mark.parametrize(
    ("text", "given_facts", "en", "zh"),
    [
        ("linked_banks >= 2 OR days_since_verified < 90",
         {"linked_banks": 1, "days_since_verified": 120},
         "banks with a linked card: 1, needed: at least 2; or days since your real name was "
         "first verified: 120 days, needed: less than 90 days",
         "已绑卡的银行数：1，要求：至少 2；或者距首次实名认证的天数：120 天，要求：少于 90 天"),
        ("verified AND paid_today_minor + amount_minor <= 500000",
         {"verified": False, "paid_today_minor": 450_000, "amount_minor": 100_000},
         "real name verified: no, needed: yes; and paid today plus this amount: ¥5,500.00, needed: "
         "at most ¥5,000.00",
         "已完成实名认证：否，要求：是；并且今日已付金额加本次金额：¥5,500.00，"
         "要求：不超过 ¥5,000.00"),
        ("NOT document_valid_until < DATE '2027-03-01'", {"document_valid_until": None},
         "document valid until: unknown, needed: 1 March 2027 or later",
         "证件有效期至：未知，要求：不早于 2027年3月1日"),
        ("verified AND (linked_banks >= 2 OR residency IN ('mainland', 'hmt') AND channels > 2)",
         {"verified": False, "linked_banks": 1, "residency": "foreign", "channels": 2},
         "real name verified: no, needed: yes; and (banks with a linked card: 1, needed: at least "
         "2; or (residency: foreign, needed: one of mainland Chinese, Hong Kong, Macao or Taiwan; "
         "and outside sources that confirmed you: 2, needed: more than 2))",
         "已完成实名认证：否，要求：是；并且（已绑卡的银行数：1，要求：至少 2；或者（"
         "身份类别：外籍，要求：内地居民、港澳台居民 之一；并且"
         "已核验身份的外部渠道数：2，要求：多于 2））"),
    ],
)  # fmt: skip
def test_a_failed_condition_reads_well_without_a_template(
    text: str, given_facts: Facts, en: str, zh: str
) -> None:
    compared = compare(read_condition(text).tree, given_facts)
    assert sentence(compared, currency="CNY", language="en") == en
    assert sentence(compared, currency="CNY", language="zh") == zh

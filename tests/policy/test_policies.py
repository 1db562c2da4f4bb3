"""Policies: what may be written, what is refused and where, and the pack that is shipped."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from qianbao.errors import TABLE, InvalidInput
from qianbao.policy.conditions import (
    PolicyComment,
    PolicyForbidden,
    PolicyTypeError,
    PolicyUnknownFact,
)
from qianbao.policy.dates import enforced_from, phase, steps
from qianbao.policy.facts import facts_at
from qianbao.policy.fields import PolicyFieldMissing, PolicyUnknownField
from qianbao.policy.marks import LONGEST_POLICY, PolicyFieldWrong, PolicyUnreadable
from qianbao.policy.policies import (
    CAPABILITIES,
    WAYS_OUT_OF_A_WALLET,
    Policy,
    PolicyTrapsMoney,
    PolicyUnknownCapability,
    load_pack,
    load_policy,
    load_written,
    locked_out_sql,
    policy_schema,
)
from qianbao.policy.reasons import headroom_minor
from qianbao.policy.timeline import PolicyTimelineOrder
from tests.policy.cast import anna, at

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


@pytest.mark.parametrize("slip", [("top_up]", "pay]"), ("< 90", "< 90 -- days")])
def test_what_is_stored_stays_readable(slip: tuple[str, str]) -> None:
    """A check that is new stops nobody's payments: it is for what is written from now on."""
    load_policy(GOOD.replace(*slip))
    with pytest.raises(InvalidInput):
        load_written(GOOD.replace(*slip))


def test_a_basis_is_given_in_both_languages_or_once_for_both() -> None:
    once = load_policy(GOOD)
    assert once.basis.en == once.basis.zh == "PBOC 2015 No. 43, categories by channels"
    plain = "basis: PBOC 2015 No. 43, categories by channels"
    both = load_policy(GOOD.replace(plain, "basis: {en: PBOC No. 43, zh: 公告第43号}"))
    assert (both.basis.en, both.basis.zh) == ("PBOC No. 43", "公告第43号")


def test_a_limit_without_a_fact_is_of_each_request() -> None:
    policy = load_policy(GOOD.replace(f"requires: {REQUIRES}", "limit: {at_most_minor: 50000}"))
    assert policy.requires.reads == {"amount_minor"}
    facts = facts_at(anna(), at(2027, 2, 1), 50_000)
    assert policy.requires.holds(facts)
    assert policy.requires.fails(facts | {"amount_minor": 50_001})
    assert headroom_minor(policy, facts) == 50_000


REFUSED = {
    "not yaml": (("version: 3", "version: [3"), PolicyUnreadable, 3),
    "an unknown field": (("basis:", "bases:"), PolicyUnknownField, 4),
    "a field twice": (("version: 3", "version: 3\nversion: 4"), PolicyFieldWrong, 3),
    "a title in one language": ((", zh: 绑定两家银行的银行卡", ""), PolicyFieldMissing, 3),
    "a version that is text": (("version: 3", "version: three"), PolicyFieldWrong, 2),
    "a name with blanks": (("policy: two-banks", "policy: Two Banks"), PolicyFieldWrong, 1),
    "a day that is no day": (("warn: 2026-12-15", "warn: soon"), PolicyFieldWrong, 8),
    "a thirteenth month": (("warn: 2026-12-15", "warn: 2026-13-15"), PolicyFieldWrong, 8),
    "neither requires nor limit": ((f"requires: {REQUIRES}\n", ""), PolicyFieldWrong, 1),
    "both requires and limit": (
        ("otherwise:", "limit: {fact: paid_today_minor, at_most_minor: 5}\notherwise:"),
        PolicyFieldWrong, 7,
    ),
    "blocking nothing": (("[pay, transfer, top_up]", "[]"), PolicyFieldWrong, 7),
    "a capability twice": (("top_up]", "pay]"), PolicyFieldWrong, 7),
    "a comment in a condition": (("< 90", "< 90 -- days"), PolicyComment, 6),
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
        PolicyFieldMissing, 4,
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
        load_written(GOOD.replace(good, bad))
    assert type(refused.value) is error
    assert refused.value.detail["line"] == line
    assert TABLE[error.code] is error
    assert refused.value.sentence("zh") != refused.value.sentence("en")
    assert refused.value.next_step("en")
    assert refused.value.next_step("zh")


ADVISED = [
    (("basis:", "bases:"), (4, 1), "Did you mean basis?", "您要写的是 basis 吗？"),
    (("{block:", "{blocks:"), (7, 13), "Did you mean block?", "您要写的是 block 吗？"),
    (("warn: 2", "warned: 2"), (8, 34), "Did you mean warn?", "您要写的是 warn 吗？"),
    (("version: 3", "version: three"), (2, 10), "a whole number is needed", "应为整数"),
    (("warn: 2026-12-15", "warn: soon"), (8, 40), "written 2027-01-15", "写作 2027-01-15"),
    (("warn: 2026-12-15", "warn: 2026-13-15"), (8, 40), "no such day", "没有这一天"),
    (("title: {en", "title: {eng"), (3, 9), "Did you mean en?", "您要写的是 en 吗？"),
    (("basis:", "who_must_act: holdr\nbasis:"), (4, 15), "Did you mean holder?", "holder 吗？"),
    (("version: 3\n", ""), (1, 1), "the field version is missing", "缺少字段 version"),
    (("top_up]", "topup]"), (7, 36), "Did you mean top_up?", "您要写的是 top_up 吗？"),
]


@pytest.mark.parametrize(
    ("change", "place", "en", "zh"), ADVISED, ids=[row[0][1][:20] for row in ADVISED]
)
def test_a_mistake_in_the_file_is_told_with_its_place_and_what_was_meant(
    change: tuple[str, str], place: tuple[int, int], en: str, zh: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_policy(GOOD.replace(*change))
    error = refused.value
    assert (error.detail["line"], error.detail["column"]) == place
    assert en in f"{error.sentence('en')} {error.next_step('en')}"
    assert zh in f"{error.sentence('zh')} {error.next_step('zh')}"


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
        "category-two", "category-three", "legal-hold", "daily-one-factor", "daily-two-factors",
        "missing-data", "dormant", "visitor-payment", "visitor-year",
    }  # fmt: skip
    assert {name for policy in PACK.values() for name in policy.blocks} <= set(CAPABILITIES)


# ── For editors ──────────────────────────────────────────────────────────────────────────────────

PACKS = Path(str(files("qianbao.policy"))) / "packs"


def test_the_schema_for_editors_is_the_one_the_code_makes() -> None:
    """`qianbao policy schema > src/qianbao/policy/packs/policy.schema.json` writes it again."""
    kept = json.loads((PACKS / "policy.schema.json").read_text("utf-8"))
    assert kept == policy_schema()
    assert all(field["description"] for field in kept["properties"].values())


@pytest.mark.parametrize("policy", PACK.values(), ids=PACK)
def test_each_shipped_policy_names_the_schema_and_fits_it(policy: Policy) -> None:
    first = policy.text.splitlines()[0]
    assert first == "# yaml-language-server: $schema=../policy.schema.json"
    assert _misfits(yaml.safe_load(policy.text), policy_schema(), policy_schema()["$defs"]) == []


@pytest.mark.parametrize(
    ("change", "misfit"),
    [
        (("basis:", "bases:"), "bases"),
        (("top_up]", "topup]"), "topup"),
        (("version: 3", "version: x"), "x"),
        (("{block: [pay, transfer, top_up]}", "{require: [cod], before: [pay]}"), "cod"),
        (("{block: [pay, transfer, top_up]}", "{require: [code], before: [close]}"), "close"),
        (("{block: [pay, transfer, top_up]}", "{require: [code]}"), "['require'] fits 0"),
        (("requires:", "when: TRUE\nrequires:"), "fits 2"),
        (("requires:", "when:"), "no require"),
        (("[pay, transfer, top_up]", "[pay, pay]"), "twice"),
        (("[1, 10, 100]", "[10, 50]"), "no 100"),
        (("[1, 10, 100]", "[100, 100]"), "twice"),
        (("[1, 10, 100]", "[]"), "fewer than 1"),
        ((",\n  step_days: 7", ""), "no step_days"),
    ],
)
def test_the_schema_refuses_what_is_misspelt(change: tuple[str, str], misfit: str) -> None:
    wrong = yaml.safe_load(GOOD.replace(*change))
    assert misfit in " ".join(_misfits(wrong, policy_schema(), policy_schema()["$defs"]))


def _misfits(value: Any, schema: dict[str, Any], parts: dict[str, Any]) -> list[str]:
    """What in `value` breaks `schema`; the part of JSON Schema that ours uses."""
    if not schema:
        return []
    if "$ref" in schema:
        return _misfits(value, parts[schema["$ref"].rpartition("/")[2]], parts)
    if "anyOf" in schema:
        tries = [_misfits(value, one, parts) for one in schema["anyOf"]]
        return [] if [] in tries else tries[0]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{value} is none of {schema['enum']}"]
    kinds = {"string": (str, date), "integer": int, "boolean": bool, "object": dict, "array": list}
    if not isinstance(value, kinds.get(schema["type"], type(None))):
        return [f"{value} is no {schema['type']}"]
    if isinstance(value, list):
        return _misfits_of_list(value, schema, parts)
    if not isinstance(value, dict):
        return []
    ways = [one["required"] for one in schema.get("oneOf", [])]
    fitting = [way for way in ways if set(way) <= set(value)]
    if ways and len(fitting) != 1:
        return [f"{sorted(value)} fits {len(fitting)} of {ways}"]
    missing = [f"no {name}" for name in schema.get("required", []) if name not in value]
    known = schema.get("properties", {})
    is_closed = schema.get("additionalProperties") is False
    strange = [f"{name}: unknown" for name in value if is_closed and name not in known]
    inside = [
        wrong
        for name, one in value.items()
        if name in known
        for wrong in _misfits(one, known[name], parts)
    ]
    also = [one for name, one in schema.get("dependentSchemas", {}).items() if name in value]
    if "if" in schema and not _misfits(value, schema["if"], parts):
        also.append(schema["then"])
    return missing + strange + inside + [x for one in also for x in _misfits(value, one, parts)]


def _misfits_of_list(value: list[Any], schema: dict[str, Any], parts: dict[str, Any]) -> list[str]:
    found = [wrong for one in value for wrong in _misfits(one, schema.get("items", {}), parts)]
    if len(value) < schema.get("minItems", 0):
        found.append(f"fewer than {schema['minItems']}")
    if schema.get("uniqueItems") and len(set(value)) < len(value):
        found.append("twice")
    if "contains" in schema and schema["contains"]["const"] not in value:
        found.append(f"no {schema['contains']['const']}")
    return found

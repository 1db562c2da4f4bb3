"""A refusal in words: which leaf of a condition failed, what it compared, said in two languages.

Here belongs turning a tree and facts into comparisons and sentences. Words for facts come from the
registry; a policy may bring its own sentence (`explain`), whose placeholders are checked when it
is loaded.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from string import Formatter
from typing import Any

import msgspec
from sqlglot import exp

from qianbao.errors import Language
from qianbao.money import show
from qianbao.policy.conditions import operand_kind
from qianbao.policy.facts import FACTS, Facts, Value
from qianbao.policy.normal import is_negated
from qianbao.policy.operands import leaf_holds, operator_of, value_of

Told = int | str | bool | None
"""A value as it is told and stored: dates as ISO text."""

EXTRA_WORDS = frozenset({"card_banks", "limit", "headroom", "enforced_on"})
"""What a sentence may name besides facts: the linked banks, a limit and what is left of it, and the
day on which the policy begins to block."""

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip


class Comparison(msgspec.Struct, frozen=True):
    """One leaf that was not TRUE. `fact` is a fact's name or an expression over facts; a date is
    ISO text; `actual` None means it was not known."""

    fact: str
    operator: str
    expected: Told | tuple[Told, ...]
    actual: Told


def failed_leaves(tree: Any, facts: Facts) -> list[exp.Expression]:
    """The leaves because of which `tree` is not TRUE, in reading order."""
    if isinstance(tree, exp.And | exp.Or):
        left, right = failed_leaves(tree.this, facts), failed_leaves(tree.expression, facts)
        if isinstance(tree, exp.Or) and not (left and right):
            return []
        return left + right
    return [] if leaf_holds(tree, facts) else [tree]


def compare(leaf: Any, facts: Facts) -> Comparison:
    """What a failed leaf compared."""
    if isinstance(leaf, exp.Boolean):
        return Comparison("", "=", True, False)
    inner = leaf.this if is_negated(leaf) else leaf
    actual = _told(value_of(inner.this, facts))
    expected: Told | tuple[Told, ...]
    if isinstance(inner, exp.Is):
        expected = None
    elif isinstance(inner, exp.In):
        expected = tuple(_told(value_of(choice, facts)) for choice in inner.expressions)
    else:
        expected = _told(value_of(inner.expression, facts))
    return Comparison(_name(inner.this), operator_of(leaf), expected, actual)


def _name(node: Any) -> str:
    if isinstance(node, exp.Column):
        return str(node.name)
    return str(node.sql(dialect="postgres", comments=False))


def sentence(tree: Any, facts: Facts, *, currency: str, language: Language) -> str:
    """Why `tree` is not TRUE, as one clause: "banks with a linked card: 1, at least 2 needed; or
    …". Empty when it is TRUE."""
    if isinstance(tree, exp.And | exp.Or):
        parts = [
            sentence(side, facts, currency=currency, language=language)
            for side in (tree.this, tree.expression)
        ]
        if isinstance(tree, exp.Or):
            return _OR[language].join(parts) if all(parts) else ""
        return _AND[language].join(part for part in parts if part)
    if leaf_holds(tree, facts):
        return ""
    return _clause(tree, facts, currency=currency, language=language)


def show_value(value: Value, unit: str, *, currency: str, language: Language) -> str:
    """A fact's value for a person."""
    match value:
        case None:
            return _UNKNOWN[language]
        case bool():
            return _YES_NO[language][value]
        case date():
            if language == "zh":
                return f"{value.year}年{value.month}月{value.day}日"
            return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
        case int() if unit == "minor":
            return show(value, currency)
        case int() if unit == "days":
            return f"{value} 天" if language == "zh" else f"{value} day{'s' * (value != 1)}"
    return str(value)


@lru_cache(maxsize=1024)
def placeholders(template: str) -> tuple[str, ...]:
    """The names a sentence template asks for; raises ValueError when it is not made of plain
    `{name}` places."""
    names = []
    for _, name, form, conversion in Formatter().parse(template):
        if name is not None:
            if form or conversion:
                raise ValueError(f"write {{{name}}} alone")
            names.append(name)
    return tuple(names)


_OR: dict[Language, str] = {"en": "; or ", "zh": "；或者"}
_AND: dict[Language, str] = {"en": "; and ", "zh": "；并且"}
_UNKNOWN: dict[Language, str] = {"en": "unknown", "zh": "未知"}
_YES_NO: dict[Language, tuple[str, str]] = {"en": ("no", "yes"), "zh": ("否", "是")}
_NEEDED: dict[Language, dict[str, str]] = {
    "en": {
        "=": "{} needed", "<>": "must not be {}", "<": "less than {} needed",
        "<=": "at most {} allowed", ">": "more than {} needed", ">=": "at least {} needed",
        "IN": "one of {} needed", "NOT IN": "none of {} allowed",
        "IS NULL": "must not be set", "IS NOT NULL": "must be known",
    },
    "zh": {
        "=": "应为 {}", "<>": "不得为 {}", "<": "须少于 {}", "<=": "不得超过 {}",
        ">": "须多于 {}", ">=": "至少须为 {}", "IN": "须为 {} 之一", "NOT IN": "不得为 {}",
        "IS NULL": "须为空", "IS NOT NULL": "须为已知",
    },
}  # fmt: skip
_DATE_NEEDED: dict[Language, dict[str, str]] = {
    "en": {"<": "must be before {}", "<=": "must be {} or earlier", ">": "must be after {}",
           ">=": "must be {} or later"},
    "zh": {"<": "须早于 {}", "<=": "须不晚于 {}", ">": "须晚于 {}", ">=": "须不早于 {}"},
}  # fmt: skip


def _clause(leaf: Any, facts: Facts, *, currency: str, language: Language) -> str:
    if isinstance(leaf, exp.Boolean):
        return {"en": "not allowed", "zh": "不允许"}[language]
    inner = leaf.this if is_negated(leaf) else leaf
    unit = next((FACTS[column.name].unit for column in inner.find_all(exp.Column)), "")

    def shown(node: Any) -> str:
        return show_value(value_of(node, facts), unit, currency=currency, language=language)

    words = _words(inner.this, language)
    if isinstance(inner, exp.In):
        expected = ", ".join(shown(choice) for choice in inner.expressions)
    else:
        expected = "" if isinstance(inner, exp.Is) else shown(inner.expression)
    patterns = _NEEDED[language]
    if operand_kind(inner.this) == "date":
        patterns = patterns | _DATE_NEEDED[language]
    needed = patterns[operator_of(leaf)].format(expected)
    if language == "zh":
        return f"{words}：目前为 {shown(inner.this)}，{needed}"
    return f"{words}: {shown(inner.this)}, {needed}"


def _words(node: Any, language: Language) -> str:
    """The left side in words: "paid this year plus this amount"."""
    if isinstance(node, exp.Column):
        fact = FACTS[node.name]
        return fact.zh if language == "zh" else fact.en
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        words = {
            exp.Add: {"en": " plus ", "zh": "加"},
            exp.Sub: {"en": " minus ", "zh": "减"},
            exp.Mul: {"en": " times ", "zh": "乘以"},
        }[type(node)][language]
        return words.join(_words(side, language) for side in (node.this, node.expression))
    if isinstance(node, exp.Paren):
        return _words(node.this, language)
    return str(node.sql(dialect="postgres", comments=False))


def _told(value: Value) -> Told:
    return value.isoformat() if isinstance(value, date) else value

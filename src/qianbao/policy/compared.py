"""Why a condition is not met, as data: what was compared, and whether one of it is enough.

Here belongs turning a tree and facts into the leaves that failed, joined as the condition joins
them. Their words in sentences are in `sentences`.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
from sqlglot import exp

from qianbao.errors import Language
from qianbao.policy.conditions import operand_kind
from qianbao.policy.facts import FACTS, Facts, Value
from qianbao.policy.normal import is_negated
from qianbao.policy.operands import leaf_holds, operator_of, value_of

Told = int | str | bool | None
"""A value as it is told and stored: dates as ISO text."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One leaf that was not TRUE. `fact` is a fact's name or an expression over facts, `label_en`
    and `label_zh` say it in words; `unit` is the fact's, or "date". `expected` is what is needed,
    by `operator`; `actual` what there was when it was asked (None: not known). `projected`, in a
    rule that is still to come, is what there will be on its first day if nobody does anything;
    None where that is the same."""

    fact: str
    label_en: str = ""
    label_zh: str = ""
    unit: str = ""
    operator: str
    expected: Told | tuple[Told, ...]
    actual: Told
    projected: Told = None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Why a condition is not met. With `combine` "all", everything named here must come true; with
    "any", one of it is enough. `groups` are named alike, and count as one thing each. Only what was
    not TRUE is named."""

    combine: Literal["all", "any"]
    comparisons: tuple[Comparison, ...]
    groups: tuple[Compared, ...] = ()

    def leaves(self) -> tuple[Comparison, ...]:
        """Every comparison, the groups' too."""
        inside = (leaf for group in self.groups for leaf in group.leaves())
        return (*self.comparisons, *inside)


MET = Compared(combine="all", comparisons=())
"""A condition that is met: nothing is left to compare."""


def compare(tree: Any, facts: Facts, today: Facts | None = None) -> Compared:
    """Why `tree` is not TRUE of `facts`; `MET` when it is. With `today`, `facts` are those of a day
    to come, and `actual` is told as of today."""
    return _compare(tree, facts, facts if today is None else today) or MET


def words_of(node: Any, language: Language) -> str:
    """An operand in words: "paid this year plus this amount"."""
    if isinstance(node, exp.Column):
        fact = FACTS[node.name]
        return fact.zh if language == "zh" else fact.en
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        words = {
            exp.Add: {"en": " plus ", "zh": "加"},
            exp.Sub: {"en": " minus ", "zh": "减"},
            exp.Mul: {"en": " times ", "zh": "乘以"},
        }[type(node)][language]
        return words.join(words_of(side, language) for side in (node.this, node.expression))
    if isinstance(node, exp.Paren):
        return words_of(node.this, language)
    return str(node.sql(dialect="postgres", comments=False))


def _compare(tree: Any, facts: Facts, today: Facts) -> Compared | None:
    if isinstance(tree, exp.And | exp.Or):
        sides = [_compare(side, facts, today) for side in (tree.this, tree.expression)]
        failed = [side for side in sides if side is not None]
        if isinstance(tree, exp.And):
            return _join("all", failed) if failed else None
        return _join("any", _to_be_done(failed)) if len(failed) == len(sides) else None
    if leaf_holds(tree, facts):
        return None
    return Compared(combine="all", comparisons=(_leaf(tree, facts, today),))


def _to_be_done(sides: list[Compared]) -> list[Compared]:
    """Of several that would each be enough, those that somebody can bring about: "has no last day,
    or one to come" means to a person whose document has one that another is needed."""
    compared = {leaf.fact for side in sides for leaf in side.leaves() if leaf.operator != "IS NULL"}

    def is_void(side: Compared) -> bool:
        leaves = side.leaves()
        return all(leaf.operator == "IS NULL" and leaf.fact in compared for leaf in leaves)

    return [side for side in sides if not is_void(side)]


def _join(combine: Literal["all", "any"], sides: list[Compared]) -> Compared:
    """Several as one; what joins alike, or is a single comparison, needs no group of its own."""
    if len(sides) == 1:
        return sides[0]
    flat = [side for side in sides if side.combine == combine or len(side.leaves()) == 1]
    return Compared(
        combine=combine,
        comparisons=tuple(one for side in flat for one in side.comparisons),
        groups=(
            *(group for side in flat for group in side.groups),
            *(side for side in sides if side not in flat),
        ),
    )


class _Words(msgspec.Struct, frozen=True):
    """What is told of a leaf whatever the facts are. `expected` None: it depends on them. No part
    of the tree is in it: a tree is copied with its words."""

    fact: str
    label_en: str
    label_zh: str
    unit: str
    operator: str
    expected: Told | tuple[Told, ...]
    fixed: bool


_WORDS = "qianbao.words"
"""Where a leaf keeps its words: made once, and gone with the policy."""


def _leaf(leaf: Any, facts: Facts, today: Facts) -> Comparison:
    if isinstance(leaf, exp.Boolean):
        return Comparison(fact="", operator="=", expected=True, actual=False)
    words: _Words | None = leaf.meta.get(_WORDS)
    if words is None:
        words = leaf.meta[_WORDS] = _words(leaf)
    inner = _inner(leaf)
    then = _told(value_of(inner.this, facts))
    actual = then if today is facts else _told(value_of(inner.this, today))
    return Comparison(
        fact=words.fact,
        label_en=words.label_en,
        label_zh=words.label_zh,
        unit=words.unit,
        operator=words.operator,
        expected=words.expected if words.fixed else _told(value_of(inner.expression, facts)),
        actual=actual,
        projected=then if then != actual else None,
    )


def _inner(leaf: Any) -> Any:
    return leaf.this if is_negated(leaf) else leaf


def _words(leaf: Any) -> _Words:
    inner = _inner(leaf)
    expected: Told | tuple[Told, ...] = None
    fixed = True
    if isinstance(inner, exp.In):
        expected = tuple(_told(value_of(choice, {})) for choice in inner.expressions)
    elif not isinstance(inner, exp.Is):
        fixed = inner.expression.find(exp.Column) is None
        expected = _told(value_of(inner.expression, {})) if fixed else None
    return _Words(
        fact=_name(inner.this),
        label_en=words_of(inner.this, "en"),
        label_zh=words_of(inner.this, "zh"),
        unit=_unit(inner),
        operator=operator_of(leaf),
        expected=expected,
        fixed=fixed,
    )


def _unit(inner: Any) -> str:
    if operand_kind(inner.this) == "date":
        return "date"
    return next((FACTS[column.name].unit for column in inner.find_all(exp.Column)), "")


def _name(node: Any) -> str:
    if isinstance(node, exp.Column):
        return str(node.name)
    return str(node.sql(dialect="postgres", comments=False))


def _told(value: Value) -> Told:
    return value.isoformat() if isinstance(value, date) else value

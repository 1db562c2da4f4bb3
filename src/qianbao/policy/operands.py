"""What the parts of a condition are worth, one by one: for explaining, and for moving in time.

Decisions do not come here (they run `closures`); a test holds the two to the same answers.
"""

from __future__ import annotations

import operator
from datetime import date
from typing import Any

from sqlglot import exp

from qianbao.policy.facts import FACTS, Facts, Value
from qianbao.policy.normal import is_negated

_SIGNS: dict[type[exp.Expression], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_COMPARE = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def operator_of(leaf: Any) -> str:
    """How a leaf compares, as SQL writes it."""
    negated = is_negated(leaf)
    inner = leaf.this if negated else leaf
    if isinstance(inner, exp.In):
        return "NOT IN" if negated else "IN"
    if isinstance(inner, exp.Is):
        return "IS NOT NULL" if negated else "IS NULL"
    return _SIGNS[type(inner)]


def leaf_holds(leaf: Any, facts: Facts) -> bool:
    """Whether a leaf is TRUE."""
    if isinstance(leaf, exp.Boolean):
        return bool(leaf.this)
    negated = is_negated(leaf)
    inner = leaf.this if negated else leaf
    actual: Any = value_of(inner.this, facts)
    if isinstance(inner, exp.Is):
        return (actual is None) != negated
    if isinstance(inner, exp.In):
        found = actual in [value_of(choice, facts) for choice in inner.expressions]
        return actual is not None and found != negated
    expected: Any = value_of(inner.expression, facts)
    if actual is None or expected is None:
        return False
    return bool(_COMPARE[operator_of(inner)](actual, expected))


def value_of(node: Any, facts: Facts) -> Value:
    """What an operand is worth; None when any fact in it is not known."""
    match node:
        case exp.Column():
            return facts[node.name]
        case exp.Literal():
            return str(node.this) if node.is_string else int(node.this)
        case exp.Boolean():
            return bool(node.this)
        case exp.Cast():
            return date.fromisoformat(node.this.this)
        case exp.Paren():
            return value_of(node.this, facts)
        case exp.Neg():
            inner: Any = value_of(node.this, facts)
            return None if inner is None else -inner
    left: Any = value_of(node.this, facts)
    right: Any = value_of(node.expression, facts)
    if left is None or right is None:
        return None
    return _calculate(node, left, right)


def _calculate(node: Any, left: Any, right: Any) -> Value:
    if isinstance(node, exp.Mul):
        return int(left * right)
    dates = isinstance(left, date) + isinstance(right, date)
    left, right = (side.toordinal() if isinstance(side, date) else side for side in (left, right))
    total = int(left + right if isinstance(node, exp.Add) else left - right)
    if dates != 1:
        return total
    return date.fromordinal(min(max(total, 1), date.max.toordinal()))


def slope_of(node: Any) -> int:
    """By how much an operand grows each day when nobody does anything; dates count in days."""
    match node:
        case exp.Column():
            return FACTS[node.name].per_day
        case exp.Paren():
            return slope_of(node.this)
        case exp.Neg():
            return -slope_of(node.this)
        case exp.Add():
            return slope_of(node.this) + slope_of(node.expression)
        case exp.Sub():
            return slope_of(node.this) - slope_of(node.expression)
        case exp.Mul():  # one side is a number, see `conditions`
            scaled, factor = node.this, node.expression
            if factor.find(exp.Column):
                scaled, factor = factor, scaled
            return slope_of(scaled) * int(str(value_of(factor, {})))
    return 0

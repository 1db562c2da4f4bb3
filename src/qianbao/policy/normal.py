"""The normal form of a checked condition: AND and OR over leaves, no NOT above a leaf.

A leaf is a comparison (facts on the left where there are any), `IN`, `IS NULL`, the negation of
one of the last two, or a plain TRUE or FALSE. SQL's three-valued logic lets NOT move down: at
every step TRUE, FALSE and NULL stay what they were. What it buys: "is TRUE" and "is FALSE" of a
tree follow from its leaves alone, and a leaf that is not TRUE can be told to a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

COMPARISONS: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
}
"""Each comparison and its negation."""

_MIRROR: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.EQ: exp.EQ, exp.NEQ: exp.NEQ, exp.LT: exp.GT, exp.GT: exp.LT, exp.LTE: exp.GTE,
    exp.GTE: exp.LTE,
}  # fmt: skip


def normal_form(node: Any, *, negate: bool = False) -> exp.Expression:
    """`node`, or NOT `node`, in normal form; a fresh tree."""
    match node:
        case exp.Paren():
            return normal_form(node.this, negate=negate)
        case exp.Not():
            return normal_form(node.this, negate=not negate)
        case exp.And() | exp.Or():
            joins = exp.And if isinstance(node, exp.And) != negate else exp.Or
            left = normal_form(node.this, negate=negate)
            return joins(this=left, expression=normal_form(node.expression, negate=negate))
        case exp.Between():
            low = exp.GTE(this=node.this, expression=node.args["low"])
            high = exp.LTE(this=node.this, expression=node.args["high"])
            return normal_form(exp.And(this=low, expression=high), negate=negate)
        case exp.Boolean():
            return exp.Boolean(this=bool(node.this) != negate)
        case exp.Column():
            return exp.EQ(this=node.copy(), expression=exp.Boolean(this=not negate))
        case exp.Is():
            return _is_null(node, negate=bool(node.args.get("negate")) != negate)
        case exp.In():
            inside = exp.In(this=_bare(node.this), expressions=[_bare(c) for c in node.expressions])
            return exp.Not(this=inside) if negate else inside
    return _comparison(node, negate=negate)


def leaves_of(tree: exp.Expression) -> Iterator[exp.Expression]:
    """The leaves of a tree in normal form, from left to right."""
    if isinstance(tree, exp.And | exp.Or):
        yield from leaves_of(tree.this)
        yield from leaves_of(tree.expression)
    else:
        yield tree


def is_negated(leaf: exp.Expression) -> bool:
    """Whether a leaf is NOT IN or IS NOT NULL."""
    return isinstance(leaf, exp.Not)


def _is_null(node: exp.Is, *, negate: bool) -> exp.Expression:
    plain = exp.Is(this=_bare(node.this), expression=exp.Null())
    return exp.Not(this=plain) if negate else plain


def _comparison(node: Any, *, negate: bool) -> exp.Expression:
    operator = COMPARISONS[type(node)] if negate else type(node)
    left, right = _bare(node.this), _bare(node.expression)
    if right.find(exp.Column) and not left.find(exp.Column):
        left, right, operator = right, left, _MIRROR[operator]
    result: exp.Expression = operator(this=left, expression=right)
    return result


def _bare(node: exp.Expression) -> exp.Expression:
    """A copy without the outermost parentheses."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node.copy()

"""Where conditions change their mind: for each fact, the values at, below and above every point at
which a comparison turns.

A comparison is a straight line over facts (`conditions` sees to that), so it turns where its two
sides meet. A fact compared with numbers alone is cut at these; one compared with other facts is cut
where they meet at the values those are cut at. Here belongs that arithmetic; wallets are made of it
in `space`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product
from typing import Any

import msgspec
from sqlglot import exp

from qianbao.policy.closures import is_date
from qianbao.policy.facts import FACTS
from qianbao.policy.normal import is_negated, leaves_of

ROUNDS = 2
"""How often values found for one fact are carried over to those it is compared with: enough for
a comparison of two, and for two such that share one."""

COMBINATIONS_MOST = 400
"""Combinations of the other facts' values that one comparison is looked at with."""


class Line(msgspec.Struct, frozen=True):
    """A comparison: the sum of `weights` times facts, plus `constant`, compared with 0. Days count
    from the calendar's first."""

    weights: tuple[tuple[str, int], ...]
    constant: int


def lines_of(trees: Iterable[Any]) -> tuple[Line, ...]:
    """Every comparison of whole numbers or days in `trees`."""
    found = []
    for tree in trees:
        for leaf in leaves_of(tree):
            inner: Any = leaf.this if is_negated(leaf) else leaf
            if isinstance(inner, exp.Boolean | exp.Is) or not _counts(inner.this):
                continue
            rights = inner.expressions if isinstance(inner, exp.In) else [inner.expression]
            found += [_line(inner.this, right) for right in rights]
    return tuple(dict.fromkeys(line for line in found if line.weights))


def points_of(lines: Iterable[Line], anchors: dict[str, int]) -> dict[str, set[int]]:
    """For each fact in `lines` the values at, below and above its cuts. `anchors` are facts that
    only what they are compared with gives a meaning, such as today, each with a value of its own:
    they are cut where a number is named, and the others where they meet them."""
    lines = tuple(lines)
    alone = [line for line in lines if len(line.weights) == 1]
    joined = [line for line in lines if len(line.weights) > 1]
    points: dict[str, set[int]] = {name: {value} for name, value in anchors.items()}
    for line in alone:
        ((name, weight),) = line.weights
        points.setdefault(name, set()).update(_meeting(line, name, weight, points))
    for line in joined:
        for name, weight in line.weights:
            if name in anchors and all(other in points for other, _ in line.weights):
                points[name] = points[name] | _meeting(line, name, weight, points)
    for name in {name for line in joined for name, _ in line.weights}:
        points.setdefault(name, {0})
    for _ in range(ROUNDS):
        for line in joined:
            for name, weight in line.weights:
                if name not in anchors:
                    points[name] = points[name] | _meeting(line, name, weight, points)
    return points


def is_exact(line: Line, anchors: dict[str, int], points: dict[str, set[int]]) -> bool:
    """Whether the cuts of `line` miss nothing. It compares at most two facts besides the `anchors`,
    nor two sums of money added up (one may begin again where the other alone never stood); and
    where an anchor is compared with a count, no other value of it would matter: the count is of
    money, and can be what it takes."""
    others = [(name, weight) for name, weight in line.weights if name not in anchors]
    if len(others) == len(line.weights) or len(others) != 1:
        is_sum = len({weight > 0 for _, weight in others}) == 1
        added = len(others) == 2 and is_sum and _all_minor(others)
        return len(others) <= 2 and not added
    ((name, weight),) = others
    if FACTS[name].type == "date":
        return True
    meets = _meeting(line, name, weight, points)
    return FACTS[name].unit == "minor" and max(meets) > 0


def _all_minor(weights: Sequence[tuple[str, int]]) -> bool:
    return all(FACTS[name].unit == "minor" for name, _ in weights)


def _meeting(line: Line, name: str, weight: int, points: dict[str, set[int]]) -> set[int]:
    others = [(other, times) for other, times in line.weights if other != name]
    combinations = product(*(sorted(points[other]) for other, _ in others))
    found: set[int] = set()
    for number, values in enumerate(combinations):
        if number == COMBINATIONS_MOST:
            break
        rest = line.constant + sum(
            times * value for (_, times), value in zip(others, values, strict=True)
        )
        meets = -rest // weight
        found |= {meets - 1, meets, meets + 1}
    return found


def _line(left: Any, right: Any) -> Line:
    weights, constant = _linear(left)
    others, other = _linear(right)
    for name, times in others.items():
        weights[name] = weights.get(name, 0) - times
    return Line(tuple((name, times) for name, times in weights.items() if times), constant - other)


def _linear(node: Any) -> tuple[dict[str, int], int]:
    match node:
        case exp.Column():
            return {str(node.name): 1}, 0
        case exp.Literal():
            return {}, int(node.this)
        case exp.Cast():
            return {}, date.fromisoformat(node.this.this).toordinal()
        case exp.Paren():
            return _linear(node.this)
        case exp.Neg():
            return _scaled(_linear(node.this), -1)
    (weights, constant), (others, other) = _linear(node.this), _linear(node.expression)
    if isinstance(node, exp.Mul):  # one side is a number, see `conditions`
        return _scaled((others, other), constant) if others else _scaled((weights, constant), other)
    sign = 1 if isinstance(node, exp.Add) else -1
    names = dict.fromkeys((*weights, *others))
    total = {name: weights.get(name, 0) + sign * others.get(name, 0) for name in names}
    return total, constant + sign * other


def _scaled(line: tuple[dict[str, int], int], times: int) -> tuple[dict[str, int], int]:
    weights, constant = line
    return {name: weight * times for name, weight in weights.items()}, constant * times


def _counts(node: Any) -> bool:
    """Whether an operand is a whole number or a day."""
    if is_date(node):
        return True
    columns = list(node.find_all(exp.Column))
    if isinstance(node, exp.Boolean) or (isinstance(node, exp.Literal) and node.is_string):
        return False
    return all(FACTS[column.name].type in ("integer", "date") for column in columns)

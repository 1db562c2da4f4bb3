"""How far a condition may go: how deep it nests, and how large its numbers can become.

What is reckoned with must fit 64 bits and the calendars of all its readers whatever the facts are,
or one rich wallet would end the sweep of everybody's. Proved once, on writing, by reckoning with
each operand's least and greatest value.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlglot import exp

from qianbao.policy.closures import is_date
from qianbao.policy.facts import FACTS
from qianbao.policy.normal import COMPARISONS

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Of the days that a policy names."""

DEEPEST_CONDITION = 60
"""Levels of a condition's tree: so many ANDs in a row, for one."""

DEEPEST_BRACKETS = 20
"""Levels of brackets, NOT and signs, for each of which the reader of SQL goes many calls deep."""

MOST_WHOLE = 9_000_000_000_000_000_000
"""Whole numbers are 64 bits wide in SQL."""

_DAYS = (date(1, 1, 1).toordinal(), date.max.toordinal())
_RECKONED_DAYS = (-1_000_000, 5_000_000)
"""What a sum of a day and days may be, as Python counts days: PostgreSQL's begin 4713 BC."""

_LAST_DAYS = 10_000_000
"""The most days that may be added to a day: an INT in every dialect."""


class Excess(msgspec.Struct, frozen=True):
    """The part of a condition that goes too far, and what is wrong with it."""

    node: Any
    en: str
    zh: str


class _Beyond(Exception):
    """Found on the way down; `excess_of` gives it back."""

    def __init__(self, excess: Excess) -> None:
        self.excess = excess


def too_deep(parsed: Any) -> Excess | None:
    """Where a tree nests deeper than its readers go; looked at before anything walks down it."""
    waiting = [(parsed, 1, 0)]
    while waiting:
        node, depth, brackets = waiting.pop()
        brackets += isinstance(node, exp.Paren | exp.Not | exp.Neg)
        if depth > DEEPEST_CONDITION or brackets > DEEPEST_BRACKETS:
            return Excess(node, "the condition is nested too deep here", "条件在此处嵌套过深")
        waiting += [(child, depth + 1, brackets) for child in node.iter_expressions()]
    return None


def excess_of(checked: Any) -> Excess | None:
    """The first part of a checked condition whose number or day can go too far."""
    try:
        for node in checked.find_all(*COMPARISONS, exp.Between, exp.In, bfs=False):
            _meet(node)
    except _Beyond as beyond:
        return beyond.excess
    return None


def _meet(node: Any) -> None:
    """Sides that can never meet say nothing of any wallet; the number is a slip of the hand."""
    match node:
        case exp.Between():
            others = [node.args["low"], node.args["high"]]
        case exp.In():
            others = node.expressions
        case _:
            others = [node.expression]
    mine = _range(node.this)
    for other in others:
        theirs = _range(other)
        if mine is None or theirs is None:
            continue
        if node.this.find(exp.Column) is None and other.find(exp.Column) is None:
            continue
        if mine[1] < theirs[0] - 1 or theirs[1] < mine[0] - 1:
            side = node.this if node.this.find(exp.Column) is None else other
            raise _Beyond(Excess(side, "no wallet ever comes near it", "任何钱包都不会达到该数值"))


def _range(node: Any) -> tuple[int, int] | None:
    """The least and greatest value of an operand, days as Python counts them; None: a word."""
    match node:
        case exp.Paren():
            return _range(node.this)
        case exp.Column():
            fact = FACTS[node.name]
            return {"integer": (fact.least, fact.greatest), "date": _DAYS}.get(fact.type)
        case exp.Literal():
            return None if node.is_string else (int(node.this), int(node.this))
        case exp.Cast():
            day = date.fromisoformat(node.this.this).toordinal()
            return day, day
        case exp.Neg():
            inner = _range(node.this)
            return None if inner is None else (-inner[1], -inner[0])
        case exp.Add() | exp.Sub() | exp.Mul():
            return _reckon(node)
    return None


def _reckon(node: Any) -> tuple[int, int] | None:
    left, right = _range(node.this), _range(node.expression)
    if left is None or right is None:
        return None
    if isinstance(node, exp.Mul):
        corners = [one * other for one in left for other in right]
        low, high = min(corners), max(corners)
    elif isinstance(node, exp.Add):
        low, high = left[0] + right[0], left[1] + right[1]
    else:
        low, high = left[0] - right[1], left[1] - right[0]
    dates = is_date(node.this) + is_date(node.expression)
    if dates == 1:
        days = right if is_date(node.this) else left
        fits = _RECKONED_DAYS[0] <= low and high <= _RECKONED_DAYS[1]
        if not fits or max(map(abs, days)) > _LAST_DAYS:
            raise _Beyond(Excess(node, "it can leave the calendar", "计算结果可能超出日历范围"))
    if max(-low, high) > MOST_WHOLE:
        raise _Beyond(
            Excess(
                node, "it can become too large to be reckoned with", "计算结果可能过大，无法计算"
            )
        )
    return low, high

"""The abstract space of wallets: one for each way in which conditions can see a wallet.

Every fact that the conditions read is given the values at, below and above each point where they
change their mind (`cuts`), every word they name and one they do not, and NULL where a wallet can be
without it; of values that no condition and no act tells apart, one is kept. Facts nobody reads stay
as an ordinary wallet has them. Here belongs making such wallets; what is proven of them is in
`lint` and in `remedies.lint`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import combinations, islice, product
from math import prod
from typing import Any

import msgspec
from sqlglot import exp

from qianbao.clock import OPERATOR_ZONE, start_of_day
from qianbao.policy.closures import closure
from qianbao.policy.conditions import Condition
from qianbao.policy.cuts import is_exact, lines_of, points_of
from qianbao.policy.facts import (
    CHANNELS_NEEDED,
    FACTS,
    IDENTITY_DATA,
    Facts,
    Situation,
    facts_at,
)
from qianbao.policy.normal import leaves_of

REFERENCE_DAY = date(2027, 1, 15)
"""The wallets' today, where no condition names a day of its own: only what lies between days counts
then, so that any day would do."""

CARDS_MOST = 10
"""Cards a wallet may have (domain.md 1.5), so the most banks."""

REGISTERS = ("immigration", "mobile_operator")
TOGETHER_MOST = 60_000
"""Combinations of parts seen together that are looked at; more than that is not proven."""

SOON_DAYS = 400
"""A document good for longer cannot be renewed yet (`remedies.needs.RENEWABLE`)."""

ORDINARY: dict[str, Any] = {
    "today": REFERENCE_DAY.toordinal(), "amount_minor": 1, "residency": "foreign",
    "document_kind": "passport", "document_valid_until": REFERENCE_DAY.toordinal() + 1800,
    "sources": (1, 0, 2), "verified": 200, "confirmed": 200, "opened": 300, "used": 1,
    "identity_data_missing": 0, "balance_minor": 50_000,
}  # fmt: skip
"""What an ordinary wallet has: a foreigner with one bank and 500.00; days count back from today,
and `sources` are banks, further cards of the first, and registers. What is not named is 0."""

NO_SOURCES = (0, 0, 0)

_PARTS = {
    "linked_banks": ("sources",), "linked_cards": ("sources",), "channels": ("sources",),
    "category": ("sources",), "verified": ("verified",), "days_since_verified": ("verified",),
    "days_since_confirmed": ("confirmed",), "days_since_opened": ("opened",),
    "days_since_last_use": ("used",),
    "used_since_opened": ("used",), "available_minor": ("balance_minor", "held_minor"),
}  # fmt: skip
"""What the facts that are worked out from a wallet's row follow from. Without a document there are
no sources, so that a category follows from the sources alone."""

_OF_A_DOCUMENT = frozenset({
    "residency", "document_valid_until", "sources", "verified", "confirmed",
    "identity_data_missing",
})  # fmt: skip
_ORDERED = (("used", "verified", "confirmed", "opened"),
            ("paid_today_minor", "paid_this_year_minor"),
            ("held_minor", "balance_minor"))  # fmt: skip
"""Parts of which none can be more than the last of them."""

_COUNTED = {"used": "days_since_last_use", "verified": "days_since_verified",
            "confirmed": "days_since_confirmed", "opened": "days_since_opened"}  # fmt: skip
_NULLABLE = frozenset({"document_valid_until", "verified", "used", "document_kind"})

Choices = dict[str, Any]


class Cell(msgspec.Struct, frozen=True, eq=False):
    """One abstract wallet, made of `choices`, at a moment and with a request's amount."""

    choices: Choices
    situation: Situation
    facts: Facts
    now: datetime
    amount_minor: int


class Space(msgspec.Struct, frozen=True, eq=False):
    """`axes` are the choices for parts that vary independently of each other, ordinary ones first.
    `unproven` are comparisons that the cuts are not exact for, and facts nothing here varies."""

    axes: tuple[tuple[Choices, ...], ...]
    unproven: tuple[str, ...]

    def size(self) -> int:
        """How many combinations there are, those included that no wallet can be in."""
        return prod(len(axis) for axis in self.axes)

    def cells(self) -> Iterator[Cell]:
        """Every wallet there can be, those with least that is unusual first."""
        plain: Choices = {part: value for axis in self.axes for part, value in axis[0].items()}
        unusual = [axis[1:] for axis in self.axes if len(axis) > 1]
        seen: set[tuple[Any, ...]] = set()
        for count in range(len(unusual) + 1):
            for axes in combinations(unusual, count):
                for chosen in product(*axes):
                    choices = plain | {k: v for one in chosen for k, v in one.items()}
                    of = _ordinary(choices)
                    if of is not None and (every := tuple(of.values())) not in seen:
                        seen.add(every)
                        yield _made(choices, of)


def space_of(conditions: Iterable[Condition], **fixed: Any) -> Space:
    """The space that `conditions` can tell apart; `fixed` parts have that one value."""
    trees = [condition.tree for condition in conditions]
    leaves = [_leaf(leaf) for tree in trees for leaf in leaves_of(tree)]
    reads = frozenset[str]().union(*(leaf.reads for leaf in leaves))
    lines = lines_of(trees)
    anchors = {name: ORDINARY[name] for name in ("today", "amount_minor")}
    points = points_of(lines, anchors)
    parts = {part for name in reads for part in parts_of(name)}
    if parts & _OF_A_DOCUMENT:
        parts |= {"document_kind"}  # without one there is nothing of it
    for ordered in _ORDERED:
        together = set[int]().union(*(points.get(_COUNTED.get(one, one), ()) for one in ordered))
        points |= {_COUNTED.get(one, one): together for one in ordered if together}
    every = {part: _values(part, reads, points, trees) for part in sorted(parts)}
    every |= {part: [value] for part, value in fixed.items()}
    unproven = [name for name in reads if not parts_of(name)]
    unproven += [
        " + ".join(name for name, _ in line.weights)
        for line in lines
        if not is_exact(line, anchors, points)
    ]
    axes = []
    for joined in _joined(every, leaves):
        if prod(len(every[part]) for part in joined) > TOGETHER_MOST:
            unproven.append(" + ".join(joined))
        axes.append(tuple(_told_apart(joined, every, leaves)))
    return Space(tuple(axes), tuple(unproven))


def cell(choices: Choices) -> Cell | None:
    """The wallet that `choices` describe, ordinary in all else; None where there can be none."""
    of = _ordinary(choices)
    return None if of is None else _made(choices, of)


def _made(choices: Choices, of: Choices) -> Cell:
    """The wallet that `choices` describe, with the ordinary rest `of` all."""
    now = _noon(of["today"])
    banks, spare, registers = of["sources"]
    names = _BANKS[:banks]
    valid = of["document_valid_until"]
    at = {part: None if of[part] is None else now - timedelta(days=of[part])
          for part in ("verified", "confirmed", "opened", "used")}  # fmt: skip
    opened = at["opened"] or now
    counted = _counted()
    columns = {
        **_nothing(),
        "wallet_id": "wal_lint", "status": "open", "residency": of["residency"],
        "document_kind": of["document_kind"],
        "document_valid_until": None if valid is None else date.fromordinal(valid),
        "card_banks": (*names, *names[:1] * spare), "evidence": REGISTERS[:registers],
        "opened_at": opened, "verified_at": at["verified"], "last_used_at": at["used"],
        "data_missing": (*IDENTITY_DATA,)[: of["identity_data_missing"]],
        "data_confirmed_at": at["confirmed"],
        "facts_changed_at": opened, "currency": "CNY", "time_zone": OPERATOR_ZONE.key,
    }  # fmt: skip
    columns |= {name: counted[name](value) for name, value in of.items() if name in counted}
    situation = Situation(**columns)
    amount_minor = of["amount_minor"]
    return Cell(choices, situation, facts_at(situation, now, amount_minor), now, amount_minor)


def parts_of(fact: str) -> tuple[str, ...]:
    """The parts of a wallet that a fact follows from; none where that is not known here."""
    if fact in _PARTS:
        return _PARTS[fact]
    is_column = FACTS[fact].sql == fact and fact in _columns()
    return (fact,) if is_column or fact in ORDINARY else ()


_BANKS = ("ICBC", "BOC", "CMB", "CCB", "ABC", "COMM", "CITIC", "CEB", "CMBC", "SPDB")


def _ordinarily(part: str) -> Any:
    return ORDINARY.get(part, 0)


def _ordinary(choices: Choices) -> Choices | None:
    """`choices` with all else ordinary, or None where they contradict each other: without a
    document there is nothing that needs one, and nothing happens before a wallet is opened."""
    of = ORDINARY | choices
    if of["document_kind"] is None:
        of |= {"residency": None, "document_valid_until": None, "verified": None}
        of |= {"confirmed": None, "identity_data_missing": 0}
        of["sources"] = NO_SOURCES
    if of["verified"] is None and of["sources"][0]:
        if "sources" in choices and "verified" in choices:
            return None  # the first card completes the verification
        part = "verified" if "sources" in choices else "sources"
        of[part] = ORDINARY["verified"] if part == "verified" else (0, 0, of["sources"][2])
    if not _in_order(of, choices):
        return None
    if of.get("paid_today_minor", 0) > of.get("paid_this_year_minor", 0):
        if "paid_this_year_minor" in choices:
            return None
        of["paid_this_year_minor"] = of["paid_today_minor"]
    moved = of.get("moved_for_life_minor", 0)
    of.setdefault("received_for_life_minor", moved + of["balance_minor"])
    return of if of.get("held_minor", 0) <= of["balance_minor"] else None


def _in_order(of: Choices, choices: Choices) -> bool:
    """Makes way, in what nobody asked for, so that a wallet is opened before all else."""
    for part in ("verified", "confirmed", "used"):
        if of[part] is not None and of["opened"] < of[part]:
            if "opened" not in choices:
                of["opened"] = of[part]
            elif part not in choices:
                of[part] = of["opened"]
            else:
                return False
    return True


@cache
def _columns() -> frozenset[str]:
    return frozenset(Situation.__struct_fields__)


@cache
def _noon(day: int) -> datetime:
    return start_of_day(date.fromordinal(day)) + timedelta(hours=12)


@cache
def _nothing() -> dict[str, Any]:
    """A wallet's counted columns, with nothing in them."""
    return {name: kind() for name, kind in _counted().items()}


@cache
def _counted() -> dict[str, type]:
    """The columns of a wallet's row that are whole numbers or yes and no."""
    return {one.name: one.type for one in msgspec.structs.fields(Situation)
            if one.type in (int, bool)}  # fmt: skip


# ── The values of a part ─────────────────────────────────────────────────────────────────────────


def _values(
    part: str, reads: frozenset[str], points: dict[str, set[int]], trees: list[Any]
) -> list[Any]:
    """What one part of a wallet is looked at with, the ordinary first."""
    found: set[Any]
    if part == "sources":
        found = _sources(reads, points)
    elif part in _COUNTED:
        found = {days for days in points.get(_COUNTED[part], ()) if 0 <= days < 40_000} | {0}
    elif part in ("balance_minor", "held_minor"):
        both = points.get(part, set()) | points.get("available_minor", set())
        found = {amount for amount in both if amount >= 0} | {0, 1}
    elif FACTS[part].type == "boolean":
        found = {False, True}
    elif FACTS[part].type == "text":
        found = _words(part, trees)
    elif FACTS[part].type == "date":
        found = {day for day in points.get(part, ()) if _FIRST_DAY < day < _LAST_DAY}
    else:
        least, most = _BETWEEN.get(part, (0, None))
        counts = points.get(part, ())
        found = {one for one in counts if one >= least and (most is None or one <= most)}
    ordinary = _ordinarily(part)
    rest = sorted(found - {ordinary}, key=lambda value: (str(type(value)), value))
    return [ordinary, *rest, *([None] if part in _NULLABLE else [])]


_BETWEEN = {"amount_minor": (1, None), "identity_data_missing": (0, len(IDENTITY_DATA))}
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1).toordinal(), date(2200, 1, 1).toordinal()


def _sources(reads: frozenset[str], points: dict[str, set[int]]) -> set[tuple[int, int, int]]:
    """Where something reads how many cards there are, every number of them from every number of
    banks; where nothing does, each bank's first: a card too many is unlinked, which ends nothing
    that is read."""
    channels = set(points.get("channels", set()))
    if "category" in reads:
        channels |= {needed + by for needed, _ in CHANNELS_NEEDED for by in (-1, 0)}
    registers = range(len(REGISTERS) + 1)
    banks = {0, 1} | points.get("linked_banks", set())
    banks |= {needed - seen for needed in channels for seen in registers}
    spare = range(1)
    if "linked_cards" in reads:
        banks, spare = {*range(CARDS_MOST + 1)}, range(CARDS_MOST)
    every = product(sorted(banks), spare, registers)
    return {one for one in every if 0 <= one[0] <= CARDS_MOST - one[1] and (one[0] or not one[1])}


def _words(part: str, trees: list[Any]) -> set[str]:
    """The words that conditions name, and one that they do not."""
    written = {literal.this for tree in trees for literal in tree.find_all(exp.Literal)}
    named = {word for word in FACTS[part].values if word in written}
    return {*named, *[word for word in FACTS[part].values if word not in named][:1]}


class _Leaf(msgspec.Struct, frozen=True, eq=False):
    reads: frozenset[str]
    parts: frozenset[str]
    holds: Callable[[Facts], bool]
    fails: Callable[[Facts], bool]


def _leaf(leaf: Any) -> _Leaf:
    reads = frozenset(column.name for column in leaf.find_all(exp.Column))
    parts = frozenset(part for name in reads for part in parts_of(name))
    return _Leaf(reads, parts, closure(leaf, sense=True), closure(leaf, sense=False))


def _joined(every: dict[str, list[Any]], leaves: list[_Leaf]) -> list[tuple[str, ...]]:
    """The parts in groups: in one are those that a comparison sees together, or that keep an order
    among them."""
    groups = {part: {part} for part in every}
    for together in (*(leaf.parts for leaf in leaves), *_ORDERED):
        merged = set[str]().union(*(groups[part] for part in together if part in groups))
        for part in merged:
            groups[part] = merged
    return list(dict.fromkeys(tuple(sorted(group)) for group in groups.values()))


def _told_apart(
    joined: tuple[str, ...], every: dict[str, list[Any]], leaves: list[_Leaf]
) -> list[Choices]:
    """The values of some parts that conditions or acts tell apart, the first of each kind."""
    own = [leaf for leaf in leaves if not leaf.parts.isdisjoint(joined)]
    kinds: dict[Any, Choices] = {}
    for values in islice(product(*(every[part] for part in joined)), TOGETHER_MOST):
        choices = dict(zip(joined, values, strict=True))
        made = cell(choices)
        if made is not None:
            seen = tuple((leaf.holds(made.facts), leaf.fails(made.facts)) for leaf in own)
            kinds.setdefault((seen, _acted(made)), choices)
    return list(kinds.values())


def _acted(made: Cell) -> tuple[bool, ...]:
    """What acts, rather than conditions, ask of a wallet."""
    of = made.situation
    until = of.document_valid_until
    left = SOON_DAYS + 1 if until is None else (until - made.now.date()).days
    return (
        of.document_kind is None, of.verified_at is None, left < 0, left <= SOON_DAYS,
        not of.card_banks, len(of.card_banks) == CARDS_MOST, of.balance_minor > 0,
    )  # fmt: skip

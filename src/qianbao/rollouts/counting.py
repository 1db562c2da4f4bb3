"""The statements that count whom a policy would reach, alike for PostgreSQL, DuckDB and Spark.

Pure: policies in, SQL out; rows in, figures out. They read a `wallets` relation with the columns of
a snapshot (`columns`), and write conditions from the very trees that decide single payments; a test
holds every engine to what `policy.decide` says.

One pass makes small groups that tell every segment apart; the segments are summed from them here,
because a wallet with cards of two banks counts in both.
"""

# ruff: noqa: S608 - statements made of our own columns and checked trees

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Literal, get_args

import msgspec
from sqlglot import exp

from qianbao.ids import check_id
from qianbao.policy.closures import to_sql
from qianbao.policy.policies import Policy, locked_out_sql
from qianbao.policy.spells import beyond_any, limits_amounts, limits_what_comes_in

Dialect = Literal["postgres", "duckdb", "spark"]

AGE_DAYS = (0, 30, 90, 365, 1095)
"""From how many days on a wallet counts to the next age."""

BALANCE_MINOR = (0, 1, 10_000, 100_000, 1_000_000)
"""From how much money on a wallet counts to the next band: nothing, up to 100, 1,000, 10,000 whole
units, and more."""

SAMPLES_MOST = 20
"""Ids of wallets kept as examples."""

NO_CATEGORY = ""
"""The segment of wallets that have none of it: no document, no card."""

Dimension = Literal["residency", "document_kind", "bank", "age_days", "balance_minor"]


class Segment(msgspec.Struct, frozen=True):
    """Wallets that are alike in one thing, `by`: of this residency, document or linked bank (a
    wallet with cards of two counts in both), or in the band of age or balance that begins at
    `value`. `locked_out` of those to whom the policy `applies` do not meet it;
    `locked_out_minor` is what they hold. `moving_all` are those whom a rule that asks would ask, or
    one that limits what leaves would refuse, if they moved all they have."""

    by: Dimension
    value: str
    currency: str
    wallets: int
    applies: int
    locked_out: int
    locked_out_minor: int
    moving_all: int = 0


class Change(msgspec.Struct, frozen=True):
    """How many wallets lose a capability that they have under the policies in force, and how many
    get it back (when the version replaces a stricter one)."""

    capability: str
    loses: int
    regains: int


class Mandates(msgspec.Struct, frozen=True):
    """Standing permissions to charge, on wallets that lose `be_charged`: all of them, and how many
    would fail in the 30 days after, going by who charged in the last 30."""

    active: int = 0
    failing: int = 0


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Locked-out wallets whose cheapest way out takes the same steps, and what they hold; `example`
    is one of them. No steps: there is none. `minutes` are the example's, None: nobody can say."""

    steps: tuple[str, ...]
    steps_en: tuple[str, ...]
    steps_zh: tuple[str, ...]
    visit: bool
    minutes: int | None
    wallets: int
    held_minor: dict[str, int]
    example: str


class Ways(msgspec.Struct, frozen=True):
    """The cheapest ways out of the locked-out wallets, most wallets first: of how many it means a
    `visit` to a bank, how many have `none`, and how many were not looked at (`unplanned`), because
    there are too many different situations. The holder is taken to have accounts only where the
    wallet knows of one. `situations` is how many different ones were planned for."""

    situations: int
    visit: int
    none: int
    unplanned: int
    ways: tuple[Way, ...]


class Asked(msgspec.Struct, frozen=True):
    """Wallets that a rule would ask for more proof: `for_anything`, be it the smallest amount, and
    `for_all`, if they moved all they have; whom it never asks are none of them. `for_charges`: the
    same as `for_all` where it asks before a merchant's charge, which is refused then."""

    for_anything: int
    for_all: int
    for_charges: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """Of `wallets`, to how many the policy `applies`, how many of them are `locked_out` and what
    these hold, by currency; what changes by capability, and the same by segment. `samples` are ids
    of locked-out (or asked) wallets; `ways` None: not looked for. A rule that asks locks nobody
    out: `asked` is there instead. Of a limit, `beyond` are the wallets that it would refuse if
    they moved all they have, or, where it is on what comes in, to which it applies; None of any
    other rule."""

    wallets: int
    applies: int
    locked_out: int
    locked_out_minor: dict[str, int]
    changes: tuple[Change, ...]
    segments: tuple[Segment, ...]
    mandates: Mandates = Mandates()
    samples: tuple[str, ...] = ()
    ways: Ways | None = None
    asked: Asked | None = None
    beyond: int | None = None

    @property
    def refused(self) -> int:
        """Of how many wallets something is refused, the most that may be, if each tries all."""
        if self.asked is not None:
            return self.asked.for_charges
        return self.locked_out if self.beyond is None else self.beyond


Exempt = Mapping[str, Sequence[str]]
"""The wallets that are exempted from a policy on the day counted for, by its name; few are."""


def capabilities_of(tried: Policy, before: Sequence[Policy]) -> list[str]:
    """What the tried policy blocks, or the version does whose place it takes: nothing else
    changes."""
    own = [policy for policy in before if policy.name == tried.name]
    return sorted({capability for policy in (tried, *own) for capability in policy.blocks})


class _Moves(msgspec.Struct, frozen=True):
    """When a wallet loses a capability and when it gets it back, in terms of whom each policy would
    lock out; "" when nobody can."""

    capability: str
    loses: str
    regains: str


def _named(tried: Policy, before: Sequence[Policy]) -> dict[Policy, str]:
    """A column for each policy that has a say on what may change; the tried one's is out_0."""
    capabilities = capabilities_of(tried, before)
    said = [policy for policy in before if not set(policy.blocks).isdisjoint(capabilities)]
    return {policy: f"out_{number}" for number, policy in enumerate(dict.fromkeys((tried, *said)))}


def _moves(tried: Policy, before: Sequence[Policy]) -> list[_Moves]:
    """Capability by capability. Whom another policy blocks has nothing to lose or to get back."""
    names = _named(tried, before)
    found = []
    for capability in capabilities_of(tried, before):
        said = [policy for policy in before if capability in policy.blocks]
        others = _any(names[policy] for policy in said if policy.name != tried.name)
        old = _any(names[policy] for policy in said if policy.name == tried.name)
        new = "out_0" if capability in tried.blocks else ""
        found.append(_Moves(capability, _but_not(new, old, others), _but_not(old, new, others)))
    return found


def _but_not(out: str, *not_out: str) -> str:
    if not out or out in not_out:
        return ""
    return " AND ".join([out, *(f"NOT {one}" for one in not_out if one)])


def _counters(tried: Policy, before: Sequence[Policy]) -> dict[str, str]:
    """A column for each condition that is counted; several capabilities often share one."""
    moves = _moves(tried, before)
    conditions = dict.fromkeys(side for one in moves for side in (one.loses, one.regains) if side)
    return {condition: f"moved_{number}" for number, condition in enumerate(conditions)}


def counting_sql(
    tried: Policy, before: Sequence[Policy], wallets: str, dialect: Dialect, exempt: Exempt
) -> str:
    """Groups of alike wallets and their counts. `before` are the policies enforced without `tried`,
    its own published version among them; `wallets` is a relation or subquery."""
    flags = "".join(
        f",\n    {out_sql(policy, dialect, exempt)} AS {name}"
        for policy, name in _named(tried, before).items()
    )
    counts = "".join(
        f",\n    count(*) FILTER (WHERE {condition}) AS {column}"
        for condition, column in _counters(tried, before).items()
    )
    charged = [one.loses for one in _moves(tried, before) if one.capability == "be_charged"]
    if "be_charged" in tried.asks_before:
        charged.append("moving_anything")  # nobody is there to answer
    counts += "".join(_mandates(condition) for condition in charged if condition)
    for name, of_all in _MOVING if tried.asks else _MOVING[1:] if limits_amounts(tried) else ():
        flags += f",\n    {_moving_sql(tried, dialect, exempt, of_all=of_all)} AS moving_{name}"
        counts += f",\n    count(*) FILTER (WHERE moving_{name}) AS for_{name}"
    applies = to_sql(tried.applies_to.tree, dialect, columns=True)
    return f"""WITH judged AS (
SELECT residency, document_kind, banks, currency, balance_minor, mandates_active, mandates_charged,
    {_band("days_since_opened", AGE_DAYS)} AS age,
    {_band("balance_minor", BALANCE_MINOR)} AS band,
    ({applies}) IS TRUE AS applies{flags}
FROM {wallets}
)
SELECT residency, document_kind, banks, currency, age, band, count(*) AS wallets,
    count(*) FILTER (WHERE applies) AS applies,
    count(*) FILTER (WHERE out_0) AS locked_out,
    sum(balance_minor) FILTER (WHERE out_0) AS locked_out_minor{counts}
FROM judged
GROUP BY residency, document_kind, banks, currency, age, band"""


def out_sql(policy: Policy, dialect: Dialect, exempt: Exempt) -> str:
    """Whom a policy would lock out, those apart whom operators have freed from it. Who asks locks
    nobody out."""
    if policy.asks:
        return "FALSE"
    return _not_freed(locked_out_sql(policy, dialect, columns=True), policy, exempt)


_MOVING = (("anything", False), ("all", True))


def _moving_sql(policy: Policy, dialect: Dialect, exempt: Exempt, *, of_all: bool) -> str:
    """Whom a rule asks or refuses for the smallest amount; or `of_all` that is in the wallet,
    too."""
    for_anything = f"({locked_out_sql(policy, dialect, columns=True)})"
    if not of_all:
        return _not_freed(for_anything, policy, exempt)
    applies, requires = (
        to_sql(condition.tree.transform(partial(_moving_all, policy)), dialect, columns=True)
        for condition in (policy.applies_to, policy.requires)
    )
    for_all = f"({for_anything} OR (({applies}) IS TRUE AND ({requires}) IS NOT TRUE))"
    return _not_freed(for_all, policy, exempt)


def _not_freed(condition: str, policy: Policy, exempt: Exempt) -> str:
    """`condition`, but of nobody whom operators have freed from the policy."""
    freed = exempt.get(policy.name, ())
    if not freed:
        return condition
    ids = ", ".join(f"'{check_id(wallet_id, 'wal')}'" for wallet_id in freed)
    return f"({condition}) AND wallet_id NOT IN ({ids})"


def _moving_all(policy: Policy, node: Any) -> Any:
    """All that may leave; of a limit on what comes in, more than it lets through."""
    if not (isinstance(node, exp.Column) and node.name == "amount_minor"):
        return node
    if limits_what_comes_in(policy):
        return exp.Literal.number(beyond_any(policy))
    return exp.column("available_minor")


def _any(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})" if found else ""


def _mandates(condition: str) -> str:
    return "".join(
        f",\n    sum({column}) FILTER (WHERE {condition}) AS {column}"
        for column in ("mandates_active", "mandates_charged")
    )


def band_words(segment: Segment) -> str:
    """A band of age in days or of balance in whole units, in digits, which are the same in both
    languages: "30–90", "1,095+"."""
    is_age = segment.by == "age_days"
    starts, unit = (AGE_DAYS, 1) if is_age else (BALANCE_MINOR, 100)
    start = int(segment.value)
    if start == 0 and not is_age:
        return "0"
    end = dict(pairwise(starts)).get(start)
    first = f"{start // unit:,}"
    return f"{first}+" if end is None else f"{first}–{end // unit:,}"


def _band(column: str, starts: Sequence[int]) -> str:
    """The number of the band that a value is in."""
    steps = [f"WHEN {column} < {start} THEN {number}" for number, start in enumerate(starts[1:])]
    return f"CASE {' '.join(steps)} ELSE {len(starts) - 1} END"


def samples_sql(tried: Policy, wallets: str, dialect: Dialect, exempt: Exempt) -> str:
    """Ids of locked-out or asked wallets, the same on each run and every engine: those first in the
    order of their random tails."""
    tail = 'reverse(wallet_id) COLLATE "C"' if dialect == "postgres" else "reverse(wallet_id)"
    condition = out_sql(tried, dialect, exempt)
    if tried.asks or limits_amounts(tried):
        condition = _moving_sql(tried, dialect, exempt, of_all=True)
    return (
        f"SELECT wallet_id FROM {wallets} AS w WHERE {condition} "
        f"ORDER BY {tail} LIMIT {SAMPLES_MOST}"
    )


# ── Figures from rows ────────────────────────────────────────────────────────────────────────────


Row = Mapping[str, Any]


def counted(rows: Sequence[Row], tried: Policy, before: Sequence[Policy]) -> Outcome:
    """The figures that the groups of `counting_sql` add up to."""
    held: Counter[str] = Counter()
    for row in rows:
        held[row["currency"]] += int(row["locked_out_minor"] or 0)
    return Outcome(
        wallets=_sum(rows, "wallets"),
        applies=_sum(rows, "applies"),
        locked_out=_sum(rows, "locked_out"),
        locked_out_minor=dict(sorted(held.items())),
        changes=tuple(_changes(rows, tried, before)),
        mandates=Mandates(_sum(rows, "mandates_active"), _sum(rows, "mandates_charged")),
        segments=tuple(_segments(rows)),
        asked=_asked(rows, tried) if tried.asks else None,
        beyond=_sum(rows, "for_all") if limits_amounts(tried) else None,
    )


def _asked(rows: Sequence[Row], tried: Policy) -> Asked:
    for_all = _sum(rows, "for_all")
    charges = for_all if "be_charged" in tried.asks_before else 0
    return Asked(_sum(rows, "for_anything"), for_all, charges)


def _sum(rows: Sequence[Row], column: str) -> int:
    return sum(int(row.get(column) or 0) for row in rows)


def _changes(rows: Sequence[Row], tried: Policy, before: Sequence[Policy]) -> Iterable[Change]:
    columns = _counters(tried, before)
    for one in _moves(tried, before):
        loses, regains = (
            _sum(rows, columns[side]) if side else 0 for side in (one.loses, one.regains)
        )
        if loses or regains:
            yield Change(one.capability, loses, regains)


_COUNTS = ("wallets", "applies", "locked_out", "locked_out_minor", "for_all")


def _segments(rows: Sequence[Row]) -> Iterable[Segment]:
    sums: dict[tuple[Dimension, int, str, str], list[int]] = {}
    for row in rows:
        figures = [int(row.get(name) or 0) for name in _COUNTS]
        for by, order, value in _places(row):
            key = (by, order, value, row["currency"])
            found = sums.setdefault(key, [0] * len(_COUNTS))
            for number, figure in enumerate(figures):
                found[number] += figure
    for by in get_args(Dimension):
        for key in sorted(key for key in sums if key[0] == by):
            yield Segment(by, key[2], key[3], *sums[key])


def _places(row: Row) -> Iterable[tuple[Dimension, int, str]]:
    """The segments that a group belongs to, with their order."""
    yield "residency", 0, row["residency"] or NO_CATEGORY
    yield "document_kind", 0, row["document_kind"] or NO_CATEGORY
    for bank in set(str(row["banks"]).split(",")):
        yield "bank", 0, bank
    yield "age_days", int(row["age"]), str(AGE_DAYS[int(row["age"])])
    yield "balance_minor", int(row["band"]), str(BALANCE_MINOR[int(row["band"])])

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
from typing import Any, Literal, get_args

import msgspec
from sqlglot import exp

from qianbao.ids import check_id
from qianbao.policy.closures import to_sql
from qianbao.policy.policies import Policy, locked_out_sql

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
    `locked_out_minor` is what they hold."""

    by: Dimension
    value: str
    currency: str
    wallets: int
    applies: int
    locked_out: int
    locked_out_minor: int


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


class Outcome(msgspec.Struct, frozen=True):
    """Of `wallets`, to how many the policy `applies`, how many of them are `locked_out` and what
    these hold, by currency; what changes by capability, and the same by segment. `samples` are ids
    of locked-out wallets; `ways` None: not looked for."""

    wallets: int
    applies: int
    locked_out: int
    locked_out_minor: dict[str, int]
    changes: tuple[Change, ...]
    segments: tuple[Segment, ...]
    mandates: Mandates = Mandates()
    samples: tuple[str, ...] = ()
    ways: Ways | None = None


Exempt = Mapping[str, Sequence[str]]
"""The wallets that are exempted from a policy on the day counted for, by its name; few are."""


def _out_sql(policy: Policy, dialect: Dialect, exempt: Exempt) -> str:
    """Whom a policy would lock out: not those whom operators have freed from it."""
    freed = exempt.get(policy.name, ())
    condition = locked_out_sql(policy, dialect, columns=True)
    if not freed:
        return condition
    ids = ", ".join(f"'{check_id(wallet_id, 'wal')}'" for wallet_id in freed)
    return f"({condition}) AND wallet_id NOT IN ({ids})"


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
        f",\n    {_out_sql(policy, dialect, exempt)} AS {name}"
        for policy, name in _named(tried, before).items()
    )
    counts = "".join(
        f",\n    count(*) FILTER (WHERE {condition}) AS {column}"
        for condition, column in _counters(tried, before).items()
    )
    charged = [one.loses for one in _moves(tried, before) if one.capability == "be_charged"]
    counts += "".join(_mandates(condition) for condition in charged if condition)
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


def _any(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})" if found else ""


def _mandates(condition: str) -> str:
    return "".join(
        f",\n    sum({column}) FILTER (WHERE {condition}) AS {column}"
        for column in ("mandates_active", "mandates_charged")
    )


def _band(column: str, starts: Sequence[int]) -> str:
    """The number of the band that a value is in."""
    steps = [f"WHEN {column} < {start} THEN {number}" for number, start in enumerate(starts[1:])]
    return f"CASE {' '.join(steps)} ELSE {len(starts) - 1} END"


def samples_sql(tried: Policy, wallets: str, dialect: Dialect, exempt: Exempt) -> str:
    """Ids of locked-out wallets, the same on each run and every engine: those first in the order of
    their random tails."""
    tail = 'reverse(wallet_id) COLLATE "C"' if dialect == "postgres" else "reverse(wallet_id)"
    condition = _out_sql(tried, dialect, exempt)
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
    )


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


_COUNTS = ("wallets", "applies", "locked_out", "locked_out_minor")


def _segments(rows: Sequence[Row]) -> Iterable[Segment]:
    sums: dict[tuple[Dimension, int, str, str], list[int]] = {}
    for row in rows:
        figures = [int(row[name] or 0) for name in _COUNTS]
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


# ── Situations that are alike ────────────────────────────────────────────────────────────────────


def alike_sql(
    tried: Policy,
    policies: Sequence[Policy],
    renewable_days: int,
    wallets: str,
    dialect: Dialect,
    exempt: Exempt,
) -> str:
    """The locked-out wallets grouped by everything that ways out are found by, each group with one
    of its wallets: `example`, `currency`, `wallets`, `held_minor`, the largest group first.
    `policies` are those that a way out has to satisfy."""
    keys = [*_KEYS, _document_key(renewable_days), *_leaves(policies, dialect)]
    columns = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))
    numbers = ", ".join(f"key_{number}" for number in range(len(keys)))
    first = 'wallet_id COLLATE "C"' if dialect == "postgres" else "wallet_id"
    return f"""WITH locked_out AS (
SELECT wallet_id, currency, balance_minor, {columns}
FROM {wallets} AS w WHERE {_out_sql(tried, dialect, exempt)}
)
SELECT min({first}) AS example, currency, count(*) AS wallets, sum(balance_minor) AS held_minor
FROM locked_out GROUP BY currency, {numbers}
ORDER BY wallets DESC, example"""


_KEYS = (
    "residency", "document_kind", "legal_hold", "verified", "pay_score_on",
    "least(linked_banks, 6)", "linked_cards >= 10", "least(channels - linked_banks, 2)",
    "least(stale_banks, 2)", "available_minor > 0", "in_flight > 0",
    "balance_minor > available_minor", "mandates_active > 0", "score_orders_open > 0",
)  # fmt: skip
"""What the needs and effects of actions (`remedies`) read, as coarse as they read it."""


def _document_key(renewable_days: int) -> str:
    return (
        "CASE WHEN document_valid_until IS NULL THEN 0 WHEN document_valid_until < today THEN 1 "
        f"WHEN document_valid_until < today + {renewable_days} THEN 2 ELSE 3 END"
    )


def _leaves(policies: Sequence[Policy], dialect: Dialect) -> list[str]:
    """Whether each comparison that a policy makes is TRUE."""
    found: dict[str, None] = {}
    for policy in policies:
        for tree in (policy.applies_to.tree, policy.requires.tree):
            for leaf in _leaves_of(tree):
                found[f"({to_sql(leaf, dialect, columns=True)}) IS TRUE"] = None
    return list(found)


def _leaves_of(tree: Any) -> Iterable[Any]:
    if isinstance(tree, exp.And | exp.Or):
        yield from _leaves_of(tree.this)
        yield from _leaves_of(tree.expression)
    else:
        yield tree

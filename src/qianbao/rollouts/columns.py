"""The columns of a snapshot: a row a wallet, every fact by its name, and how each moves in time.

Here belongs what a snapshot holds and the SQL that makes it from the tables. Facts are defined in
`policy.facts` and nowhere else; personal data is left where it is: a wallet is its id here.
Taking and reading snapshots is `snapshot`; counting over them `counting`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from qianbao.clock import local_date
from qianbao.db.queries import load
from qianbao.policy.facts import FACTS, PARTS, Fact
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR

SQL = load("qianbao.rollouts")

CHARGED_DAYS = 30
"""Mandates charged in so many days are taken to be charged again in as many."""

BESIDES: dict[str, tuple[str, str]] = {
    "currency": ("VARCHAR", "currency"),
    "time_zone": ("VARCHAR", "time_zone"),
    "banks": ("VARCHAR", "array_to_string(card_banks, ',')"),
    "stale_banks": (
        "BIGINT",
        "CASE WHEN cardinality(stale_banks) = 0 THEN 0 ELSE (SELECT count(*) FROM "
        "unnest(stale_banks) AS one WHERE NOT one = ANY(card_banks)) END",
    ),
    "mandates_charged": (
        "BIGINT",
        "CASE WHEN mandates_active = 0 THEN 0 ELSE (SELECT count(DISTINCT p.mandate_id) "
        "FROM payments AS p JOIN mandates AS m USING (wallet_id, mandate_id) "
        "WHERE p.wallet_id = wallet.wallet_id AND p.paid_at > :charged_since "
        "AND m.state = 'active') END",
    ),
}
"""What is no fact and is wanted all the same, each with its type and SQL over the row: `banks` are
one for each linked card, `stale_banks` how many more hold an old document number,
`mandates_charged` how many mandates were charged in the last `CHARGED_DAYS`."""

_TYPES = {"integer": "BIGINT", "text": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}

HELD: tuple[Fact, ...] = tuple(fact for fact in FACTS.values() if fact.changes != "request")
"""The facts that a snapshot holds: all but the request's own."""

TYPES: dict[str, str] = {
    "wallet_id": "VARCHAR",
    **{name: kind for name, (kind, _) in BESIDES.items()},
    **{fact.name: _TYPES[fact.type] for fact in HELD},
}
"""The columns of a snapshot in their order, with their types as DuckDB and Parquet call them."""


class Zone(msgspec.Struct, frozen=True):
    """What passes for wallets of one time zone between two moments: days, and whether a year."""

    name: str
    days: int
    new_year: bool


Those = Literal["any", "one", "others"]
"""Wallets by their time zone: of any, of one, or of any but that one."""


def snapshot_sql(buckets: range = range(100), those: Those = "any") -> str:
    """The statement whose rows are a snapshot's: the wallets in these buckets. Parameters: `now`,
    `charged_since`; and `zone` where only the wallets of that `one` time zone are meant, or of all
    `others`. For the `one`, `today` is a parameter too and the connection's time zone must be it:
    so days cost PostgreSQL no look-up of a zone by its name, a fifth of all its work."""
    made = {name: sql for name, (_, sql) in BESIDES.items()}
    made |= {fact.name: _by_parts(fact.sql) for fact in HELD}
    compared = {"any": "", "one": "AND time_zone = %(zone)s", "others": "AND time_zone <> %(zone)s"}
    statement = SQL.snapshot.decode().format(
        situations=SQL.situations.decode(),
        first=buckets.start,
        after=buckets.stop,
        zone=compared[those],
        parts=", ".join(f"{sql} AS {name}" for name, sql in PARTS.items()),
        columns=",\n    ".join(f"{sql} AS {name}" for name, sql in made.items()),
    )
    statement = re.sub(r"(?<!:):(now|charged_since)\b", r"%(\1)s::timestamptz", statement)
    if those == "one":
        statement = _NOW_LOCALLY.sub("%(today)s::date", statement)
        statement = _LOCALLY.sub(r"\1::date", statement)
    return statement


_NOW_LOCALLY = re.compile(r"\(%\(now\)s::timestamptz AT TIME ZONE (?:\w+\.)?time_zone\)::date")
_LOCALLY = re.compile(r"\((\w+) AT TIME ZONE time_zone\)::date")


def _by_parts(sql: str) -> str:
    for name, part in PARTS.items():
        sql = sql.replace(part, name)
    return sql


def passed(zones: Sequence[str], before: datetime, after: datetime) -> tuple[Zone, ...]:
    """What passes between the two moments, zone by zone."""
    found = []
    for name in zones:
        first, last = (local_date(moment, ZoneInfo(name)) for moment in (before, after))
        found.append(Zone(name, (last - first).days, last.year > first.year))
    return tuple(found)


def moved_sql(zones: Sequence[Zone]) -> str:
    """A select list: the columns as they will stand once that much time has passed and nobody has
    done anything (`policy.facts.carry`), and the amount of the request asked about."""
    if all(zone.days == 0 for zone in zones):
        return f"*, {SMALLEST_AMOUNT_MINOR} AS amount_minor"
    moved = {fact.name: _moved(fact, zones) for fact in HELD}
    columns = [f"{sql} AS {name}" for name, sql in moved.items()]
    return ", ".join(["wallet_id", *BESIDES, *columns, f"{SMALLEST_AMOUNT_MINOR} AS amount_minor"])


def _moved(fact: Fact, zones: Sequence[Zone]) -> str:
    if fact.per_day:
        return f"{fact.name} + {_by_zone({zone.name: str(zone.days) for zone in zones})}"
    if fact.resets is None:
        return fact.name
    over = {z.name: z.days > 0 if fact.resets == "day" else z.new_year for z in zones}
    return _by_zone({name: "0" if ended else fact.name for name, ended in over.items()})


def _by_zone(values: Mapping[str, str]) -> str:
    """One value, or a choice by the wallet's time zone."""
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    cases = " ".join(f"WHEN '{name}' THEN {value}" for name, value in values.items())
    return f"CASE time_zone {cases} END"

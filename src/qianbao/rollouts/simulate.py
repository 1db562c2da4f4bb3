"""Who a policy would reach, counted over every open wallet before anybody is told.

One SQL statement, made from the same trees that decide single payments; a test holds the two to
the same numbers. What is counted: the moment the policy begins to block (now, when that day has
passed), every wallet as it would stand if nobody did anything until then, the policy at its full
percentage, no grace left, and the smallest amount there is. Nothing here changes a wallet or a
policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from qianbao.db.queries import Connection, fetch_all, load
from qianbao.ids import check_id
from qianbao.policy.closures import to_sql
from qianbao.policy.policies import Policy, enforced_from, load_policy, locked_out_sql, phase
from qianbao.rollouts.in_force import read_in_force
from qianbao.rollouts.operators import audit
from qianbao.rollouts.publish import find_version

SQL = load("qianbao.rollouts")

SMALLEST_AMOUNT_MINOR = 1
"""A limit locks somebody out when not even this much may move."""

BANKS_MOST = 3
"""The last bank-count segment: this many banks or more."""


class Segment(msgspec.Struct, frozen=True):
    """Wallets of one residency ('' without a document), one number of linked banks (`BANKS_MOST`
    stands for that many or more) and one currency. `locked_out` of those to whom the policy
    applies do not meet it; `locked_out_minor` is what they hold."""

    residency: str
    banks: int
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


class Outcome(msgspec.Struct, frozen=True):
    """What a simulation found."""

    segments: tuple[Segment, ...]
    changes: tuple[Change, ...]

    @property
    def wallets(self) -> int:
        """How many wallets were looked at."""
        return sum(segment.wallets for segment in self.segments)

    @property
    def applies(self) -> int:
        """To how many the policy applies."""
        return sum(segment.applies for segment in self.segments)

    @property
    def locked_out(self) -> int:
        """How many do not meet it."""
        return sum(segment.locked_out for segment in self.segments)

    @property
    def locked_out_minor(self) -> dict[str, int]:
        """What they hold, by currency."""
        held: Counter[str] = Counter()
        for segment in self.segments:
            held[segment.currency] += segment.locked_out_minor
        return dict(sorted(held.items()))


class Simulation(msgspec.Struct, frozen=True):
    """A stored run: of which version, as of which moment, by whom."""

    simulation_id: str
    policy: str
    version: int
    as_of: datetime
    result: Outcome
    run_by: str
    created_at: datetime


async def simulate(
    conn: Connection, *, policy: str, version: int, operator: str, simulation_id: str, now: datetime
) -> Simulation:
    """Counts and stores. Raises `PolicyVersionUnknown`."""
    check_id(simulation_id, "sim")
    tried = load_policy((await find_version(conn, policy=policy, version=version)).body)
    _, in_force = await read_in_force(conn)
    as_of = max(now, enforced_from(tried))
    outcome = await count(conn, tried, in_force=in_force, as_of=as_of)
    simulation = Simulation(simulation_id, policy, version, as_of, outcome, operator, now)
    row = msgspec.structs.asdict(simulation) | {
        "result": Jsonb(msgspec.to_builtins(outcome)), "operator": operator, "now": now,
    }  # fmt: skip
    await conn.execute(SQL.add_simulation, row)
    await audit(
        conn, operator=operator, action="policy.simulate", subject=policy, now=now,
        detail={"version": version, "simulation": simulation_id, "locked_out": outcome.locked_out},
    )  # fmt: skip
    return simulation


async def list_simulations(conn: Connection, *, policy: str) -> list[Simulation]:
    """The latest runs of any version of `policy`, the newest first."""
    rows = await fetch_all(conn, SQL.list_simulations, {"policy": policy}, _Stored)
    return [
        Simulation(**msgspec.structs.asdict(row) | {"result": msgspec.convert(row.result, Outcome)})
        for row in rows
    ]


class _Stored(msgspec.Struct, frozen=True):
    simulation_id: str
    policy: str
    version: int
    as_of: datetime
    result: dict[str, Any]
    run_by: str
    created_at: datetime


async def count(
    conn: Connection, tried: Policy, *, in_force: Sequence[Policy], as_of: datetime
) -> Outcome:
    """What `tried` would change at `as_of` if it took the place of its published version among
    `in_force`."""
    before = [policy for policy in in_force if phase(policy, as_of) == "enforced"]
    kept = [policy for policy in before if policy.name != tried.name]
    capabilities = sorted({*tried.blocks, *(c for p in before for c in p.blocks)})
    columns = "".join(
        f",\n    ({_blocked(capability, before)}) AS before_{number}"
        f",\n    ({_blocked(capability, [*kept, tried])}) AS after_{number}"
        for number, capability in enumerate(capabilities)
    )
    counts = "".join(
        f",\n    count(*) FILTER (WHERE after_{number} AND NOT before_{number}) AS loses_{number}"
        f",\n    count(*) FILTER (WHERE before_{number} AND NOT after_{number}) AS regains_{number}"
        for number in range(len(capabilities))
    )
    statement = SQL.simulation.decode().format(
        situations=SQL.situations.decode(),
        most=BANKS_MOST,
        applies=to_sql(tried.applies_to.tree),
        locked_out=locked_out_sql(tried),
        columns=columns,
        counts=counts,
    )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            statement.encode(), {"now": as_of, "amount_minor": SMALLEST_AMOUNT_MINOR}
        )
        rows = await cursor.fetchall()
    segments = tuple(msgspec.convert(row, Segment) for row in rows)
    return Outcome(segments, tuple(_changes(capabilities, rows)))


def _blocked(capability: str, policies: Iterable[Policy]) -> str:
    """SQL for: one of `policies` blocks `capability` for the row's wallet."""
    blocking = [locked_out_sql(policy) for policy in policies if capability in policy.blocks]
    return " OR ".join(f"({condition})" for condition in blocking) or "FALSE"


def _changes(capabilities: Sequence[str], rows: Sequence[dict[str, Any]]) -> Iterable[Change]:
    for number, capability in enumerate(capabilities):
        loses = sum(row[f"loses_{number}"] for row in rows)
        regains = sum(row[f"regains_{number}"] for row in rows)
        if loses or regains:
            yield Change(capability, loses, regains)

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

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import QianbaoError
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
    """What a simulation found: of `wallets`, to how many the policy `applies`, how many of them are
    `locked_out` and what these hold, by currency; the same by segment."""

    wallets: int
    applies: int
    locked_out: int
    locked_out_minor: dict[str, int]
    changes: tuple[Change, ...]
    segments: tuple[Segment, ...]


class SimulationIdUsed(QianbaoError):
    code = "simulation_id_used"
    en = "This id was used for a simulation of another version."
    zh = "该编号已用于另一版本的模拟。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


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
    """Counts and stores; the same request again gives the run that is there. Raises
    `PolicyVersionUnknown` or `SimulationIdUsed`."""
    check_id(simulation_id, "sim")
    kept = await fetch_one(conn, SQL.find_simulation, {"simulation_id": simulation_id}, _Stored)
    if kept is not None:
        if (kept.policy, kept.version) != (policy, version):
            raise SimulationIdUsed
        return _simulation(kept)
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
    return [_simulation(row) for row in rows]


class _Stored(msgspec.Struct, frozen=True):
    simulation_id: str
    policy: str
    version: int
    as_of: datetime
    result: dict[str, Any]
    run_by: str
    created_at: datetime


def _simulation(row: _Stored) -> Simulation:
    outcome = {"result": msgspec.convert(row.result, Outcome)}
    return Simulation(**msgspec.structs.asdict(row) | outcome)


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
    return _outcome([msgspec.convert(row, Segment) for row in rows], _changes(capabilities, rows))


def _outcome(segments: Sequence[Segment], changes: Iterable[Change]) -> Outcome:
    held: Counter[str] = Counter()
    for segment in segments:
        held[segment.currency] += segment.locked_out_minor
    return Outcome(
        wallets=sum(segment.wallets for segment in segments),
        applies=sum(segment.applies for segment in segments),
        locked_out=sum(segment.locked_out for segment in segments),
        locked_out_minor=dict(sorted(held.items())),
        changes=tuple(changes),
        segments=tuple(segments),
    )


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

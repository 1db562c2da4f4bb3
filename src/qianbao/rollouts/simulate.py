"""Who a policy would reach, counted over every open wallet before anybody is told.

What is counted: the moment the policy begins to block (now, when that day has passed), every wallet
as it would stand if nobody did anything until then, the policy at its full percentage, no grace
left, and the smallest amount there is. Nothing here changes a wallet or a policy. The figures are
`losses`, its statements `counting`'s, what they run on `engines`, and the ways out of whoever is
locked out `ways`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import QianbaoError
from qianbao.ids import check_id
from qianbao.policy.dates import enforced_from
from qianbao.policy.policies import Policy, load_policy
from qianbao.rollouts.counting import Outcome, samples_sql
from qianbao.rollouts.engines import Engine, Population, in_postgres
from qianbao.rollouts.exemptions import exempt_on
from qianbao.rollouts.in_force import read_in_force
from qianbao.rollouts.losses import count_in
from qianbao.rollouts.operators import audit
from qianbao.rollouts.publish import find_version
from qianbao.rollouts.ways import ways_out

SQL = load("qianbao.rollouts")


class SimulationIdUsed(QianbaoError):
    code = "simulation_id_used"
    en = "This id was used for a simulation of another version."
    zh = "该编号已用于另一版本的模拟。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class Simulation(msgspec.Struct, frozen=True):
    """A stored run: of which version, as of which moment, on which engine, by whom. `created_at` is
    when the wallets were read that it counted: of a snapshot, when that was taken."""

    simulation_id: str
    policy: str
    version: int
    as_of: datetime
    engine: Engine
    result: Outcome
    run_by: str
    created_at: datetime


On = Callable[[datetime], Population]
"""A population as it stands at a moment."""


async def simulate(
    conn: Connection,
    *,
    policy: str,
    version: int,
    operator: str,
    simulation_id: str,
    now: datetime,
    on: On | None = None,
) -> Simulation:
    """Counts and stores; the same request again gives the run that is there. `on`: where to count,
    else PostgreSQL. Raises `PolicyVersionUnknown` or `SimulationIdUsed`."""
    check_id(simulation_id, "sim")
    kept = await fetch_one(conn, SQL.find_simulation, {"simulation_id": simulation_id}, _Stored)
    if kept is not None:
        if (kept.policy, kept.version) != (policy, version):
            raise SimulationIdUsed
        return _simulation(kept)
    tried = load_policy((await find_version(conn, policy=policy, version=version)).body)
    _, in_force = await read_in_force(conn)
    as_of = max(now, enforced_from(tried))
    population = on(as_of) if on is not None else await in_postgres(conn, as_of=as_of, now=now)
    outcome = await try_out(
        conn, tried, in_force=in_force, as_of=as_of, now=now, population=population
    )
    simulation = Simulation(
        simulation_id, policy, version, as_of, population.dialect, outcome, operator,
        min(population.taken_at, now),
    )  # fmt: skip
    row = msgspec.structs.asdict(simulation) | {
        "result": Jsonb(msgspec.to_builtins(outcome)), "operator": operator,
        "now": simulation.created_at,
    }  # fmt: skip
    await conn.execute(SQL.add_simulation, row)
    await audit(
        conn, operator=operator, action="policy.simulate", subject=policy, now=now,
        detail={
            "version": version, "simulation": simulation_id, "locked_out": outcome.locked_out,
            **({"asked": outcome.asked.for_all} if outcome.asked is not None else {}),
            **({"beyond": outcome.beyond} if outcome.beyond is not None else {}),
        },
    )  # fmt: skip
    return simulation


async def list_simulations(conn: Connection, *, policy: str) -> list[Simulation]:
    """The latest runs of any version of `policy`, the newest first."""
    rows = await fetch_all(conn, SQL.list_simulations, {"policy": policy}, _Stored)
    return [_simulation(row) for row in rows]


async def find_forecast(
    conn: Connection, *, policy: str, version: int, began: datetime
) -> Simulation | None:
    """What foretells the outcome of a version that begins, or began, to block at `began`: the last
    run before; of one that nobody tried in time the first. None: it was never simulated."""
    key = {"policy": policy, "version": version, "began": began}
    found = await fetch_one(conn, SQL.find_forecast, key, _Stored)
    return _simulation(found) if found is not None else None


class _Stored(msgspec.Struct, frozen=True):
    simulation_id: str
    policy: str
    version: int
    as_of: datetime
    engine: Engine
    result: dict[str, Any]
    run_by: str
    created_at: datetime


def _simulation(row: _Stored) -> Simulation:
    outcome = {"result": msgspec.convert(row.result, Outcome)}
    return Simulation(**msgspec.structs.asdict(row) | outcome)


async def try_out(
    conn: Connection,
    tried: Policy,
    *,
    in_force: Sequence[Policy],
    as_of: datetime,
    now: datetime,
    population: Population,
) -> Outcome:
    """Everything a simulation says. The few wallets that are looked at one by one are read through
    `conn`."""
    exempt = await exempt_on(conn, as_of)
    outcome = await count_in(population, tried, in_force, as_of, exempt)
    rows = await population.ask(samples_sql(tried, population.wallets, population.dialect, exempt))
    samples = tuple(row["wallet_id"] for row in rows)
    if tried.asks:
        return msgspec.structs.replace(outcome, samples=samples)
    ways = await ways_out(conn, population, tried, in_force, as_of=as_of, now=now, exempt=exempt)
    return msgspec.structs.replace(outcome, samples=samples, ways=ways)

"""The cheapest ways out of a whole locked-out population.

Wallets that are alike in everything the planner looks at share their way out, so it plans once for
each different situation, by one wallet that is in it, and not once a wallet. Here belongs that
grouping's meaning; its statement is in `counting`, the search in `remedies.plan`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from qianbao.db.queries import Connection
from qianbao.policy.facts import Situation, carry
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR, Policy
from qianbao.remedies.goals import allowed
from qianbao.remedies.needs import RENEWABLE
from qianbao.remedies.offer import as_known
from qianbao.remedies.plan import WayOut, plan
from qianbao.rollouts.alike import alike_sql
from qianbao.rollouts.counting import Exempt, Row, Way, Ways
from qianbao.rollouts.engines import Population
from qianbao.wallets.situation import read_situations

SITUATIONS_MOST = 1_000
"""Different situations that are planned for, those of the most wallets first."""

WAYS_MOST = 12
"""Ways that are told one by one."""


class _Found(msgspec.Struct):
    """Wallets with one way out, as they are added up."""

    way: WayOut | None
    example: str
    wallets: int
    held_minor: dict[str, int]


async def ways_out(
    conn: Connection,
    population: Population,
    tried: Policy,
    others: Sequence[Policy],
    *,
    as_of: datetime,
    now: datetime,
    exempt: Exempt,
) -> Ways:
    """How the wallets that `tried` would lock out at `as_of` get everything back that it blocks,
    `others` being in force besides. One of each kind is read from the database by its id."""
    whole = msgspec.structs.replace(tried, grace_days=0, timeline=None, stops=())
    policies = (*(policy for policy in others if policy.name != tried.name), whole)
    touching = [one for one in policies if not set(one.blocks).isdisjoint(tried.blocks)]
    statement = alike_sql(
        tried, touching, RENEWABLE.days, population.wallets, population.dialect, exempt
    )
    rows = await population.ask(statement)
    examples = [row["example"] for row in rows[:SITUATIONS_MOST]]
    read = await read_situations(conn, examples, now, free_minor=0)
    known = {one: as_known(carry(read[one], now, as_of)) for one in examples if one in read}
    plans = await asyncio.to_thread(_plan_each, policies, tuple(known.values()), as_of, tried)
    return _summed(rows, dict(zip(known, plans, strict=True)))


def _plan_each(
    policies: tuple[Policy, ...], situations: Sequence[Situation], as_of: datetime, tried: Policy
) -> list[WayOut | None]:
    return [cheapest(policies, situation, as_of, tried) for situation in situations]


def cheapest(
    policies: tuple[Policy, ...], situation: Situation, as_of: datetime, tried: Policy
) -> WayOut | None:
    """The first way out to everything that `tried` blocks; None when there is none."""
    goal = allowed(*tried.blocks, amount_minor=SMALLEST_AMOUNT_MINOR)
    ways = plan(policies, situation, as_of, goal, limit=2)
    return ways[0] if ways else None


def _summed(rows: Sequence[Row], plans: dict[str, WayOut | None]) -> Ways:
    """Situations with the same steps as one way; rows whose example was not planned for apart."""
    found: dict[tuple[str, ...], _Found] = {}
    unplanned = 0
    for row in rows:
        wallets, example = int(row["wallets"]), row["example"]
        if example not in plans:
            unplanned += wallets
            continue
        way = plans[example]
        steps = tuple(step.action for step in way.steps) if way else ()
        one = found.setdefault(steps, _Found(way, example, 0, {}))
        one.wallets += wallets
        held = int(row["held_minor"] or 0)
        one.held_minor[row["currency"]] = one.held_minor.get(row["currency"], 0) + held
    kinds = sorted(found.values(), key=lambda one: -one.wallets)
    return Ways(
        situations=len(plans),
        visit=sum(one.wallets for one in kinds if one.way is not None and one.way.visit),
        none=sum(one.wallets for one in kinds if one.way is None),
        unplanned=unplanned,
        ways=tuple(_way(one) for one in kinds[:WAYS_MOST]),
    )


def _way(one: _Found) -> Way:
    steps = one.way.steps if one.way is not None else ()
    return Way(
        steps=tuple(step.action for step in steps),
        steps_en=tuple(step.title_en for step in steps),
        steps_zh=tuple(step.title_zh for step in steps),
        visit=one.way is not None and one.way.visit,
        minutes=one.way.minutes if one.way is not None else None,
        wallets=one.wallets,
        held_minor=one.held_minor,
        example=one.example,
    )

"""What a simulation foretold, beside what the policy has done since it began to block.

Read from the stored simulation and the decision log, which has every refusal with its reasons. The
forecast counts wallets that do not meet the policy; whoever never tries anything is never refused,
so fewer refused than foretold is what one expects, and more is what one has to look at.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.ids import first_id
from qianbao.policy.dates import enforced_from
from qianbao.policy.policies import load_policy
from qianbao.rollouts.in_force import find_published
from qianbao.rollouts.simulate import find_forecast

SQL = load("qianbao.rollouts")


class Refused(msgspec.Struct, frozen=True):
    """Refusals in which this version was among the reasons: of how many `wallets`, how often, and
    of how many wallets nothing else stood in the way (`alone`)."""

    capability: str
    wallets: int
    refusals: int
    alone: int


class Outturn(msgspec.Struct, frozen=True):
    """A published version's forecast and what happened from `since` on, when it began to block, to
    `until`. `foretold` is how many wallets would not meet it, or be beyond it, by its forecast
    (`simulate.find_forecast`); `loses` by capability; None: it was never simulated.
    `refused_wallets` counts each once."""

    policy: str
    version: int
    simulation_id: str | None
    since: datetime
    until: datetime
    foretold: int | None
    loses: dict[str, int]
    refused_wallets: int
    refused: tuple[Refused, ...]


class _Count(msgspec.Struct, frozen=True):
    wallets: int


async def compare(conn: Connection, *, policy: str, now: datetime) -> Outturn | None:
    """The published version of `policy` beside its forecast; None before it blocks anybody. Raises
    `PolicyNotPublished`."""
    stored = await find_published(conn, policy)
    began = enforced_from(load_policy(stored.body))
    since = max(began, stored.published_at or began)
    if since > now:
        return None
    run = await find_forecast(conn, policy=policy, version=stored.version, began=since)
    asked = {"policy": policy, "version": stored.version, "first": first_id("dec", since)}
    refused = await fetch_all(conn, SQL.refused_by_policy, asked, Refused)
    wallets = await fetch_one(conn, SQL.refused_wallets, asked, _Count)
    return Outturn(
        policy=policy,
        version=stored.version,
        simulation_id=run.simulation_id if run else None,
        since=since,
        until=now,
        foretold=run.result.refused if run else None,
        loses={one.capability: one.loses for one in run.result.changes} if run else {},
        refused_wallets=wallets.wallets if wallets else 0,
        refused=tuple(refused),
    )

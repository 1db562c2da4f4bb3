"""The tripwire: enforcement stops by itself when more wallets are refused than was forecast.

It counts what is gathered from the decision log, where every refusal stands anyway, so that no
payment bears a cost for it. Watched is a rollout until some days after its last step
(`tripwire_days`): after that, people come and fall out that no simulation could know of. Without a
simulation there is no forecast, and nothing is watched.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from qianbao.db.queries import Connection
from qianbao.policy.dates import phase
from qianbao.rollouts.enforcement import enforcement_of, put_stop
from qianbao.rollouts.hold_rule import LegalHoldsStand
from qianbao.rollouts.in_force import StopRow, read_in_force
from qianbao.rollouts.operators import TRIPWIRE
from qianbao.settings import Settings

log = structlog.get_logger(__name__)


async def watch(conn: Connection, settings: Settings, *, now: datetime) -> list[StopRow]:
    """Stops every version that refused too many, as far as that has been gathered
    (`refused.gather_refusals`); gives the stops. A rule that holds stand on is never stopped."""
    stopped = []
    _, in_force = await read_in_force(conn)
    for policy in in_force:
        if phase(policy, now) != "enforced":
            continue
        found = await enforcement_of(conn, settings, policy, (), now)
        if found.trips_beyond is None or found.refused <= found.trips_beyond:
            continue
        try:
            stopped.append(
                await put_stop(
                    conn,
                    policy=policy.name,
                    reason=f"{found.refused} > {found.trips_beyond}",
                    by=TRIPWIRE,
                    now=now,
                    refused=found.refused,
                    forecast=found.expected,
                )
            )
        except LegalHoldsStand:
            log.error("holds stand on a rule that refuses too many", policy=policy.name)
            continue
        log.error(
            "enforcement stopped by the tripwire",
            policy=policy.name, version=policy.version, refused=found.refused,
            forecast=found.expected,
        )  # fmt: skip
    return stopped

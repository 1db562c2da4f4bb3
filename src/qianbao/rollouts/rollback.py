"""A published version taken back at once, by one operator: what it took away is there again.

The version before it returns where nobody loses by that; otherwise none does, and the rule is gone
until a new version is published. Retiring, which is no emergency, takes two (`retire`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, load
from qianbao.errors import InvalidInput
from qianbao.policy.dates import phase
from qianbao.policy.policies import Policy, load_policy
from qianbao.rollouts.hold_rule import check_still_held
from qianbao.rollouts.in_force import PolicyVersion, find_published, read_in_force
from qianbao.rollouts.losses import count
from qianbao.rollouts.operators import audit
from qianbao.rollouts.publish import find_version

SQL = load("qianbao.rollouts")

MOST_REASON = 400
"""Characters."""


class ReasonNeeded(InvalidInput):
    code = "reason_needed"
    en = "This needs a reason, 1 to {most} characters."
    zh = "须填写理由（1 至 {most} 个字符）。"
    next_en = "Write what went wrong; it stays in the audit."
    next_zh = "请写明原因，理由将保留在操作记录中。"


class RolledBack(msgspec.Struct, frozen=True):
    """What a rollback left: the version taken back, and the one that is published again in its
    place (None: none is)."""

    version: PolicyVersion
    returned: int | None


def checked_reason(reason: str) -> str:
    """Raises `ReasonNeeded`."""
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise ReasonNeeded(most=MOST_REASON)
    return reason


async def roll_back(
    conn: Connection, *, policy: str, reason: str, operator: str, now: datetime
) -> RolledBack:
    """From the commit on the published version blocks nobody, in any process, and nobody loses
    anything by what returns. Raises `ReasonNeeded`, `PolicyNotPublished` or `LegalHoldsStand`."""
    reason = checked_reason(reason)
    await conn.execute(SQL.lock_revision)
    published = await find_published(conn, policy)
    earlier = await _harmless_earlier(conn, published, now)
    await check_still_held(
        conn, load_policy(published.body), load_policy(earlier.body) if earlier else None
    )
    act = {"policy": policy, "operator": operator, "reason": reason, "now": now}
    await conn.execute(SQL.roll_back_published, act)
    if earlier is not None:
        back = {"policy": policy, "version": earlier.version}
        await conn.execute(SQL.return_version, back)
    await conn.execute(SQL.raise_revision)
    returned = earlier.version if earlier else None
    detail = {"version": published.version, "reason": reason} | (
        {"returns": returned} if returned else {}
    )
    await audit(
        conn, operator=operator, action="policy.rollback", subject=policy, now=now, detail=detail
    )
    taken_back = await find_version(conn, policy=policy, version=published.version)
    return RolledBack(taken_back, returned)


async def _harmless_earlier(
    conn: Connection, published: PolicyVersion, now: datetime
) -> PolicyVersion | None:
    """The version that `published` replaced, if it can return without taking anything away."""
    if published.replaces is None:
        return None
    earlier = await find_version(conn, policy=published.policy, version=published.replaces)
    if earlier.state != "replaced":
        return None
    return None if await _takes(conn, load_policy(earlier.body), now) else earlier


async def _takes(conn: Connection, earlier: Policy, now: datetime) -> bool:
    """Whether anybody would lose a capability at once. One that is not enforced yet takes nothing
    before its days."""
    if phase(earlier, now) != "enforced":
        return False
    _, in_force = await read_in_force(conn)
    outcome = await count(conn, earlier, in_force=in_force, as_of=now, now=now)
    return any(change.loses for change in outcome.changes)

"""A published version taken back at once, by one operator: what it took away is there again.

The version before it returns where nobody loses by that before they can be told (`notice_days`);
otherwise none does, and the rule is gone until a new version is published. Retiring, which is no
emergency, takes two (`retire`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from qianbao.db.queries import Connection, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.policy.dates import steps
from qianbao.policy.policies import Policy, load_policy
from qianbao.rollouts.hold_rule import check_still_held
from qianbao.rollouts.in_force import (
    PolicyNotPublished,
    PolicyVersion,
    read_in_force,
    versions,
)
from qianbao.rollouts.losses import losing
from qianbao.rollouts.operators import MOST_REASON, audit
from qianbao.rollouts.publish import find_version
from qianbao.settings import Settings

SQL = load("qianbao.rollouts")


class ReasonNeeded(InvalidInput):
    code = "reason_needed"
    en = "This needs a reason, 1 to {most} characters."
    zh = "须填写理由（1 至 {most} 个字符）。"
    next_en = "Write what went wrong; it stays in the audit."
    next_zh = "请写明原因，理由将保留在操作记录中。"


class OtherVersionPublished(QianbaoError):
    code = "other_version_published"
    en = "Of {policy}, version {published} is published now, not version {version}."
    zh = "{policy} 目前发布的是第 {published} 版，不是第 {version} 版。"
    next_en = "Look at that version, then decide again."
    next_zh = "请查看该版本后再作决定。"


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


class _Look(msgspec.Struct, frozen=True):
    """What a rollback takes back, and what returns in its place."""

    published: PolicyVersion
    earlier: PolicyVersion | None


async def roll_back(
    conn: Connection,
    settings: Settings,
    *,
    policy: str,
    reason: str,
    operator: str,
    now: datetime,
    version: int | None = None,
) -> RolledBack:
    """From the commit on the published version blocks nobody, in any process, and nobody loses
    anything by what returns. `version`: which one the operator looked at; taken back already, it
    stays so, and what returned is left alone. What may return is counted without the lock on the
    rules, so that nobody waits for it; once more with it, where others have changed them meanwhile.
    Raises `ReasonNeeded`, `PolicyVersionUnknown`, `PolicyNotPublished`, `OtherVersionPublished` or
    `LegalHoldsStand`."""
    reason = checked_reason(reason)
    revision, _ = await read_in_force(conn)
    look = await _look_at(conn, settings, policy, version, now)
    row = await (await conn.execute(SQL.lock_revision)).fetchone()
    if row is None or row[0] != revision:
        look = await _look_at(conn, settings, policy, version, now)
    if isinstance(look, RolledBack):
        return look
    published, earlier = look.published, look.earlier
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


async def _look_at(
    conn: Connection, settings: Settings, policy: str, version: int | None, now: datetime
) -> _Look | RolledBack:
    """What is to be done, or, where `version` was taken back before, what was."""
    listed = [one.stored for one in await versions(conn, now=now, policy=policy)]
    published = next((one for one in listed if one.state == "published"), None)
    if version is not None:
        asked = await find_version(conn, policy=policy, version=version)
        if asked.state == "rolled_back":
            stands = published is not None and published.version == asked.replaces
            return RolledBack(asked, asked.replaces if stands else None)
    if published is None:
        raise PolicyNotPublished(policy=policy)
    if version not in (None, published.version):
        raise OtherVersionPublished(policy=policy, version=version, published=published.version)
    return _Look(published, await _what_returns(conn, settings, published, now))


async def _what_returns(
    conn: Connection, settings: Settings, published: PolicyVersion, now: datetime
) -> PolicyVersion | None:
    """The version that `published` replaced, if that can return without taking anything away."""
    listed = await versions(conn, now=now, policy=published.policy)
    earlier = next((one for one in listed if one.stored.version == published.replaces), None)
    if earlier is None or earlier.stored.state != "replaced":
        return None
    least = timedelta(days=settings.notice_days)
    takes = await _takes(conn, earlier.policy, now, now + least)
    return None if takes else earlier.stored


async def _takes(conn: Connection, earlier: Policy, now: datetime, until: datetime) -> bool:
    """Whether anybody would lose a capability up to `until`, before which nobody can be told in
    time: they were told the days of the version that is taken back."""
    _, in_force = await read_in_force(conn)
    begins = (begin for _, begin in steps(earlier) if now < begin < until)
    moments = (now, *begins, until)
    return await losing(conn, earlier, in_force=in_force, moments=moments, now=now) > 0

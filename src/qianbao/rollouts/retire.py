"""A policy taken out of force: proposed by one operator, done by another, as publishing is.

What it would give back can be looked at before (`freed`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, load
from qianbao.errors import QianbaoError
from qianbao.policy.dates import phase
from qianbao.policy.policies import load_policy
from qianbao.rollouts.hold_rule import check_still_held
from qianbao.rollouts.in_force import PolicyVersion, find_published, read_in_force
from qianbao.rollouts.losses import count
from qianbao.rollouts.operators import audit
from qianbao.rollouts.publish import find_version

SQL = load("qianbao.rollouts")


class RetirementNotProposed(QianbaoError):
    code = "retirement_not_proposed"
    en = "Nobody has proposed to retire {policy}."
    zh = "尚无人提议撤销规则 {policy}。"
    next_en = "Propose it; another operator then retires it."
    next_zh = "请先提议撤销，再由另一位操作员撤销。"


class RetirementNeedsSecondOperator(QianbaoError):
    code = "retirement_needs_second_operator"
    status = 403
    en = "{operator} proposed to retire this policy; somebody else has to do it."
    zh = "撤销此规则由 {operator} 提议，须由另一位操作员执行。"
    next_en = "Ask another operator to look at what it gives back, and retire it."
    next_zh = "请另一位操作员审核影响后执行。"


class Freed(msgspec.Struct, frozen=True):
    """What retiring gives back: how many `wallets` the policy blocks now, what these hold by
    currency, and how many regain each capability (another policy may block it as well)."""

    wallets: int
    held_minor: dict[str, int]
    regains: dict[str, int]


async def freed(conn: Connection, *, policy: str, now: datetime) -> Freed:
    """Counted as a simulation counts; nothing before the policy is enforced. Raises
    `PolicyNotPublished`."""
    await find_published(conn, policy)
    _, in_force = await read_in_force(conn)
    published = next(each for each in in_force if each.name == policy)
    if phase(published, now) != "enforced":
        return Freed(0, {}, {})
    others = [each for each in in_force if each.name != policy]
    found = await count(conn, published, in_force=others, as_of=now, now=now)
    # What others than this one leave and this one takes is what comes back.
    regains = {change.capability: change.loses for change in found.changes if change.loses}
    held_minor = {currency: held for currency, held in found.locked_out_minor.items() if held}
    return Freed(found.locked_out, held_minor, regains)


async def propose(conn: Connection, *, policy: str, operator: str, now: datetime) -> PolicyVersion:
    """Asks for the end of the published version, which changes nothing before `retire`; proposed
    already, that stays. Raises `PolicyNotPublished` or `LegalHoldsStand`."""
    published = await _lock_published(conn, policy)
    await check_still_held(conn, load_policy(published.body), None)
    if published.retire_proposed_by is not None:
        return published
    act = {"policy": policy, "operator": operator, "now": now}
    await conn.execute(SQL.propose_retirement, act)
    return await _record(conn, "policy.propose_retirement", published, operator, now)


async def keep(conn: Connection, *, policy: str, operator: str, now: datetime) -> PolicyVersion:
    """Turns a proposal to retire down, one's own or another's. Raises `PolicyNotPublished` or
    `RetirementNotProposed`."""
    published = await _lock_published(conn, policy)
    if published.retire_proposed_by is None:
        raise RetirementNotProposed(policy=policy)
    await conn.execute(SQL.keep_published, {"policy": policy})
    return await _record(conn, "policy.keep", published, operator, now)


async def retire(conn: Connection, *, policy: str, operator: str, now: datetime) -> PolicyVersion:
    """Takes a policy out of force, as another operator has proposed: whom it blocked may act again
    at once. Raises `PolicyNotPublished`, `RetirementNotProposed`, `RetirementNeedsSecondOperator`
    or `LegalHoldsStand`."""
    published = await _lock_published(conn, policy)
    proposed_by = published.retire_proposed_by
    if proposed_by is None:
        raise RetirementNotProposed(policy=policy)
    if proposed_by == operator:
        raise RetirementNeedsSecondOperator(operator=operator)
    await check_still_held(conn, load_policy(published.body), None)
    act = {"policy": policy, "operator": operator, "now": now}
    await conn.execute(SQL.retire_published, act)
    await conn.execute(SQL.raise_revision)
    return await _record(conn, "policy.retire", published, operator, now)


async def _lock_published(conn: Connection, policy: str) -> PolicyVersion:
    await conn.execute(SQL.lock_revision)
    return await find_published(conn, policy)


async def _record(
    conn: Connection, action: str, published: PolicyVersion, operator: str, now: datetime
) -> PolicyVersion:
    """Records the act, and gives the version as it is now."""
    detail: dict[str, object] = {"version": published.version}
    if published.retire_proposed_by is not None:
        detail["proposed_by"] = published.retire_proposed_by
    await audit(
        conn, operator=operator, action=action, subject=published.policy, now=now, detail=detail
    )
    return await find_version(conn, policy=published.policy, version=published.version)

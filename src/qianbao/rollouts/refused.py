"""Telling holders what was refused without their hearing of it: what somebody else asked for (a
transfer to them, a merchant's charge, be it for want of their own proof), and that a rule blocks
them of which they had no notice.

Gathered from the decision log about once a minute, so that no payment bears a cost for it. Whoever
asked is told neither why nor how it ends (`payments.charge`, `payments.transfer`); the holder is.
What a holder asks for themselves is told with the answer.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from functools import partial

import msgspec

from qianbao.clock import OPERATOR_ZONE
from qianbao.db.queries import Connection, fetch_all, load
from qianbao.ids import first_id
from qianbao.policy.policies import Policy
from qianbao.policy.spells import as_it_blocks
from qianbao.rollouts.apart import apart, record_failure
from qianbao.rollouts.in_force import read_in_force
from qianbao.rollouts.told import is_told, put, tell_steps
from qianbao.rollouts.wording import Refusal, refused
from qianbao.settings import Settings
from qianbao.wallets.situation import read_situations

SQL = load("qianbao.rollouts")

OVERLAP = timedelta(minutes=10)
"""How far before its last look the log is read again: longer than any batch takes to commit."""


class _Waiting(msgspec.Struct, frozen=True):
    wallet_id: str
    policy: str
    day: date
    other: str
    at: datetime
    amount_minor: int
    sentence_en: str
    sentence_zh: str
    headroom_minor: int | None


async def gather_refusals(conn: Connection, *, now: datetime) -> None:
    """Takes out of the decision log what the tripwire counts and what holders are to be told."""
    cursor = await conn.execute(SQL.gather_from, {"now": now, "overlap": OVERLAP})
    row = await cursor.fetchone()
    assert row is not None, "there is always the one row"
    act = {"since": row[0], "first": first_id("dec", row[0]), "zone": OPERATOR_ZONE.key}
    await conn.execute(SQL.gather_refusals, act)


async def tell_refused(
    conn: Connection, settings: Settings, *, now: datetime, limit: int = 50
) -> int:
    """One batch of what was gathered; gives how many it looked at. What fails of one wallet is in
    the audit and silences nobody else."""
    waiting = await fetch_all(conn, SQL.take_refused, {"limit": limit}, _Waiting)
    policies = tuple(map(as_it_blocks, (await read_in_force(conn))[1]))
    by_name = {policy.name: policy for policy in policies}
    for one in waiting:
        policy = by_name.get(one.policy)
        if policy is not None:
            tell = partial(_tell, conn, policies, policy, settings, one, now)
            if await apart(conn, tell, one.wallet_id) is None:
                await record_failure(
                    conn, policy=policy.name, version=policy.version,
                    wallet_ids=(one.wallet_id,), now=now,
                )  # fmt: skip
        act = {"wallet_id": one.wallet_id, "policy": one.policy, "day": one.day}
        await conn.execute(SQL.refused_told, act | {"other": one.other, "now": now})
    return len(waiting)


async def forget_refusals(conn: Connection, *, before: date, limit: int = 10_000) -> int:
    """Drops what was gathered of the days before `before`; gives how many."""
    wanted = {"before": before, "limit": limit}
    return (await conn.execute(SQL.forget_refusals, wanted)).rowcount


async def _tell(
    conn: Connection,
    policies: tuple[Policy, ...],
    policy: Policy,
    settings: Settings,
    one: _Waiting,
    now: datetime,
) -> bool:
    free_minor = settings.withdrawal_free_minor
    situations = await read_situations(conn, [one.wallet_id], now, free_minor=free_minor)
    situation = situations.get(one.wallet_id)
    if situation is None or situation.status != "open":
        return True
    if is_told(policy, now):
        await tell_steps(conn, policies, policy, settings, situations, now)
    if not one.other or await _blocked_told_since(conn, one):
        return True
    refusal = Refusal(
        one.other, one.amount_minor, one.sentence_en, one.sentence_zh, one.headroom_minor
    )
    said = await asyncio.to_thread(refused, policies, policy, situation, refusal, one.at, now)
    # A stranger who goes on sending must not use up the texts of a day.
    text = one.other == "be_charged"
    await put(conn, one.wallet_id, policy.name, "policy_refused", said, now, text=text)
    return True


async def _blocked_told_since(conn: Connection, one: _Waiting) -> bool:
    """Whether the notice that the rule blocks them has gone out since: it says all of it."""
    act = {"wallet_id": one.wallet_id, "policy": one.policy, "at": one.at}
    return await (await conn.execute(SQL.blocked_told_since, act)).fetchone() is not None

"""What a wallet is told of one policy, step by step: the step that is due, and that it is over.

Here belongs that each step is told once, and settled when it is over. When who is looked at is
`tell` and `refused`, what a notice says is `wording`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from qianbao.clock import local_date
from qianbao.db.queries import Connection, fetch_all, load
from qianbao.notices import inbox
from qianbao.policy.dates import phase
from qianbao.policy.facts import Situation
from qianbao.policy.policies import Policy
from qianbao.policy.spells import beyond_any, is_told_by_amount
from qianbao.rollouts.wording import (
    STEPS,
    NoticeWords,
    Step,
    Telling,
    over,
    own_deadline,
    steps_of,
    telling,
    words,
)
from qianbao.settings import Settings

SQL = load("qianbao.rollouts")

LINK = "/me/pay/wallet"


class _Told(msgspec.Struct, frozen=True):
    wallet_id: str
    step: Step


class _Standing(msgspec.Struct, frozen=True):
    wallet_id: str
    blocked: bool
    earlier: bool
    deadline: datetime


def is_told(policy: Policy, now: datetime) -> bool:
    """Whether holders hear of it by notices now."""
    return bool(steps_of(policy)) and phase(policy, now) not in ("draft", "retired")


async def tell_steps(
    conn: Connection,
    policies: tuple[Policy, ...],
    policy: Policy,
    settings: Settings,
    situations: dict[str, Situation],
    now: datetime,
) -> bool:
    """Tells each of `situations` the step of `policy` that is due, or that it is over."""
    await _tell_over(conn, policy, situations, now)
    due = await due_steps(conn, policy, situations, now)
    # The search for ways out takes a while, and other jobs must go on meanwhile.
    written = await asyncio.to_thread(
        lambda: [words(policies, policy, one, settings, what, now) for one, what in due]
    )
    for (situation, what), said in zip(due, written, strict=True):
        row = key_of(policy) | {"wallet_id": situation.wallet_id, "stops": len(policy.stops)}
        act = row | {"step": what.step, "deadline": what.deadline, "now": now}
        if (await conn.execute(SQL.add_told, act)).rowcount:
            kind = f"policy_{what.step}"
            await put(conn, situation.wallet_id, policy.name, kind, said, now)
    return True


async def _tell_over(
    conn: Connection, policy: Policy, situations: dict[str, Situation], now: datetime
) -> None:
    """Tells those for whom what they were told is over, and settles it. Where only the day has
    moved, or another version said it, that is settled without a word: the step with the new one is
    due."""
    key = key_of(policy) | {"wallet_ids": list(situations)}
    for one in await fetch_all(conn, SQL.find_standing, key, _Standing):
        situation = situations[one.wallet_id]
        what = telling(policy, situation, now)
        may_stand = not one.blocked and not one.earlier and situation.status == "open"
        if what is None and is_told_by_amount(policy) and may_stand:
            await _settle_limit(conn, policy, situation, one, now)
        elif what is None or (one.blocked and what.deadline > now):
            said = over(policy, situation, now) if situation.status == "open" else None
            await settle(conn, one.wallet_id, policy.name, said, now)
        elif one.earlier or (
            not one.blocked and _has_moved(one.deadline, what.deadline, situation)
        ):
            await settle(conn, one.wallet_id, policy.name, None, now)


async def _settle_limit(
    conn: Connection, policy: Policy, situation: Situation, told: _Standing, now: datetime
) -> None:
    """What they have goes up and down, and does not make untrue what they were told: as long as the
    limit is to apply to them on that day, it stands. From that day on their payments tell."""
    deadline = own_deadline(policy, situation, now, beyond_any(policy))
    if deadline is None:
        await settle(conn, told.wallet_id, policy.name, over(policy, situation, now), now)
    elif deadline <= now or _has_moved(told.deadline, deadline, situation):
        await settle(conn, told.wallet_id, policy.name, None, now)


def _has_moved(told: datetime, deadline: datetime, situation: Situation) -> bool:
    """Whether the day that was told is not the wallet's any more."""
    zone = ZoneInfo(situation.time_zone)
    return local_date(told, zone) != local_date(deadline, zone)


async def settle(
    conn: Connection, wallet_id: str, policy: str, said: NoticeWords | None, now: datetime
) -> None:
    """Marks what was told as over, and says so; None: without a word, because the wallet is closed,
    another step follows, or the policy is a limit, and now in force."""
    await conn.execute(SQL.told_over, {"wallet_id": wallet_id, "policy": policy, "now": now})
    await inbox.settle(conn, wallet_id=wallet_id, about=about(policy), now=now)
    if said is not None:
        await put(conn, wallet_id, "", "policy_over", said, now)


async def due_steps(
    conn: Connection, policy: Policy, situations: dict[str, Situation], now: datetime
) -> list[tuple[Situation, Telling]]:
    """Who is to be told what, that step or a later one not having been told."""
    key = key_of(policy) | {"wallet_ids": list(situations), "stops": len(policy.stops)}
    latest: dict[str, int] = {}
    for one in await fetch_all(conn, SQL.find_told, key, _Told):
        latest[one.wallet_id] = max(latest.get(one.wallet_id, -1), STEPS.index(one.step))
    due = []
    for wallet_id, situation in situations.items():
        what = telling(policy, situation, now)
        if what is not None and STEPS.index(what.step) > latest.get(wallet_id, -1):
            due.append((situation, what))
    return due


async def put(
    conn: Connection,
    wallet_id: str,
    policy: str,
    kind: str,
    said: NoticeWords,
    now: datetime,
    *,
    text: bool = True,
) -> None:
    """Puts a notice about `policy` (empty: about none any more) into the inbox; with `text` it goes
    out by text message, too."""
    await inbox.tell(
        conn,
        wallet_id=wallet_id,
        kind=kind,
        title_en=said.title_en,
        title_zh=said.title_zh,
        body_en=said.body_en,
        body_zh=said.body_zh,
        link=LINK,
        about=about(policy) if policy else "",
        ways_out=said.ways_out,
        text=text,
        now=now,
    )


def about(policy: str) -> str:
    """By what the notices about a policy are found again."""
    return f"policy:{policy}"


def key_of(policy: Policy) -> dict[str, object]:
    """The version, as queries name it."""
    return {"policy": policy.name, "version": policy.version}

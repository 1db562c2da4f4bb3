"""A notice as one real wallet would get it, looked at before anybody does."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec

from qianbao.clock import start_of_day
from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.policy.dates import announced_from
from qianbao.policy.facts import carry
from qianbao.policy.policies import Policy
from qianbao.policy.spells import as_it_blocks
from qianbao.rollouts import oversight
from qianbao.rollouts.in_force import read_in_force, versions
from qianbao.rollouts.publish import PolicyVersionUnknown
from qianbao.rollouts.wording import NoticeWords, Step, Telling, own_deadline, steps_of, words
from qianbao.settings import Settings
from qianbao.wallets.situation import read_situation


class NoticesNeedDates(QianbaoError):
    code = "notices_need_dates"
    en = "Nobody gets a notice of {policy} at this step."
    zh = "规则 {policy} 在这一步不发送通知。"
    next_en = "Look at another step; a rule that blocks is told at every step if it has a timeline."
    next_zh = "请查看其他步骤；带有时间表的限制类规则在每一步都会通知。"


class Preview(msgspec.Struct, frozen=True):
    """What a wallet would be told at `at`, its own `deadline` being that; `words` are None when it
    would be told nothing, because it meets the rule or is not reached within a year."""

    wallet_id: str
    step: Step
    at: datetime | None
    deadline: datetime | None
    words: NoticeWords | None


async def preview(
    conn: Connection,
    settings: Settings,
    *,
    policy: str,
    version: int,
    wallet_id: str,
    step: Step,
    operator: str,
    now: datetime,
) -> Preview:
    """The notice of `step` about any stored version, a draft too, made from the wallet's facts as
    they will stand on that step's day if nobody does anything. The look is recorded. Raises
    `PolicyVersionUnknown`, `NoticesNeedDates` or `WalletUnknown`."""
    tried = as_it_blocks(await _as_it_stands(conn, policy, version, now))
    if step not in steps_of(tried):
        raise NoticesNeedDates(policy=policy)
    await oversight.look_at(conn, wallet_id=wallet_id, operator=operator, now=now)
    free_minor = settings.withdrawal_free_minor
    situation = await read_situation(conn, wallet_id=wallet_id, now=now, free_minor=free_minor)
    deadline = own_deadline(tried, situation, now)
    if deadline is None or situation.status != "open":
        return Preview(wallet_id, step, None, None, None)
    _, in_force = await read_in_force(conn)
    others = tuple(one for one in in_force if one.name != policy)
    at = _day_of(tried, step, deadline)
    then = carry(situation, now, at) if at > now else situation
    told = Telling(step, deadline)
    said = await asyncio.to_thread(words, (*others, tried), tried, then, settings, told, at)
    return Preview(wallet_id, step, at, deadline, said)


async def _as_it_stands(conn: Connection, policy: str, version: int, now: datetime) -> Policy:
    """The version, with its days as stops have moved them."""
    for one in await versions(conn, now=now, policy=policy):
        if one.stored.version == version:
            return one.policy
    raise PolicyVersionUnknown(policy=policy, version=version)


def _day_of(policy: Policy, step: Step, deadline: datetime) -> datetime:
    dates, fell_out = policy.timeline, deadline - timedelta(days=policy.grace_days)
    return {
        "announced": announced_from(policy),
        "warned": start_of_day(dates.warn) if dates else fell_out,
        "week_before": deadline - timedelta(days=7),
        "day_before": deadline - timedelta(days=1),
        "blocked": deadline,
    }[step]

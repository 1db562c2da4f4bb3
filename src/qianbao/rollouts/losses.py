"""Who loses what by a version, in figures alone; and whether holders are told before it happens.

A simulation counts by this and adds examples and ways out (`simulate`); publishing and rolling back
count by it again, on the wallets there are at that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from qianbao.clock import local_date
from qianbao.db.queries import Connection
from qianbao.policy.dates import phase, retired_from, steps
from qianbao.policy.lint import stops_nobody_else
from qianbao.policy.policies import Policy
from qianbao.policy.reach import percent_at
from qianbao.policy.spells import as_it_blocks, can_only_ease
from qianbao.rollouts.counting import Exempt, Outcome, counted, counting_sql
from qianbao.rollouts.engines import Population, in_postgres
from qianbao.rollouts.exemptions import exempt_on
from qianbao.rollouts.hold_rule import acts_on_holds


async def count(
    conn: Connection, tried: Policy, *, in_force: Sequence[Policy], as_of: datetime, now: datetime
) -> Outcome:
    """What `tried` would change at `as_of` if it took the place of its published version among
    `in_force`, in figures alone: no examples and no ways out."""
    population = await in_postgres(conn, as_of=as_of, now=now)
    return await count_in(population, tried, in_force, as_of, await exempt_on(conn, as_of))


async def count_in(
    population: Population,
    tried: Policy,
    in_force: Sequence[Policy],
    as_of: datetime,
    exempt: Exempt,
) -> Outcome:
    """The same on any engine."""
    before = [policy for policy in in_force if phase(policy, as_of) == "enforced"]
    asked = counting_sql(tried, before, population.wallets, population.dialect, exempt)
    return counted(await population.ask(asked), tried, before)


async def losing(
    conn: Connection,
    tried: Policy,
    *,
    in_force: Sequence[Policy],
    moments: Iterable[datetime],
    now: datetime,
) -> int:
    """How many wallets lose most at once, at one of `moments` at which `tried` is enforced. Whom
    another rule has not reached yet, or gives days of grace, still has something to lose; so has
    whoever is beyond a limit, unless the version in its place stops all that it stops then. A rule
    that asks before a merchant's charge blocks it."""
    most, tried, in_force = 0, _as_it_takes(tried), [_as_it_takes(one) for one in in_force]
    replaced = next((one for one in in_force if one.name == tried.name), None)
    is_milder = replaced is not None and await asyncio.to_thread(_stops_no_more, tried, replaced)
    for at in moments:
        if phase(tried, at) != "enforced":
            continue
        before = [one for one in in_force if percent_at(one, at) == 100 and not one.grace_days]
        outcome = await count(conn, tried, in_force=before, as_of=at, now=now)
        most = max(most, *(change.loses for change in outcome.changes), 0)
        stopped = replaced is not None and percent_at(replaced, at) >= percent_at(tried, at)
        most = max(most, 0 if is_milder and stopped else outcome.beyond or 0)
    return most


def told_from(tried: Policy, today: date, notice_days: int) -> tuple[date, date]:
    """The first days on which a version published `today` may be announced and enforced, as near to
    its own days as may be."""
    dates = tried.timeline
    announce = max(today, dates.announce) if dates else today
    enforce = announce + timedelta(days=notice_days)
    return announce, max(enforce, dates.enforce) if dates else enforce


def is_told_in_time(tried: Policy, today: date, notice_days: int) -> bool:
    """Whether the dates of a version published `today` let holders know before it blocks them."""
    dates = tried.timeline
    return dates is not None and (
        (dates.announce, dates.enforce) == told_from(tried, today, notice_days)
    )


async def surprised(
    conn: Connection,
    tried: Policy,
    *,
    in_force: Sequence[Policy],
    notice_days: int,
    now: datetime,
) -> int | None:
    """How many wallets lose by `tried` today, if it could block somebody who was not told
    `notice_days` before; None: it cannot. Nobody is surprised by a rule that asks (but before a
    merchant's charge nobody is there to answer: there it blocks), by one on legal
    holds (who is held is told by their case), by one that blocks nobody whom the version in its
    place does not, and by a limit that lets everybody move all they have: the act that reaches it
    tells. What may come in nobody can know, so a limit on that concerns everybody to whom it
    applies."""
    is_told = is_told_in_time(tried, local_date(now), notice_days)
    if not as_it_blocks(tried).blocks or acts_on_holds(tried) or is_told:
        return None
    replaced = next((one for one in in_force if one.name == tried.name), None)
    if replaced is not None and await asyncio.to_thread(_is_easier, tried, replaced, now):
        return None
    moments = _when_more_are_stopped(tried, replaced, now)
    wallets = await losing(conn, tried, in_force=in_force, moments=moments, now=now)
    by_amount_alone = can_only_ease(tried) and "amount_minor" not in tried.applies_to.reads
    return None if by_amount_alone and not wallets else wallets


def _as_it_takes(policy: Policy) -> Policy:
    """What it takes away by itself; whoever is asked for more proof can bring it."""
    return msgspec.structs.replace(as_it_blocks(policy), asks=(), asks_before=())


def _when_more_are_stopped(
    tried: Policy, replaced: Policy | None, now: datetime
) -> tuple[datetime, ...]:
    """The moments from `now` on as of which `tried` reaches more wallets, and that at which it goes
    on where `replaced` would have ended."""
    begins = {max(now, begin) for _, begin in steps(tried)}
    ends = retired_from(replaced) if replaced is not None else now
    return tuple(sorted(begins | ({ends} if now < ends < retired_from(tried) else set())))


def _is_easier(tried: Policy, replaced: Policy, now: datetime) -> bool:
    """Whether `tried` blocks nobody, at any time from `now` on, whom `replaced` would not."""
    return (
        retired_from(tried) <= retired_from(replaced)
        and all(percent_at(replaced, max(begin, now)) >= percent for percent, begin in steps(tried))
        and _stops_no_more(tried, replaced)
    )


def _stops_no_more(tried: Policy, replaced: Policy) -> bool:
    """Whether `tried` blocks nobody whom `replaced` would not, where both are enforced."""
    return (
        set(tried.blocks) <= set(replaced.blocks)
        and set(tried.asks_before) <= set(replaced.asks_before)
        and tried.grace_days >= replaced.grace_days
        and stops_nobody_else(tried, replaced)
    )

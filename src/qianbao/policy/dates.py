"""When a policy does what: its phases and the steps of its rollout, moved by where it was stopped.

Days begin in the operator's zone. Which wallets a step reaches is `reach`; what a wallet's own
grace makes of it, `spells`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal

import msgspec

from qianbao.clock import local_date, start_of_day
from qianbao.policy.policies import Policy, Stop

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
"""Since when a policy without a timeline is in force."""

NEVER = datetime.max.replace(tzinfo=UTC)
"""From when a policy whose enforcement is stopped blocks, for all that is known."""

Phase = Literal["draft", "announced", "warning", "enforced", "retired"]


class Days(msgspec.Struct, frozen=True):
    """The days of a timeline as they stand. `enforce`, the first on which it blocks, is moved by
    stops; None while enforcement is stopped."""

    announce: date
    warn: date
    enforce: date | None
    retire: date | None


def days_of(policy: Policy) -> Days | None:
    """As everybody is shown them; None without a timeline."""
    timeline = policy.timeline
    if timeline is None:
        return None
    begins = enforced_from(policy)
    enforce = None if begins == NEVER else local_date(begins)
    return Days(timeline.announce, timeline.warn, enforce, timeline.retire)


def phase(policy: Policy, now: datetime) -> Phase:
    """Where in its life a policy is by its dates; without a timeline it is in force always. One
    whose enforcement is stopped is back at its warning."""
    timeline = policy.timeline
    if now >= retired_from(policy):
        return "retired"
    if now >= enforced_from(policy):
        return "enforced"
    if timeline is None:
        return "warning"
    if now >= start_of_day(timeline.warn):
        return "warning"
    return "announced" if now >= start_of_day(timeline.announce) else "draft"


@lru_cache(maxsize=1024)
def announced_from(policy: Policy) -> datetime:
    """When it was, or will be, announced."""
    return start_of_day(policy.timeline.announce) if policy.timeline else ALWAYS


def enforced_from(policy: Policy) -> datetime:
    """When it begins to block: the start of that day in the operator's zone; `NEVER` while its
    enforcement is stopped."""
    return steps(policy)[0][1]


@lru_cache(maxsize=1024)
def steps(policy: Policy) -> tuple[tuple[int, datetime], ...]:
    """(percentage of wallets, from when it is enforced on them), in order: as its timeline says,
    moved by its stops."""
    timeline = policy.timeline
    if timeline is None:
        planned = [(100, ALWAYS)]
    else:
        apart = timedelta(days=timeline.step_days or 0)
        planned = [
            (percent, start_of_day(timeline.enforce + number * apart))
            for number, percent in enumerate(timeline.rollout)
        ]
    return tuple((percent, _after_stops(begin, policy.stops)) for percent, begin in planned)


def _after_stops(begin: datetime, stops: tuple[Stop, ...]) -> datetime:
    for stop in stops:
        if stop.resumes_at is None:
            return NEVER
        if begin <= stop.stopped_at:
            begin = stop.resumes_at
        else:
            later = local_date(stop.resumes_at) - local_date(stop.stopped_at)
            begin = start_of_day(local_date(begin) + later)
    return begin


@lru_cache(maxsize=1024)
def retired_from(policy: Policy) -> datetime:
    """From when it blocks nobody any more; the end of time when no day is set."""
    retire = policy.timeline.retire if policy.timeline else None
    return start_of_day(retire) if retire else NEVER

"""What to do about rules that will begin to block, while nothing is blocked yet.

Each rule is looked at by itself, since most have a short way of their own, and each way is then
tried under all of them: what it is said to keep away is what it keeps away. Not here: ways out of
what blocks already (`offer`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.policy.decide import Coming, blocking, coming
from qianbao.policy.facts import Situation, carry, facts_at
from qianbao.policy.policies import Policy
from qianbao.remedies.goals import Goal
from qianbao.remedies.offer import as_known, plans
from qianbao.remedies.plan import WayOut
from qianbao.remedies.prove import StepImpossible, replay


class WayAhead(WayOut, frozen=True, kw_only=True):
    """A way to take in time. `prevents` are the coming rules, by name and by title, that then do
    not block on the days on which they would have."""

    prevents: tuple[str, ...]
    prevents_en: tuple[str, ...]
    prevents_zh: tuple[str, ...]


def ways_ahead(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    ahead: tuple[Coming, ...],
    amount_minor: int,
) -> tuple[WayAhead, ...]:
    """What keeps `ahead`, the rules that are coming, away for good: the ways that keep all of them
    away where there are any, else those for each, the soonest rule's first. None waits, and none
    has another rule block sooner."""
    known = {
        one.policy: one.at for one in coming(policies, situation, now, amount_minor=amount_minor)
    }
    found: dict[tuple[tuple[str, str], ...], WayAhead] = {}
    for one in ahead:
        for way in _ways_for(policies, situation, now, one, amount_minor):
            steps = tuple((step.action, step.argument) for step in way.steps)
            if steps in found:
                continue
            prevented = _prevented(policies, situation, now, ahead, known, amount_minor, way)
            if any(other.policy == one.policy for other in prevented):
                found[steps] = _way_ahead(way, prevented)
    whole = tuple(way for way in found.values() if len(way.prevents) == len(ahead))
    return whole or tuple(found.values())


def _ways_for(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    one: Coming,
    amount_minor: int,
) -> list[WayOut]:
    """What lasts against one rule, sought at its own moment: done before then, it holds then. What
    loses something is told only where nothing else helps."""
    alone = tuple(policy for policy in policies if policy.name == one.policy)
    goal = Goal(capabilities=one.capabilities, amount_minor=amount_minor)
    found = [
        way
        for way in plans(alone, carry(situation, now, one.at), one.at, goal)
        if way.certain and one.policy not in way.because and not _takes(way, "wait_until")
    ]
    return [way for way in found if not way.loses_en] or found


def _takes(way: WayOut, action: str) -> bool:
    return any(step.action == action for step in way.steps)


def _prevented(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    ahead: tuple[Coming, ...],
    known: dict[str, datetime],
    amount_minor: int,
    way: WayOut,
) -> tuple[Coming, ...]:
    """Those of `ahead` that do not block when their day comes, once `way` was taken at `now`; none
    where it cannot be taken then, or has a rule block sooner than it would have (`known`)."""
    opens = _takes(way, "open_account")  # it is for whoever has no account at another bank
    try:
        begun = as_known(situation) if opens else situation
        after, _, _ = replay(policies, begun, now, Goal(), way)
    except StepImpossible:
        return ()
    left = coming(policies, after, now, amount_minor=amount_minor)
    if any(one.policy not in known or one.at < known[one.policy] for one in left):
        return ()
    return tuple(one for one in ahead if not _blocks(policies, after, now, one, amount_minor))


def _blocks(
    policies: tuple[Policy, ...], after: Situation, now: datetime, one: Coming, amount_minor: int
) -> bool:
    then = carry(after, now, one.at)
    facts = facts_at(then, one.at, amount_minor)
    found = blocking(policies, one.capabilities, facts, one.at, then)
    return any(policy.name == one.policy for policy in found)


def _way_ahead(way: WayOut, prevented: tuple[Coming, ...]) -> WayAhead:
    return WayAhead(
        **msgspec.structs.asdict(way),
        prevents=tuple(one.policy for one in prevented),
        prevents_en=tuple(one.title_en for one in prevented),
        prevents_zh=tuple(one.title_zh for one in prevented),
    )

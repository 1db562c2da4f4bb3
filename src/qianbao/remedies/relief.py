"""What the rules let through by themselves: a smaller amount now, or all of it later."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from qianbao.policy.decide import clears_at
from qianbao.policy.facts import Facts, Situation
from qianbao.policy.policies import Policy
from qianbao.policy.reasons import headroom_minor
from qianbao.policy.spells import Course, can_change_by_waiting
from qianbao.remedies.goals import Goal, payable_minor

Ends = dict[object, datetime | None]
"""When policies were found to end, by what they read of a wallet: many wallets look alike to one
policy."""


def let_through(
    unmet: tuple[Policy, ...], situation: Situation, goal: Goal, facts: Facts
) -> tuple[int, int]:
    """How much the limits that stand in the way let through now, and how much once they start
    again; never more than there is in the wallet."""
    limits = [policy.limit for policy in unmet if policy.limit is not None]
    left = min((headroom_minor(policy, facts) or 0 for policy in unmet), default=0)
    whole = min((limit.at_most_minor for limit in limits), default=0)
    payable = payable_minor(situation, goal)
    return (left, whole) if payable is None else (min(left, payable), min(whole, payable))


def worth_waiting_for(
    policies: tuple[Policy, ...],
    situation: Situation,
    moment: datetime,
    goal: Goal,
    unmet: tuple[Policy, ...],
    facts: Facts,
    known: Ends | None = None,
) -> tuple[datetime, ...]:
    """The moments that bring `goal` nearer if nobody does anything until then: when all is clear,
    or, where that never comes, when each of the `unmet` that go away by themselves is. `facts` are
    those of `moment` and the goal's amount; `known` is filled: for many wallets."""
    if not unmet:
        return ()
    course: Course = {facts["today"]: facts}  # type: ignore[dict-item]
    known = {} if known is None else known
    waits = [policy for policy in unmet if can_change_by_waiting(policy)]
    found = [_end(policy, situation, moment, goal, course, facts, known) for policy in waits]
    ends = {end for end in found if end is not None}
    if len(found) == len(unmet) and None not in found:
        asked = (goal.capabilities, goal.amount_minor)
        clear = clears_at(policies, situation, moment, *asked, course=course)
        ends = {clear} if clear is not None else ends
    return tuple(sorted(ends))


def _end(
    policy: Policy,
    situation: Situation,
    moment: datetime,
    goal: Goal,
    course: Course,
    facts: Facts,
    known: Ends,
) -> datetime | None:
    """When one policy goes away by itself. Days of grace hang on the wallet's history, too."""
    reach = (situation.time_zone, situation.bucket, situation.exemptions)
    alike = (policy, moment, reach, tuple([facts[name] for name in _reads(policy)]))
    if policy.grace_days or alike not in known:
        known[alike] = clears_at(
            (policy,), situation, moment, policy.blocks, goal.amount_minor, course=course
        )
    return known[alike]


@lru_cache(maxsize=1024)
def _reads(policy: Policy) -> tuple[str, ...]:
    return tuple(policy.applies_to.reads | policy.requires.reads)

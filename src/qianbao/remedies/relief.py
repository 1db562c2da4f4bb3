"""What the rules let through by themselves: a smaller amount now, or all of it later."""

from __future__ import annotations

from datetime import datetime

from qianbao.policy.decide import clears_at
from qianbao.policy.facts import Facts, Situation
from qianbao.policy.policies import Policy
from qianbao.policy.reasons import headroom_minor
from qianbao.policy.spells import Course, can_change_by_waiting
from qianbao.remedies.goals import Goal, payable_minor


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
) -> tuple[datetime, ...]:
    """The moments that bring `goal` nearer if nobody does anything until then: when all is clear,
    or, where that never comes, when each of the `unmet` that go away by themselves is."""
    if not unmet:
        return ()
    asked = (goal.capabilities, goal.amount_minor)
    course: Course = {}
    waits = [policy for policy in unmet if can_change_by_waiting(policy)]
    found = [clears_at((one,), situation, moment, *asked, course=course) for one in waits]
    ends = {end for end in found if end is not None}
    if len(found) == len(unmet) and None not in found:
        clear = clears_at(policies, situation, moment, *asked, course=course)
        ends = {clear} if clear is not None else ends
    return tuple(sorted(ends))

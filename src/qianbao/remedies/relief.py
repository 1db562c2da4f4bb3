"""What the rules let through by themselves: a smaller amount now, or all of it later."""

from __future__ import annotations

from datetime import datetime

from qianbao.policy.decide import HORIZON_DAYS, clears_at
from qianbao.policy.facts import Facts, Situation
from qianbao.policy.policies import Policy
from qianbao.policy.reasons import headroom_minor
from qianbao.policy.spells import Course, KnownSpells, can_change_by_waiting
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
    facts: Facts,
    known: KnownSpells | None = None,
) -> tuple[datetime, ...]:
    """The moments that bring `goal` nearer if nobody does anything until then: when all is clear,
    or, where that never comes, when each of the `unmet` that go away by themselves is. `facts` are
    those of `moment` and the goal's amount; `known` is filled: for many wallets."""
    if not unmet:
        return ()
    course: Course = {facts["today"]: facts}  # type: ignore[dict-item]
    known = {} if known is None else known
    waits = [policy for policy in unmet if can_change_by_waiting(policy)]
    asked = (goal.amount_minor, HORIZON_DAYS, course, known)
    found = [clears_at((one,), situation, moment, one.blocks, *asked) for one in waits]
    ends = {end for end in found if end is not None}
    if len(found) == len(unmet) and None not in found:
        clear = clears_at(policies, situation, moment, goal.capabilities, *asked)
        ends = {clear} if clear is not None else ends
    return tuple(sorted(ends))

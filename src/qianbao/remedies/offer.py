"""What somebody who is blocked is offered: plans, and where there is none, the operator.

Here belongs that last resort; the search is `plan`, and the proof that no published rules need it
is `lint`.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from qianbao.policy.facts import Situation
from qianbao.policy.policies import Policy
from qianbao.remedies.goals import Goal, is_reached, payable_minor
from qianbao.remedies.plan import WayOut, plan, step_of
from qianbao.remedies.take import Taken

ASK = "ask_operator"
SMALLEST_MINOR = 1


def ways_out(
    policies: tuple[Policy, ...], situation: Situation, now: datetime, goal: Goal
) -> tuple[WayOut, ...]:
    """The plans to `goal`; where there is none, a case with the operator. Empty when it is reached,
    or would be for less: more than there is in the wallet can be promised to nobody."""
    found = plan(policies, situation, now, goal)
    if found or is_reached(policies, situation, now, goal):
        return found
    if payable_minor(situation, goal) == 0 and goal.amount_minor > SMALLEST_MINOR:
        return ways_out(policies, situation, now, replace(goal, amount_minor=SMALLEST_MINOR))
    return (to_operator(situation),)


def to_operator(situation: Situation, case_id: str = "") -> WayOut:
    """A case with the operator: `case_id` is the number of one that is open."""
    step = step_of(Taken(ASK, case_id, situation))
    return WayOut(
        steps=(step,), certain=False, minutes=None, visit=False, loses_en=(), loses_zh=(),
        reversible=True, who="operator", temporary_until=None, because=(), because_en=(),
        because_zh=(),
    )  # fmt: skip


def asks_operator(way: WayOut) -> bool:
    """Whether a way is nothing but a case with the operator."""
    return way.steps[0].action == ASK

"""The promise, as something that can be checked: no block without a reason and a way out that
works, no way out where nothing is blocked, no money that cannot leave.

Property tests run this over generated wallets; `rollouts` may run it before a policy is published.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.policy.decide import decide
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import CAPABILITIES, Policy
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.goals import Goal, allowed, is_reached, payable_minor
from qianbao.remedies.plan import WayOut, plan
from qianbao.remedies.take import is_permitted, unmet


class Breach(msgspec.Struct, frozen=True):
    """One broken promise: what was asked for, and what is wrong."""

    capability: str
    problem: str


class StepImpossible(Exception):
    """A step of a plan whose needs do not hold when its turn comes: a fault in the planner."""


def withdrawable_minor(policies: tuple[Policy, ...], situation: Situation, now: datetime) -> int:
    """What can leave for the holder's own card now, fee included: the available balance, or 0 when
    withdrawing is blocked, no card is linked or the wallet is closed."""
    if situation.status != "open" or not situation.card_banks:
        return 0
    facts = facts_at(situation, now)
    if decide(policies, "withdraw", facts, now, situation).outcome == "blocked":
        return 0
    return max(0, situation.balance_minor - situation.held_minor)


def replay(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    goal: Goal,
    way: WayOut,
) -> tuple[Situation, datetime, Goal]:
    """The situation, moment and goal after every step of `way`, each checked to be possible when
    its turn comes. Raises `StepImpossible`."""
    moment = now
    for step in way.steps:
        action = ACTIONS[step.action]
        missing = [need.code for need in unmet(action, step.argument, situation, moment)]
        if missing or not is_permitted(policies, action, situation, moment):
            raise StepImpossible(f"{step.action} {step.argument}: {missing or 'not permitted'}")
        if action.takes == "count" and int(step.argument) != action.count(situation):
            raise StepImpossible(f"{step.action}: {step.argument} is not how many there are")
        situation = action.effect(situation, step.argument, moment)
        if action.takes == "instant":
            moment = datetime.fromisoformat(step.argument)
        if action.takes == "amount":
            payable = payable_minor(situation, goal)
            if payable is not None and int(step.argument) > payable:
                raise StepImpossible(f"{step.action}: there is not {step.argument} in the wallet")
            goal = msgspec.structs.replace(goal, amount_minor=int(step.argument))
    return situation, moment, goal


def prove(
    policies: tuple[Policy, ...], situation: Situation, now: datetime, amount_minor: int = 0
) -> tuple[Breach, ...]:
    """Every promise broken for this wallet; empty when all are kept."""
    found: list[Breach] = []
    for capability in CAPABILITIES:
        goal = allowed(capability, amount_minor=amount_minor)
        facts = facts_at(situation, now, amount_minor)
        decision = decide(policies, capability, facts, now, situation)
        ways = plan(policies, situation, now, goal)
        blocked = decision.outcome == "blocked"
        problems = _of_words(blocked, len(decision.reasons))
        if situation.status == "open" and not blocked:
            problems += ["a way out is shown though nothing is blocked"] if ways else []
        else:
            problems += _of_ways(policies, situation, now, goal, ways)
        found += [Breach(capability, problem) for problem in problems]
    return tuple(found)


def _of_words(blocked: bool, reasons: int) -> list[str]:
    if blocked and not reasons:
        return ["blocked without a reason"]
    return ["allowed, yet there is a reason"] if reasons and not blocked else []


def _of_ways(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    goal: Goal,
    ways: tuple[WayOut, ...],
) -> list[str]:
    # no amount can be promised to somebody with nothing to pay it from: topping up comes first
    penniless = goal.amount_minor > 0 and payable_minor(situation, goal) == 0
    problems = [] if ways or penniless else ["no way out"]
    for way in ways:
        try:
            after, moment, asked = replay(policies, situation, now, goal, way)
        except StepImpossible as impossible:
            problems.append(f"a step cannot be taken: {impossible}")
            continue
        if not is_reached(policies, after, moment, asked):
            problems.append(f"a way out does not work: {[step.action for step in way.steps]}")
    return problems

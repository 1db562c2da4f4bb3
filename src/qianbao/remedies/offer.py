"""What somebody who is blocked is offered: plans, and where there is none, the operator.

Here belongs that last resort; the search is `plan`, and the proof that no published rules need it
is `lint`.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from qianbao.policy.facts import Situation
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR, Policy
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.goals import Goal, allowed, is_reached, payable_minor
from qianbao.remedies.plan import WayOut, plan, way_of
from qianbao.remedies.prove import StepImpossible, replay
from qianbao.remedies.take import Taken, take

ASK = "ask_operator"


def plans(
    policies: tuple[Policy, ...], situation: Situation, now: datetime, goal: Goal
) -> tuple[WayOut, ...]:
    """The plans to `goal`. Where nobody has said which banks they have an account at and one takes
    another bank for one of theirs, the one for whoever has none there is among them: after all that
    cost less than its visit."""
    found = tuple(
        way
        for way in plan(policies, situation, now, goal)
        if not _waits_for_nothing(policies, situation, now, goal, way)
    )
    at = next((place for place, way in enumerate(found) if _supposes(way)), None)
    if situation.accounts_at is not None or at is None:
        return found
    strangers = plan(policies, as_known(situation), now, goal, limit=2)
    visits = [way for way in strangers if any(one.action == "open_account" for one in way.steps)]
    if not visits:
        return found
    found = tuple(_told(way) if _supposes(way) else way for way in found)
    dearer = (place for place, way in enumerate(found) if place > at and _is_dearer(way, visits[0]))
    place = next(dearer, len(found))
    return (*found[:place], visits[0], *found[place:])


def _is_dearer(way: WayOut, visit: WayOut) -> bool:
    """Whether a way loses something, or is a visit, too, that takes longer or nobody knows how
    long."""
    if way.minutes is None or visit.minutes is None or way.loses_en:
        return True
    return way.visit and way.minutes > visit.minutes


def as_known(situation: Situation) -> Situation:
    """The situation with accounts only at the banks that the wallet knows of: where somebody would
    have to open one, that is a visit, and better counted than hoped away."""
    known = dict.fromkeys((*situation.card_banks, *situation.stale_banks))
    return replace(situation, accounts_at=(*known,))


def _supposes(way: WayOut) -> bool:
    """Whether a way links a card of a bank that nobody has named, and opens no account there."""
    return any(step.action == "link_card" and not step.argument for step in way.steps)


def _told(way: WayOut) -> WayOut:
    """The way, with what it supposes among what to have at hand."""
    return replace(
        way,
        steps=tuple(
            replace(
                step,
                needs_en=(
                    "An account there already; without one, see the way that opens one",
                    *step.needs_en,
                ),
                needs_zh=("已在该行有账户；如没有，请看先开户的办法", *step.needs_zh),
            )
            if step.action == "link_card" and not step.argument
            else step
            for step in way.steps
        ),
    )


def _waits_for_nothing(
    policies: tuple[Policy, ...], situation: Situation, now: datetime, goal: Goal, way: WayOut
) -> bool:
    """Whether a way leads to its goal without its waiting, too."""
    steps = tuple(step for step in way.steps if step.action != "wait_until")
    if len(steps) == len(way.steps):
        return False
    try:
        at_once = replay(policies, situation, now, goal, replace(way, steps=steps))
    except StepImpossible:
        return False
    return is_reached(policies, *at_once)


def ways_out(
    policies: tuple[Policy, ...], situation: Situation, now: datetime, goal: Goal
) -> tuple[WayOut, ...]:
    """The plans to `goal`; where there is none, a case with the operator. Empty when it is reached,
    or could be for less: of an empty wallet nothing can be promised but that."""
    found = plans(policies, situation, now, goal)
    if found or is_reached(policies, situation, now, goal):
        return found
    if payable_minor(situation, goal) == 0 and goal.amount_minor > SMALLEST_AMOUNT_MINOR:
        less = ways_out(policies, situation, now, replace(goal, amount_minor=SMALLEST_AMOUNT_MINOR))
        return less if any(asks_operator(way) for way in less) else ()
    return (to_operator(situation),)


def card_to_withdraw(
    policies: tuple[Policy, ...], situation: Situation, now: datetime
) -> tuple[WayOut, ...]:
    """What is missing where money may leave and has no card to go to: a card. Whom a bank has
    confirmed before needs no document in date for it; whom none has may be able to renew theirs, or
    not, and then asks the operator."""
    goal = allowed("withdraw")
    has_money = situation.balance_minor > situation.held_minor
    if situation.card_banks or not has_money or not is_reached(policies, situation, now, goal):
        return ()
    ways = [
        way_of(taken)
        for code in ("link_card_to_withdraw", "link_card")
        if (taken := take(policies, ACTIONS[code], "", situation, now, ())) is not None
    ]
    # where both are the same, the plain one is told
    ways = ways[-1:] if len(ways[-1].steps) == 1 else ways
    renews = any(step.action == "renew_document" for step in ways[0].steps)
    return (*ways, to_operator(situation)) if renews else tuple(ways)


def to_operator(situation: Situation, case_id: str = "") -> WayOut:
    """A case with the operator: `case_id` is the number of one that is open."""
    return way_of((Taken(ASK, case_id, situation),))


def asks_operator(way: WayOut) -> bool:
    """Whether a way is nothing but a case with the operator."""
    return way.steps[0].action == ASK

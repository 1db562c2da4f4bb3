"""Taking an action in a situation: first whatever its needs ask for, then the action itself."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.policy.decide import allows
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import Policy
from qianbao.remedies.actions import ACTIONS, Action
from qianbao.remedies.needs import Need, bank_to_spare

_DEEPEST = 6
"""Cures of cures that are followed; the actions there are need three."""


class Taken(msgspec.Struct, frozen=True):
    """An action taken with `argument` in the situation `before`."""

    action: str
    argument: str
    before: Situation


def take(
    policies: tuple[Policy, ...],
    action: Action,
    argument: str,
    situation: Situation,
    moment: datetime,
    banks: tuple[str, ...],
) -> tuple[Taken, ...] | None:
    """`action` with all that must come first, in order; None when it cannot be brought about.
    `banks` are those to come back with when a card is needed."""
    found: list[Taken] = []
    before = _cure(policies, action, argument, situation, moment, banks, found, 0)
    if before is None:
        return None
    return (*found, Taken(action.code, argument_for(action, argument, before), before))


def argument_for(action: Action, argument: str, situation: Situation) -> str:
    """The argument as the step will carry it: for many things of a kind, how many."""
    return str(action.count(situation)) if action.takes == "count" else argument


def unmet(action: Action, argument: str, situation: Situation, moment: datetime) -> list[Need]:
    """The needs of `action` that do not hold."""
    return [need for need in action.needs if not need.holds(situation, argument, moment)]


def is_permitted(
    policies: tuple[Policy, ...], action: Action, situation: Situation, moment: datetime
) -> bool:
    """Whether policies let the wallet take it: withdrawing and closing are capabilities, and all
    that is there is withdrawn."""
    if action.capability is None:
        return True
    left = max(0, situation.balance_minor - situation.held_minor)
    facts = facts_at(situation, moment, left if action.capability == "withdraw" else 0)
    return allows(policies, action.capability, facts, moment, situation)


def _cure(
    policies: tuple[Policy, ...],
    action: Action,
    argument: str,
    situation: Situation,
    moment: datetime,
    banks: tuple[str, ...],
    found: list[Taken],
    depth: int,
) -> Situation | None:
    """The situation in which `action` can be taken, with the steps to it added to `found`."""
    for need in action.needs:
        if need.holds(situation, argument, moment):
            continue
        if need.cure is None or depth == _DEEPEST:
            return None
        cure = ACTIONS[need.cure]
        its = _cure_argument(cure, action, argument, situation, banks)
        before = _cure(policies, cure, its, situation, moment, banks, found, depth + 1)
        if before is None:
            return None
        its = argument_for(cure, its, before)
        found.append(Taken(cure.code, its, before))
        situation = cure.effect(before, its, moment)
    if unmet(action, argument, situation, moment):
        return None  # a later cure undid an earlier one
    return situation if is_permitted(policies, action, situation, moment) else None


def _cure_argument(
    cure: Action, action: Action, argument: str, situation: Situation, banks: tuple[str, ...]
) -> str:
    """A bank's trouble is cured at that bank; a card, if one is needed, comes from a bank that
    knows the holder's document, and room for it is made where that costs no channel."""
    if cure.code == "unlink_card":
        return bank_to_spare(situation)
    if cure.takes != "bank":
        return ""
    if action.takes == "bank":
        return argument
    own = (*banks, *(situation.accounts_at or ()))
    return next((bank for bank in own if bank not in situation.stale_banks), "")

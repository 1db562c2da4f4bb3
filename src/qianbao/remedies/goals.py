"""What a person wants to be able to do, and whether a situation already allows it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.policy.decide import allows
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import OUT_OF_THE_BALANCE, Policy


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """All of `capabilities` are allowed, for `amount_minor`, and a card of `card_bank` is linked
    (None: no such wish)."""

    capabilities: tuple[str, ...] = ()
    amount_minor: int = 0
    card_bank: str | None = None


def allowed(*capabilities: str, amount_minor: int = 0) -> Goal:
    """The goal that these capabilities are allowed."""
    return Goal(capabilities=capabilities, amount_minor=amount_minor)


def card_linked(bank: str) -> Goal:
    """The goal that a card of this bank is linked."""
    return Goal(card_bank=bank)


def payable_minor(situation: Situation, goal: Goal) -> int | None:
    """The most that the wallet's money lets through of what `goal` asks for: the available balance;
    None when nothing of it is paid out of the wallet."""
    if OUT_OF_THE_BALANCE.isdisjoint(goal.capabilities):
        return None
    return max(0, situation.balance_minor - situation.held_minor)


def is_reached(
    policies: tuple[Policy, ...], situation: Situation, moment: datetime, goal: Goal
) -> bool:
    """Whether the wallet is open and all that `goal` asks for is so."""
    if situation.status != "open":
        return False
    if goal.card_bank is not None and goal.card_bank not in situation.card_banks:
        return False
    facts = facts_at(situation, moment, goal.amount_minor)
    return all(
        allows(policies, capability, facts, moment, situation) for capability in goal.capabilities
    )

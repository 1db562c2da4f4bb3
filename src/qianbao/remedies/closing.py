"""What stands in the way of closing, all at once, each with where to resolve it.

The very needs of the action `close_wallet`, told to a person; nothing else decides it.
"""

from __future__ import annotations

import msgspec

from qianbao.money import show
from qianbao.policy.facts import Situation
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.needs import LEFTOVERS


class ClosingBlocker(msgspec.Struct, frozen=True, kw_only=True):
    """One thing left over. `count` is how many; for the balance `amount_minor` says how much.
    `cure` is the action's code, done at `screen` or with `api`."""

    code: str
    en: str
    zh: str
    count: int
    amount_minor: int | None
    cure: str
    screen: str
    api: str


def closing_blockers(situation: Situation) -> tuple[ClosingBlocker, ...]:
    """Everything that keeps an open wallet from being closed (domain.md 5.3), in the order in which
    it is best resolved; empty when nothing does."""
    found = []
    for leftover in LEFTOVERS:
        count = leftover.count(situation)
        if count:
            cure = ACTIONS[leftover.cure]
            words = {
                "count": count,
                "amount": show(count, situation.currency) if leftover.money else "",
            }
            found.append(
                ClosingBlocker(
                    code=leftover.code,
                    en=leftover.en.format(**words),
                    zh=leftover.zh.format(**words),
                    count=1 if leftover.money else count,
                    amount_minor=count if leftover.money else None,
                    cure=cure.code,
                    screen=cure.screen,
                    api=cure.api,
                )
            )
    return tuple(found)

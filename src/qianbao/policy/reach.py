"""Whom a policy reaches, and from when: the slices of a rollout, and wallets exempted from it.

Each policy has its own turn through the hundred slices that wallets fall into, so that nobody is
always the first. A wallet that a percentage reaches is within every larger one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

from qianbao.policy.dates import retired_from, steps
from qianbao.policy.facts import Situation
from qianbao.policy.policies import WAYS_OUT_OF_A_WALLET, Policy

SLICES = 100


@lru_cache(maxsize=1024)
def reached_by_bucket(policy: Policy) -> tuple[datetime, ...]:
    """For each `Situation.bucket`, from when the policy is enforced on wallets in it."""
    turn = turn_of(policy.name)
    return tuple(
        next(begin for percent, begin in steps(policy) if percent > (bucket + turn) % SLICES)
        for bucket in range(SLICES)
    )


def reached_from(policy: Policy, situation: Situation) -> datetime:
    """From when the policy may block this wallet: its slice's day, or the end of its exemption."""
    reached = reached_by_bucket(policy)[situation.bucket]
    until = exempt_until(policy, situation)
    return reached if until is None else max(reached, until)


def reaches(policy: Policy, situation: Situation, now: datetime) -> bool:
    """Whether the policy is enforced on this wallet at `now`, if it does not meet it."""
    return reached_from(policy, situation) <= now < retired_from(policy)


def exempt_until(policy: Policy, situation: Situation) -> datetime | None:
    """When this wallet's exemption from `policy` ends or ended; None without one."""
    if not can_be_exempted(policy):
        return None
    ends = [until for name, until in situation.exemptions if name == policy.name]
    return max(ends) if ends else None


def can_be_exempted(policy: Policy) -> bool:
    """Whether a wallet may be freed from it: not from the rule that acts on legal holds, whose
    orders two operators lift in their own way."""
    return WAYS_OUT_OF_A_WALLET.isdisjoint(policy.blocks)


def percent_at(policy: Policy, now: datetime) -> int:
    """The percentage of wallets on which the policy is enforced at `now`; 0 before it begins, when
    it is stopped, and after it has ended."""
    if now >= retired_from(policy):
        return 0
    return max((percent for percent, begin in steps(policy) if begin <= now), default=0)


def turn_of(policy: str) -> int:
    """0 to 99: where a policy of this name begins among the slices."""
    return int.from_bytes(hashlib.sha256(policy.encode()).digest()[:8]) % SLICES

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
from qianbao.policy.policies import WAYS_OUT_OF_A_WALLET, Policy, locked_out_sql

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


def blocked_sql(policy: Policy, now: datetime) -> str:
    """A condition in PostgreSQL over the wallet's row, with its `bucket` and `exempt_from` (the
    names of the policies it is exempted from at `now`): whom the policy blocks at `now`, but for a
    wallet's own grace. The row's facts are of the parameter `now`, which has to be the same."""
    # Both are ours: a number, and a name that load_policy holds to letters, digits and hyphens.
    reached = f"mod(bucket + {turn_of(policy.name)}, {SLICES}) < {percent_at(policy, now)}"
    exempt = f"'{policy.name}' = ANY(exempt_from)" if can_be_exempted(policy) else "FALSE"
    return f"{locked_out_sql(policy)} AND {reached} AND NOT {exempt}"

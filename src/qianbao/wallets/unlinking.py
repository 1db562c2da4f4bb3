"""What the rules would make of one card less, before it is unlinked.

Nothing is decided here: the facts are read, changed as unlinking changes them, and `standing` is
asked about both.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection
from qianbao.policy.decide import Coming
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import Policy
from qianbao.policy.reach import reaches
from qianbao.policy.reasons import reason
from qianbao.policy.spells import beyond_any, is_unmet, limits_amounts
from qianbao.remedies.effects import unlink_card
from qianbao.settings import Settings
from qianbao.wallets.situation import read_situation
from qianbao.wallets.standing import brought_on


class Unlinked(msgspec.Struct, frozen=True):
    """What comes of a card less: what then blocks, at once or later, and the limits that then apply
    at once; only what does not anyway."""

    blocks: tuple[Coming, ...]
    limits: tuple[Coming, ...]


async def after_unlinking(
    conn: Connection,
    policies: tuple[Policy, ...],
    settings: Settings,
    *,
    wallet_id: str,
    bank: str,
    now: datetime,
) -> Unlinked:
    """What would block or limit the wallet, and from when, if a card of `bank` were unlinked now.
    Raises `WalletUnknown`."""
    before = await read_situation(
        conn, wallet_id=wallet_id, now=now, free_minor=settings.withdrawal_free_minor
    )
    if bank not in before.card_banks:
        return Unlinked((), ())
    after = unlink_card(before, bank, now)
    # As the act itself does: days of grace begin with it.
    after = msgspec.structs.replace(after, facts_changed_at=now)
    blocks = brought_on(policies, before, after, now)
    told = {one.policy for one in blocks}
    limits = limits_brought_on(policies, before, after, now)
    return Unlinked(blocks, tuple(one for one in limits if one.policy not in told))


def limits_brought_on(
    policies: tuple[Policy, ...], before: Situation, after: Situation, now: datetime
) -> tuple[Coming, ...]:
    """The limits in force that are about `after` and not about `before`. Pure."""
    found = []
    for policy in policies:
        if limits_amounts(policy) and reaches(policy, after, now):
            beyond = beyond_any(policy)
            facts = facts_at(after, now, beyond)
            if is_unmet(policy, facts) and not is_unmet(policy, facts_at(before, now, beyond)):
                found.append(
                    Coming(
                        policy=policy.name,
                        version=policy.version,
                        title_en=policy.title_en,
                        title_zh=policy.title_zh,
                        capabilities=policy.blocks,
                        at=now,
                        reason=reason(policy, after, facts, now, deadline=None),
                    )
                )
    return tuple(found)

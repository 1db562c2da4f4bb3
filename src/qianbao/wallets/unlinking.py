"""What the rules would make of one card less, before it is unlinked.

Nothing is decided here: the facts are read, changed as unlinking changes them, and `standing` is
asked about both.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection
from qianbao.policy.decide import Coming
from qianbao.policy.policies import Policy
from qianbao.remedies.effects import unlink_card
from qianbao.settings import Settings
from qianbao.wallets.situation import read_situation
from qianbao.wallets.standing import brought_on


async def after_unlinking(
    conn: Connection,
    policies: tuple[Policy, ...],
    settings: Settings,
    *,
    wallet_id: str,
    bank: str,
    now: datetime,
) -> tuple[Coming, ...]:
    """What would block the wallet, and from when, if a card of `bank` were unlinked now; only what
    does not block it anyway. Raises `WalletUnknown`."""
    before = await read_situation(
        conn, wallet_id=wallet_id, now=now, free_minor=settings.withdrawal_free_minor
    )
    if bank not in before.card_banks:
        return ()
    after = unlink_card(before, bank, now)
    # As the act itself does: days of grace begin with it.
    after = msgspec.structs.replace(after, facts_changed_at=now)
    return brought_on(policies, before, after, now)

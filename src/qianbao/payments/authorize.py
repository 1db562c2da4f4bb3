"""The holder's payment PIN, before a request that moves their money is cleared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from qianbao.db.pool import Pool
from qianbao.payments.clear import Clearing
from qianbao.settings import Settings
from qianbao.wallets.pin import check_pin


async def authorize(
    pool: Pool, settings: Settings, clearing: Clearing, wish: Any, *, pin: str, now: datetime
) -> bool:
    """Passes when `pin` is that of the wallet whose `wish` it is, or when this very wish was
    answered before: a repeat finds its first answer, whatever the PIN is by then. Gives whether it
    is new. Raises what `check_pin` raises."""
    if await clearing.first_answer(wish) is not None:
        return False
    await check_pin(pool, settings, wallet_id=wish.wallet_id, pin=pin, now=now)
    return True

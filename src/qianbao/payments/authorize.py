"""The proof a holder gives before a request that moves their money is cleared: the payment PIN, and
the code that was sent for this very request where rules ask for one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from qianbao.db.pool import Pool
from qianbao.keyring import KeyRing
from qianbao.payments.clear import Clearing
from qianbao.payments.step_up import StepUpOver, find_bound, prove_code
from qianbao.policy.asking import Factor, Proven
from qianbao.settings import Settings
from qianbao.wallets.pin import check_pin


class Authorized(msgspec.Struct, frozen=True):
    """`wish` says what was proved for it. Not `is_new`: it was answered before, and will be
    answered the same, whatever was brought along this time."""

    wish: Any
    is_new: bool


async def authorize(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    clearing: Clearing,
    wish: Any,
    *,
    pin: str | None,
    code: str = "",
    now: datetime,
) -> Authorized:
    """Proves `pin`, and `code` unless it is empty, for the holder's request `wish`; a repeat finds
    its first answer, whatever the PIN is by then. With `pin` None, the PIN that this very request
    was first sent with counts, as long as it may wait for its code. Raises what `check_pin` and
    `prove_code` raise."""
    if await clearing.first_answer(wish) is not None:
        return Authorized(wish, is_new=False)
    if pin is None:
        waiting = await find_bound(pool, settings, clearing.bound(wish), now)
        if not waiting.pin_proven:
            raise StepUpOver(minutes=settings.step_up_minutes)
    else:
        await check_pin(pool, settings, wallet_id=wish.wallet_id, pin=pin, now=now)
    proven: list[Factor] = ["pin"]
    if code:
        bound = clearing.bound(wish)
        await prove_code(pool, keys, settings, bound=bound, code=code, now=now)
        proven.append("code")
    return Authorized(msgspec.structs.replace(wish, proven=Proven(proven)), is_new=True)

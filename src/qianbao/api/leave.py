"""Leaving, and coming back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import refuses
from qianbao.leaving.close import Closure, blockers, close, find_closure
from qianbao.leaving.reopen import Reopening, reopen
from qianbao.remedies.closing import ClosingBlocker
from qianbao.wallets.pin import check_pin
from qianbao.wallets.sessions import Session


class ClosureView(msgspec.Struct):
    """What stands in the way of closing, all of it; or the closure, once there is one."""

    closed: bool
    can_close: bool
    blockers: list[ClosingBlocker]
    closure: Closure | None


class CloseWallet(msgspec.Struct, forbid_unknown_fields=True):
    """The holder's wish, confirmed with the payment PIN."""

    pin: Annotated[str, Meta(min_length=1, max_length=12)]
    reason: Annotated[str, Meta(max_length=200)] = ""


@get("/closure", opt=refuses("wallet_unknown"))
async def show_closure(request: Asked, holder: Session) -> ClosureView:
    """Show what stands in the way of closing

    All of it at once, each with where it is resolved; or the closure, once there is one.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        closure = await find_closure(conn, wallet_id=holder.wallet_id)
        if closure is not None:
            return ClosureView(True, False, [], closure)
        found = await blockers(
            conn,
            wallet_id=holder.wallet_id,
            now=own.now(),
            free_minor=own.settings.withdrawal_free_minor,
        )
    return ClosureView(False, not found, list(found), None)


@post("/closure", status_code=201, opt=refuses("wallet_unknown", "closing_blocked"))
async def close_wallet(request: Asked, holder: Session, data: CloseWallet) -> Closure:
    """Close the wallet

    At the holder's wish, confirmed with the PIN. Its statements stay where they are. Closed
    already, the closure as it was.
    """
    own = services(request)
    await check_pin(own.pool, own.settings, wallet_id=holder.wallet_id, pin=data.pin, now=own.now())
    async with own.pool.connection() as conn:
        return await close(
            conn,
            wallet_id=holder.wallet_id,
            reason=data.reason,
            now=own.now(),
            free_minor=own.settings.withdrawal_free_minor,
        )


@post(
    "/reopenings",
    status_code=201,
    opt=refuses("wallet_unknown", "wallet_closed", "not_verified_yet", "nothing_to_reopen"),
)
async def reopen_history(request: Asked, holder: Session) -> Reopening:
    """Bring an earlier history along

    The history of the wallets that this person closed becomes part of this one's.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await reopen(conn, wallet_id=holder.wallet_id, now=own.now())


ROUTES = (show_closure, close_wallet, reopen_history)

"""Leaving, reading what is left, and coming back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import CODE, refuses
from qianbao.api.holder import Code
from qianbao.leaving.close import Closure, blockers, close, find_closure
from qianbao.leaving.reopen import Reopening, reopen
from qianbao.remedies.closing import ClosingBlocker
from qianbao.wallets.pin import check_pin
from qianbao.wallets.records import OpenedRecords, open_records
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


class ReadClosed(msgspec.Struct, forbid_unknown_fields=True):
    """The code, and what only the closed wallet's holder knows: one of the two is enough."""

    code: Code
    pin: Annotated[str, Meta(max_length=12)] = ""
    document_number: Annotated[str, Meta(max_length=40)] = ""


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

    At the holder's wish, confirmed with the PIN. This session goes on reading its
    records; so does whoever asks for them later (`closed-wallets`). Closed already, the closure as
    it was.
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
    "/signups/{signup_id:str}/closed-wallets",
    status_code=200,
    security=[{}],
    opt=refuses(
        "signup_unknown",
        *CODE,
        "records_proof_missing",
        "records_refused",
        "records_proofs_used_up",
        "pin_busy",
    ),
)
async def read_closed(request: Asked, signup_id: str, data: ReadClosed) -> list[OpenedRecords]:
    """Read a closed wallet's records

    Without opening a new wallet: the sign-up code, with the payment PIN or the document number of
    the wallet that was closed. Gives every closed wallet of the phone that this fits, the last
    closed first; each `token` reads its transactions and statements, and is shown this once.
    """
    own = services(request)
    opened = await open_records(
        own.pool,
        own.keys,
        own.settings,
        signup_id=signup_id,
        code=data.code,
        pin=data.pin,
        document_number=data.document_number,
        now=own.now(),
    )
    return list(opened)


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


ROUTES = (show_closure, close_wallet, read_closed, reopen_history)

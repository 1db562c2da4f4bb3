"""What an operator does to one wallet: look at it, answer its cases, enter legal holds. Each act is
recorded in the transaction that does it, whichever door it came through.

The acts themselves belong to `wallets`; here they only get the operator's name put to them.
"""

from __future__ import annotations

from datetime import datetime

from qianbao.db.queries import Connection
from qianbao.keyring import KeyRing
from qianbao.rollouts.operators import audit
from qianbao.wallets import cases, holds, profile


async def find_wallets(
    conn: Connection, keys: KeyRing, *, phone: str, operator: str, now: datetime
) -> list[profile.Wallet]:
    """Every wallet that `phone` has or had, the latest first; each look is recorded. Raises
    `PhoneInvalid`."""
    found = await profile.find_by_phone(conn, keys, phone)
    for wallet in found:
        await audit(
            conn, operator=operator, action="wallet.find", subject=wallet.wallet_id, now=now
        )
    return found


async def look_at(
    conn: Connection, *, wallet_id: str, operator: str, now: datetime
) -> profile.Wallet:
    """The wallet, recorded as looked at. Raises `WalletUnknown`."""
    found = await profile.wallet(conn, wallet_id)
    await audit(conn, operator=operator, action="wallet.look_at", subject=wallet_id, now=now)
    return found


async def answer_case(
    conn: Connection, *, wallet_id: str, case_id: str, answer: str, operator: str, now: datetime
) -> cases.Case:
    """As `wallets.cases.answer`."""
    answered = await cases.answer(
        conn, wallet_id=wallet_id, case_id=case_id, answer=answer, operator=operator, now=now
    )
    await audit(
        conn, operator=operator, action="case.answer", subject=wallet_id, now=now,
        detail={"case": case_id},
    )  # fmt: skip
    return answered


async def enter_hold(
    conn: Connection,
    *,
    wallet_id: str,
    legal_hold_id: str,
    reference: str,
    operator: str,
    now: datetime,
) -> holds.LegalHold:
    """As `wallets.holds.enter`."""
    hold = await holds.enter(
        conn,
        wallet_id=wallet_id,
        legal_hold_id=legal_hold_id,
        reference=reference,
        operator=operator,
        now=now,
    )
    await _record_hold(conn, "legal_hold.enter", hold, operator, now)
    return hold


async def approve_hold(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> holds.LegalHold:
    """As `wallets.holds.approve`."""
    hold = await holds.approve(
        conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id, operator=operator, now=now
    )
    await _record_hold(conn, "legal_hold.approve", hold, operator, now)
    return hold


async def lift_hold(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> holds.LegalHold:
    """As `wallets.holds.lift`."""
    hold = await holds.lift(
        conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id, operator=operator, now=now
    )
    await _record_hold(conn, "legal_hold.lift", hold, operator, now)
    return hold


async def _record_hold(
    conn: Connection, action: str, hold: holds.LegalHold, operator: str, now: datetime
) -> None:
    await audit(
        conn, operator=operator, action=action, subject=hold.wallet_id, now=now,
        detail={"legal_hold": hold.legal_hold_id, "reference": hold.reference},
    )  # fmt: skip

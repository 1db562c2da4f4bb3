"""Legal holds: a court's or an authority's order, the only thing that may keep money in a wallet.

Entered by one operator with its reference, in force once another has approved it. The holder is
told that there is an order, and nothing of what it is about (domain.md 6.3).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.ids import check_id
from qianbao.notices.inbox import tell
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.wallets")

MOST_REFERENCE = 120


class LegalHoldReferenceNeeded(InvalidInput):
    code = "legal_hold_reference_needed"
    en = "A legal hold needs the reference of its order, 1 to {most} characters."
    zh = "依法冻结须填写文书编号（1 至 {most} 个字符）。"
    next_en = "Enter the order's file number."
    next_zh = "请填写该文书的编号。"


class LegalHoldIdUsed(QianbaoError):
    code = "legal_hold_id_used"
    en = "This id was used for another order."
    zh = "该编号已用于另一份文书。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class LegalHoldUnknown(NotFound):
    code = "legal_hold_unknown"
    en = "There is no such legal hold on this wallet."
    zh = "该钱包没有这项依法冻结。"
    next_en = "Check the wallet and the hold's id."
    next_zh = "请核对钱包和冻结编号。"


class LegalHoldNeedsSecondOperator(QianbaoError):
    code = "legal_hold_needs_second_operator"
    status = 403
    en = "Whoever entered a legal hold cannot approve it."
    zh = "录入人不能批准自己录入的依法冻结。"
    next_en = "Ask another operator to compare it with the order and approve it."
    next_zh = "请由另一名操作员核对文书后批准。"


class LegalHoldLifted(QianbaoError):
    code = "legal_hold_lifted"
    en = "This legal hold has been lifted."
    zh = "该依法冻结已解除。"
    next_en = "Enter a new one if there is a new order."
    next_zh = "如有新的文书，请重新录入。"


class LegalHold(msgspec.Struct, frozen=True):
    """In force from `approved_at` to `lifted_at`. Operators are named as they are signed in."""

    wallet_id: str
    legal_hold_id: str
    reference: str
    entered_by: str
    entered_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    lifted_by: str | None
    lifted_at: datetime | None


async def enter(
    conn: Connection,
    *,
    wallet_id: str,
    legal_hold_id: str,
    reference: str,
    operator: str,
    now: datetime,
) -> LegalHold:
    """Enters an order; it binds nobody before `approve`. The same request again gives what is
    there. Raises `LegalHoldReferenceNeeded`, `LegalHoldIdUsed` or `WalletUnknown`."""
    check_id(legal_hold_id, "leg")
    reference = reference.strip()
    if not 0 < len(reference) <= MOST_REFERENCE:
        raise LegalHoldReferenceNeeded(most=MOST_REFERENCE)
    await _lock(conn, wallet_id)
    entered = {
        "wallet_id": wallet_id,
        "legal_hold_id": legal_hold_id,
        "reference": reference,
        "operator": operator,
        "now": now,
    }
    await conn.execute(SQL.add_legal_hold, entered)
    hold = await _get(conn, wallet_id, legal_hold_id)
    if (hold.reference, hold.entered_by) != (reference, operator):
        raise LegalHoldIdUsed
    return hold


async def approve(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> LegalHold:
    """Puts an order into force; approved already, nothing changes. Raises `LegalHoldUnknown`,
    `LegalHoldNeedsSecondOperator` or `LegalHoldLifted`."""
    await _lock(conn, wallet_id)
    hold = await _get(conn, wallet_id, legal_hold_id)
    if hold.lifted_at is not None:
        raise LegalHoldLifted
    if hold.approved_at is not None:
        return hold
    if hold.entered_by == operator:
        raise LegalHoldNeedsSecondOperator
    act = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id, "operator": operator, "now": now}
    await conn.execute(SQL.approve_legal_hold, act)
    await _follow(conn, wallet_id, now)
    return await _get(conn, wallet_id, legal_hold_id)


async def lift(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> LegalHold:
    """Ends an order, approved or not; the wallet is free when no other stands. Lifted already,
    nothing changes. Raises `LegalHoldUnknown`."""
    await _lock(conn, wallet_id)
    await _get(conn, wallet_id, legal_hold_id)
    act = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id, "operator": operator, "now": now}
    await conn.execute(SQL.lift_legal_hold, act)
    await _follow(conn, wallet_id, now)
    return await _get(conn, wallet_id, legal_hold_id)


async def list_legal_holds(conn: Connection, wallet_id: str) -> list[LegalHold]:
    """For operators: every order on a wallet, the latest first."""
    return await fetch_all(conn, SQL.list_legal_holds, {"wallet_id": wallet_id}, LegalHold)


async def _lock(conn: Connection, wallet_id: str) -> None:
    cursor = await conn.execute(SQL.lock_wallet, {"wallet_id": wallet_id})
    if await cursor.fetchone() is None:
        raise WalletUnknown


async def _get(conn: Connection, wallet_id: str, legal_hold_id: str) -> LegalHold:
    place = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id}
    hold = await fetch_one(conn, SQL.find_legal_hold, place, LegalHold)
    if hold is None:
        raise LegalHoldUnknown
    return hold


async def _follow(conn: Connection, wallet_id: str, now: datetime) -> None:
    """Brings the fact in line with the orders, and tells the holder when it changed."""
    cursor = await conn.execute(SQL.set_legal_hold, {"wallet_id": wallet_id, "now": now})
    changed = await cursor.fetchone()
    if changed is None:
        return
    held = bool(changed[0])
    await tell(
        conn,
        wallet_id=wallet_id,
        kind="legal_hold_begun" if held else "legal_hold_ended",
        title_en="Your wallet is held under a legal order" if held else "The legal hold has ended",
        title_zh="您的钱包已被依法冻结" if held else "您的钱包已解除冻结",
        body_en="Open the wallet to see what is affected, and whom to ask."
        if held
        else "Everything that the order kept from working works again.",
        body_zh="请打开钱包查看受影响的功能和咨询方式。" if held else "受影响的功能已恢复。",
        link="/me/pay/wallet",
        now=now,
    )

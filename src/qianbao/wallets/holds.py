"""Legal holds: a court's or an authority's order, the only thing that may keep money in a wallet.

Entered by one operator with its reference, in force once another has approved it; lifted when one
has proposed it and another agreed. It binds the person: every wallet they have or will open, even
when it was placed on one that is closed. The holder is told that there is an order, and a case's
number, but nothing of what it is about (domain.md 6.3).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.ids import check_id
from qianbao.notices.inbox import tell
from qianbao.wallets import cases
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


class LegalHoldInForce(QianbaoError):
    code = "legal_hold_in_force"
    en = "This legal hold is in force; only one that nobody has approved can be withdrawn."
    zh = "该依法冻结已生效；只有未经批准的录入才能撤回。"
    next_en = "Propose to lift it; another operator has to agree."
    next_zh = "请提议解除，并由另一名操作员同意。"


class LegalHoldNotInForce(QianbaoError):
    code = "legal_hold_not_in_force"
    en = "This legal hold has not been approved: there is nothing to lift or to keep."
    zh = "该依法冻结尚未批准，无需解除或保留。"
    next_en = "Withdraw it, or have another operator approve it."
    next_zh = "请撤回，或由另一名操作员批准。"


class LegalHoldLiftNotProposed(QianbaoError):
    code = "legal_hold_lift_not_proposed"
    en = "Nobody has proposed to lift this legal hold."
    zh = "尚无人提议解除该依法冻结。"
    next_en = "Propose it; another operator then lifts it."
    next_zh = "请先提议解除，再由另一名操作员解除。"


class LegalHoldLiftNeedsSecondOperator(QianbaoError):
    code = "legal_hold_lift_needs_second_operator"
    status = 403
    en = "Whoever proposed to lift a legal hold cannot lift it."
    zh = "提议解除依法冻结的操作员不能自行解除。"
    next_en = "Ask another operator to look at the reasons and lift it."
    next_zh = "请由另一名操作员审核后解除。"


class LegalHold(msgspec.Struct, frozen=True):
    """In force from `approved_at` to `lifted_at`. Operators are named as they are signed in."""

    wallet_id: str
    legal_hold_id: str
    reference: str
    entered_by: str
    entered_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    lift_proposed_by: str | None
    lift_proposed_at: datetime | None
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
    """Puts an order into force and opens its case; approved already, nothing changes. Raises
    `LegalHoldUnknown`, `LegalHoldNeedsSecondOperator` or `LegalHoldLifted`."""
    hold = await _lock_standing(conn, wallet_id, legal_hold_id)
    if hold.approved_at is not None:
        return hold
    if hold.entered_by == operator:
        raise LegalHoldNeedsSecondOperator
    act = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id, "operator": operator, "now": now}
    await conn.execute(SQL.approve_legal_hold, act)
    case = await cases.open_for_hold(
        conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id, now=now
    )
    await _follow(conn, wallet_id, case.case_id, now)
    return await _get(conn, wallet_id, legal_hold_id)


async def withdraw(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> LegalHold:
    """Takes back an order that nobody has approved; it never bound anybody, so one operator is
    enough. Raises `LegalHoldUnknown`, `LegalHoldInForce` or `LegalHoldLifted`."""
    hold = await _lock_standing(conn, wallet_id, legal_hold_id)
    if hold.approved_at is not None:
        raise LegalHoldInForce
    act = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id, "operator": operator, "now": now}
    await conn.execute(SQL.lift_legal_hold, act)
    return await _get(conn, wallet_id, legal_hold_id)


async def propose_lift(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> LegalHold:
    """Asks for an order's end, which changes nothing before `lift`; proposed already, that stays.
    Raises `LegalHoldUnknown`, `LegalHoldNotInForce` or `LegalHoldLifted`."""
    await _lock_in_force(conn, wallet_id, legal_hold_id)
    act = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id, "operator": operator, "now": now}
    await conn.execute(SQL.propose_lift, act)
    return await _get(conn, wallet_id, legal_hold_id)


async def keep(conn: Connection, *, wallet_id: str, legal_hold_id: str) -> LegalHold:
    """Turns a proposal to lift down, one's own or another's; the order stands as before. Raises
    `LegalHoldUnknown`, `LegalHoldNotInForce` or `LegalHoldLifted`."""
    await _lock_in_force(conn, wallet_id, legal_hold_id)
    act = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id}
    await conn.execute(SQL.keep_legal_hold, act)
    return await _get(conn, wallet_id, legal_hold_id)


async def lift(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> LegalHold:
    """Ends an order and its case, as another operator has proposed; the person is free when no
    other order stands. Lifted already, nothing changes. Raises `LegalHoldUnknown`,
    `LegalHoldNotInForce`, `LegalHoldLiftNotProposed` or `LegalHoldLiftNeedsSecondOperator`."""
    await _lock(conn, wallet_id)
    hold = await _get(conn, wallet_id, legal_hold_id)
    if hold.lifted_at is not None:
        return hold
    if hold.approved_at is None:
        raise LegalHoldNotInForce
    if hold.lift_proposed_by is None:
        raise LegalHoldLiftNotProposed
    if hold.lift_proposed_by == operator:
        raise LegalHoldLiftNeedsSecondOperator
    act = {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id, "operator": operator, "now": now}
    await conn.execute(SQL.lift_legal_hold, act)
    await cases.close_with_hold(
        conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id, operator=operator, now=now
    )
    await _follow(conn, wallet_id, "", now)
    return await _get(conn, wallet_id, legal_hold_id)


async def list_legal_holds(conn: Connection, wallet_id: str) -> list[LegalHold]:
    """For operators: every order on the wallet's person, the latest first; each with the wallet
    that it was placed on."""
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


async def _lock_standing(conn: Connection, wallet_id: str, legal_hold_id: str) -> LegalHold:
    """The order, approved or not. Raises `LegalHoldLifted` when it has ended."""
    await _lock(conn, wallet_id)
    hold = await _get(conn, wallet_id, legal_hold_id)
    if hold.lifted_at is not None:
        raise LegalHoldLifted
    return hold


async def _lock_in_force(conn: Connection, wallet_id: str, legal_hold_id: str) -> None:
    hold = await _lock_standing(conn, wallet_id, legal_hold_id)
    if hold.approved_at is None:
        raise LegalHoldNotInForce


class _PersonHeld(msgspec.Struct, frozen=True):
    held: bool
    wallet_ids: list[str]


async def _person_held(conn: Connection, wallet_id: str) -> _PersonHeld:
    found = await fetch_one(conn, SQL.find_person_held, {"wallet_id": wallet_id}, _PersonHeld)
    if found is None:
        raise WalletUnknown
    return found


async def _follow(conn: Connection, wallet_id: str, case_id: str, now: datetime) -> None:
    """Brings the fact in line with the orders; tells the person when it changed for them."""
    before = await _person_held(conn, wallet_id)
    await conn.execute(SQL.set_legal_hold, {"wallet_id": wallet_id, "now": now})
    after = await _person_held(conn, wallet_id)
    if after.held == before.held:
        return
    for told in after.wallet_ids:
        await (_tell_held(conn, told, case_id, now) if after.held else _tell_free(conn, told, now))


async def _tell_held(conn: Connection, wallet_id: str, case_id: str, now: datetime) -> None:
    await tell(
        conn,
        wallet_id=wallet_id,
        kind="legal_hold_begun",
        title_en="Your wallet is held under a legal order",
        title_zh="您的钱包已被依法冻结",
        body_en=f"Open the wallet to see what is affected, and whom to ask. Your case: {case_id}",
        body_zh=f"请打开钱包查看受影响的功能和咨询方式。您的工单编号：{case_id}",
        link="/me/pay/wallet",
        now=now,
    )


async def _tell_free(conn: Connection, wallet_id: str, now: datetime) -> None:
    await tell(
        conn,
        wallet_id=wallet_id,
        kind="legal_hold_ended",
        title_en="The legal hold has ended",
        title_zh="您的钱包已解除冻结",
        body_en="Everything that the order kept from working works again.",
        body_zh="受影响的功能已恢复。",
        link="/me/pay/wallet",
        now=now,
    )

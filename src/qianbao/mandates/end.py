"""Ending a mandate: the holder's "关闭扣费服务", the merchant's, or because the wallet closes."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.mandates.lists import Mandate, MandateNotFound, get_mandate
from qianbao.mandates.plans import sql
from qianbao.notices import inbox, webhooks
from qianbao.notices.events import MandateEnded


class MandateAlreadyEnded(QianbaoError):
    code = "mandate_already_ended"
    en = "This auto-deduction service has been ended already."
    zh = "该扣费服务已经关闭。"
    next_en = "Nothing more is to be done."
    next_zh = "无需再操作。"


class EndMode(IntEnum):
    """How a mandate ended, numbered as in the field's own contracts (domain.md 5.1)."""

    EXPIRED = 1
    HOLDER = 2
    MERCHANT = 3
    OPERATOR = 4
    WALLET_CLOSED = 5


_WHO = {
    EndMode.EXPIRED: ("It has expired.", "该服务已到期。"),
    EndMode.HOLDER: ("You ended it.", "您已关闭该服务。"),
    EndMode.MERCHANT: ("The merchant ended it.", "商户已关闭该服务。"),
    EndMode.OPERATOR: ("The operator ended it.", "平台已关闭该服务。"),
    EndMode.WALLET_CLOSED: ("Your wallet was closed.", "您的钱包已注销。"),
}


async def end(
    conn: Connection, *, wallet_id: str, mandate_id: str, mode: int, now: datetime
) -> Mandate:
    """Ends the mandate for good: from here on no charge passes. `mode` is an `EndMode`. Raises
    `MandateNotFound` or `MandateAlreadyEnded`."""
    mode = EndMode(mode)
    keys = {"wallet_id": wallet_id, "mandate_id": mandate_id}
    cursor = await conn.execute(sql.lock_mandate, keys)
    row = await cursor.fetchone()
    if row is None:
        raise MandateNotFound()
    if row[0] == "ended":
        raise MandateAlreadyEnded()
    await conn.execute(sql.end_mandate, keys | {"end_mode": mode, "now": now})
    await conn.execute(sql.count_mandates, {"wallet_id": wallet_id, "change": -1, "now": now})
    mandate = await get_mandate(conn, wallet_id=wallet_id, mandate_id=mandate_id)
    await _tell(conn, mandate, mode, now)
    return mandate


async def _tell(conn: Connection, mandate: Mandate, mode: EndMode, now: datetime) -> None:
    who_en, who_zh = _WHO[mode]
    await inbox.tell(
        conn,
        wallet_id=mandate.wallet_id,
        kind="mandate_ended",
        title_en=f"{mandate.merchant_name_en} may no longer charge you",
        title_zh=f"已关闭{mandate.merchant_name_zh}扣费服务",
        body_en=f"{mandate.title_en}: {who_en}",
        body_zh=f"{mandate.title_zh}：{who_zh}",
        link="/me/pay/manage/auto-deduction",
        now=now,
    )
    await webhooks.emit(
        conn,
        merchant_id=mandate.merchant_id,
        event="mandate.ended",
        payload=MandateEnded(mandate.mandate_id, mandate.plan_id, mode.value, now),
        now=now,
    )

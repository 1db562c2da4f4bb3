"""Signing a mandate."""

from __future__ import annotations

from datetime import datetime

from qianbao.db.queries import Connection, fetch_one
from qianbao.errors import QianbaoError
from qianbao.mandates.lists import Mandate, get_mandate
from qianbao.mandates.plans import find_plan, sql
from qianbao.money import CurrencyUnsupported, show
from qianbao.notices import inbox, webhooks
from qianbao.notices.events import MandateSigned
from qianbao.wallets.errors import WalletClosed, WalletUnknown


class MandateAlreadyActive(QianbaoError):
    code = "mandate_already_active"
    en = "You have signed this service already."
    zh = "您已开通该扣费服务。"
    next_en = "Nothing more is to be done; it is in the list of your services."
    next_zh = "无需再次开通，可在扣费服务列表中查看。"


class MandateIdTaken(QianbaoError):
    code = "mandate_id_taken"
    en = "This request's id was used for another service."
    zh = "该请求编号已用于另一项服务。"
    next_en = "Send it again under a new id."
    next_zh = "请换新的编号重新提交。"


async def sign(
    conn: Connection,
    *,
    wallet_id: str,
    mandate_id: str,
    merchant_id: str,
    plan_id: str,
    now: datetime,
) -> Mandate:
    """Lets the merchant charge this wallet as the plan says; the door has checked the PIN.

    One active mandate a plan; signing again after the end takes a new id. The same id with the
    same plan gives the mandate as it stands. Raises `WalletUnknown`, `WalletClosed`,
    `MandatePlanNotFound`, `CurrencyUnsupported`, `MandateIdTaken` or `MandateAlreadyActive`.
    """
    plan = await find_plan(conn, merchant_id=merchant_id, plan_id=plan_id)
    keys = {"wallet_id": wallet_id, "merchant_id": merchant_id, "plan_id": plan_id}
    status, currency = await _lock_wallet(conn, wallet_id)
    earlier = await fetch_one(conn, sql.mandate, keys | {"mandate_id": mandate_id}, Mandate)
    if earlier is not None:
        if (earlier.merchant_id, earlier.plan_id) != (merchant_id, plan_id):
            raise MandateIdTaken()
        return earlier
    if status == "closed":
        raise WalletClosed()
    if currency != plan.currency:
        raise CurrencyUnsupported(expected=currency, given=plan.currency)
    cursor = await conn.execute(sql.active_mandate, keys)
    if await cursor.fetchone() is not None:
        raise MandateAlreadyActive()
    await conn.execute(
        sql.insert_mandate,
        keys
        | {
            "mandate_id": mandate_id,
            "title_en": plan.title_en,
            "title_zh": plan.title_zh,
            "per_charge_minor": plan.per_charge_minor,
            "currency": plan.currency,
            "now": now,
        },
    )
    await conn.execute(sql.count_mandates, {"wallet_id": wallet_id, "change": 1, "now": now})
    mandate = await get_mandate(conn, wallet_id=wallet_id, mandate_id=mandate_id)
    await _tell(conn, mandate, now)
    return mandate


async def _lock_wallet(conn: Connection, wallet_id: str) -> tuple[str, str]:
    """Its status and currency."""
    cursor = await conn.execute(sql.lock_wallet, {"wallet_id": wallet_id})
    row = await cursor.fetchone()
    if row is None:
        raise WalletUnknown()
    return row[0], row[1]


async def _tell(conn: Connection, mandate: Mandate, now: datetime) -> None:
    most = show(mandate.per_charge_minor, mandate.currency)
    await inbox.tell(
        conn,
        wallet_id=mandate.wallet_id,
        kind="mandate_signed",
        title_en=f"{mandate.merchant_name_en} may now charge you",
        title_zh=f"已开通{mandate.merchant_name_zh}扣费服务",
        body_en=f"{mandate.title_en}: at most {most} a charge. You can end it at any time.",
        body_zh=f"{mandate.title_zh}：单笔最多 {most}。您可随时关闭。",
        link="/me/pay/manage/auto-deduction",
        now=now,
    )
    await webhooks.emit(
        conn,
        merchant_id=mandate.merchant_id,
        event="mandate.signed",
        payload=MandateSigned(mandate.mandate_id, mandate.plan_id, now),
        now=now,
    )

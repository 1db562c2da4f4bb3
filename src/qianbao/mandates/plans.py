"""What merchants may ask holders to sign, each approved by the operator (domain.md 5.1)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.money import Money, check_amount, show

sql = load("qianbao.mandates")


class MandatePlanNotFound(NotFound):
    code = "mandate_plan_not_found"
    en = "There is no such auto-deduction service."
    zh = "没有这个扣费服务。"
    next_en = "Choose one from the list of services."
    next_zh = "请从服务列表中选择。"


class MandatePlanTaken(QianbaoError):
    code = "mandate_plan_taken"
    en = "The merchant has another plan named “{plan_id}”."
    zh = "该商户已有名为 “{plan_id}” 的扣费方案。"
    next_en = "Choose another plan id: what holders have signed does not change."
    next_zh = "请换一个方案编号：用户已签约的内容不会改变。"


class MandatePlanTooHigh(InvalidInput):
    code = "mandate_plan_too_high"
    en = "One charge may be {asked} under this plan; the operator allows at most {most}."
    zh = "该方案单笔可扣 {asked}，平台最多允许 {most}。"
    next_en = "Lower the amount of one charge."
    next_zh = "请降低单笔扣费金额。"


class Plan(msgspec.Struct, frozen=True):
    """One service to sign; one charge takes at most `per_charge_minor` of `currency`."""

    merchant_id: str
    plan_id: str
    title_en: str
    title_zh: str
    per_charge_minor: int
    currency: str
    merchant_name_en: str
    merchant_name_zh: str


async def plans(conn: Connection) -> list[Plan]:
    """Every service that can be signed, by merchant's name."""
    return await fetch_all(conn, sql.plans, None, Plan)


async def find_plan(conn: Connection, *, merchant_id: str, plan_id: str) -> Plan:
    """One service. Raises `MandatePlanNotFound`."""
    wanted = {"merchant_id": merchant_id, "plan_id": plan_id}
    plan = await fetch_one(conn, sql.plan, wanted, Plan)
    if plan is None:
        raise MandatePlanNotFound()
    return plan


async def approve_plan(
    conn: Connection,
    *,
    merchant_id: str,
    plan_id: str,
    title_en: str,
    title_zh: str,
    per_charge: Money,
    most_minor: int,
    now: datetime,
) -> Plan:
    """Lets holders sign `plan_id` with this merchant. `most_minor` is the operator's setting
    `mandate_per_charge_minor`. Approving the same again changes nothing. Raises
    `AmountOutOfRange`, `MandatePlanTooHigh`, `MandatePlanTaken`, or `MandatePlanNotFound` when
    there is no such merchant."""
    amount_minor = check_amount(per_charge, per_charge.currency)
    if amount_minor > most_minor:
        currency = per_charge.currency
        raise MandatePlanTooHigh(
            asked=show(amount_minor, currency), most=show(most_minor, currency)
        )
    wanted = {
        "merchant_id": merchant_id,
        "plan_id": plan_id,
        "title_en": title_en,
        "title_zh": title_zh,
        "per_charge_minor": amount_minor,
        "currency": per_charge.currency,
    }
    await conn.execute(sql.insert_plan, wanted | {"now": now})
    plan = await find_plan(conn, merchant_id=merchant_id, plan_id=plan_id)
    if any(getattr(plan, name) != value for name, value in wanted.items()):
        raise MandatePlanTaken(plan_id=plan_id)
    return plan

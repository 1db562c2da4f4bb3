"""Collecting an order when its service ends, in three steps that a door takes one after another:

`begin_completion` (commit) → the payment, by the clearing loop → `finish_completion`, or
`give_up_completion` when the payment was refused.

While a payment is named, the order can neither be cancelled nor collected a second time; whether
it was paid is read from the payment, never guessed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection
from qianbao.errors import InvalidInput
from qianbao.money import show
from qianbao.payscore.lists import ScoreOrder, sql
from qianbao.payscore.orders import (
    ScoreOrderCollecting,
    end_order,
    lock_merchant_order,
    must_be,
)


class ScoreOrderAmountTooHigh(InvalidInput):
    code = "score_order_amount_too_high"
    en = "At most {most} may be collected for this Pay Score order, and not less than 0."
    zh = "该支付分订单最多可收取 {most}，且不能为负数。"
    next_en = "Collect no more than what the holder confirmed, or than you asked for before."
    next_zh = "收取金额不能超过用户确认的金额或此前提交的金额。"


class Completion(msgspec.Struct, frozen=True):
    """What to collect: `amount_minor` of `currency` from `wallet_id`, as payment `payment_id`;
    None when there is nothing to pay and the order may be finished right away."""

    wallet_id: str
    merchant_id: str
    score_order_id: str
    payment_id: str | None
    amount_minor: int
    currency: str
    introduction: str


async def begin_completion(
    conn: Connection,
    *,
    merchant_id: str,
    score_order_id: str,
    amount_minor: int,
    payment_id: str,
) -> Completion:
    """The service has ended and costs `amount_minor`: at most the deposit, and at most what was
    asked for before. While an earlier attempt is under way the same amount gives that attempt's
    payment again, to be sent again; so does the same request once the order is done. Raises
    `ScoreOrderNotFound`, `ScoreOrderState`, `ScoreOrderAmountTooHigh` or
    `ScoreOrderCollecting`."""
    order = await lock_merchant_order(conn, merchant_id, score_order_id)
    payment = payment_id if amount_minor else None
    if order.state == "done" and (order.amount_minor, order.payment_id) == (amount_minor, payment):
        return _completion(order, payment, amount_minor)
    must_be(order, "doing")
    if order.payment_id is not None:
        if order.amount_minor != amount_minor:
            raise ScoreOrderCollecting()
        return _completion(order, order.payment_id, amount_minor)
    most = order.deposit_minor if order.amount_minor is None else order.amount_minor
    if not 0 <= amount_minor <= most:
        raise ScoreOrderAmountTooHigh(most=show(most, order.currency))
    await _set_collection(conn, order, amount_minor, payment)
    return _completion(order, payment, amount_minor)


async def finish_completion(
    conn: Connection,
    *,
    merchant_id: str,
    score_order_id: str,
    payment_id: str | None,
    now: datetime,
) -> ScoreOrder:
    """The payment went through: the order is done. `payment_id` is the completion's. Finishing
    twice changes nothing. Raises `ScoreOrderNotFound`, `ScoreOrderState`, or
    `ScoreOrderCollecting` when that payment has not been made."""
    order = await lock_merchant_order(conn, merchant_id, score_order_id)
    if order.state == "done" and order.payment_id == payment_id:
        return order
    must_be(order, "doing")
    if order.amount_minor is None or order.payment_id != payment_id:
        raise ScoreOrderCollecting()
    if order.amount_minor > 0 and not await _is_paid(conn, order):
        raise ScoreOrderCollecting()
    return await end_order(conn, order, "done", now)


async def give_up_completion(
    conn: Connection, *, merchant_id: str, score_order_id: str
) -> ScoreOrder:
    """The payment was refused: the order is owed, and may be collected again or cancelled. Raises
    `ScoreOrderNotFound`, `ScoreOrderState`, or `ScoreOrderCollecting` when it was paid after
    all."""
    order = await lock_merchant_order(conn, merchant_id, score_order_id)
    must_be(order, "doing")
    if order.payment_id is None:
        return order
    if await _is_paid(conn, order):
        raise ScoreOrderCollecting()
    await _set_collection(conn, order, order.amount_minor, None)
    return msgspec.structs.replace(order, payment_id=None)


async def finish_collected(conn: Connection, *, now: datetime) -> int:
    """Ends one order whose payment went through although nobody finished it: the process that
    collected it was stopped between the two. Gives how many it ended. Call it until it gives 0,
    each time in a transaction of its own."""
    cursor = await conn.execute(sql.collected_order)
    row = await cursor.fetchone()
    if row is None:
        return 0
    merchant_id, score_order_id, payment_id = row
    await finish_completion(
        conn,
        merchant_id=merchant_id,
        score_order_id=score_order_id,
        payment_id=payment_id,
        now=now,
    )
    return 1


async def _is_paid(conn: Connection, order: ScoreOrder) -> bool:
    payment = {
        "merchant_id": order.merchant_id,
        "payment_id": order.payment_id,
        "wallet_id": order.wallet_id,
        "amount_minor": order.amount_minor,
    }
    cursor = await conn.execute(sql.paid_payment, payment)
    return await cursor.fetchone() is not None


async def _set_collection(
    conn: Connection, order: ScoreOrder, amount_minor: int | None, payment_id: str | None
) -> None:
    keys = {"wallet_id": order.wallet_id, "score_order_id": order.score_order_id}
    values = {"amount_minor": amount_minor, "payment_id": payment_id}
    await conn.execute(sql.set_collection, keys | values)


def _completion(order: ScoreOrder, payment_id: str | None, amount_minor: int) -> Completion:
    return Completion(
        wallet_id=order.wallet_id,
        merchant_id=order.merchant_id,
        score_order_id=order.score_order_id,
        payment_id=payment_id,
        amount_minor=amount_minor,
        currency=order.currency,
        introduction=order.introduction,
    )

"""The life of a service order: made by a merchant, confirmed by the holder, or ended before it
cost anything. Collecting is in `completion`.

Whoever changes an order locks it before its wallet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.money import Money, check_amount, show
from qianbao.notices import inbox, webhooks
from qianbao.notices.events import ScoreOrderChanged
from qianbao.payscore.lists import (
    ScoreOrder,
    ScoreOrderNotFound,
    get_merchant_order,
    get_order,
    sql,
)
from qianbao.payscore.switch import PayScoreOff, lock_wallet, must_be_open

ORDER_VALID_DAYS = 30
"""How long an order waits for the holder, domain.md 5.2."""

End = Literal["done", "revoked", "expired"]


class ScoreOrderIdTaken(QianbaoError):
    code = "score_order_id_taken"
    en = "This request's id was used for another order."
    zh = "该请求编号已用于另一笔订单。"
    next_en = "Send it again under a new id."
    next_zh = "请换新的编号重新提交。"


class ScoreOrderState(QianbaoError):
    code = "score_order_state"
    en = "This cannot be done to a Pay Score order that is {state}."
    zh = "支付分订单当前状态（{state_zh}）不允许此操作。"
    next_en = "Look at the order again; it may have changed meanwhile."
    next_zh = "请刷新订单查看最新状态。"


class ScoreOrderCollecting(QianbaoError):
    code = "score_order_collecting"
    retry = True
    en = "The payment for this Pay Score order is under way."
    zh = "该支付分订单正在扣款。"
    next_en = "Try again in a few minutes."
    next_zh = "请几分钟后再试。"


_STATES_ZH = {
    "created": "待确认",
    "doing": "进行中",
    "done": "已完成",
    "revoked": "已取消",
    "expired": "已过期",
}


async def create_order(
    conn: Connection,
    *,
    wallet_id: str,
    score_order_id: str,
    merchant_id: str,
    merchant_reference: str,
    introduction: str,
    deposit: Money,
    now: datetime,
) -> ScoreOrder:
    """A merchant offers a service without a deposit; nothing is reserved, and the holder must
    confirm. `deposit` is the most that may be collected. The same id with the same contents gives
    the order as it stands. Raises `WalletUnknown`, `WalletClosed`, `PayScoreOff`,
    `CurrencyUnsupported`, `AmountOutOfRange` or `ScoreOrderIdTaken`."""
    wallet = await lock_wallet(conn, wallet_id)
    body = {
        "wallet_id": wallet_id,
        "score_order_id": score_order_id,
        "merchant_id": merchant_id,
        "merchant_reference": merchant_reference,
        "introduction": introduction,
        "deposit_minor": check_amount(deposit, wallet.currency),
        "currency": wallet.currency,
    }
    try:
        earlier = await get_order(conn, wallet_id=wallet_id, score_order_id=score_order_id)
    except ScoreOrderNotFound:
        pass
    else:
        if any(getattr(earlier, name) != value for name, value in body.items()):
            raise ScoreOrderIdTaken()
        return earlier
    must_be_open(wallet)
    if not wallet.pay_score_on:
        raise PayScoreOff()
    await conn.execute(sql.insert_order, body | {"now": now})
    await _count(conn, wallet_id, 1, now)
    order = await get_order(conn, wallet_id=wallet_id, score_order_id=score_order_id)
    await _ask_holder(conn, order, now)
    return order


async def confirm_order(
    conn: Connection, *, wallet_id: str, score_order_id: str, now: datetime
) -> ScoreOrder:
    """The holder accepts; the service runs. Raises `ScoreOrderNotFound` or `ScoreOrderState` (an
    order that waited 30 days can no longer be confirmed, even before it is marked expired)."""
    order = await lock_order(conn, wallet_id=wallet_id, score_order_id=score_order_id)
    if order.state == "created" and order.created_at + timedelta(days=ORDER_VALID_DAYS) <= now:
        raise ScoreOrderState(state="expired", state_zh=_STATES_ZH["expired"])
    must_be(order, "created")
    keys = {"wallet_id": wallet_id, "score_order_id": score_order_id}
    await conn.execute(sql.confirm_order, keys | {"now": now})
    return await _announce(conn, order, "score_order.confirmed", now)


async def decline_order(
    conn: Connection, *, wallet_id: str, score_order_id: str, now: datetime
) -> ScoreOrder:
    """The holder says no to an order not yet confirmed, so that no merchant can keep Pay Score, or
    the wallet, open. Raises `ScoreOrderNotFound` or `ScoreOrderState`."""
    order = await lock_order(conn, wallet_id=wallet_id, score_order_id=score_order_id)
    must_be(order, "created")
    return await end_order(conn, order, "revoked", now)


async def cancel_order(
    conn: Connection, *, merchant_id: str, score_order_id: str, now: datetime
) -> ScoreOrder:
    """The merchant gives the order up; nothing is collected. Raises `ScoreOrderNotFound`,
    `ScoreOrderState`, or `ScoreOrderCollecting` while its payment is under way."""
    order = await lock_merchant_order(conn, merchant_id, score_order_id)
    must_be(order, "created", "doing")
    if order.payment_id is not None:
        raise ScoreOrderCollecting()
    return await end_order(conn, order, "revoked", now)


async def expire_orders(conn: Connection, *, now: datetime) -> int:
    """Ends one order that waited 30 days for its holder; gives how many it ended. Call it until it
    gives 0, each time in a transaction of its own: it then never holds two wallets at once."""
    before = now - timedelta(days=ORDER_VALID_DAYS)
    cursor = await conn.execute(sql.stale_order, {"before": before})
    row = await cursor.fetchone()
    if row is None:
        return 0
    order = await get_order(conn, wallet_id=row[0], score_order_id=row[1])
    await end_order(conn, order, "expired", now)
    return 1


async def lock_order(conn: Connection, *, wallet_id: str, score_order_id: str) -> ScoreOrder:
    """A holder's order, locked until this transaction ends. Raises `ScoreOrderNotFound`."""
    keys = {"wallet_id": wallet_id, "score_order_id": score_order_id}
    await conn.execute(sql.lock_order, keys)
    return await get_order(conn, wallet_id=wallet_id, score_order_id=score_order_id)


async def lock_merchant_order(
    conn: Connection, merchant_id: str, score_order_id: str
) -> ScoreOrder:
    """A merchant's order, locked until this transaction ends. Raises `ScoreOrderNotFound`."""
    found = await get_merchant_order(conn, merchant_id=merchant_id, score_order_id=score_order_id)
    return await lock_order(conn, wallet_id=found.wallet_id, score_order_id=score_order_id)


def must_be(order: ScoreOrder, *states: str) -> None:
    """Raises `ScoreOrderState` unless the order is in one of `states`."""
    if order.state not in states:
        raise ScoreOrderState(state=order.state, state_zh=_STATES_ZH[order.state])


async def end_order(conn: Connection, order: ScoreOrder, state: End, now: datetime) -> ScoreOrder:
    """Ends a locked order as `state`, and tells merchant and holder."""
    keys = {"wallet_id": order.wallet_id, "score_order_id": order.score_order_id}
    await conn.execute(sql.end_order, keys | {"state": state, "now": now})
    await _count(conn, order.wallet_id, -1, now)
    await inbox.tell(
        conn,
        wallet_id=order.wallet_id,
        kind=f"score_order_{state}",
        title_en=f"Pay Score order {state}: {order.merchant_name_en}",
        title_zh=f"支付分订单{_STATES_ZH[state]}：{order.merchant_name_zh}",
        body_en=order.introduction,
        body_zh=order.introduction,
        link="/me/pay/manage/pay-score",
        now=now,
    )
    return await _announce(conn, order, f"score_order.{state}", now)


async def _ask_holder(conn: Connection, order: ScoreOrder, now: datetime) -> None:
    most = show(order.deposit_minor, order.currency)
    await inbox.tell(
        conn,
        wallet_id=order.wallet_id,
        kind="score_order_created",
        title_en=f"{order.merchant_name_en} waits for your confirmation",
        title_zh=f"{order.merchant_name_zh}等待您确认订单",
        body_en=f"{order.introduction}: no deposit; at most {most} when the service ends.",
        body_zh=f"{order.introduction}：免押金，服务结束时最多收取 {most}。",
        link="/me/pay/manage/pay-score",
        now=now,
    )


async def _announce(conn: Connection, order: ScoreOrder, event: str, now: datetime) -> ScoreOrder:
    """Tells the merchant; gives the order as it is now."""
    order = await get_order(conn, wallet_id=order.wallet_id, score_order_id=order.score_order_id)
    await webhooks.emit(
        conn,
        merchant_id=order.merchant_id,
        event=event,
        payload=ScoreOrderChanged(
            order.score_order_id,
            order.merchant_reference,
            order.state,
            order.amount_minor,
            order.currency,
            order.payment_id,
        ),
        now=now,
    )
    return order


async def _count(conn: Connection, wallet_id: str, change: int, now: datetime) -> None:
    await conn.execute(sql.count_orders, {"wallet_id": wallet_id, "change": change, "now": now})

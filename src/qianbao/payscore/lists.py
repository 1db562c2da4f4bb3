"""Reading service orders: one, a holder's, a merchant's."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.pages import LIMIT, read_page
from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import NotFound

sql = load("qianbao.payscore")


class ScoreOrderNotFound(NotFound):
    code = "score_order_not_found"
    en = "There is no such Pay Score order here."
    zh = "没有这笔支付分订单。"
    next_en = "Choose one from the list of orders."
    next_zh = "请从订单列表中选择。"


class ScoreOrder(msgspec.Struct, frozen=True):
    """One service order (domain.md 5.2). At most `deposit_minor` may be collected; `amount_minor`
    is what the merchant asked for when the service ended, `payment_id` the payment that collects
    it. States: created (the holder has not confirmed), doing, then done, revoked or expired."""

    wallet_id: str
    score_order_id: str
    merchant_id: str
    merchant_reference: str
    introduction: str
    deposit_minor: int
    amount_minor: int | None
    currency: str
    state: Literal["created", "doing", "done", "revoked", "expired"]
    payment_id: str | None
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    merchant_name_en: str
    merchant_name_zh: str


class OrderPage(msgspec.Struct, frozen=True):
    """Orders, newest first; `next` asks for the page after, None on the last."""

    items: tuple[ScoreOrder, ...]
    next: str | None


async def get_order(conn: Connection, *, wallet_id: str, score_order_id: str) -> ScoreOrder:
    """A holder's order. Raises `ScoreOrderNotFound`."""
    wanted = {"wallet_id": wallet_id, "score_order_id": score_order_id}
    order = await fetch_one(conn, sql.order_of_wallet, wanted, ScoreOrder)
    if order is None:
        raise ScoreOrderNotFound()
    return order


async def get_merchant_order(
    conn: Connection, *, merchant_id: str, score_order_id: str
) -> ScoreOrder:
    """An order that this merchant made. Raises `ScoreOrderNotFound`."""
    wanted = {"merchant_id": merchant_id, "score_order_id": score_order_id}
    order = await fetch_one(conn, sql.order_of_merchant, wanted, ScoreOrder)
    if order is None:
        raise ScoreOrderNotFound()
    return order


async def list_orders(
    conn: Connection, *, wallet_id: str, open_only: bool = False, limit: int = LIMIT
) -> list[ScoreOrder]:
    """A holder's orders: the open ones first, then those that ended; newest first among each."""
    wanted = {
        "wallet_id": wallet_id,
        "open_only": open_only,
        "limit": min(limit, LIMIT),
    }
    return await fetch_all(conn, sql.orders_of_wallet, wanted, ScoreOrder)


async def list_merchant_orders(
    conn: Connection, *, merchant_id: str, limit: int = 50, after: str | None = None
) -> OrderPage:
    """A merchant's orders, a page at a time. Raises `CursorInvalid`."""
    page = await read_page(
        conn,
        sql.orders_of_merchant,
        {"merchant_id": merchant_id},
        ScoreOrder,
        place=lambda order: (order.created_at, order.score_order_id),
        limit=limit,
        after=after,
    )
    return OrderPage(*page)

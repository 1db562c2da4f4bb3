"""Asking a bank to move money, outside any transaction, until it has answered.

Every question carries the order's id, so asking twice moves money once. After a silence the order
is 'unknown': the next try first asks what became of it, and sends it again only when the bank says
it never arrived.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from qianbao.banks.cards import agreement, get_card
from qianbao.banks.gateway import BankSilent, Gateway, OrderAnswer
from qianbao.db.jobs import enqueue
from qianbao.db.pool import Pool
from qianbao.db.queries import fetch_all
from qianbao.errors import QianbaoError
from qianbao.keyring import KeyRing
from qianbao.payments.answers import sql
from qianbao.payments.bank_orders import BankAnswered, BankOrder, find_order
from qianbao.payments.clear import Clearing

log = structlog.get_logger(__name__)

_FIRST_WAIT_SECONDS = 2
_LONGEST_WAIT_SECONDS = 300
_FORGOTTEN_AFTER = timedelta(minutes=2)


async def ask_bank(
    pool: Pool,
    clearing: Clearing,
    gateway: Gateway,
    keys: KeyRing,
    *,
    wallet_id: str,
    order_id: str,
    now: datetime,
) -> BankOrder:
    """Asks about one order and clears the answer; on silence marks it unknown and comes back
    later. Gives the order as it is then. Safe to run twice at once."""
    async with pool.connection() as conn:
        order = await find_order(conn, wallet_id=wallet_id, order_id=order_id)
        if order.state in ("settled", "refused"):
            return order
        card = await get_card(conn, wallet_id, order.card_id)
    try:
        answer = await _ask(gateway, order, agreement(keys, card))
    except BankSilent:
        answer = None
    if answer is None or answer.outcome not in ("SETTLED", "REFUSED"):
        await _come_back(pool, order, now)
    else:
        await clearing.submit(
            BankAnswered(
                wallet_id=wallet_id,
                order_id=order_id,
                bank=order.bank,
                currency=order.currency,
                hold_id=order.hold_id,
                settled=answer.outcome == "SETTLED",
                result=answer.result,
            )
        )
    async with pool.connection() as conn:
        return await find_order(conn, wallet_id=wallet_id, order_id=order_id)


async def _ask(gateway: Gateway, order: BankOrder, agreement_token: str) -> OrderAnswer:
    if order.state == "unknown":
        known = await gateway.ask_order(order.bank, order.order_id)
        if known.outcome != "NOT_FOUND":
            return known
    return await gateway.order(
        order.bank,
        request_id=order.order_id,
        agreement=agreement_token,
        direction="debit" if order.kind == "top_up" else "credit",
        amount_minor=order.amount_minor,
        currency=order.currency,
    )


async def _come_back(pool: Pool, order: BankOrder, now: datetime) -> None:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            sql.order_asked,
            {
                "wallet_id": order.wallet_id,
                "order_id": order.order_id,
                "state": "unknown",
                "now": now,
            },
        )
        row = await cursor.fetchone()
        if row is None:
            return  # somebody else has the answer by now
        wait = min(_FIRST_WAIT_SECONDS * 2 ** min(row[0], 10), _LONGEST_WAIT_SECONDS)
        await enqueue(
            conn,
            "ask_bank",
            after=timedelta(seconds=wait),
            once=f"ask_bank {order.order_id}",
            wallet_id=order.wallet_id,
            order_id=order.order_id,
        )
    log.warning("bank silent", bank=order.bank, order_id=order.order_id, retry_seconds=wait)


async def ask_forgotten(
    pool: Pool, clearing: Clearing, gateway: Gateway, keys: KeyRing, *, now: datetime
) -> None:
    """Asks about orders that have waited long: a crash may have left them unasked. One that cannot
    be asked about is logged and does not keep the others waiting."""
    for order in await find_forgotten(pool, before=now - _FORGOTTEN_AFTER):
        place = {"wallet_id": order.wallet_id, "order_id": order.order_id}
        try:
            await ask_bank(pool, clearing, gateway, keys, now=now, **place)
        except QianbaoError as trouble:
            log.error("order cannot be asked about", order_id=order.order_id, code=trouble.code)


async def find_forgotten(pool: Pool, *, before: datetime, limit: int = 100) -> list[BankOrder]:
    """Orders still open that were made before `before`: what a crash may have left unasked."""
    async with pool.connection() as conn:
        return await fetch_all(conn, sql.open_orders, {"before": before, "limit": limit}, BankOrder)

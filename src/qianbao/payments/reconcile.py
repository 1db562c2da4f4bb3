"""Reconciliation: our bank orders against what the banks say of them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.banks.gateway import BankSilent, Gateway
from qianbao.db.pool import Pool
from qianbao.db.queries import fetch_all
from qianbao.payments.answers import sql
from qianbao.payments.bank_orders import BankOrder

MOST_ORDERS = 500


class Difference(msgspec.Struct, frozen=True):
    """An order of which the bank says something else, or nothing."""

    order_id: str
    bank: str
    kind: str
    amount_minor: int
    ours: str
    theirs: str


class Reconciliation(msgspec.Struct, frozen=True):
    """How many orders were compared, and those that differ. `complete` is False when there were
    more than one run compares."""

    since: datetime
    compared: int
    complete: bool
    differences: list[Difference]


async def reconcile(pool: Pool, gateway: Gateway, *, since: datetime) -> Reconciliation:
    """Asks the banks about every order made since `since`, at most 500. Changes nothing."""
    async with pool.connection() as conn:
        orders = await fetch_all(
            conn, sql.orders_since, {"since": since, "limit": MOST_ORDERS + 1}, BankOrder
        )
    compared = orders[:MOST_ORDERS]
    differences = []
    for order in compared:
        theirs = await _theirs(gateway, order)
        if theirs != order.state:
            differences.append(
                Difference(
                    order.order_id, order.bank, order.kind, order.amount_minor, order.state, theirs
                )
            )
    return Reconciliation(since, len(compared), len(orders) <= MOST_ORDERS, differences)


async def _theirs(gateway: Gateway, order: BankOrder) -> str:
    try:
        return (await gateway.ask_order(order.bank, order.order_id)).outcome.lower()
    except BankSilent:
        return "silent"

"""Money asked of a bank, or sent to one: what is recorded, and how an order ends.

An order is written and, for a withdrawal, its money held, in one transaction. A job then asks the
bank (`ask_bank.py`), outside any transaction, and the bank's answer is cleared like any request.
Silence leaves the order 'unknown' and the hold in place until the bank says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.jobs import enqueue
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import NotFound
from qianbao.ledger import AccountKey, Transfer, main_account
from qianbao.payments.answers import sql
from qianbao.payments.batch import Batch, Kind

FEES = "operator:fees"
"""Who owns the account that fees go to."""


class BankOrderUnknown(NotFound):
    code = "bank_order_unknown"
    en = "There is no such top-up or withdrawal."
    zh = "没有这笔充值或提现。"
    next_en = "See your transactions."
    next_zh = "请查看交易记录。"


class CardNotLinked(NotFound):
    code = "card_not_linked"
    en = "This card is not linked to the wallet."
    zh = "这张银行卡未绑定到钱包。"
    next_en = "Choose a linked card, or link this one."
    next_zh = "请选择已绑定的卡，或先绑定这张卡。"


class LinkedCard(msgspec.Struct, frozen=True):
    """A card money can go to or come from."""

    wallet_id: str
    card_id: str
    bank: str
    last_four: str


class BankOrder(msgspec.Struct, frozen=True):
    """A top-up or a withdrawal (minor units). `amount_minor` is what the bank moves; the fee comes
    on top of a withdrawal."""

    wallet_id: str
    order_id: str
    kind: Literal["top_up", "withdrawal"]
    card_id: str
    bank: str
    amount_minor: int
    fee_minor: int
    free_used_minor: int
    currency: str
    hold_id: str | None
    state: Literal["pending", "unknown", "settled", "refused"]
    result: str
    created_at: datetime
    ended_at: datetime | None


def new_order(
    kind: Literal["top_up", "withdrawal"],
    order_id: str,
    card: LinkedCard,
    amount_minor: int,
    currency: str,
    now: datetime,
) -> BankOrder:
    """An order that its bank has not been asked about; free of fee, with nothing held."""
    return BankOrder(
        wallet_id=card.wallet_id,
        order_id=order_id,
        kind=kind,
        card_id=card.card_id,
        bank=card.bank,
        amount_minor=amount_minor,
        fee_minor=0,
        free_used_minor=0,
        currency=currency,
        hold_id=None,
        state="pending",
        result="",
        created_at=now,
        ended_at=None,
    )


class BankAnswered(msgspec.Struct, frozen=True):
    """The bank's final word on an order."""

    wallet_id: str
    order_id: str
    bank: str
    currency: str
    hold_id: str | None
    settled: bool
    result: str

    @property
    def scope(self) -> str:
        """The order's own: no key that a holder chooses can stand in its way."""
        return f"{self.wallet_id}/{self.order_id}"

    @property
    def key(self) -> str:
        """An order ends once."""
        return "ended"


class OrderEnded(msgspec.Struct, frozen=True):
    """How an order ended."""

    order_id: str
    state: Literal["settled", "refused"]


async def find_order(conn: Connection, *, wallet_id: str, order_id: str) -> BankOrder:
    """Raises `BankOrderUnknown`."""
    parameters = {"wallet_id": wallet_id, "order_id": order_id}
    order = await fetch_one(conn, sql.find_order, parameters, BankOrder)
    if order is None:
        raise BankOrderUnknown()
    return order


async def lock_wallets(conn: Connection, wallets: Sequence[str]) -> None:
    """Whoever begins or ends an order changes its wallet's `in_flight`. The lock comes before a
    card is looked at, so that none is unlinked between the look and the commit, and before people,
    as in `identity`."""
    await conn.execute(sql.lock_wallets, {"wallets": list(wallets)})


async def load_cards(conn: Connection, pairs: Sequence[tuple[str, str]], batch: Batch) -> None:
    """The linked cards of (wallet_id, card_id) pairs, in `batch.loaded["cards"]`; their wallets
    are locked."""
    await lock_wallets(conn, [pair[0] for pair in pairs])
    found = await fetch_all(
        conn,
        sql.linked_cards,
        {"wallets": [pair[0] for pair in pairs], "cards": [pair[1] for pair in pairs]},
        LinkedCard,
    )
    loaded = batch.loaded.setdefault("cards", {})
    loaded |= {(card.wallet_id, card.card_id): card for card in found}


def linked_card(batch: Batch, wallet_id: str, card_id: str) -> LinkedCard:
    """Raises `CardNotLinked`."""
    card: LinkedCard | None = batch.loaded["cards"].get((wallet_id, card_id))
    if card is None:
        raise CardNotLinked()
    return card


async def write_orders(conn: Connection, orders: Sequence[BankOrder], now: datetime) -> None:
    """New orders, and the jobs that ask the banks."""
    await conn.execute(
        sql.write_orders,
        {
            "wallets": [order.wallet_id for order in orders],
            "orders": [order.order_id for order in orders],
            "kinds": [order.kind for order in orders],
            "cards": [order.card_id for order in orders],
            "banks": [order.bank for order in orders],
            "amounts": [order.amount_minor for order in orders],
            "fees": [order.fee_minor for order in orders],
            "free": [order.free_used_minor for order in orders],
            "currencies": [order.currency for order in orders],
            "holds": [order.hold_id for order in orders],
            "now": now,
        },
    )
    await _move_in_flight(conn, [order.wallet_id for order in orders], 1)
    for order in orders:
        await enqueue(conn, "ask_bank", wallet_id=order.wallet_id, order_id=order.order_id)


async def _move_in_flight(conn: Connection, wallets: Sequence[str], change: int) -> None:
    parameters = {"wallets": list(wallets), "changes": [change] * len(wallets)}
    await conn.execute(sql.move_in_flight, parameters)


def _accounts(request: BankAnswered) -> list[AccountKey]:
    return [
        main_account(request.wallet_id, request.currency),
        main_account(f"bank:{request.bank}", request.currency),
        main_account(FEES, request.currency),
    ]


async def _load(conn: Connection, requests: Sequence[BankAnswered], batch: Batch) -> None:
    pairs = [(one.wallet_id, one.order_id) for one in requests]
    await lock_wallets(conn, [pair[0] for pair in pairs])
    orders = await fetch_all(
        conn,
        sql.lock_orders,
        {"wallets": [pair[0] for pair in pairs], "orders": [pair[1] for pair in pairs]},
        BankOrder,
    )
    batch.loaded["orders"] = {(order.wallet_id, order.order_id): order for order in orders}
    refused = [
        order
        for order in orders
        if any(one.order_id == order.order_id and not one.settled for one in requests)
    ]
    await lock_free_used(
        conn, [order.wallet_id for order in refused if order.free_used_minor], batch
    )


async def lock_free_used(conn: Connection, wallets: Sequence[str], batch: Batch) -> None:
    """Puts into `batch.loaded["free_used"]`, by wallet: [person_id, free withdrawals used]. One
    list for each person, whatever wallet or kind of request it is read for, so that changes add up.
    The people's rows are locked."""
    by_wallet: dict[str, list[object]] = batch.loaded.setdefault("free_used", {})
    if not wallets:
        return
    people = {row[0]: row for row in by_wallet.values()}
    cursor = await conn.execute(sql.lock_people, {"wallets": list(wallets)})
    for wallet_id, person_id, used in await cursor.fetchall():
        by_wallet[wallet_id] = people.setdefault(person_id, [person_id, used])


async def write_free_used(conn: Connection, batch: Batch) -> None:
    """Writes what `lock_free_used` read, as changed since."""
    people = {row[0]: row[1] for row in batch.loaded["free_used"].values()}
    if people:
        parameters = {"people": list(people), "used": list(people.values())}
        await conn.execute(sql.write_free_used, parameters)


def _apply(request: BankAnswered, batch: Batch) -> OrderEnded:
    order: BankOrder | None = batch.loaded["orders"].get((request.wallet_id, request.order_id))
    if order is None:
        raise BankOrderUnknown()
    if order.state in ("settled", "refused"):
        return OrderEnded(order.order_id, order.state)
    if order.kind == "top_up":
        _end_top_up(order, request.settled, batch)
    else:
        _end_withdrawal(order, request.settled, batch)
    batch.order_under_way(order.wallet_id, -1)
    ended = OrderEnded(order.order_id, "settled" if request.settled else "refused")
    batch.add_row("bank_answered", (request, ended))
    return ended


def _end_top_up(order: BankOrder, settled: bool, batch: Batch) -> None:
    if not settled:
        # It was counted when it was asked for, so that two in flight cannot pass a limit together.
        batch.count(order.wallet_id, received=-order.amount_minor)
        return
    transfer = Transfer(
        kind="top_up",
        debit=main_account(f"bank:{order.bank}", order.currency),
        credit=main_account(order.wallet_id, order.currency),
        amount_minor=order.amount_minor,
        event_at=batch.now,
        reference=order.order_id,
    )
    batch.book.transfer(transfer)


def _end_withdrawal(order: BankOrder, settled: bool, batch: Batch) -> None:
    hold = (order.wallet_id, order.hold_id or "")
    wallet = main_account(order.wallet_id, order.currency)
    if not settled:
        batch.book.release(hold)
        batch.count(order.wallet_id, moved=-(order.amount_minor + order.fee_minor))
        row = batch.loaded["free_used"].get(order.wallet_id)
        if row is not None:
            row[1] -= order.free_used_minor
        return
    parts = [("withdrawal", f"bank:{order.bank}", order.amount_minor)]
    if order.fee_minor:
        parts.append(("withdrawal_fee", FEES, order.fee_minor))
    transfers = [
        Transfer(
            kind=kind,
            debit=wallet,
            credit=main_account(owner, order.currency),
            amount_minor=amount,
            event_at=batch.now,
            reference=order.order_id,
        )
        for kind, owner, amount in parts
    ]
    batch.book.settle(hold, transfers)


async def _write(conn: Connection, batch: Batch) -> None:
    rows: list[tuple[BankAnswered, OrderEnded]] = batch.rows["bank_answered"]
    await conn.execute(
        sql.end_orders,
        {
            "wallets": [request.wallet_id for request, _ in rows],
            "orders": [request.order_id for request, _ in rows],
            "states": [ended.state for _, ended in rows],
            "results": [request.result for request, _ in rows],
            "now": batch.now,
        },
    )
    await _move_in_flight(conn, [request.wallet_id for request, _ in rows], -1)
    await write_free_used(conn, batch)


KIND = Kind(
    name="bank_answered",
    request=BankAnswered,
    answer=OrderEnded,
    body=lambda request: (request.order_id,),
    accounts=_accounts,
    wallets=lambda request: [request.wallet_id],
    load=_load,
    apply=_apply,
    write=_write,
)

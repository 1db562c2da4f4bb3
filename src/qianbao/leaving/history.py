"""A holder's transactions, newest first: this wallet's and those of the wallets it reopened.

Money that has moved is read from the ledger; bank orders that have not ended yet stand above it on
the first page.
"""

from __future__ import annotations

import base64
import binascii
import heapq
from datetime import datetime
from itertools import groupby, islice
from typing import Literal

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import InvalidInput, NotFound
from qianbao.leaving.counterparties import (
    Counterparty,
    Entry,
    Names,
    Words,
    kind_words,
    look_up,
    show_card,
    show_counterparty,
    sql,
)
from qianbao.wallets.errors import WalletUnknown

PAGE_LIMIT = 200
"""Most rows that one page gives."""
_BEGINNING = 2**62
_CURSOR_BYTES = 8_000


class HistoryCursorInvalid(InvalidInput):
    code = "history_cursor_invalid"
    en = "This is not a place in your history."
    zh = "无效的翻页标记。"
    next_en = "Start again from the first page."
    next_zh = "请从第一页重新开始。"


class TransactionNotFound(NotFound):
    code = "transaction_not_found"
    en = "There is no such transaction in your history."
    zh = "您的历史记录中没有这笔交易。"
    next_en = "Choose one from the list of transactions."
    next_zh = "请从交易记录中选择。"


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a history or statement. The amount is signed, in minor units of `currency`;
    `kind` is an entry's kind (`top_up transfer payment charge refund withdrawal withdrawal_fee`).
    An order that a bank has not answered is `pending` or `unknown` and has no balance yet; its
    amount includes the fee. `at` is when it happened, `booked_at` when it was entered."""

    transaction_id: str
    wallet_id: str
    kind: str
    amount_minor: int
    currency: str
    balance_after_minor: int | None
    counterparty: Counterparty
    reference: str
    note: str
    at: datetime
    booked_at: datetime
    state: Literal["done", "pending", "unknown"]

    @property
    def kind_words(self) -> Words:
        """What the kind is called."""
        return kind_words(self.kind)


class Page(msgspec.Struct, frozen=True):
    """Transactions, newest first; `next` is given to `transactions` as `after`, None at the end."""

    items: tuple[Transaction, ...]
    next: str | None


class HistoryWallet(msgspec.Struct, frozen=True):
    """A wallet whose entries belong to a history."""

    wallet_id: str
    currency: str
    opened_at: datetime


class _Order(msgspec.Struct, frozen=True):
    wallet_id: str
    order_id: str
    kind: str
    bank: str
    last_four: str | None
    amount_minor: int
    fee_minor: int
    currency: str
    state: Literal["pending", "unknown"]
    created_at: datetime


async def transactions(
    conn: Connection, *, wallet_id: str, limit: int = 50, after: str | None = None
) -> Page:
    """One page of the history; on the first, orders not ended come first and are not counted
    toward `limit`. Raises `WalletUnknown` or `HistoryCursorInvalid`."""
    limit = max(1, min(limit, PAGE_LIMIT))
    places = _read_cursor(after) if after else {}
    wallets = await wallets_in_history(conn, wallet_id)
    parameters = {
        "owners": [wallet.wallet_id for wallet in wallets],
        "accounts": [wallet.currency for wallet in wallets],
        "befores": [places.get(wallet.wallet_id, _BEGINNING) for wallet in wallets],
        "limit": limit + 1,
    }
    found = await fetch_all(conn, sql.newest_entries, parameters, Entry)
    taken = _newest_first(found, limit)
    names = await look_up(conn, taken)
    items = [show_entry(entry, names) for entry in taken]
    if after is None:
        items = await _not_ended(conn, wallet_id) + items
    places |= {entry.owner_id: entry.sequence for entry in taken}
    return Page(tuple(items), _write_cursor(places) if len(found) > limit else None)


async def get_transaction(conn: Connection, *, wallet_id: str, transaction_id: str) -> Transaction:
    """One line of the history, by its id. Raises `WalletUnknown` or `TransactionNotFound`."""
    wallets = await wallets_in_history(conn, wallet_id)
    order = {"wallet_id": wallet_id, "order_id": transaction_id}
    waiting = await fetch_one(conn, sql.order_not_ended, order, _Order)
    if waiting is not None:
        return _show_order(waiting)
    owners = [wallet.wallet_id for wallet in wallets]
    wanted = {"owners": owners, "transfer_id": transaction_id}
    entry = await fetch_one(conn, sql.entry_of_transfer, wanted, Entry)
    if entry is None:
        raise TransactionNotFound()
    return show_entry(entry, await look_up(conn, [entry]))


async def other_wallet(conn: Connection, *, wallet_id: str, transaction_id: str) -> str | None:
    """The wallet on the other side of a transfer between people, for asking whose it is; itself it
    is not to be shown. None for every other transaction. Raises `WalletUnknown`."""
    owners = [wallet.wallet_id for wallet in await wallets_in_history(conn, wallet_id)]
    wanted = {"owners": owners, "transfer_id": transaction_id}
    entry = await fetch_one(conn, sql.entry_of_transfer, wanted, Entry)
    return entry.counterparty_id if entry is not None and entry.kind == "transfer" else None


async def wallets_in_history(conn: Connection, wallet_id: str) -> list[HistoryWallet]:
    """The wallet and those it reopened, newest first. Raises `WalletUnknown`."""
    found = await fetch_all(conn, sql.wallets_in_history, {"wallet_id": wallet_id}, HistoryWallet)
    if not found:
        raise WalletUnknown()
    return found


def show_entry(entry: Entry, names: Names) -> Transaction:
    """An entry as a holder sees it."""
    text = names.transfers[entry.transfer_id]
    return Transaction(
        transaction_id=entry.transfer_id,
        wallet_id=entry.owner_id,
        kind=entry.kind,
        amount_minor=entry.amount_minor,
        currency=text.currency,
        balance_after_minor=entry.balance_after_minor,
        counterparty=show_counterparty(entry, names),
        reference=text.reference,
        note=text.note,
        at=entry.event_at,
        booked_at=entry.created_at,
        state="done",
    )


def _newest_first(found: list[Entry], limit: int) -> list[Entry]:
    # Each account keeps its own order, whatever the clocks of two processes said: a cursor that
    # names the last sequence taken then never skips one.
    accounts = [list(entries) for _, entries in groupby(found, key=lambda entry: entry.owner_id)]
    merged = heapq.merge(*accounts, key=lambda e: (e.created_at, e.owner_id), reverse=True)
    return list(islice(merged, limit))


async def _not_ended(conn: Connection, wallet_id: str) -> list[Transaction]:
    wanted = {"wallet_id": wallet_id, "limit": PAGE_LIMIT}
    found = await fetch_all(conn, sql.orders_not_ended, wanted, _Order)
    return [_show_order(order) for order in found]


def _show_order(order: _Order) -> Transaction:
    amount = order.amount_minor
    return Transaction(
        transaction_id=order.order_id,
        wallet_id=order.wallet_id,
        kind=order.kind,
        amount_minor=amount if order.kind == "top_up" else -amount - order.fee_minor,
        currency=order.currency,
        balance_after_minor=None,
        counterparty=show_card(order.bank, order.last_four or ""),
        reference=order.order_id,
        note="",
        at=order.created_at,
        booked_at=order.created_at,
        state=order.state,
    )


def _write_cursor(places: dict[str, int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(places)).decode().rstrip("=")


def _read_cursor(cursor: str) -> dict[str, int]:
    """The last sequence seen, by wallet. A forged one only moves a holder within what is theirs."""
    if len(cursor) > _CURSOR_BYTES:
        raise HistoryCursorInvalid()
    try:
        places = msgspec.json.decode(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True),
            type=dict[str, int],
        )
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise HistoryCursorInvalid() from None
    if any(not 0 <= place <= _BEGINNING for place in places.values()):
        raise HistoryCursorInvalid()
    return places

"""Opening a book on locked accounts, and writing it: rows for what is new, one set-based update for
what changed, and the batch's link in its chain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from qianbao.db.arrays import arrays, copy_rows, days, integers, texts
from qianbao.db.queries import Connection
from qianbao.db.statements import Answer, Statements
from qianbao.ledger.accounts import Account, AccountKey, ask_accounts, by_key, sql
from qianbao.ledger.book import Book
from qianbao.ledger.holds import Hold, HoldKey, load_holds, overdue_holds
from qianbao.ledger.seal import Chain, ask_chain, chain_of, seal

_TRANSFERS = (*["text"] * 6, "bigint", *["text"] * 3, "timestamptz", "timestamptz")
_ENTRIES = (
    "text", "text", "bigint", *["text"] * 3, "bigint", "bigint", "timestamptz", "timestamptz",
)  # fmt: skip
_AFTER = ("bigint",) * 4


async def open_book(
    conn: Connection,
    keys: Iterable[AccountKey],
    *,
    now: datetime,
    holds: Iterable[HoldKey] = (),
) -> Book:
    """A book of the accounts that exist among `keys`, locked until this transaction ends."""
    statements = Statements(conn)
    asked = ask_book(statements, keys)
    await statements.answered()
    return await take_book(conn, asked, now=now, holds=holds)


AskedBook = tuple[Answer[Account], Answer[Chain]]
"""Accounts and a chain that were asked for."""


def ask_book(statements: Statements, keys: Iterable[AccountKey]) -> AskedBook:
    """Asks for the locks that `open_book` takes; other statements can follow before anything is
    waited for."""
    return ask_accounts(statements, keys), ask_chain(statements)


async def take_book(
    conn: Connection, asked: AskedBook, *, now: datetime, holds: Iterable[HoldKey] = ()
) -> Book:
    """The book that was asked for. It is written at `now`, or at the last moment at which one of
    its accounts was, if some other process's clock is ahead: an account's entries are in the order
    of their moments."""
    accounts = by_key(asked[0].rows)
    return Book(
        accounts,
        await load_holds(conn, holds),
        now=max([now, *(account.changed_at for account in accounts.values())]),
        chain=await chain_of(conn, asked[1]),
    )


async def expire_holds(conn: Connection, *, now: datetime, limit: int = 500) -> int:
    """Ends holds whose time has come; gives how many. In a transaction of its own."""
    overdue = await overdue_holds(conn, now=now, limit=limit)
    if not overdue:
        return 0
    keys = [(hold.owner_id, hold.hold_id) for hold in overdue]
    accounts = [(hold.owner_id, hold.account_id) for hold in overdue]
    book = await open_book(conn, accounts, now=now, holds=keys)
    ended = sum(book.expire(key) for key in keys)
    await write_book(conn, book)
    return ended


async def write_book(conn: Connection, book: Book) -> None:
    """Writes transfers, entries, balances, holds and the seal. The caller's transaction commits
    them."""
    statements = Statements(conn)
    ask_changes(statements, book)
    await copy_book(conn, book, statements)


async def copy_book(conn: Connection, book: Book, statements: Statements) -> None:
    """The new rows of many transfers, by COPY. `statements` are worked on by the server while the
    rows are put in order, and answered."""
    await statements.sent()
    # By owner, as their key is, so that neighbours land on the same page of the index.
    entries = sorted(book.entries(), key=itemgetter(0))
    await statements.answered()
    if entries:
        await copy_rows(conn, sql.copy_transfers, _TRANSFERS, book.transfers)
        await copy_rows(conn, sql.copy_entries, _ENTRIES, entries)


def ask_rows(statements: Statements, book: Book) -> None:
    """The new rows of few transfers; a transfer's row says all of its entries but four columns."""
    if book.transfers:
        columns = [*arrays(_TRANSFERS, book.transfers), *arrays(_AFTER, book.after)]
        statements.ask(sql.insert_transfers, columns)


def ask_changes(statements: Statements, book: Book) -> None:
    """All that `write_book` writes besides rows: balances, holds and the seal."""
    if book.transfers:
        assert book.chain is not None, "a book that is written was opened with a chain"
        seal(statements, book.chain, book.transfers, book.now)
    if touched := book.touched:
        _write_accounts(statements, touched, book.now)
    if book.touched_holds:
        _write_holds(statements, list(book.touched_holds.values()), book.now)


def _write_accounts(statements: Statements, accounts: list[Account], now: datetime) -> None:
    statements.ask(
        sql.update_accounts,
        {
            "owners": texts([account.owner_id for account in accounts]),
            "accounts": texts([account.account_id for account in accounts]),
            "balances": integers([account.balance_minor for account in accounts]),
            "helds": integers([account.held_minor for account in accounts]),
            "counts": integers([account.entry_count for account in accounts]),
            "used": integers([account.used_on is not None for account in accounts]),
            "days": days([account.used_on or account.counted_on for account in accounts]),
            "paid": integers([account.paid_minor for account in accounts]),
            "moved": integers([account.moved_minor for account in accounts]),
            "received": integers([account.received_minor for account in accounts]),
            "now": now,
        },
    )


def _write_holds(statements: Statements, holds: list[Hold], now: datetime) -> None:
    statements.ask(
        sql.write_holds,
        {
            "owners": [hold.owner_id for hold in holds],
            "holds": [hold.hold_id for hold in holds],
            "accounts": [hold.account_id for hold in holds],
            "amounts": [hold.amount_minor for hold in holds],
            "settled": [hold.settled_minor for hold in holds],
            "reasons": [hold.reason for hold in holds],
            "states": [hold.state for hold in holds],
            "expire": [hold.expires_at for hold in holds],
            "now": now,
        },
    )

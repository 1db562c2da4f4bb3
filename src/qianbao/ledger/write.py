"""Writing a book: COPY for what is new, one set-based update for what changed."""

from __future__ import annotations

from datetime import datetime

from qianbao.db.queries import Connection, copy_rows
from qianbao.ledger.accounts import sql
from qianbao.ledger.book import Book

_TRANSFER_TYPES = ["text"] * 6 + ["int8"] + ["text"] * 3 + ["timestamptz"] * 2
_ENTRY_TYPES = ["text", "text", "int8", "text", "text", "text", "int8", "int8"] + [
    "timestamptz"
] * 2


async def write_book(conn: Connection, book: Book, now: datetime) -> None:
    """Writes transfers, entries, balances and holds. The caller's transaction commits them."""
    await copy_rows(conn, sql.copy_transfers, _TRANSFER_TYPES, book.transfers)
    await copy_rows(conn, sql.copy_entries, _ENTRY_TYPES, book.entries)
    if book.touched:
        accounts = list(book.touched.values())
        await conn.execute(
            sql.update_accounts,
            {
                "owners": [account.owner_id for account in accounts],
                "accounts": [account.account_id for account in accounts],
                "balances": [account.balance_minor for account in accounts],
                "helds": [account.held_minor for account in accounts],
                "counts": [account.entry_count for account in accounts],
            },
        )
    if book.touched_holds:
        holds = list(book.touched_holds.values())
        await conn.execute(
            sql.write_holds,
            {
                "owners": [hold.owner_id for hold in holds],
                "holds": [hold.hold_id for hold in holds],
                "accounts": [hold.account_id for hold in holds],
                "amounts": [hold.amount_minor for hold in holds],
                "settled": [hold.settled_minor for hold in holds],
                "reasons": [hold.reason for hold in holds],
                "states": [hold.state for hold in holds],
                "now": now,
            },
        )

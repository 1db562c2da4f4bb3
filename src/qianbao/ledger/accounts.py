"""Accounts: opening one, and locking those that a batch touches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from qianbao.db.arrays import texts
from qianbao.db.queries import Connection, load
from qianbao.db.statements import Answer, Statements
from qianbao.ledger.errors import AccountUnknown

sql = load("qianbao.ledger")

AccountKey = tuple[str, str]
"""(owner_id, account_id): an account's name within its owner."""


class Account(msgspec.Struct):
    """A locked account. Changed in memory only by a `Book`. What limits count stands as it was
    read: the sums of the holder's day `counted_on` and of its year, and those for life."""

    owner_id: str
    account_id: str
    currency: str
    overdraft: bool
    balance_minor: int
    held_minor: int
    entry_count: int
    changed_at: datetime
    counted_on: date
    last_used_at: datetime | None
    paid_today_minor: int
    paid_this_year_minor: int
    moved_for_life_minor: int
    received_for_life_minor: int
    touches: int = 0
    """How often the book has changed it."""
    used_on: date | None = None
    """The holder's day, when this batch counts for limits."""
    paid_minor: int = 0
    moved_minor: int = 0
    received_minor: int = 0
    """What this batch adds to the sums of that day and year, of all that went out, and of all that
    came in; less than 0 gives back."""

    def paid_until_minor(self, today: date) -> tuple[int, int]:
        """What was paid on this day, and in its year, before this batch. A day that is past counts
        no more; one ahead does: another process's clock has reached it."""
        day = self.counted_on
        if day >= today:
            return self.paid_today_minor, self.paid_this_year_minor
        return 0, self.paid_this_year_minor if day.year == today.year else 0

    @property
    def available_minor(self) -> int:
        """What may be spent: the balance without what is held."""
        return self.balance_minor - self.held_minor


def main_account(owner_id: str, currency: str = "CNY") -> AccountKey:
    """The key of an owner's main account in `currency`."""
    return (owner_id, currency)


async def open_account(
    conn: Connection,
    *,
    owner_id: str,
    account_id: str,
    kind: str,
    currency: str,
    overdraft: bool = False,
    now: datetime,
) -> None:
    """Opens an empty account; nothing happens when it is there. `overdraft` is for accounts that
    mirror the outside (a bank), whose balance may be negative."""
    await conn.execute(
        sql.open_account,
        {
            "owner_id": owner_id,
            "account_id": account_id,
            "kind": kind,
            "currency": currency,
            "overdraft": overdraft,
            "now": now,
        },
    )


def ask_accounts(statements: Statements, keys: Iterable[AccountKey]) -> Answer[Account]:
    """The accounts that exist among `keys`, locked until this transaction ends. Locks are taken in
    key order, so call it once in a transaction with everything it will touch."""
    wanted = set(keys)
    return statements.ask(
        sql.lock_accounts,
        {
            "owners": texts([key[0] for key in wanted]),
            "accounts": texts([key[1] for key in wanted]),
        },
        Account,
    )


async def balance_at(conn: Connection, key: AccountKey, at: datetime) -> int:
    """The balance (minor units) after the last entry that was written until `at`. Raises
    `AccountUnknown`. What happened is ordered by when it was written, so this answer never changes
    later on."""
    wanted = {"owner_id": key[0], "account_id": key[1], "at": at}
    row = await (await conn.execute(sql.balance_at, wanted)).fetchone()
    if row is None:
        raise AccountUnknown()
    return int(row[0])


def by_key(accounts: Iterable[Account]) -> dict[AccountKey, Account]:
    """Accounts by what names them."""
    return {(account.owner_id, account.account_id): account for account in accounts}


async def lock_accounts(conn: Connection, keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
    """`ask_accounts`, waited for."""
    statements = Statements(conn)
    asked = ask_accounts(statements, keys)
    await statements.answered()
    return by_key(asked.rows)

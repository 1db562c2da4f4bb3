"""Accounts: opening one, and locking those that a batch touches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from qianbao.db.arrays import texts
from qianbao.db.queries import Connection, load
from qianbao.db.statements import Answer, Statements
from qianbao.ledger.errors import AccountUnknown

sql = load("qianbao.ledger")

AccountKey = tuple[str, str]
"""(owner_id, account_id): an account's name within its owner."""


class Account(msgspec.Struct):
    """A locked account. Changed in memory only by a `Book`."""

    owner_id: str
    account_id: str
    currency: str
    overdraft: bool
    balance_minor: int
    held_minor: int
    entry_count: int
    changed_at: datetime
    touches: int = 0
    """How often the book has changed it."""

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

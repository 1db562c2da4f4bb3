"""Accounts: opening one, and locking those that a batch touches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, load

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


async def lock_accounts(conn: Connection, keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
    """The accounts that exist among `keys`, locked until this transaction ends. Locks are taken
    in key order, so call it once in a transaction with everything it will touch."""
    wanted = sorted(set(keys))
    found = await fetch_all(
        conn,
        sql.lock_accounts,
        {"owners": [key[0] for key in wanted], "accounts": [key[1] for key in wanted]},
        Account,
    )
    return {(account.owner_id, account.account_id): account for account in found}

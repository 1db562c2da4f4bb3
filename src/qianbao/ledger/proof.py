"""Proof: the whole ledger recomputed from its rows, on one snapshot, while payments go on.

Three things are walked, a page at a time, so that memory stays the same however large the ledger:
every batch's transfers against its link of the chain; every account's entries against its balance,
one running balance after the other; every transfer against its two entries. Then the sums: what is
held, and zero for each currency.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
from psycopg import IsolationLevel

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.ledger.accounts import sql
from qianbao.ledger.chains import broken_chains, broken_links

_PAGE = 2_000
"""Accounts looked at by one statement."""
_MOST = 100

What = Literal["transfer", "batch", "chain", "account", "entry", "hold", "currency"]
Tell = Callable[[str, int, int], object]
"""Hears (step, done, of how many)."""


class Broken(msgspec.Struct, frozen=True):
    """A row that is not as the others say. `row` names it by its key, `expected` is what follows
    from the other rows, `found` what stands there."""

    what: What
    row: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} {self.row}: expected {self.expected}, found {self.found}"


class Counts(msgspec.Struct, frozen=True):
    """How much was looked at."""

    accounts: int
    transfers: int
    entries: int
    batches: int


class Proof(msgspec.Struct, frozen=True):
    """What was looked at, and what is wrong, at most 100 of each kind; the first is where to
    begin."""

    counts: Counts
    broken: list[Broken]

    @property
    def sound(self) -> bool:
        """True when nothing is wrong."""
        return not self.broken


def _quiet(step: str, done: int, total: int) -> None:
    """Tells nobody."""


async def prove(conn: Connection, tell: Tell = _quiet) -> Proof:
    """Recomputes the whole ledger. Sees one snapshot when the transaction is REPEATABLE READ."""
    counts = await fetch_one(conn, sql.proof_counts, None, Counts)
    assert counts is not None
    broken = [
        Broken(*found)
        async for found in broken_links(conn, lambda done: tell("chain", done, counts.transfers))
    ][:_MOST]
    broken += [Broken("chain", *found) for found in await broken_chains(conn)]
    broken += await _broken_accounts(conn, counts, tell)
    tell("transfers", 0, counts.transfers)
    broken += await _found(conn, "transfer", sql.proof_transfers)
    tell("transfers", counts.transfers, counts.transfers)
    broken += await _found(conn, "entry", sql.proof_orphans)
    broken += await _found(conn, "hold", sql.proof_holds)
    broken += await _found(conn, "currency", sql.proof_currencies)
    return Proof(counts, broken)


async def prove_snapshot(pool: Pool, tell: Tell = _quiet) -> Proof:
    """`prove` on one snapshot, while payments go on."""
    async with pool.connection() as conn:
        await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        try:
            return await prove(conn, tell)
        finally:
            await conn.rollback()
            await conn.set_isolation_level(None)


class _Row(msgspec.Struct, frozen=True):
    row: str
    expected: str
    found: str


class _Checked(msgspec.Struct, frozen=True):
    """One account of a page."""

    owner_id: str
    account_id: str
    balance_minor: int
    entry_count: int
    entries_minor: int
    entries: int
    first_wrong: int | None
    wrong_expected: int | None
    wrong_found: int | None


async def _found(conn: Connection, what: What, query: bytes) -> list[Broken]:
    rows = await fetch_all(conn, query, {"limit": _MOST}, _Row)
    return [Broken(what, row.row, row.expected, row.found) for row in rows]


async def _broken_accounts(conn: Connection, counts: Counts, tell: Tell) -> list[Broken]:
    broken: list[Broken] = []
    last, done = ("", ""), 0
    while True:
        place = {"owner_id": last[0], "account_id": last[1], "limit": _PAGE}
        page = await fetch_all(conn, sql.proof_accounts, place, _Checked)
        for account in page:
            if len(broken) < _MOST:
                broken += _wrong(account)
        done += len(page)
        tell("accounts", done, counts.accounts)
        if len(page) < _PAGE:
            return broken
        last = (page[-1].owner_id, page[-1].account_id)


def _wrong(account: _Checked) -> list[Broken]:
    """What is wrong with an account: first the entry at which it goes wrong."""
    name = f"{account.owner_id}/{account.account_id}"
    found = []
    if account.first_wrong is not None:
        found.append(
            Broken(
                "entry",
                f"{name}/{account.first_wrong}",
                f"balance after {account.wrong_expected}",
                f"{account.wrong_found}",
            )
        )
    if (account.balance_minor, account.entry_count) != (account.entries_minor, account.entries):
        found.append(
            Broken(
                "account",
                name,
                f"balance {account.entries_minor} of {account.entries} entries",
                f"{account.balance_minor} of {account.entry_count}",
            )
        )
    return found

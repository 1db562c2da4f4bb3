"""Proof: every balance recomputed from its entries."""

from __future__ import annotations

import msgspec
from psycopg import IsolationLevel

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.ledger.accounts import sql

_MOST = 100


class BrokenAccount(msgspec.Struct, frozen=True):
    """An account whose balance or count is not what its entries say."""

    owner_id: str
    account_id: str
    balance_minor: int
    entry_count: int
    entries_minor: int
    entries: int
    last_sequence: int


class BrokenEntry(msgspec.Struct, frozen=True):
    """An entry whose running balance does not follow from the one before."""

    owner_id: str
    account_id: str
    sequence: int


class BrokenCurrency(msgspec.Struct, frozen=True):
    """A currency in which all accounts together are not zero."""

    currency: str
    balance_minor: int


class BrokenHold(msgspec.Struct, frozen=True):
    """An account that reserves another amount than its open holds."""

    owner_id: str
    account_id: str
    held_minor: int
    holds_minor: int


class Counts(msgspec.Struct, frozen=True):
    """How much was looked at."""

    accounts: int
    transfers: int
    entries: int


class Proof(msgspec.Struct, frozen=True):
    """What was checked, and what was found wrong: at most 100 of each kind."""

    counts: Counts
    accounts: list[BrokenAccount]
    entries: list[BrokenEntry]
    currencies: list[BrokenCurrency]
    holds: list[BrokenHold]

    @property
    def sound(self) -> bool:
        """True when nothing is wrong."""
        return not (self.accounts or self.entries or self.currencies or self.holds)


async def prove(conn: Connection) -> Proof:
    """Recomputes the whole ledger. Sees one snapshot when the transaction is REPEATABLE READ."""
    counts = await fetch_one(conn, sql.proof_counts, None, Counts)
    assert counts is not None
    most = {"limit": _MOST}
    return Proof(
        counts=counts,
        accounts=await fetch_all(conn, sql.proof_balances, most, BrokenAccount),
        entries=await fetch_all(conn, sql.proof_running, most, BrokenEntry),
        currencies=await fetch_all(conn, sql.proof_currencies, None, BrokenCurrency),
        holds=await fetch_all(conn, sql.proof_holds, most, BrokenHold),
    )


async def prove_snapshot(pool: Pool) -> Proof:
    """`prove` on one snapshot, while payments go on."""
    async with pool.connection() as conn:
        await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        try:
            return await prove(conn)
        finally:
            await conn.rollback()
            await conn.set_isolation_level(None)

"""The row of facts, read. Each column has its one writer elsewhere; here they come together.

The clearing loop reads many at once after it has locked their accounts, so this stays one query and
no more work on a row than giving it its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncCursor

from qianbao.db.queries import Connection, load
from qianbao.policy.facts import Situation
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.wallets")

_ARRAYS = ("card_banks", "evidence", "stale_banks", "data_missing", "mandates")
_PAIRS = {
    "exemptions": ("exempt_from", "exempt_until"),
    "fallen_out": ("fell_out_of", "fell_out_at"),
}
"""Two arrays of equal length that are one field of pairs."""


async def read_situations(
    conn: Connection, wallet_ids: Iterable[str], now: datetime, *, free_minor: int
) -> dict[str, Situation]:
    """The situation of each wallet that exists, by its id. `free_minor` is the setting
    `withdrawal_free_minor`, of which a person's earlier withdrawals are taken off."""
    wanted = {"wallet_ids": list(wallet_ids), "now": now, "free_minor": free_minor}
    async with conn.cursor(binary=True, row_factory=_situations) as cursor:
        await cursor.execute(SQL.read_situations, wanted)
        return {found.wallet_id: found for found in await cursor.fetchall()}


async def read_situation(
    conn: Connection, *, wallet_id: str, now: datetime, free_minor: int
) -> Situation:
    """One wallet's situation. Raises `WalletUnknown`."""
    found = await read_situations(conn, [wallet_id], now, free_minor=free_minor)
    if wallet_id not in found:
        raise WalletUnknown
    return found[wallet_id]


def _situations(cursor: AsyncCursor[Any]) -> Callable[[Sequence[Any]], Situation]:
    """Rows as situations; what PostgreSQL gives as arrays becomes tuples."""
    names = [column.name for column in cursor.description or ()]
    arrays = [name for name in names if name in _ARRAYS]

    def shape(row: Sequence[Any]) -> Situation:
        columns = dict(zip(names, row, strict=True))
        for name in arrays:
            columns[name] = tuple(columns[name])
        for name, (first, second) in _PAIRS.items():
            columns[name] = tuple(zip(columns.pop(first), columns.pop(second), strict=True))
        return Situation(**columns)

    return shape

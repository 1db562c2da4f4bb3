"""The row of facts, read. Each column has its one writer elsewhere; here they come together.

The clearing loop reads many at once after it has locked their accounts, so this stays one query and
no more work on a row than giving it its shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncCursor

from qianbao.db.queries import Connection, load
from qianbao.policy.facts import Situation
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.wallets")


async def read_situations(
    conn: Connection, wallet_ids: Iterable[str], now: datetime, *, free_minor: int
) -> dict[str, Situation]:
    """The situation of each wallet that exists, by its id. `free_minor` is the setting
    `withdrawal_free_minor`, of which a person's earlier withdrawals are taken off."""
    wanted = {"wallet_ids": list(wallet_ids), "now": now, "free_minor": free_minor}
    async with conn.cursor() as cursor:
        await cursor.execute(SQL.read_situations, wanted)
        names = _column_names(cursor)
        rows = await cursor.fetchall()
    situations = [_shape(names, row) for row in rows]
    return {situation.wallet_id: situation for situation in situations}


async def read_situation(
    conn: Connection, *, wallet_id: str, now: datetime, free_minor: int
) -> Situation:
    """One wallet's situation. Raises `WalletUnknown`."""
    found = await read_situations(conn, [wallet_id], now, free_minor=free_minor)
    if wallet_id not in found:
        raise WalletUnknown
    return found[wallet_id]


def _column_names(cursor: AsyncCursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


def _shape(names: Sequence[str], row: Sequence[Any]) -> Situation:
    columns: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in zip(names, row, strict=True)
    }
    return Situation(**columns)

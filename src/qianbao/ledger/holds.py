"""Holds: money reserved until somebody outside has answered, or its time has come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.arrays import texts
from qianbao.db.queries import Connection, fetch_all
from qianbao.ledger.accounts import sql

HoldKey = tuple[str, str]
"""(owner_id, hold_id)."""


class Hold(msgspec.Struct):
    """`amount_minor` of an account, not to be spent while the state is 'held'. With `expires_at`,
    a hold can be ended by its settling or release only before that moment."""

    owner_id: str
    hold_id: str
    account_id: str
    amount_minor: int
    reason: str
    settled_minor: int = 0
    state: Literal["held", "settled", "released", "expired"] = "held"
    expires_at: datetime | None = None


async def load_holds(conn: Connection, keys: Iterable[HoldKey]) -> dict[HoldKey, Hold]:
    """Holds by their key. Their accounts must be locked already: that guards them."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    found = await fetch_all(
        conn,
        sql.load_holds,
        {"owners": texts([key[0] for key in wanted]), "holds": texts([key[1] for key in wanted])},
        Hold,
    )
    return {(hold.owner_id, hold.hold_id): hold for hold in found}


async def overdue_holds(conn: Connection, *, now: datetime, limit: int) -> list[Hold]:
    """Holds whose time has come, the longest overdue first, not locked."""
    return await fetch_all(conn, sql.overdue_holds, {"now": now, "limit": limit}, Hold)

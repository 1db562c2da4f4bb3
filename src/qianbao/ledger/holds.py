"""Holds: money reserved until somebody outside has answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from qianbao.db.queries import Connection, fetch_all
from qianbao.ledger.accounts import sql


class Hold(msgspec.Struct):
    """`amount_minor` of an account, not to be spent while the state is 'held'."""

    owner_id: str
    hold_id: str
    account_id: str
    amount_minor: int
    reason: str
    settled_minor: int = 0
    state: Literal["held", "settled", "released"] = "held"


async def load_holds(
    conn: Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Hold]:
    """Holds by (owner_id, hold_id). Their accounts must be locked already: that guards them."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    found = await fetch_all(
        conn,
        sql.load_holds,
        {"owners": [key[0] for key in wanted], "holds": [key[1] for key in wanted]},
        Hold,
    )
    return {(hold.owner_id, hold.hold_id): hold for hold in found}

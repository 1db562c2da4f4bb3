"""How many wallets there are, what they hold, and what waits for an operator. Only reads."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load

SQL = load("qianbao.rollouts")


class Population(msgspec.Struct, frozen=True):
    """The open wallets of one currency; `verified` of them have a confirmed real name."""

    currency: str
    wallets: int
    balance_minor: int
    verified: int


class Waiting(msgspec.Struct, frozen=True):
    """What an operator has to look at: drafts of policies, open cases, legal holds to approve."""

    drafts: int
    cases: int
    legal_holds: int


class HoldToApprove(msgspec.Struct, frozen=True):
    """A legal hold that one operator has entered and no other has approved."""

    wallet_id: str
    legal_hold_id: str
    reference: str
    entered_by: str
    entered_at: datetime


async def population(conn: Connection) -> list[Population]:
    """The open wallets, by currency."""
    return await fetch_all(conn, SQL.population, None, Population)


async def waiting(conn: Connection) -> Waiting:
    """What waits for an operator now."""
    found = await fetch_one(conn, SQL.waiting, None, Waiting)
    assert found is not None, "an aggregate always has a row"
    return found


async def holds_to_approve(conn: Connection) -> list[HoldToApprove]:
    """The hundred that have waited longest."""
    return await fetch_all(conn, SQL.holds_to_approve, None, HoldToApprove)

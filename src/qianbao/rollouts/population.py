"""How many wallets there are, what they hold, and what waits for an operator. Only reads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

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
    """What an operator has to look at: drafts of policies, retirements to agree to, questions to
    answer, legal holds to approve or to lift, exemptions and changes of name to
    approve, policies whose enforcement is stopped."""

    drafts: int
    retirements: int
    cases: int
    legal_holds: int
    exemptions: int
    name_changes: int
    stopped: int


class HoldWaiting(msgspec.Struct, frozen=True):
    """A legal hold that one operator has entered, or proposed to lift; another has to agree."""

    wallet_id: str
    legal_hold_id: str
    reference: str
    asked: Literal["approve", "lift"]
    asked_by: str
    asked_at: datetime


async def population(conn: Connection) -> list[Population]:
    """The open wallets, by currency."""
    return await fetch_all(conn, SQL.population, None, Population)


async def waiting(conn: Connection) -> Waiting:
    """What waits for an operator now."""
    found = await fetch_one(conn, SQL.waiting, None, Waiting)
    assert found is not None, "an aggregate always has a row"
    return found


async def holds_waiting(conn: Connection) -> list[HoldWaiting]:
    """The hundred that have waited longest for a second operator."""
    return await fetch_all(conn, SQL.holds_waiting, None, HoldWaiting)

"""Making a bank misbehave: silent before it does anything, silent after, or refusing."""

from __future__ import annotations

from typing import Literal

import msgspec

from qianbao.banks import directory
from qianbao.banks.sandbox.messages import QUERIES
from qianbao.db.queries import Connection, fetch_all, fetch_one

FaultKind = Literal["silent_before", "silent_after", "refuse"]
FAULTS: tuple[FaultKind, ...] = ("silent_before", "silent_after", "refuse")


class Fault(msgspec.Struct, frozen=True):
    bank: str
    fault: FaultKind


async def of_bank(conn: Connection, bank: str) -> FaultKind | None:
    """How the bank misbehaves at present, None when it does not."""
    found = await fetch_one(conn, QUERIES.get_fault, {"bank": bank}, Fault)
    return found.fault if found else None


async def all_faults(conn: Connection) -> dict[str, FaultKind]:
    """The misbehaving banks."""
    return {row.bank: row.fault for row in await fetch_all(conn, QUERIES.list_faults, None, Fault)}


async def set_fault(conn: Connection, bank: str, fault: FaultKind | None) -> None:
    """Switches a fault on, or all off with None. Raises `BankUnknown`."""
    directory.get_bank(bank)
    row = {"bank": bank, "fault": fault}
    await conn.execute(QUERIES.clear_fault if fault is None else QUERIES.set_fault, row)

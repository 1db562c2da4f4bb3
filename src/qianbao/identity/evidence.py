"""Who confirmed the holder, when, and what they compared. Rows are added and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from qianbao.db.jobs import enqueue
from qianbao.db.queries import Connection, fetch_all, load
from qianbao.identity.counted import documents_of_holder

SQL = load("qianbao.identity")


class Evidence(msgspec.Struct, frozen=True):
    """`source` is `immigration`, `citizen`, `mobile_operator` or `bank:<code>`; `outcome` their
    answer (MATCH, MISMATCH, NOT_FOUND); `compared` the fields they were asked about."""

    evidence_id: str
    source: str
    outcome: str
    compared: list[str]
    document_id: str | None
    card_id: str | None
    at: datetime


async def record(
    conn: Connection,
    *,
    wallet_id: str,
    evidence_id: str,
    source: str,
    outcome: str,
    compared: Sequence[str],
    document_id: str | None,
    card_id: str | None,
    at: datetime,
) -> None:
    """Keeps one answer of one source. The same id again changes nothing."""
    await conn.execute(
        SQL.add_evidence,
        {
            "wallet_id": wallet_id, "evidence_id": evidence_id, "source": source,
            "outcome": outcome, "compared": list(compared), "document_id": document_id,
            "card_id": card_id, "at": at,
        },
    )  # fmt: skip


async def refresh(conn: Connection, *, wallet_id: str, now: datetime) -> None:
    """Brings the fact `evidence` (sources other than banks that confirm the holder) in line with
    the rows about the holder's documents: what a source said of somebody whose document was shown
    before is no word for them. A wallet that is closed or whose fact does not change is left
    alone."""
    # Locked in a statement before: of two sources that answer at once, the later sees both.
    await conn.execute(SQL.lock_wallet, {"wallet_id": wallet_id})
    theirs = await documents_of_holder(conn, wallet_id)
    act = {"wallet_id": wallet_id, "document_ids": theirs, "now": now}
    if (await conn.execute(SQL.refresh_evidence, act)).rowcount:
        await enqueue(conn, "tell_wallet", wallet_id=wallet_id)


async def list_evidence(conn: Connection, wallet_id: str) -> list[Evidence]:
    """Every answer, the latest first."""
    return await fetch_all(conn, SQL.list_evidence, {"wallet_id": wallet_id}, Evidence)

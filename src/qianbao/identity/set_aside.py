"""A document that is nobody's word any more: its wallet is as one that never showed any.

Here belongs what becomes of the facts; who may decide it, and who is told, is `rollouts`'.
"""

from __future__ import annotations

from datetime import datetime

from qianbao.db.jobs import enqueue
from qianbao.db.queries import Connection, load
from qianbao.identity.kept import current_document
from qianbao.ids import new_id

SQL = load("qianbao.identity")


async def set_aside(conn: Connection, *, wallet_id: str, now: datetime) -> str:
    """Takes the current document from a wallet that no bank has confirmed, and with it the person;
    gives the document's id. It stays on record as superseded. Call it with the wallet locked."""
    document = await current_document(conn, wallet_id)
    assert document is not None, "whoever decided it has seen one"
    act = {"wallet_id": wallet_id, "nobody": new_id("per", now), "now": now}
    await conn.execute(SQL.free_numbers, act)
    await conn.execute(SQL.supersede, act)
    await conn.execute(SQL.clear_identity, act)
    await enqueue(conn, "tell_wallet", wallet_id=wallet_id)
    return document.document_id

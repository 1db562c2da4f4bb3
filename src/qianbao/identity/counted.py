"""Which of a wallet's documents count, and which of the others are of the person of all of them.

The rule for two documents is `same_person`; taking a new one in belongs to `documents`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, load
from qianbao.identity.kept import Row, current_of, list_rows, shown
from qianbao.identity.same_person import Part, Shown, differing, number_contradicts

SQL = load("qianbao.identity")

MOST_COMPARED = 50


def apart(old: Shown, new: Shown) -> Part | None:
    """What says that the two are not one person's, once a bank has confirmed that person."""
    return "number" if number_contradicts(old, new) else differing(old, new)


def contradicted(
    kept: list[Row], verified_at: datetime, differs: Callable[[Row], Part | None]
) -> Part | None:
    """What of a document contradicts one that counts, by `differs`: two steps, each of them small,
    would otherwise lead to anybody. `name` only where nothing else does, and only against those
    that have the present name."""
    under_present_name = _since_name_change(kept)
    found: Part | None = None
    for row in counted_since(kept, verified_at):
        part = differs(row)
        if part == "name":
            found = "name" if row.document_id in under_present_name else found
        elif part is not None:
            return part
    return found


def counted_since(kept: list[Row], verified_at: datetime) -> list[Row]:
    """What banks have confirmed, and what counted when the first did or later: slips that were
    corrected before are none of it. Of the latter the latest suffice: each was held against all."""
    put_right = _with_last_sex(kept)
    confirmed = [row for row in put_right if row.confirmed]
    later = [
        row
        for row in put_right
        if not row.confirmed and (row.superseded_at is None or row.superseded_at >= verified_at)
    ]
    return confirmed + later[:MOST_COMPARED]


def _with_last_sex(kept: list[Row]) -> list[Row]:
    """The documents, each with the sex that its number was last shown with: a slip in it, which no
    bank finds, is put right by showing the same document again."""
    last: dict[bytes, str | None] = {}
    for row in kept:  # the latest first
        last.setdefault(row.number_index, row.sex)
    return [msgspec.structs.replace(row, sex=last[row.number_index]) for row in kept]


def _since_name_change(kept: list[Row]) -> set[str]:
    """The documents that have the present name: the current one and those before it, back to the
    one for which operators allowed a change of name. Earlier names bind nobody any more."""
    by_id = {row.document_id: row for row in kept}
    row = current_of(kept)
    found = set()
    while row is not None and row.document_id not in found:
        found.add(row.document_id)
        row = by_id.get(row.supersedes or "") if row.name_change_id is None else None
    return found


async def documents_of_holder(conn: Connection, wallet_id: str) -> list[str]:
    """The ids of those documents that are of the person of the current one, and of every one that
    counts besides."""
    kept, verified_at = await _kept(conn, wallet_id)
    return [row.document_id for row in kept if _is_of_holder(kept, row, verified_at)]


async def is_of_holder(conn: Connection, wallet_id: str, document_id: str) -> bool:
    """Whether that document is one of them: whoever was asked about it has said nothing of anybody
    else."""
    kept, verified_at = await _kept(conn, wallet_id)
    asked = [row for row in kept if row.document_id == document_id]
    return any(_is_of_holder(kept, row, verified_at) for row in asked)


async def _kept(conn: Connection, wallet_id: str) -> tuple[list[Row], datetime | None]:
    """The documents, and when a bank first confirmed their holder."""
    cursor = await conn.execute(SQL.find_verified_at, {"wallet_id": wallet_id})
    found = await cursor.fetchone()
    kept = _with_last_sex(await list_rows(conn, wallet_id))
    return kept, found[0] if found else None


def _is_of_holder(kept: list[Row], row: Row, verified_at: datetime | None) -> bool:
    current = current_of(kept)
    if current is None or row.person_id != current.person_id:
        return False
    if differing(*_in_order(row, current)) is not None:
        return False
    return verified_at is None or not contradicted(
        kept, verified_at, lambda counted: apart(*_in_order(row, counted))
    )


def _in_order(row: Row, other: Row) -> tuple[Shown, Shown]:
    first, second = sorted((row, other), key=lambda one: (one.created_at, one.document_id))
    return shown(first), shown(second)

"""The immigration register and the mobile operator's: whose document, whose phone."""

from __future__ import annotations

from typing import Literal

import msgspec

from qianbao.banks.sandbox.messages import QUERIES
from qianbao.db.queries import Connection, fetch_one

Answer = Literal["MATCH", "MISMATCH", "NOT_FOUND"]


class _Entry(msgspec.Struct, frozen=True):
    names: list[str]
    document_number: str


async def put_immigration(
    conn: Connection, *, document_kind: str, document_number: str, names: list[str]
) -> None:
    """Enters a document under every spelling the register knows."""
    row = {"document_kind": document_kind, "document_number": document_number, "names": names}
    await conn.execute(QUERIES.put_immigration, row)


async def put_mobile_operator(
    conn: Connection, *, phone: str, names: list[str], document_number: str
) -> None:
    """Enters whose a phone is."""
    row = {"phone": phone, "names": names, "document_number": document_number}
    await conn.execute(QUERIES.put_mobile_operator, row)


async def check_immigration(
    conn: Connection, *, name: str, document_kind: str, document_number: str
) -> Answer:
    """Whether the document is that person's."""
    keys = {"document_kind": document_kind, "document_number": document_number}
    entry = await fetch_one(conn, QUERIES.get_immigration, keys, _Entry)
    return _answer(entry, name, document_number)


async def check_mobile_operator(
    conn: Connection, *, name: str, document_number: str, phone: str
) -> Answer:
    """Whether the phone is that person's, by name and document number."""
    entry = await fetch_one(conn, QUERIES.get_mobile_operator, {"phone": phone}, _Entry)
    return _answer(entry, name, document_number)


def _answer(entry: _Entry | None, name: str, document_number: str) -> Answer:
    if entry is None:
        return "NOT_FOUND"
    same_name = _plain(name) in {_plain(one) for one in entry.names}
    return "MATCH" if same_name and entry.document_number == document_number else "MISMATCH"


def _plain(name: str) -> str:
    return " ".join(name.upper().split())

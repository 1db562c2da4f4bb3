"""A wallet's documents as they are kept, and how they are read.

Taking a document in belongs to `documents`, which of them count to `counted`.
"""

from __future__ import annotations

import hmac
from datetime import date, datetime
from typing import Any

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.numbers import Residency
from qianbao.identity.same_person import Shown, counts
from qianbao.keyring import KeyRing
from qianbao.names import LegalName, parted

SQL = load("qianbao.identity")


class Document(msgspec.Struct, frozen=True):
    """One document of a wallet; the current one has no `superseded_at`. `country` is ISO alpha-3;
    `number_tail` the last four characters; `valid_until` its last good day, None: without end.
    `also_written` is a name that the holder says they write and that the document does not show;
    `corrections` what of its lines was read otherwise than it was typed; `confirmed`: a bank has
    confirmed its name and number. With `name_change_id`, operators had allowed the wallet a changed
    name, and this document brought it."""

    document_id: str
    kind: str
    country: str
    residency: Residency
    number_cipher: bytes
    number_tail: str
    legal_name: LegalName
    also_written: str
    corrections: tuple[Correction, ...]
    birth_date: date | None
    sex: str | None
    valid_until: date | None
    supersedes: str | None
    superseded_at: datetime | None
    name_change_id: str | None
    confirmed: bool
    created_at: datetime

    @property
    def known_names(self) -> LegalName:
        """The legal name with what else the holder writes: for guessing at a bank's spelling, never
        for saying who somebody is."""
        native = self.legal_name.native or self.also_written
        return msgspec.structs.replace(self.legal_name, native=native)


class Row(msgspec.Struct, frozen=True):
    """A document's row; `confirmed_as` are the spellings under which banks confirmed it."""

    document_id: str
    person_id: str
    kind: str
    country: str
    residency: Residency
    number_cipher: bytes
    number_index: bytes
    number_tail: str
    surname: str
    given: str
    native: str
    also_written: str
    mrz_name: str
    name_truncated: bool
    corrections: list[dict[str, Any]]
    birth_date: date | None
    sex: str | None
    stated_sex: str | None
    valid_until: date | None
    supersedes: str | None
    superseded_at: datetime | None
    name_change_id: str | None
    confirmed_as: list[str]
    created_at: datetime

    @property
    def confirmed(self) -> bool:
        """Whether a bank has confirmed its name and number."""
        return self.confirmed_as != []


async def current_document(conn: Connection, wallet_id: str) -> Document | None:
    """The document that counts now; None before there is one."""
    wanted = {"wallet_id": wallet_id, "current": True}
    row = await fetch_one(conn, SQL.list_documents, wanted, Row)
    return document_of(row) if row else None


async def list_documents(conn: Connection, wallet_id: str) -> list[Document]:
    """The current document, then those it replaced, the latest first."""
    rows = await list_rows(conn, wallet_id)
    return [document_of(row) for row in rows]


def document_number(keys: KeyRing, document: Document) -> str:
    """The number in full: for a bank or a register, never for a log."""
    return keys.decrypt(document.number_cipher, "document")


def is_number(keys: KeyRing, document: Document, typed: str) -> bool:
    """Whether `typed` is the document's number, whatever was written between its characters."""
    return hmac.compare_digest(_bare(document_number(keys, document)), _bare(typed))


def _bare(number: str) -> bytes:
    return "".join(one for one in number.upper() if one.isalnum()).encode()


async def list_rows(conn: Connection, wallet_id: str) -> list[Row]:
    """As `list_documents`, with what only this room reads."""
    wanted = {"wallet_id": wallet_id, "current": False}
    return await fetch_all(conn, SQL.list_documents, wanted, Row)


def current_of(rows: list[Row]) -> Row | None:
    """The one of a wallet's rows that counts now."""
    return next((row for row in rows if row.superseded_at is None), None)


def shown(row: Row) -> Shown:
    """What it tells of its holder."""
    name = parted(_legal_name(row), row.country)
    return Shown(
        kind=row.kind,
        country=row.country,
        number_index=row.number_index,
        legal_name=name,
        birth_date=row.birth_date,
        sex=row.sex,
        declared=row.also_written if counts(row.also_written, name, row.confirmed_as) else "",
        stated_sex=row.stated_sex,
    )


def document_of(row: Row) -> Document:
    """The row with its name in parts."""
    return Document(
        document_id=row.document_id,
        kind=row.kind,
        country=row.country,
        residency=row.residency,
        number_cipher=row.number_cipher,
        number_tail=row.number_tail,
        legal_name=parted(_legal_name(row), row.country),
        also_written=row.also_written,
        corrections=msgspec.convert(row.corrections, tuple[Correction, ...]),
        birth_date=row.birth_date,
        sex=row.sex,
        valid_until=row.valid_until,
        supersedes=row.supersedes,
        superseded_at=row.superseded_at,
        name_change_id=row.name_change_id,
        confirmed=row.confirmed,
        created_at=row.created_at,
    )


def _legal_name(row: Row) -> LegalName:
    return LegalName(
        row.surname, row.given, row.native, mrz=row.mrz_name, truncated=row.name_truncated
    )

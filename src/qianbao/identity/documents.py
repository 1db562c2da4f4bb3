"""A wallet's documents, and the person they make its holder.

Here belongs taking in a document: is it good, whose is it, what does it replace. Reading one is
`reading`; whether outside sources agree is `evidence` and `registers`.
"""

from __future__ import annotations

import hmac
from datetime import date, datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from qianbao.clock import local_date, show_day
from qianbao.db.jobs import enqueue
from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import NotFound, QianbaoError
from qianbao.identity.identity_data import GivenData, add_data, identity_data, keep, read_given
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.numbers import Residency
from qianbao.identity.reading import DocumentSubmission, ReadDocument, read_submission
from qianbao.ids import check_id, new_id
from qianbao.keyring import KeyRing
from qianbao.names import ANOTHER_SPELLING, LegalName, compare, parted

__all__ = [
    "Document",
    "DocumentSubmission",
    "add_document",
    "current_document",
    "document_number",
    "list_documents",
]

SQL = load("qianbao.identity")


class DocumentExpiredAlready(QianbaoError):
    code = "document_expired_already"
    status = 422
    en = "This document expired on {valid_until_en}."
    zh = "该证件已于{valid_until_zh}到期。"
    next_en = "Enter your present document, or renew this one first."
    next_zh = "请填写现行有效的证件，或先换发新证。"


class DocumentOfAnotherPerson(QianbaoError):
    code = "document_of_another_person"
    en = "This document does not belong to the person whose wallet this is; {compared_en} differs."
    zh = "该证件不属于本钱包的持有人：{compared_zh}不一致。"
    next_en = "Enter your own document. If your name has changed by law, open a case and say so."
    next_zh = "请填写本人证件；如姓名已依法变更，请提交工单说明。"


class PersonHasOpenWallet(QianbaoError):
    code = "person_has_open_wallet"
    en = (
        "The holder of this document already has an open wallet, under the phone ending in "
        "{phone_end}. A person has one."
    )
    zh = "该证件的持有人已有一个使用中的钱包，手机尾号 {phone_end}。每人只能有一个钱包。"
    next_en = (
        "Sign in with that phone and use it; or close it there and come back here, your history "
        "comes with you. If it is not yours, open a case."
    )
    next_zh = (
        "请用该手机号登录使用；或先在那里注销，再回到这里办理，历史记录会随您保留。"
        "如果不是您的钱包，请提交工单。"
    )


class DocumentIdUsed(QianbaoError):
    code = "document_id_used"
    en = "This id was used for another document."
    zh = "该编号已用于另一份证件。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class DocumentForNoWallet(NotFound):
    code = "document_for_no_wallet"
    en = "There is no open wallet to add this document to."
    zh = "没有可添加证件的有效钱包。"
    next_en = "Sign up first."
    next_zh = "请先注册。"


class Document(msgspec.Struct, frozen=True):
    """One document of a wallet; the current one has no `superseded_at`. `country` is ISO alpha-3;
    `number_tail` the last four characters; `valid_until` its last good day, None: without end.
    `also_written` is a name that the holder says they write and that the document does not show;
    `corrections` what of its lines was read otherwise than it was typed."""

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
    created_at: datetime

    @property
    def known_names(self) -> LegalName:
        """The legal name with what else the holder writes: for guessing at a bank's spelling, never
        for saying who somebody is."""
        native = self.legal_name.native or self.also_written
        return msgspec.structs.replace(self.legal_name, native=native)


class _Row(msgspec.Struct, frozen=True):
    document_id: str
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
    valid_until: date | None
    supersedes: str | None
    superseded_at: datetime | None
    created_at: datetime


class _Wallet(msgspec.Struct, frozen=True):
    status: str
    person_id: str | None
    verified_at: datetime | None


async def add_document(
    conn: Connection,
    keys: KeyRing,
    *,
    wallet_id: str,
    document_id: str,
    submission: DocumentSubmission,
    given: GivenData | None = None,
    now: datetime,
) -> Document:
    """Makes the submitted document the wallet's current one, and its holder the person it is of.

    The same document again gives the one that is there, and has the registers that said no asked
    once more. `given` is what no document shows. Raises what `read_submission` and `read_given`
    raise,
    `DocumentExpiredAlready`, `DocumentOfAnotherPerson`, `PersonHasOpenWallet`, `DocumentIdUsed`,
    `DocumentForNoWallet`. The registers are asked by a job once this transaction has committed.
    """
    check_id(document_id, "doc")
    today = local_date(now)
    read = read_submission(submission, today)
    stated = read_given(given or GivenData())
    if read.valid_until is not None and read.valid_until < today:
        raise _expired(read.valid_until)
    index = keys.index(f"{read.kind}:{read.holder_part}", "document")
    wallet = await fetch_one(conn, SQL.lock_wallet, {"wallet_id": wallet_id}, _Wallet)
    if wallet is None or wallet.status != "open":
        raise DocumentForNoWallet
    kept = await fetch_all(conn, SQL.list_documents, {"wallet_id": wallet_id}, _Row)
    current = next((row for row in kept if row.superseded_at is None), None)
    # Until a bank has confirmed it, everything that was mistyped may be corrected, and back again.
    correctable = current is not None and not wallet.verified_at
    for row in kept:
        left = correctable and row is not current and row.document_id != document_id
        if not left and _is_same(row, read, index):
            await add_data(conn, keys, wallet_id=wallet_id, given=stated, now=now)
            await enqueue(conn, "check_registers", wallet_id=wallet_id)
            return _document(row)
    if any(row.document_id == document_id for row in kept):
        raise DocumentIdUsed
    same_person = current is None or _is_same_person(current, read, index, wallet)
    person_id = await _find_person(conn, wallet_id, wallet, index, now, same_person=same_person)
    await conn.execute(SQL.supersede, {"wallet_id": wallet_id, "now": now})
    columns = _columns(keys, read, index) | {
        "wallet_id": wallet_id,
        "document_id": document_id,
        "person_id": person_id,
        "supersedes": current.document_id if current else None,
        "renumbered": current is not None and _renumbered(current, read, index),
        "now": now,
    }
    await _write(conn, keys, columns, stated)
    await enqueue(conn, "tell_wallet", wallet_id=wallet_id)
    await enqueue(conn, "check_registers", wallet_id=wallet_id)
    added = await current_document(conn, wallet_id)
    assert added is not None
    return added


async def _write(
    conn: Connection, keys: KeyRing, columns: dict[str, Any], stated: GivenData
) -> None:
    wallet_id, now = columns["wallet_id"], columns["now"]
    await conn.execute(SQL.add_document, columns)
    await keep(conn, keys, wallet_id=wallet_id, given=stated, now=now)
    known = await identity_data(conn, keys, wallet_id=wallet_id)
    assert known is not None
    await conn.execute(SQL.set_identity, columns | {"data_missing": list(known.missing)})


async def current_document(conn: Connection, wallet_id: str) -> Document | None:
    """The document that counts now; None before there is one."""
    row = await fetch_one(conn, SQL.current_document, {"wallet_id": wallet_id}, _Row)
    return _document(row) if row else None


async def list_documents(conn: Connection, wallet_id: str) -> list[Document]:
    """The current document, then those it replaced, the latest first."""
    rows = await fetch_all(conn, SQL.list_documents, {"wallet_id": wallet_id}, _Row)
    return [_document(row) for row in rows]


def document_number(keys: KeyRing, document: Document) -> str:
    """The number in full: for a bank or a register, never for a log."""
    return keys.decrypt(document.number_cipher, "document")


def is_number(keys: KeyRing, document: Document, typed: str) -> bool:
    """Whether `typed` is the document's number, whatever was written between its characters."""
    return hmac.compare_digest(_bare(document_number(keys, document)), _bare(typed))


def _bare(number: str) -> bytes:
    return "".join(one for one in number.upper() if one.isalnum()).encode()


async def _find_person(
    conn: Connection,
    wallet_id: str,
    wallet: _Wallet,
    index: bytes,
    now: datetime,
    *,
    same_person: bool,
) -> str:
    """The person this number is of, known by it from earlier wallets or new. A person's row is
    locked while it is looked whether they have another open wallet. A wallet that no bank has
    confirmed may turn out to be somebody else's than its first, mistyped document said."""
    proposed = (same_person and wallet.person_id) or new_id("per", now)
    claim = {"number_index": index, "person_id": proposed, "now": now}
    cursor = await conn.execute(SQL.claim_number, claim)
    claimed = await cursor.fetchone()
    assert claimed is not None
    owner: str = claimed[0]
    if wallet.verified_at and owner != wallet.person_id:
        raise DocumentOfAnotherPerson(compared_en="the document's number", compared_zh="证件号码")
    person = {"person_id": owner, "wallet_id": wallet_id, "now": now}
    await conn.execute(SQL.add_person, person)
    await conn.execute(SQL.lock_person, person)
    cursor = await conn.execute(SQL.find_other_open_wallet, person)
    other = await cursor.fetchone()
    if other is not None:
        raise PersonHasOpenWallet(phone_end=other[0][-2:])
    return owner


FOR_LIFE = frozenset({"resident_id", "residence_permit", "travel_permit"})
"""Kinds whose number stays when the document is issued again (domain.md 3.1; of a travel permit's,
all but the count of issues)."""
NOT_ENOUGH = ANOTHER_SPELLING | {"typo"}
"""Names this close may be two persons' born on one day: twins are often named to sound alike. An
authority writes one person's name anew with other accents, in another order, shortened or in full,
and not by a nickname."""


def _expired(last: date) -> DocumentExpiredAlready:
    return DocumentExpiredAlready(
        valid_until=last.isoformat(),
        valid_until_en=show_day(last, "en"),
        valid_until_zh=show_day(last, "zh"),
    )


def _is_same_person(current: _Row, read: ReadDocument, index: bytes, wallet: _Wallet) -> bool:
    """Whether the document shown now is of the person of the one before; where a bank has confirmed
    that one it must be. Raises `DocumentOfAnotherPerson`."""
    try:
        if current.number_index != index and wallet.verified_at:
            _check_number_may_change(current.kind, read.kind)
        _check_same_person(_document(current), read)
    except DocumentOfAnotherPerson:
        if wallet.verified_at:
            raise
        return False
    return True


def _check_number_may_change(old_kind: str, new_kind: str) -> None:
    """Somebody of the same name and birthday has another number for life: what a bank has confirmed
    is not a number that was mistyped."""
    if old_kind == new_kind and new_kind in FOR_LIFE:
        raise DocumentOfAnotherPerson(compared_en="the document's number", compared_zh="证件号码")


def _check_same_person(current: Document, read: ReadDocument) -> None:
    """A new document is of the same person: born on the same day, of the same sex, with a name that
    is the same or, but for `NOT_ENOUGH`, close; where a document tells no birth date, the name must
    be the same."""
    births_known = current.birth_date is not None and read.birth_date is not None
    if births_known and current.birth_date != read.birth_date:
        raise DocumentOfAnotherPerson(compared_en="the date of birth", compared_zh="出生日期")
    if {current.sex, read.sex} == {"M", "F"}:
        raise DocumentOfAnotherPerson(compared_en="the sex", compared_zh="性别")
    found = compare(current.legal_name, read.legal_name)
    enough = births_known and found.verdict == "close" and found.reason not in NOT_ENOUGH
    if found.verdict != "match" and not enough:
        raise DocumentOfAnotherPerson(compared_en="the name", compared_zh="姓名")


def _renumbered(row: _Row, read: ReadDocument, index: bytes) -> bool:
    """Whether a bank that was told the old number holds another than the new document's."""
    return row.number_index != index or row.number_tail != read.number[-4:]


def _is_same(row: _Row, read: ReadDocument, index: bytes) -> bool:
    """The very same document, not a new issue that kept its number."""
    name = read.legal_name
    return (
        row.number_index == index
        and row.number_tail == read.number[-4:]
        and row.valid_until == read.valid_until
        and (row.surname, row.given, row.native) == (name.surname, name.given, name.native)
        and row.also_written == read.also_written
    )


def _columns(keys: KeyRing, read: ReadDocument, index: bytes) -> dict[str, Any]:
    name = read.legal_name
    return {
        "kind": read.kind,
        "country": read.country,
        "residency": read.residency,
        "number_cipher": keys.encrypt(read.number, "document"),
        "number_index": index,
        "number_tail": read.number[-4:],
        "surname": name.surname,
        "given": name.given,
        "native": name.native,
        "also_written": read.also_written,
        "mrz_name": name.mrz,
        "name_truncated": name.truncated,
        "corrections": Jsonb(msgspec.to_builtins(read.corrections)),
        "birth_date": read.birth_date,
        "sex": read.sex,
        "valid_until": read.valid_until,
    }


def _document(row: _Row) -> Document:
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
        created_at=row.created_at,
    )


def _legal_name(row: _Row) -> LegalName:
    return LegalName(
        row.surname, row.given, row.native, mrz=row.mrz_name, truncated=row.name_truncated
    )

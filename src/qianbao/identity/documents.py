"""A wallet's documents, and the person they make its holder.

Here belongs taking in a document: is it good, whose is it, what does it replace. Reading one is
`reading`; whether outside sources agree is `evidence` and `registers`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from qianbao.clock import local_date, show_day
from qianbao.db.jobs import enqueue
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import NotFound, QianbaoError
from qianbao.identity import evidence
from qianbao.identity.beside import check_beside
from qianbao.identity.counted import apart, contradicted, counted_since
from qianbao.identity.identity_data import GivenData, add_data, identity_data, keep, read_given
from qianbao.identity.kept import (
    Document,
    Row,
    current_document,
    current_of,
    document_number,
    document_of,
    is_number,
    list_documents,
    list_rows,
    shown,
)
from qianbao.identity.reading import (
    DocumentSubmission,
    ReadDocument,
    index_text,
    possible_indexes,
    read_submission,
)
from qianbao.identity.same_person import Shown, is_tied
from qianbao.identity.whose_number import (
    DocumentOfAnotherPerson,
    Holding,
    PersonHasOpenWallet,
    another_person,
    person_of,
)
from qianbao.ids import check_id
from qianbao.keyring import KeyRing

__all__ = [
    "Document",
    "DocumentOfAnotherPerson",
    "DocumentSubmission",
    "PersonHasOpenWallet",
    "TooManyDocuments",
    "add_document",
    "current_document",
    "document_number",
    "is_number",
    "list_documents",
    "show_document",
    "wallets_showing",
]

SQL = load("qianbao.identity")

_DAY = timedelta(days=1)
MOST_A_DAY = 10
"""So many documents are taken of one wallet in 24 hours, or refused because of whose they are.
Numbers, names and birthdays could be tried out else: registers answer each, and one that a bank has
confirmed for somebody is refused."""


class DocumentExpiredAlready(QianbaoError):
    code = "document_expired_already"
    status = 422
    en = "This document expired on {valid_until_en}."
    zh = "该证件已于{valid_until_zh}到期。"
    next_en = "Enter your present document, or renew this one first."
    next_zh = "请填写现行有效的证件，或先换发新证。"


class TooManyDocuments(QianbaoError):
    code = "too_many_documents"
    status = 429
    retry = True
    en = "This wallet has been shown {maximum} documents in 24 hours, and takes no other for now."
    zh = "本钱包 24 小时内已提交 {maximum} 份证件，暂不再接受新的证件。"
    next_en = (
        "Compare the document with what was read of it under Real-name Authentication; if it still "
        "has to be corrected, show it again tomorrow, or open a case."
    )
    next_zh = "请在“实名认证”中对照证件核对；如仍需更正，请明天再提交，或提交工单。"


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

    The current document again gives the one that is there, and has the registers that said no asked
    once more; one before it is taken as a new one is. `given` is what no document shows. Registers
    are asked by a job once this transaction has committed. Raises what `read_submission`,
    `read_given` and `check_beside` raise, `DocumentExpiredAlready`, `DocumentOfAnotherPerson`,
    `PersonHasOpenWallet`, `DocumentIdUsed`, `TooManyDocuments`, `DocumentForNoWallet`.
    """
    check_id(document_id, "doc")
    read = read_submission(submission, today := local_date(now))
    stated = read_given(given or GivenData())
    check_beside(submission, read, stated.sex)
    if read.valid_until is not None and read.valid_until < today:
        raise _expired(read.valid_until)
    index = keys.index(index_text(read.kind, read.holder_part), "document")
    wallet = await fetch_one(conn, SQL.lock_wallet, {"wallet_id": wallet_id}, Holding)
    if wallet is None or wallet.status != "open":
        raise DocumentForNoWallet
    kept = await list_rows(conn, wallet_id)
    current = current_of(kept)
    for row in kept:
        # One before it, shown once more, becomes the current one by the checks of a new one.
        asked_before = row is current or row.document_id == document_id
        if asked_before and _is_same(row, read, index):
            await add_data(conn, keys, wallet_id=wallet_id, given=stated, now=now)
            await enqueue(conn, "check_registers", wallet_id=wallet_id)
            return document_of(row)
    await _check_room(conn, wallet_id, kept, document_id, now)
    new = _shown_by(read, index, stated.sex)
    same_person, renames = _is_same_person(kept, new, wallet)
    change = await _allowed_change(conn, wallet_id, now) if renames else None
    person_id = await person_of(conn, wallet_id, wallet, new, now, same_person=same_person)
    columns = _columns(keys, read, index) | {
        "wallet_id": wallet_id,
        "document_id": document_id,
        "person_id": person_id,
        "supersedes": current.document_id if current else None,
        "renumbered": current is not None and _renumbered(current, read, index),
        "name_change_id": change,
        "now": now,
    }
    await _write(conn, keys, columns, stated)
    if change is not None or not same_person or person_id != wallet.person_id:
        await evidence.refresh(conn, wallet_id=wallet_id, now=now)
    added = await current_document(conn, wallet_id)
    assert added is not None
    return added


async def wallets_showing(conn: Connection, keys: KeyRing, number: str) -> list[str]:
    """The open wallets whose current document has that number, whoever issued it, and whichever
    kind it is."""
    indexes = [keys.index(one, "document") for one in possible_indexes(number)]
    cursor = await conn.execute(SQL.find_wallets_showing, {"indexes": indexes})
    return [row[0] for row in await cursor.fetchall()]


async def show_document(
    pool: Pool,
    keys: KeyRing,
    *,
    wallet_id: str,
    document_id: str,
    submission: DocumentSubmission,
    given: GivenData | None = None,
    now: datetime,
) -> Document:
    """`add_document` in a transaction of its own, for whoever asks from outside: a refusal because
    of whose the document is counts among those of the day. Raises as that does."""
    try:
        async with pool.connection() as conn:
            return await add_document(
                conn,
                keys,
                wallet_id=wallet_id,
                document_id=document_id,
                submission=submission,
                given=given,
                now=now,
            )
    except (DocumentOfAnotherPerson, PersonHasOpenWallet):
        async with pool.connection() as conn:
            refused = {"wallet_id": wallet_id, "since": now - _DAY, "now": now}
            await conn.execute(SQL.add_refusal, refused)
        raise


async def _check_room(
    conn: Connection, wallet_id: str, kept: list[Row], document_id: str, now: datetime
) -> None:
    """Raises `DocumentIdUsed`, `TooManyDocuments`."""
    if any(row.document_id == document_id for row in kept):
        raise DocumentIdUsed
    place = {"wallet_id": wallet_id, "since": now - _DAY}
    refused = await (await conn.execute(SQL.count_refusals, place)).fetchone()
    assert refused is not None
    taken = sum(row.created_at > now - _DAY for row in kept)
    if taken + refused[0] >= MOST_A_DAY:
        raise TooManyDocuments(maximum=MOST_A_DAY)


async def _write(
    conn: Connection, keys: KeyRing, columns: dict[str, Any], stated: GivenData
) -> None:
    """In the place of the document before; what follows from it is done by jobs."""
    wallet_id, now = columns["wallet_id"], columns["now"]
    await conn.execute(SQL.supersede, columns)
    await conn.execute(SQL.add_document, columns)
    await keep(conn, keys, wallet_id=wallet_id, given=stated, now=now)
    known = await identity_data(conn, keys, wallet_id=wallet_id)
    assert known is not None
    await conn.execute(SQL.set_identity, columns | {"data_missing": list(known.missing)})
    change = columns["name_change_id"]
    if change is not None:
        await enqueue(conn, "record_name_change", wallet_id=wallet_id, name_change_id=change)
    await enqueue(conn, "tell_wallet", wallet_id=wallet_id)
    await enqueue(conn, "check_registers", wallet_id=wallet_id)


def _expired(last: date) -> DocumentExpiredAlready:
    return DocumentExpiredAlready(
        valid_until=last.isoformat(),
        valid_until_en=show_day(last, "en"),
        valid_until_zh=show_day(last, "zh"),
    )


def _is_same_person(kept: list[Row], new: Shown, wallet: Holding) -> tuple[bool, bool]:
    """Whether the document shown now is of the wallet's person, and whether under a name that only
    operators can let pass. Where a bank has confirmed that person it must be theirs, by each
    document that counts. A changed name needs a tie beside it; where no document before tells a
    birthday there can be none, and what the operators saw must do. Raises
    `DocumentOfAnotherPerson`."""
    if not wallet.verified_at:
        current = current_of(kept)
        return current is None or apart(shown(current), new) is None, False
    part = contradicted(kept, wallet.verified_at, lambda row: apart(shown(row), new))
    if part is None:
        return True, False
    counted = [shown(row) for row in counted_since(kept, wallet.verified_at)]
    if part != "name" or not (
        any(is_tied(old, new) for old in counted) or all(old.birth_date is None for old in counted)
    ):
        raise another_person(part)
    return True, True


async def _allowed_change(conn: Connection, wallet_id: str, now: datetime) -> str:
    """The change of name that operators allow this wallet, which is locked: it is good for one
    document. Raises `DocumentOfAnotherPerson`."""
    cursor = await conn.execute(SQL.find_name_change, {"wallet_id": wallet_id, "now": now})
    found = await cursor.fetchone()
    if found is None:
        raise another_person("name")
    allowed: str = found[0]
    return allowed


def _shown_by(read: ReadDocument, index: bytes, stated_sex: str | None) -> Shown:
    return Shown(
        kind=read.kind,
        country=read.country,
        number_index=index,
        legal_name=read.legal_name,
        birth_date=read.birth_date,
        sex=read.sex,
        stated_sex=stated_sex,
    )


def _renumbered(row: Row, read: ReadDocument, index: bytes) -> bool:
    """Whether a bank that was told the old number holds another than the new document's."""
    return row.number_index != index or row.number_tail != read.number[-4:]


def _is_same(row: Row, read: ReadDocument, index: bytes) -> bool:
    """The very same document, not a new issue that kept its number."""
    name = read.legal_name
    return (
        row.number_index == index
        and row.country == read.country
        and row.number_tail == read.number[-4:]
        and (row.birth_date, row.sex) == (read.birth_date, read.sex)
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

"""Whose a document's number is: the person it was first shown by, until a bank says otherwise.

Whoever knows somebody's number can show it. So a number that is only shown keeps nobody out whose
document tells another holder: both go on, and the one whom a bank confirms with it has it. Nor does
a number make anybody the person whose it is: their document must tell the very same holder.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import QianbaoError
from qianbao.identity.kept import list_rows, shown
from qianbao.identity.same_person import Part, Shown, differing
from qianbao.ids import new_id

SQL = load("qianbao.identity")


class DocumentOfAnotherPerson(QianbaoError):
    code = "document_of_another_person"
    en = "This document does not belong to the person whose wallet this is; {compared_en} differs."
    zh = "该证件不属于本钱包的持有人：{compared_zh}不一致。"
    next_en = (
        "Enter your own document. {slip_en}If it is yours, because your name has changed by law or "
        "your country writes it otherwise now, open a case and name both spellings: once two "
        "operators have agreed, you are told to show it again. Until then the document before "
        "stays yours."
    )
    next_zh = (
        "请填写本人证件。{slip_zh}如确为本人证件（姓名已依法变更，或签发国改变了拼写规则），"
        "请提交工单并写明新旧两种写法；经两名运营人员核实同意后，系统会通知您重新提交。"
        "在此之前仍以原证件为准。"
    )


class PersonHasOpenWallet(QianbaoError):
    code = "person_has_open_wallet"
    en = (
        "The holder of this document already has an open wallet, under the phone ending in "
        "{phone_end}. A person has one."
    )
    zh = "该证件的持有人已有一个使用中的钱包，手机尾号 {phone_end}。每人只能有一个钱包。"
    next_en = (
        "Sign in with that phone and use it; or close it there and come back here, your history "
        "comes with you. If it is not yours, open a case: as long as no bank has confirmed whoever "
        "uses it, an operator can set its document aside, and you show yours here again."
    )
    next_zh = (
        "请用该手机号登录使用；或先在那里注销，再回到这里办理，历史记录会随您保留。"
        "如果不是您的钱包，请提交工单：只要尚无银行核验过其使用人，运营人员可停用其中的证件，"
        "之后您可在这里重新提交。"
    )


_PARTS: dict[Part, tuple[str, str]] = {
    "number": ("the document's number", "证件号码"),
    "birth_date": ("the date of birth", "出生日期"),
    "sex": ("the sex", "性别"),
    "place": ("the place of residence", "居住地区"),
    "name": ("the name", "姓名"),
}


_SLIPS: dict[Part, tuple[str, str]] = {
    "sex": (
        "If the sex was copied wrongly from the document before, show that one again first, with "
        "the right one. ",
        "如原证件的性别填写有误，请先按正确的性别重新提交原证件。",
    ),
}


def another_person(part: Part) -> DocumentOfAnotherPerson:
    """The refusal of a document of which `part` differs."""
    compared_en, compared_zh = _PARTS[part]
    slip_en, slip_zh = _SLIPS.get(part, ("", ""))
    return DocumentOfAnotherPerson(
        compared_en=compared_en, compared_zh=compared_zh, slip_en=slip_en, slip_zh=slip_zh
    )


class _Showing(msgspec.Struct, frozen=True):
    """A document in which a number was shown, and its wallet."""

    wallet_id: str
    open: bool
    phone_tail: str
    document_id: str
    person_id: str
    present: bool
    confirmed: bool
    counted: bool


class Holding(msgspec.Struct, frozen=True):
    """A wallet that a document is shown in: `open` or `closed`, whose it is by the documents
    before, and since when a bank has confirmed that."""

    status: str
    person_id: str | None
    verified_at: datetime | None


async def person_of(
    conn: Connection,
    wallet_id: str,
    wallet: Holding,
    new: Shown,
    now: datetime,
    *,
    same_person: bool,
) -> str:
    """The person that the number of `new` is of: the wallet's, where it is of the `same_person`;
    whoever is known by it from elsewhere; or a new one. A person's row is locked while it is looked
    whether they have another open wallet. Raises `PersonHasOpenWallet` or
    `DocumentOfAnotherPerson`."""
    kept = same_person and not await _is_from_elsewhere(conn, wallet_id, wallet)
    proposed = (kept and wallet.person_id) or new_id("per", now)
    owner = await _claim(conn, new.number_index, proposed, now)
    if owner != proposed:
        showings = await _shown_in(conn, wallet_id, new.number_index)
        if wallet.verified_at is None:
            # What is shown now comes before what this wallet itself showed once and shows no more.
            showings.sort(
                key=lambda one: (not one.confirmed, one.person_id != owner, not one.present)
            )
            owner = await _known_holder(conn, wallet_id, showings, new) or proposed
        else:
            if await _gives_way(conn, wallet_id, wallet, showings, new):
                await _move(conn, new.number_index, proposed)
            owner = proposed
    person = {"person_id": owner, "wallet_id": wallet_id, "now": now}
    await conn.execute(SQL.add_person, person)
    await conn.execute(SQL.lock_person, person)
    cursor = await conn.execute(SQL.find_other_open_wallet, person)
    other = await cursor.fetchone()
    if other is not None:
        raise PersonHasOpenWallet(phone_end=other[0][-2:])
    return owner


async def _is_from_elsewhere(conn: Connection, wallet_id: str, wallet: Holding) -> bool:
    """Whether a newcomer is their person only by a number that another wallet of theirs showed.
    With another number they are not: a namesake born the same day would be."""
    if wallet.verified_at is not None or wallet.person_id is None:
        return False
    person = {"person_id": wallet.person_id, "wallet_id": wallet_id}
    cursor = await conn.execute(SQL.is_person_elsewhere, person)
    return await cursor.fetchone() is not None


class _Numbered(msgspec.Struct, frozen=True):
    number_index: bytes
    person_id: str


async def own_number(conn: Connection, wallet_id: str, document_id: str, now: datetime) -> None:
    """Makes the number of a document that a bank has confirmed its holder's, whoever has shown it.
    Raises `DocumentOfAnotherPerson` where a bank has confirmed somebody else with it."""
    place = {"wallet_id": wallet_id, "document_id": document_id}
    asked = await fetch_one(conn, SQL.find_number, place, _Numbered)
    assert asked is not None, "a bank was asked about it"
    if await _claim(conn, asked.number_index, asked.person_id, now) == asked.person_id:
        return
    for one in await _shown_in(conn, wallet_id, asked.number_index):
        if one.confirmed and one.person_id != asked.person_id:
            raise another_person("number")
    await _move(conn, asked.number_index, asked.person_id)


async def _claim(conn: Connection, number_index: bytes, person_id: str, now: datetime) -> str:
    claim = {"number_index": number_index, "person_id": person_id, "now": now}
    cursor = await conn.execute(SQL.claim_number, claim)
    claimed = await cursor.fetchone()
    assert claimed is not None
    owner: str = claimed[0]
    return owner


async def _move(conn: Connection, number_index: bytes, person_id: str) -> None:
    await conn.execute(SQL.move_number, {"number_index": number_index, "person_id": person_id})


async def _shown_in(conn: Connection, wallet_id: str, number_index: bytes) -> list[_Showing]:
    place = {"number_index": number_index, "wallet_id": wallet_id}
    return await fetch_all(conn, SQL.find_number_shown, place, _Showing)


async def _known_holder(
    conn: Connection, wallet_id: str, showings: list[_Showing], new: Shown
) -> str | None:
    """The person of whom this number was shown before, here or in another wallet, if that is the
    very holder that a newcomer's document tells; None where there is none. Of anybody else they
    become nothing: who that is, and what is theirs, follows from no number. Raises
    `DocumentOfAnotherPerson` where a bank has confirmed another holder with it."""
    for one in showings:
        if await _is_shown_there(conn, one, new):
            return one.person_id
    if any(one.confirmed and one.wallet_id != wallet_id for one in showings):
        raise another_person("number")
    return None


async def _gives_way(
    conn: Connection, wallet_id: str, wallet: Holding, showings: list[_Showing], new: Shown
) -> bool:
    """Whether a number that is known as another person's becomes that of a holder whom a bank has
    confirmed. Not from another such holder: both show it then, until a bank is asked about it.
    Raises `DocumentOfAnotherPerson` where a bank has confirmed that number for somebody else, or
    where only it tells the holder from another such one, and `PersonHasOpenWallet` where that is in
    an open wallet. A copy in a wallet that no bank has confirmed keeps nobody from what is theirs.
    """
    others = [one for one in showings if one.person_id != wallet.person_id]
    own = any(one.wallet_id == wallet_id and one.confirmed for one in showings)
    namesakes = [one for one in others if one.counted and await _is_shown_there(conn, one, new)]
    if known := next((one for one in namesakes if one.open and one.present), None):
        raise PersonHasOpenWallet(phone_end=known.phone_tail[-2:])
    if any(one.confirmed for one in others) or (namesakes and not own):
        raise another_person("number")
    return own or not any(one.counted for one in others)


async def _is_shown_there(conn: Connection, showing: _Showing, new: Shown) -> bool:
    """Whether what that document tells of its holder is what the new one tells."""
    there = await list_rows(conn, showing.wallet_id)
    return any(
        row.document_id == showing.document_id and differing(shown(row), new) is None
        for row in there
    )

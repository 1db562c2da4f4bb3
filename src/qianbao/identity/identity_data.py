"""What has to be known of a holder and no document shows, and that they stand by all of it.

The rules ask for sex, occupation and address beside what a document and the phone tell (domain.md
1.5). A wallet that was never used is restored when its holder confirms their data (domain.md 1.4).
Here belongs taking that in; which wallets need it is a policy's to say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import msgspec

from qianbao.db.jobs import enqueue
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.beside import check_sex
from qianbao.keyring import KeyRing
from qianbao.policy.facts import IDENTITY_DATA, words_for_data

SQL = load("qianbao.identity")

Sex = Literal["F", "M", "X"]
MOST_CHARACTERS = 200
"""Of an occupation or an address."""


class IdentityDataIncomplete(InvalidInput):
    code = "identity_data_incomplete"
    en = "Something is still missing: {missing_en}."
    zh = "身份信息仍不完整，尚缺：{missing_zh}。"
    next_en = "Fill it in; then everything can be confirmed together."
    next_zh = "请填写后一并确认。"


class IdentityDataUnreadable(InvalidInput):
    code = "identity_data_unreadable"
    en = "The {field_en} cannot be read: 2 to {most} characters on one line are expected."
    zh = "{field_zh}无法识别：请填写 2 至 {most} 个字符，不要换行。"
    next_en = "Write it as you would on a form."
    next_zh = "请像填写表格一样填写。"


class IdentityDataNeedsDocument(QianbaoError):
    code = "identity_data_needs_document"
    en = "There is no open wallet with a document whose data could be confirmed."
    zh = "没有已提交证件的有效钱包，无法确认身份信息。"
    next_en = "Show your document; your occupation and address are asked for with it."
    next_zh = "请先提交证件，职业和住址可一并填写。"


class GivenData(msgspec.Struct, frozen=True):
    """What a holder states; "" for what they leave as it is."""

    sex: Sex | Literal[""] = ""
    occupation: str = ""
    address: str = ""


class IdentityData(msgspec.Struct, frozen=True):
    """What is known; None where it is not. `sex_shown`: the document shows it, so nobody states
    it. `missing` are those of `IDENTITY_DATA` that are not known."""

    sex: str | None
    sex_shown: bool
    occupation: str | None
    address: str | None
    missing: tuple[str, ...]
    confirmed_at: datetime | None


class _Row(msgspec.Struct, frozen=True):
    sex: str | None
    stated_sex: str | None
    occupation_cipher: bytes | None
    address_cipher: bytes | None
    data_confirmed_at: datetime | None


class _Wallet(msgspec.Struct, frozen=True):
    status: str
    person_id: str | None
    verified_at: datetime | None


async def identity_data(conn: Connection, keys: KeyRing, *, wallet_id: str) -> IdentityData | None:
    """What is known of the wallet's holder; None before a document was shown."""
    row = await fetch_one(conn, SQL.find_data, {"wallet_id": wallet_id}, _Row)
    if row is None:
        return None
    shown = row.sex if row.sex in get_args(Sex) else None
    known = {
        "sex": shown or row.stated_sex,
        "occupation": _plain(keys, row.occupation_cipher),
        "address": _plain(keys, row.address_cipher),
    }
    missing = tuple(name for name in IDENTITY_DATA if known[name] is None)
    return IdentityData(
        **known, sex_shown=shown is not None, missing=missing, confirmed_at=row.data_confirmed_at
    )


async def confirm_data(
    conn: Connection, keys: KeyRing, *, wallet_id: str, given: GivenData, now: datetime
) -> IdentityData:
    """Keeps what is given, and that the holder stands by all that is known. Again changes only the
    moment. Raises `IdentityDataUnreadable`, `IdentityDataNeedsDocument`, what `check_sex` raises
    or, with anything still missing, `IdentityDataIncomplete`."""
    given = read_given(given)
    wallet = await fetch_one(conn, SQL.lock_wallet, {"wallet_id": wallet_id}, _Wallet)
    if wallet is None or wallet.status != "open":
        raise IdentityDataNeedsDocument
    await keep(conn, keys, wallet_id=wallet_id, given=given, now=now)
    known = await identity_data(conn, keys, wallet_id=wallet_id)
    if known is None:
        raise IdentityDataNeedsDocument
    if known.sex_shown:
        check_sex(given.sex, known.sex)
    if known.missing:
        raise IdentityDataIncomplete(
            missing_en=words_for_data(known.missing, "en"),
            missing_zh=words_for_data(known.missing, "zh"),
        )
    await _set(conn, wallet_id, (), now)
    return msgspec.structs.replace(known, confirmed_at=now)


async def add_data(
    conn: Connection, keys: KeyRing, *, wallet_id: str, given: GivenData, now: datetime
) -> None:
    """What was given (and read) with a document that had been shown before, if anything was."""
    if given == GivenData():
        return
    await keep(conn, keys, wallet_id=wallet_id, given=given, now=now)
    known = await identity_data(conn, keys, wallet_id=wallet_id)
    await _set(conn, wallet_id, known.missing if known else (), now)


async def _set(conn: Connection, wallet_id: str, missing: tuple[str, ...], now: datetime) -> None:
    act = {"wallet_id": wallet_id, "data_missing": list(missing), "now": now}
    await conn.execute(SQL.set_data, act)
    await enqueue(conn, "tell_wallet", wallet_id=wallet_id)


async def keep(
    conn: Connection, keys: KeyRing, *, wallet_id: str, given: GivenData, now: datetime
) -> None:
    """Keeps what was given (and read) beside a document, if anything was; `set_identity` says what
    is missing then."""
    if given == GivenData():
        return
    row = {
        "wallet_id": wallet_id,
        "sex": given.sex or None,
        "occupation_cipher": _cipher(keys, given.occupation),
        "address_cipher": _cipher(keys, given.address),
        "now": now,
    }
    await conn.execute(SQL.keep_data, row)


def read_given(given: GivenData) -> GivenData:
    """`given` without blanks around it. Raises `IdentityDataUnreadable`."""
    return GivenData(
        sex=_sex(given.sex),
        occupation=_line("occupation", given.occupation),
        address=_line("address", given.address),
    )


def _sex(stated: str) -> Sex | Literal[""]:
    match stated:
        case "" | "F" | "M" | "X":
            return stated
    raise _unreadable("sex")


def _line(field: str, written: str) -> str:
    line = written.strip()
    if line and not (2 <= len(line) <= MOST_CHARACTERS and line.isprintable()):
        raise _unreadable(field)
    return line


def _unreadable(field: str) -> IdentityDataUnreadable:
    field_en, field_zh = IDENTITY_DATA[field]
    return IdentityDataUnreadable(field_en=field_en, field_zh=field_zh, most=MOST_CHARACTERS)


def _cipher(keys: KeyRing, text: str) -> bytes | None:
    return keys.encrypt(text, "identity_data") if text else None


def _plain(keys: KeyRing, cipher: bytes | None) -> str | None:
    return keys.decrypt(cipher, "identity_data") if cipher is not None else None

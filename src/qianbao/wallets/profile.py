"""A wallet as its holder or an operator looks at it, and the little that can be set about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import Language
from qianbao.keyring import KeyRing
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.phones import read_phone

SQL = load("qianbao.wallets")


class Wallet(msgspec.Struct, frozen=True):
    """Money in minor units of `currency`; `phone_tail` is the last four digits."""

    wallet_id: str
    person_id: str | None
    status: Literal["open", "closed"]
    phone_tail: str
    language: Language
    time_zone: str
    currency: str
    balance_minor: int
    held_minor: int
    residency: Literal["foreign", "mainland", "hmt"] | None
    document_kind: str | None
    document_valid_until: date | None
    opened_at: datetime
    verified_at: datetime | None
    closed_at: datetime | None

    @property
    def available_minor(self) -> int:
        """What may be spent: the balance without what is held."""
        return self.balance_minor - self.held_minor


class _PhoneCipher(msgspec.Struct, frozen=True):
    phone_cipher: bytes


async def wallet(conn: Connection, wallet_id: str) -> Wallet:
    """Raises `WalletUnknown`."""
    found = await fetch_one(conn, SQL.find_wallet, {"wallet_id": wallet_id}, Wallet)
    if found is None:
        raise WalletUnknown
    return found


async def find_by_phone(conn: Connection, keys: KeyRing, phone: str) -> list[Wallet]:
    """An operator's look-up: every wallet this phone has or had, the latest first; empty when there
    was never one. Raises `PhoneInvalid`."""
    place = {"phone_index": keys.index(read_phone(phone), "phone")}
    return await fetch_all(conn, SQL.find_wallets_by_phone, place, Wallet)


async def open_wallet_of(conn: Connection, keys: KeyRing, phone: str) -> str | None:
    """The id of the open wallet of a phone: whom a transfer goes to. Raises `PhoneInvalid`."""
    place = {"phone_index": keys.index(read_phone(phone), "phone")}
    cursor = await conn.execute(SQL.find_phone, place)
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def phone_of(conn: Connection, keys: KeyRing, wallet_id: str) -> str:
    """The wallet's phone, E.164: for a text to its holder or a bank. Raises `WalletUnknown`."""
    found = await fetch_one(conn, SQL.find_phone_cipher, {"wallet_id": wallet_id}, _PhoneCipher)
    if found is None:
        raise WalletUnknown
    return keys.decrypt(found.phone_cipher, "phone")


async def set_language(conn: Connection, *, wallet_id: str, language: Language) -> None:
    """The language of screens, notices and text messages. Raises `WalletUnknown`."""
    cursor = await conn.execute(SQL.set_language, {"wallet_id": wallet_id, "language": language})
    if cursor.rowcount == 0:
        raise WalletUnknown

"""Which merchants there are: listed, given a new API key, shut out, let in again.

Letting a new one in is `merchants.add_merchant`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, Parameters, fetch_all
from qianbao.keyring import token_hash
from qianbao.payments.answers import sql
from qianbao.payments.merchants import MerchantUnknown, TextTooLong

NAME_LENGTH_MOST = 60


class ListedMerchant(msgspec.Struct, frozen=True):
    """A merchant in the list; `disabled_at` since when its key is refused."""

    merchant_id: str
    currency: str
    name_en: str
    name_zh: str
    created_at: datetime
    disabled_at: datetime | None


def check_name(field: str, name: str) -> str:
    """The name without stray spaces. Raises `TextTooLong`."""
    tidy = " ".join(name.split())
    if not 0 < len(tidy) <= NAME_LENGTH_MOST:
        raise TextTooLong(field=field, most=NAME_LENGTH_MOST)
    return tidy


async def list_merchants(conn: Connection) -> list[ListedMerchant]:
    """All of them, by name."""
    return await fetch_all(conn, sql.list_merchants, None, ListedMerchant)


async def set_api_key(conn: Connection, *, merchant_id: str, api_key: str) -> None:
    """From now on this key is the merchant's, and the one before is nobody's. Raises
    `MerchantUnknown`."""
    row = {"merchant_id": merchant_id, "api_key_hash": token_hash(api_key)}
    await _change(conn, sql.set_api_key, row)


async def disable(conn: Connection, *, merchant_id: str, now: datetime) -> int:
    """Refuses the merchant's key from now on and takes back every payment that nobody has made;
    gives how many. What was paid stays paid, and its money is still the merchant's. Raises
    `MerchantUnknown`."""
    await _change(conn, sql.disable_merchant, {"merchant_id": merchant_id, "now": now})
    cursor = await conn.execute(sql.cancel_every_payment, {"merchant_id": merchant_id})
    return cursor.rowcount


async def enable(conn: Connection, *, merchant_id: str) -> None:
    """Takes the merchant's key again. Raises `MerchantUnknown`."""
    await _change(conn, sql.enable_merchant, {"merchant_id": merchant_id})


async def _change(conn: Connection, query: bytes, row: Parameters) -> None:
    cursor = await conn.execute(query, row)
    if cursor.rowcount == 0:
        raise MerchantUnknown()

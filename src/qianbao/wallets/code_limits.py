"""How many codes are sent in an hour: to whoever asks from one network, and to everybody.

A text message costs money and reaches a stranger's phone, and anybody may ask for one. How many one
phone is sent belongs to `codes`.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from qianbao.db.queries import Connection, load
from qianbao.errors import QianbaoError
from qianbao.keyring import KeyRing
from qianbao.settings import Settings

SQL = load("qianbao.wallets")

_WINDOW = timedelta(hours=1)


class CodesFromAddress(QianbaoError):
    code = "codes_from_address"
    status = 429
    retry = True
    en = "{limit} codes were asked for from your network within an hour."
    zh = "您所在的网络一小时内已请求 {limit} 次验证码。"
    next_en = "Ask again in {left_seconds} seconds, or from another network."
    next_zh = "请 {left_seconds} 秒后再试，或更换网络。"


class CodesUsedUp(QianbaoError):
    code = "codes_used_up"
    status = 503
    retry = True
    en = "More codes were asked for in the last hour than this wallet sends."
    zh = "过去一小时内请求的验证码已超过本钱包的发送上限。"
    next_en = "Ask again in {left_seconds} seconds."
    next_zh = "请 {left_seconds} 秒后再试。"


def address_index(keys: KeyRing, address: str) -> bytes | None:
    """How the network that asks is stored; None when it is not known."""
    return keys.index(address, "address") if address else None


async def check_flood(
    conn: Connection, settings: Settings, address: bytes | None, now: datetime
) -> None:
    """Raises `CodesFromAddress` or `CodesUsedUp` when another code would be one too many. Requests
    from one network wait for each other here until their transactions end."""
    place = {"address_index": address, "since": now - _WINDOW}
    if address is not None:
        limit = settings.codes_per_address_per_hour
        await conn.execute(SQL.lock_address, place)
        left_seconds = await _left(conn, SQL.nth_signup_of_address, place, limit, now)
        if left_seconds is not None:
            raise CodesFromAddress(limit=limit, left_seconds=left_seconds)
    left_seconds = await _left(conn, SQL.nth_signup, place, settings.codes_per_hour, now)
    if left_seconds is not None:
        raise CodesUsedUp(left_seconds=left_seconds)


async def _left(
    conn: Connection, query: bytes, place: dict[str, Any], limit: int, now: datetime
) -> int | None:
    """Seconds until there are fewer than `limit` within an hour; None when there are."""
    cursor = await conn.execute(query, place | {"skipped": limit - 1})
    row = await cursor.fetchone()
    return None if row is None else math.ceil((row[0] + _WINDOW - now).total_seconds())

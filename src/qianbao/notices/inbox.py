"""The holder's inbox: every notice in both languages, kept with the wallet.

What is urgent enough for a text message is sent by `texts` besides.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, load
from qianbao.errors import NotFound
from qianbao.ids import new_id

SQL = load("qianbao.notices")


class NoticeUnknown(NotFound):
    code = "notice_unknown"
    en = "There is no such notice in this inbox."
    zh = "收件箱里没有这条通知。"
    next_en = "Open the inbox again."
    next_zh = "请重新打开收件箱。"


class Notice(msgspec.Struct, frozen=True):
    """One message; `kind` is a stable word such as `policy_warning`, `link` a path in the app."""

    notice_id: str
    kind: str
    title_en: str
    title_zh: str
    body_en: str
    body_zh: str
    link: str
    created_at: datetime
    read_at: datetime | None


async def tell(
    conn: Connection,
    *,
    wallet_id: str,
    kind: str,
    title_en: str,
    title_zh: str,
    body_en: str,
    body_zh: str,
    link: str = "",
    now: datetime,
) -> str:
    """Puts a notice into the inbox, in the transaction of whatever it tells about; gives its id."""
    notice_id = new_id("ntc", now)
    await conn.execute(
        SQL.add_notice,
        {
            "wallet_id": wallet_id, "notice_id": notice_id, "kind": kind, "title_en": title_en,
            "title_zh": title_zh, "body_en": body_en, "body_zh": body_zh, "link": link, "now": now,
        },
    )  # fmt: skip
    return notice_id


async def list_notices(
    conn: Connection, *, wallet_id: str, limit: int = 20, after: str | None = None
) -> list[Notice]:
    """The latest first; `after` is the last id of the page before."""
    place = {"wallet_id": wallet_id, "limit": limit, "after": after or ""}
    return await fetch_all(conn, SQL.list_notices, place, Notice)


async def count_unread(conn: Connection, *, wallet_id: str) -> int:
    """Notices nobody has opened."""
    cursor = await conn.execute(SQL.count_unread, {"wallet_id": wallet_id})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def mark_read(conn: Connection, *, wallet_id: str, notice_id: str, now: datetime) -> None:
    """Keeps when a notice was first read. Raises `NoticeUnknown`."""
    cursor = await conn.execute(
        SQL.mark_read, {"wallet_id": wallet_id, "notice_id": notice_id, "now": now}
    )
    if cursor.rowcount == 0:
        raise NoticeUnknown

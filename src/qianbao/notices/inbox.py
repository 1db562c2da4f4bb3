"""The holder's inbox: every notice in both languages, kept with the wallet.

What is urgent enough for a text message goes out by a job besides (`wallets.notice_texts`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from qianbao.db.jobs import enqueue
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import NotFound
from qianbao.ids import new_id
from qianbao.remedies.plan import WayOut

SQL = load("qianbao.notices")


class NoticeUnknown(NotFound):
    code = "notice_unknown"
    en = "There is no such notice in this inbox."
    zh = "收件箱里没有这条通知。"
    next_en = "Open the inbox again."
    next_zh = "请重新打开收件箱。"


class Notice(msgspec.Struct, frozen=True):
    """One message; `kind` is a stable word such as `policy_warning`, `link` a path in the app.
    `ways_out` are those there were when it was told, best first; `settled_at` is since when what
    it tells about is over."""

    notice_id: str
    kind: str
    title_en: str
    title_zh: str
    body_en: str
    body_zh: str
    link: str
    ways_out: tuple[WayOut, ...]
    created_at: datetime
    read_at: datetime | None
    settled_at: datetime | None


class Headline(msgspec.Struct, frozen=True):
    """What a text message says of a notice."""

    title_en: str
    title_zh: str


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
    about: str = "",
    ways_out: tuple[WayOut, ...] = (),
    text: bool = False,
    now: datetime,
) -> str:
    """Puts a notice into the inbox, in the transaction of whatever it tells about; gives its id.
    `about` is by what `settle` finds it again; with `text` it goes out by text message, too."""
    notice_id = new_id("ntc", now)
    await conn.execute(
        SQL.add_notice,
        {
            "wallet_id": wallet_id, "notice_id": notice_id, "kind": kind, "title_en": title_en,
            "title_zh": title_zh, "body_en": body_en, "body_zh": body_zh, "link": link,
            "about": about, "ways_out": Jsonb(msgspec.to_builtins(ways_out)), "now": now,
        },
    )  # fmt: skip
    if text:
        await enqueue(conn, "text_notice", wallet_id=wallet_id, notice_id=notice_id)
    return notice_id


async def settle(conn: Connection, *, wallet_id: str, about: str, now: datetime) -> int:
    """Marks the notices about something as over; gives how many were not."""
    act = {"wallet_id": wallet_id, "about": about, "now": now}
    return (await conn.execute(SQL.settle, act)).rowcount


async def claim_text(
    conn: Connection, *, wallet_id: str, notice_id: str, most: int, now: datetime
) -> Headline | None:
    """What to text about a notice, claimed in this transaction; None: it was texted before, is
    over, or the wallet has had `most` texts about notices within a day."""
    since = now - timedelta(days=1)
    act = {"wallet_id": wallet_id, "notice_id": notice_id, "most": most, "since": since, "now": now}
    return await fetch_one(conn, SQL.claim_text, act, Headline)


async def list_notices(
    conn: Connection, *, wallet_id: str, limit: int = 20, after: str | None = None
) -> list[Notice]:
    """The latest first; `after` is the last id of the page before."""
    place = {"wallet_id": wallet_id, "limit": limit, "after": after or ""}
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SQL.list_notices, place)
        return msgspec.convert(await cursor.fetchall(), list[Notice])


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

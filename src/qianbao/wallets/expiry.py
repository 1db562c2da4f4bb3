"""Telling holders in good time that their document is running out.

Here belongs who is reminded when. What an expired document blocks is policy's to say.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from qianbao.clock import show_day
from qianbao.db.queries import Connection, fetch_all, load
from qianbao.identity.numbers import KINDS
from qianbao.notices import inbox

SQL = load("qianbao.wallets")

DAYS_BEFORE = (7, 30, 90)
"""So many days before its last day, or as soon after that as the worker gets to it."""


class _Due(msgspec.Struct, frozen=True):
    wallet_id: str
    document_id: str
    kind: str
    valid_until: date
    days_left: int


class _Replaced(msgspec.Struct, frozen=True):
    wallet_id: str
    document_id: str
    kind: str


async def remind_of_expiry(conn: Connection, *, now: datetime, limit: int = 200) -> int:
    """Reminds the holders of up to `limit` documents that reach one of `DAYS_BEFORE`, tells those
    whose document has expired, and settles what was told of documents that were replaced; gives how
    many. Call it until it gives 0, each time in a transaction of its own.

    A document is good through its last day, counted where the holder lives. Each reminder is sent
    once; of those whose day has passed only the latest is. A replaced document and a closed wallet
    are not reminded of.
    """
    settled = await settle_replaced(conn, now=now, limit=limit)
    place = {"now": now, "days": list(DAYS_BEFORE), "limit": limit}
    due = await fetch_all(conn, SQL.claim_reminders, place, _Due)
    for one in due:
        await _remind(conn, one, now)
    return len(due) + settled


async def settle_replaced(
    conn: Connection, *, now: datetime, wallet_id: str = "", limit: int = 200
) -> int:
    """Says of up to `limit` documents (of one wallet) that what was told about them is over, now
    that there is another; gives how many."""
    place = {"wallet_id": wallet_id, "limit": limit}
    found = await fetch_all(conn, SQL.replaced_documents, place, _Replaced)
    for one in found:
        kind_en, kind_zh = KINDS[one.kind]
        await inbox.settle(
            conn, wallet_id=one.wallet_id, about=about_document(one.document_id), now=now
        )
        await inbox.tell(
            conn,
            wallet_id=one.wallet_id,
            kind="document_replaced",
            title_en=f"Settled: your old {kind_en} has been replaced",
            title_zh=f"已更新：您的旧{kind_zh}已被替换",
            body_en="The wallet knows your new document. Show it at each of your banks, too.",
            body_zh="钱包已登记您的新证件。请同时到各家银行更新。",
            link="/me/pay/manage/real-name",
            now=now,
        )
    return len(found)


async def _remind(conn: Connection, one: _Due, now: datetime) -> None:
    kind_en, kind_zh = KINDS[one.kind]
    last_en, last_zh = show_day(one.valid_until, "en"), show_day(one.valid_until, "zh")
    expired = one.days_left < 0
    await inbox.tell(
        conn,
        wallet_id=one.wallet_id,
        kind="document_expired" if expired else "document_expiring",
        title_en=f"Your {kind_en} {_expires_en(one.days_left)}",
        title_zh=f"您的{kind_zh}{_expires_zh(one.days_left)}",
        body_en=f"Its last day {'was' if expired else 'is'} {last_en}. Show the new one here as "
        "soon as you have it, and at each of your banks: its number is mostly another."
        + (" The wallet page says what is blocked meanwhile." if expired else ""),
        body_zh=f"有效期至{last_zh}（当日仍有效）。换领新证后，请在这里登记，并到各家银行更新："
        "新证件的号码往往不同。" + ("目前受限的功能见钱包页面。" if expired else ""),
        link=f"/me/pay/manage/real-name/add?kind={one.kind}",
        about=about_document(one.document_id),
        text=True,
        now=now,
    )


def about_document(document_id: str) -> str:
    """By what the notices of its last day are found again."""
    return f"document:{document_id}"


def _expires_en(days_left: int) -> str:
    if days_left < 0:
        return "has expired"
    if not days_left:
        return "expires today"
    return "expires tomorrow" if days_left == 1 else f"expires in {days_left} days"


def _expires_zh(days_left: int) -> str:
    if days_left < 0:
        return "已过期"
    return f"将在 {days_left} 天后到期" if days_left else "今天到期"

"""Telling holders in good time that their document is running out.

Here belongs who is reminded when. What an expired document blocks is policy's to say.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

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


async def remind_of_expiry(conn: Connection, *, now: datetime, limit: int = 200) -> int:
    """Reminds the holders of up to `limit` documents that reach one of `DAYS_BEFORE`; gives how
    many. Call it until it gives 0, each time in a transaction of its own.

    A document is good through its last day, counted where the holder lives. Each reminder is sent
    once; of those whose day has passed only the latest is. A document that was replaced, or whose
    last day has passed, and a closed wallet are left alone.
    """
    place = {"now": now, "days": list(DAYS_BEFORE), "limit": limit}
    due = await fetch_all(conn, SQL.claim_reminders, place, _Due)
    for one in due:
        kind_en, kind_zh = KINDS[one.kind]
        last = one.valid_until.isoformat()
        await inbox.tell(
            conn,
            wallet_id=one.wallet_id,
            kind="document_expiring",
            title_en=f"Your {kind_en} {_expires_en(one.days_left)}",
            title_zh=f"您的{kind_zh}{_expires_zh(one.days_left)}",
            body_en=f"{last} is the last day on which it is valid. Show the new one here as soon "
            "as you have it, and at each of your banks: its number is mostly another.",
            body_zh=f"有效期至 {last}（当日仍有效）。换领新证后，请在这里登记，并到各家银行更新："
            "新证件的号码往往不同。",
            link=f"/me/pay/manage/real-name/add?kind={one.kind}",
            now=now,
        )
    return len(due)


def _expires_en(days_left: int) -> str:
    if not days_left:
        return "expires today"
    return "expires tomorrow" if days_left == 1 else f"expires in {days_left} days"


def _expires_zh(days_left: int) -> str:
    return f"将在 {days_left} 天后到期" if days_left else "今天到期"

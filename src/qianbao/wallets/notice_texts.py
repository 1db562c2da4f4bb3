"""Notices that must not wait until the app is opened, sent to the holder's phone besides.

Here belongs what such a text message says: the notice's headline and where to read on, for a phone
lies about and is passed on. How messages travel is `notices.texts`; which notices go out is said
where they are told.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import Language
from qianbao.keyring import KeyRing
from qianbao.notices.inbox import claim_text
from qianbao.notices.texts import send_text
from qianbao.settings import Settings

SQL = load("qianbao.wallets")

INBOX = "/me/notices"


class _Holder(msgspec.Struct, frozen=True):
    language: Language
    phone_cipher: bytes


async def text_notice(
    conn: Connection,
    keys: KeyRing,
    settings: Settings,
    *,
    wallet_id: str,
    notice_id: str,
    now: datetime,
) -> bool:
    """The job behind a notice that goes out by text message; gives whether it does. Each goes out
    once, and no more than `notice_texts_per_day` a wallet within a day: the rest wait in the inbox.
    A closed wallet's phone is left alone."""
    holder = await fetch_one(conn, SQL.find_texted, {"wallet_id": wallet_id}, _Holder)
    if holder is None:
        return False
    most = settings.notice_texts_per_day
    said = await claim_text(conn, wallet_id=wallet_id, notice_id=notice_id, most=most, now=now)
    if said is None:
        return False
    link = f"{settings.base_url}{INBOX}"
    text = {
        "en": f"Qianbao: {said.title_en}. Read more: {link}",
        "zh": f"【钱包】{said.title_zh}。详情请见：{link}",
    }[holder.language]
    phone = keys.decrypt(holder.phone_cipher, "phone")
    await send_text(conn, keys, phone=phone, text=text, now=now)
    return True

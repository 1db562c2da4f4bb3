"""The phones: every text message that arrived, from the wallet or from a bank."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, load

QUERIES = load("qianbao.banks.sandbox")


class Sms(msgspec.Struct, frozen=True):
    message_id: str
    phone: str
    sender: str
    text: str
    at: datetime


class Phone(msgspec.Struct, frozen=True):
    phone: str
    last_at: datetime
    messages: int


async def receive(
    conn: Connection, *, message_id: str, phone: str, sender: str, text: str, now: datetime
) -> None:
    """The message arrives; a second one under the same id does not."""
    row = {"message_id": message_id, "phone": phone, "sender": sender, "body": text, "now": now}
    await conn.execute(QUERIES.add_sms, row)


async def messages(conn: Connection, phone: str) -> list[Sms]:
    """The phone's last hundred messages, newest first."""
    return await fetch_all(conn, QUERIES.list_sms, {"phone": phone}, Sms)


async def phones(conn: Connection) -> list[Phone]:
    """The phones that have messages, the latest first."""
    return await fetch_all(conn, QUERIES.list_phones, None, Phone)

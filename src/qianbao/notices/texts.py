"""Text messages: written with what they tell about, sent by a job through the gateway.

Phone and text are encrypted at rest, and the job carries only the id.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.jobs import enqueue
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import QianbaoError
from qianbao.http_client import HttpClient, HttpTrouble
from qianbao.ids import new_id
from qianbao.keyring import KeyRing

SQL = load("qianbao.notices")

SENDER = "Qianbao"


class TextUndelivered(QianbaoError):
    code = "text_undelivered"
    status = 502
    retry = True
    en = "The text message could not be handed to the network."
    zh = "短信未能提交给运营商。"
    next_en = "It is tried again by itself; ask for a new one if none arrives in a minute."
    next_zh = "系统会自动重试；一分钟内未收到请重新获取。"


class _Text(msgspec.Struct, frozen=True):
    phone_cipher: bytes
    body_cipher: bytes
    sent_at: datetime | None


async def send_text(
    conn: Connection, keys: KeyRing, *, phone: str, text: str, now: datetime
) -> str:
    """Sends `text` to `phone` (E.164) once this transaction has committed; gives the message's id,
    which the network sees again when a sending is repeated."""
    sms_id = new_id("sms", now)
    await conn.execute(
        SQL.add_text,
        {
            "sms_id": sms_id,
            "phone_cipher": keys.encrypt(phone, "phone"),
            "body_cipher": keys.encrypt(text, "sms"),
            "now": now,
        },
    )
    await enqueue(conn, "send_text", sms_id=sms_id)
    return sms_id


async def deliver_text(
    pool: Pool, keys: KeyRing, http: HttpClient, *, sms_id: str, now: datetime
) -> None:
    """The job `send_text`: hands one message to the gateway, which `http` reaches. A message
    already sent is left alone. Raises `TextUndelivered`."""
    async with pool.connection() as conn:
        found = await fetch_one(conn, SQL.find_text, {"sms_id": sms_id}, _Text)
    if found is None or found.sent_at is not None:
        return
    message = {
        "message_id": sms_id,
        "sender": SENDER,
        "phone": keys.decrypt(found.phone_cipher, "phone"),
        "text": keys.decrypt(found.body_cipher, "sms"),
    }
    try:
        await http.ask("POST", "/sms", msgspec.Raw, message)
    except HttpTrouble as trouble:
        raise TextUndelivered from trouble
    async with pool.connection() as conn:
        await conn.execute(SQL.text_sent, {"sms_id": sms_id, "now": now})

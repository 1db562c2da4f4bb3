"""What merchants are told, in the form of Standard Webhooks.

Here belongs keeping, signing and delivering an event. What an event says belongs to its verb: it
calls `emit` in the same transaction, so nothing is told that did not happen, and nothing that
happened is lost. Where a merchant's events go, and what they are signed with, is `endpoint`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import httpx
import msgspec

from qianbao.db.arrays import texts
from qianbao.db.jobs import enqueue
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.db.statements import Answer, Statements
from qianbao.errors import QianbaoError
from qianbao.ids import id_series
from qianbao.keyring import KeyRing
from qianbao.notices.events import EVENTS, Payload
from qianbao.notices.public_addresses import NotPublic

SQL = load("qianbao.notices")

MOST_SECONDS = 20
"""How long one attempt may take in all, however slowly the answer drips."""

RETRIES = 17
"""How often an event that did not arrive is sent again, each wait twice the one before: the last
attempt is three days after the first."""


class WebhookUndelivered(QianbaoError):
    code = "webhook_undelivered"
    status = 502
    retry = True
    en = "The event did not arrive at the merchant's address: {trouble}."
    zh = "事件通知未送达商户地址：{trouble}。"
    next_en = "It is tried again by itself; check the address if it goes on."
    next_zh = "系统会自动重试；若持续失败，请检查该地址。"


class _Delivery(msgspec.Struct, frozen=True):
    event: str
    payload: dict[str, Any]
    created_at: datetime
    delivered_at: datetime | None
    url: str


class _Answer(msgspec.Struct, frozen=True):
    """The status, when there was an answer; and what was wrong, empty when nothing."""

    status: int | None
    error: str


class Told(msgspec.Struct, frozen=True):
    """An event for a merchant: `event` is one of `EVENTS`, and `payload` says it."""

    merchant_id: str
    event: str
    payload: Payload


async def emit(
    conn: Connection, *, merchant_id: str, event: str, payload: Payload, now: datetime
) -> str | None:
    """Tells the merchant one event. Gives the delivery's id; None when the merchant wants no
    webhooks."""
    statements = Statements(conn)
    added = add_deliveries(statements, [Told(merchant_id, event, payload)], now)
    await statements.answered()
    made = await enqueue_deliveries(conn, added)
    return made[0] if made else None


def add_deliveries(
    statements: Statements, told: Sequence[Told], now: datetime
) -> Answer[tuple[str, str]]:
    """Events for merchants: a statement among others. Gives (merchant, delivery) of those who want
    webhooks; once it is answered, `enqueue_deliveries` has them sent."""
    for one in told:
        if type(one.payload) is not type(EVENTS[one.event].example):
            raise TypeError(f"{one.event} does not say {type(one.payload).__name__}")
    return statements.ask(
        SQL.add_deliveries,
        {
            "merchants": texts([one.merchant_id for one in told]),
            "deliveries": texts(list(islice(id_series("whk", now), len(told)))),
            "events": texts([one.event for one in told]),
            "payloads": texts([msgspec.json.encode(one.payload).decode() for one in told]),
            "now": now,
        },
    )


async def enqueue_deliveries(conn: Connection, added: Answer[tuple[str, str]]) -> list[str]:
    """Sends what `add_deliveries` added, once this transaction has committed; gives the ids."""
    for merchant_id, delivery_id in added.rows:
        await enqueue(conn, "deliver_webhook", merchant_id=merchant_id, delivery_id=delivery_id)
    return [delivery_id for _, delivery_id in added.rows]


async def deliver_webhook(
    pool: Pool,
    keys: KeyRing,
    http: httpx.AsyncClient,
    *,
    merchant_id: str,
    delivery_id: str,
    now: datetime,
    sent_at: datetime,
) -> None:
    """The job `deliver_webhook`: posts one event, signed afresh. `sent_at` is the machine's time,
    which `now` is not in a sandbox whose clock was moved: the merchant's machine compares it with
    its own. Each attempt is counted whatever comes of it. Raises `WebhookUndelivered` unless the
    answer is 2xx; redirects are not followed.
    """
    place = {"merchant_id": merchant_id, "delivery_id": delivery_id}
    async with pool.connection() as conn:
        found = await fetch_one(conn, SQL.find_delivery, place, _Delivery)
        cursor = await conn.execute(SQL.secrets_in_use, place | {"now": now})
        ciphers = [row[0] for row in await cursor.fetchall()]
    if found is None or found.delivered_at is not None:
        return
    secrets = [keys.decrypt(cipher, "webhook") for cipher in ciphers]
    told = body(found.event, found.created_at, found.payload)
    answer = await _post(http, found.url, told, signed_headers(secrets, delivery_id, told, sent_at))
    attempt = {"status": answer.status, "error": answer.error, "now": now}
    async with pool.connection() as conn:
        await conn.execute(SQL.count_delivery, place | attempt)
    if answer.error:
        raise WebhookUndelivered(trouble=f"{answer.error} {answer.status or ''}".strip())


async def _post(
    http: httpx.AsyncClient, url: str, content: bytes, signed: Mapping[str, str]
) -> _Answer:
    """The answer's body is not read: it may have no end."""
    try:
        async with (
            asyncio.timeout(MOST_SECONDS),
            http.stream(
                "POST", url, content=content, headers=dict(signed), follow_redirects=False
            ) as answer,
        ):
            return _Answer(answer.status_code, _trouble(answer))
    except NotPublic:
        return _Answer(None, "address_not_public")
    except (TimeoutError, httpx.TimeoutException):
        return _Answer(None, "timed_out")
    except (httpx.HTTPError, httpx.InvalidURL):
        return _Answer(None, "no_connection")


def _trouble(answer: httpx.Response) -> str:
    if answer.is_success:
        return ""
    return "redirected" if answer.is_redirect else "refused"


def body(event: str, at: datetime, data: Any) -> bytes:
    """What is posted: the same bytes at every attempt, for the time in it is the event's."""
    told = {"type": event, "timestamp": at.isoformat(), "data": data}
    return msgspec.json.encode(told, order="sorted")


def signed_headers(
    secrets: Sequence[str], delivery_id: str, content: bytes, sent_at: datetime
) -> dict[str, str]:
    """What Standard Webhooks puts beside the content: id, time in seconds, and a signature for each
    of the secrets in use, the newest first."""
    seconds = str(int(sent_at.timestamp()))
    signatures = [_signature(secret, delivery_id, seconds, content) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, delivery_id: str, seconds: str, content: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    signed = f"{delivery_id}.{seconds}.".encode() + content
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()

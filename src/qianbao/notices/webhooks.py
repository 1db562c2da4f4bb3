"""What merchants are told, in the form of Standard Webhooks.

Here belongs keeping, signing and delivering an event. What an event says belongs to its verb: it
calls `emit` in the same transaction, so nothing is told that did not happen, and nothing that
happened is lost.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
from psycopg.types.json import Jsonb

from qianbao.db.jobs import enqueue
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.ids import new_id
from qianbao.keyring import KeyRing

SQL = load("qianbao.notices")

MOST_SECONDS = 20
"""How long one attempt may take in all, however slowly the answer drips."""

TOLERANCE = timedelta(minutes=5)
"""How far a delivery's time may be from the receiver's before it is taken for a replay."""


class WebhookUndelivered(QianbaoError):
    code = "webhook_undelivered"
    status = 502
    retry = True
    en = "The merchant's address answered {answer}."
    zh = "商户地址返回 {answer}。"
    next_en = "It is tried again by itself; check the address if it goes on."
    next_zh = "系统会自动重试；若持续失败，请检查该地址。"


class WebhookForged(InvalidInput):
    code = "webhook_forged"
    status = 401
    en = "This delivery is not signed with the webhook secret, or is too old."
    zh = "该通知未用约定密钥签名，或已过时。"
    next_en = "Ignore it; compare the secret and the clock if it should have been real."
    next_zh = "请忽略；如确为真实通知，请核对密钥与时钟。"


class _Delivery(msgspec.Struct, frozen=True):
    event: str
    payload: dict[str, Any]
    created_at: datetime
    delivered_at: datetime | None
    webhook_url: str
    webhook_secret_cipher: bytes | None


def new_secret(entropy: Callable[[int], bytes] = os.urandom) -> str:
    """A secret for one merchant: `whsec_` and base64 of 32 random bytes."""
    return "whsec_" + base64.b64encode(entropy(32)).decode()


async def emit(
    conn: Connection, *, merchant_id: str, event: str, payload: Mapping[str, Any], now: datetime
) -> str | None:
    """Tells the merchant `event` (`payment.paid`, `mandate.ended` …) once this transaction has
    committed. Gives the delivery's id; None when the merchant wants no webhooks."""
    delivery_id = new_id("whk", now)
    cursor = await conn.execute(
        SQL.add_delivery,
        {
            "merchant_id": merchant_id,
            "delivery_id": delivery_id,
            "event": event,
            "payload": Jsonb(dict(payload)),
            "now": now,
        },
    )
    if cursor.rowcount == 0:
        return None
    await enqueue(conn, "deliver_webhook", merchant_id=merchant_id, delivery_id=delivery_id)
    return delivery_id


async def deliver_webhook(
    pool: Pool,
    keys: KeyRing,
    http: httpx.AsyncClient,
    *,
    merchant_id: str,
    delivery_id: str,
    now: datetime,
) -> None:
    """The job `deliver_webhook`: posts one event, signed afresh. Each attempt is counted whatever
    comes of it. Raises `WebhookUndelivered` unless the answer is 2xx; redirects are not followed.
    """
    place = {"merchant_id": merchant_id, "delivery_id": delivery_id}
    async with pool.connection() as conn:
        found = await fetch_one(conn, SQL.find_delivery, place, _Delivery)
    if found is None or found.delivered_at is not None or not found.webhook_url:
        return
    if found.webhook_secret_cipher is None:
        raise ValueError(f"{merchant_id} has a webhook address and no secret")
    secret = keys.decrypt(found.webhook_secret_cipher, "webhook")
    body = _body(found)
    status = await _post(
        http, found.webhook_url, body, signed_headers(secret, delivery_id, body, now)
    )
    arrived = status is not None and 200 <= status < 300
    async with pool.connection() as conn:
        attempt = {"status": status, "arrived": arrived, "now": now}
        await conn.execute(SQL.count_delivery, place | attempt)
    if not arrived:
        raise WebhookUndelivered(answer=status or "–")


async def _post(
    http: httpx.AsyncClient, url: str, body: bytes, signed: Mapping[str, str]
) -> int | None:
    """The answer's status; None when there was none. The answer's body is not read: it may have no
    end."""
    try:
        async with (
            asyncio.timeout(MOST_SECONDS),
            http.stream(
                "POST", url, content=body, headers=dict(signed), follow_redirects=False
            ) as answer,
        ):
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
        return None


def _body(delivery: _Delivery) -> bytes:
    """The same bytes at every attempt: the time in it is the event's."""
    told = {
        "type": delivery.event,
        "timestamp": delivery.created_at.isoformat(),
        "data": delivery.payload,
    }
    return msgspec.json.encode(told, order="sorted")


def signed_headers(secret: str, delivery_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """What Standard Webhooks puts beside the body: id, time in seconds, signature."""
    seconds = str(int(now.timestamp()))
    return {
        "content-type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": seconds,
        "webhook-signature": _signature(secret, delivery_id, seconds, body),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """What a merchant does with a delivery before reading it. Header names are lower case; several
    signatures may stand side by side while a secret is changed. Raises `WebhookForged`."""
    try:
        delivery_id, seconds = headers["webhook-id"], headers["webhook-timestamp"]
        away = abs(now.timestamp() - int(seconds))
        given = headers["webhook-signature"].encode().split()
    except (KeyError, ValueError) as error:
        raise WebhookForged from error
    expected = _signature(secret, delivery_id, seconds, body).encode()
    matches = [hmac.compare_digest(expected, one) for one in given]
    if away > TOLERANCE.total_seconds() or not any(matches):
        raise WebhookForged


def _signature(secret: str, delivery_id: str, seconds: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    signed = f"{delivery_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()

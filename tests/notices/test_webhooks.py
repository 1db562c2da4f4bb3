"""A merchant is told, is not reachable, and cannot be fooled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.notices.webhooks import (
    WebhookForged,
    WebhookUndelivered,
    deliver_webhook,
    emit,
    new_secret,
    signed_headers,
    verify,
)
from tests.notices.wire import Wire

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))
SECRET = new_secret(lambda size: b"s" * size)
URL = "https://noodles.test/hooks"


async def _merchant(pool: Pool, url: str = URL) -> str:
    merchant_id = new_id("mch", NOW)
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO merchants (merchant_id, name_en, name_zh, api_key_hash, webhook_url, "
            "webhook_secret_cipher, created_at) VALUES (%s, 'Noodles', '面馆', %s, %s, %s, %s)",
            (merchant_id, b"hash", url, KEYS.encrypt(SECRET, "webhook"), NOW),
        )
    return merchant_id


async def _emit(pool: Pool, merchant_id: str) -> str | None:
    async with pool.connection() as conn:
        return await emit(
            conn, merchant_id=merchant_id, event="payment.paid",
            payload={"payment_id": "pay_1", "amount_minor": 1250, "名": "面"}, now=NOW,
        )  # fmt: skip


async def _deliver(pool: Pool, wire: Wire, merchant_id: str, delivery_id: str, now=NOW) -> None:
    await deliver_webhook(
        pool, KEYS, wire.http, merchant_id=merchant_id, delivery_id=delivery_id, now=now
    )


async def _row(pool: Pool) -> tuple[object, ...]:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT attempts, last_status, delivered_at FROM webhook_deliveries"
        )
        row = await cursor.fetchone()
    assert row
    return tuple(row)


async def test_the_merchant_gets_a_signed_event_once(pool: Pool) -> None:
    merchant_id, wire = await _merchant(pool), Wire(204)
    delivery_id = await _emit(pool, merchant_id)
    assert delivery_id
    for _ in range(2):
        await _deliver(pool, wire, merchant_id, delivery_id)
    (request,) = wire.arrived
    verify(SECRET, request.headers, request.content, NOW)
    assert request.headers["webhook-id"] == delivery_id
    told = json.loads(request.content)
    assert (told["type"], told["data"]["amount_minor"]) == ("payment.paid", 1250)
    assert await _row(pool) == (1, 204, NOW)


@pytest.mark.parametrize("trouble", [500, 404, 302, None])
async def test_what_did_not_arrive_is_sent_again_the_same(pool: Pool, trouble: int | None) -> None:
    merchant_id, wire = await _merchant(pool), Wire(trouble, 200)
    delivery_id = await _emit(pool, merchant_id)
    assert delivery_id
    with pytest.raises(WebhookUndelivered) as undelivered:
        await _deliver(pool, wire, merchant_id, delivery_id)
    assert undelivered.value.retry
    assert await _row(pool) == (1, trouble, None)
    later = NOW + timedelta(hours=3)
    await _deliver(pool, wire, merchant_id, delivery_id, later)
    assert await _row(pool) == (2, 200, later)
    first, second = wire.arrived
    assert first.content == second.content
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    verify(SECRET, second.headers, second.content, later)


async def test_a_merchant_without_an_address_is_told_nothing(pool: Pool) -> None:
    assert await _emit(pool, await _merchant(pool, url="")) is None
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT (SELECT count(*) FROM webhook_deliveries) + count(*) FROM procrastinate_jobs"
        )
        assert await cursor.fetchone() == (0,)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of the Standard Webhooks specification.
    signed = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC),
    )  # fmt: skip
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_merchant_cannot_be_fooled() -> None:
    body = b'{"type":"payment.paid"}'
    good = signed_headers(SECRET, "whk_1", body, NOW)
    verify(SECRET, good, body, NOW + timedelta(minutes=5))
    both = good | {"webhook-signature": "v1,older " + good["webhook-signature"]}
    verify(SECRET, both, body, NOW)
    forged = [
        (good, body + b" ", NOW),
        (good | {"webhook-id": "whk_2"}, body, NOW),
        (good | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, body, NOW),
        (good | {"webhook-timestamp": "soon"}, body, NOW),
        (good | {"webhook-signature": "v1,é"}, body, NOW),
        ({}, body, NOW),
        (good, body, NOW + timedelta(minutes=5, seconds=1)),
        (good, body, NOW - timedelta(minutes=5, seconds=1)),
    ]
    for headers, sent, now in forged:
        with pytest.raises(WebhookForged):
            verify(SECRET, headers, sent, now)
    with pytest.raises(WebhookForged):
        verify(new_secret(), good, body, NOW)

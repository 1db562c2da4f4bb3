"""A merchant is told, is not reachable, and cannot be fooled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import id_from_key, new_id
from qianbao.keyring import KeyRing
from qianbao.money import Money
from qianbao.notices.endpoint import change_secret, set_webhook
from qianbao.notices.events import PaymentPaid, WebhookTest
from qianbao.notices.webhooks import (
    WebhookUndelivered,
    deliver_webhook,
    emit,
    signed_headers,
)
from tests.notices.wire import Wire

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))
SECRET = "whsec_" + "czNjcmV0" * 5
URL = "https://noodles.test/hooks"
TOLD = PaymentPaid("pay_1", "桌 4", "trf_1", Money(1250), NOW)


def documented() -> dict[str, Any]:
    """What docs/webhooks.md gives merchants' engineers: `verify` and `Forged`."""
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
    (code,) = [part.partition("```")[0] for part in text.split("```python\n")[1:]]
    names: dict[str, Any] = {}
    exec(code, names)
    return names


DOCUMENTED = documented()
verify, Forged = DOCUMENTED["verify"], DOCUMENTED["Forged"]


async def _merchant(pool: Pool, url: str = URL) -> tuple[str, str]:
    """(id, secret)"""
    merchant_id = new_id("mch", NOW)
    async with pool.connection() as conn:
        made = await set_webhook(conn, KEYS, merchant_id=merchant_id, url=url, now=NOW)
    assert made
    return merchant_id, made.secret


async def _emit(pool: Pool, merchant_id: str) -> str:
    async with pool.connection() as conn:
        delivery_id = await emit(
            conn, merchant_id=merchant_id, event="payment.paid", payload=TOLD, now=NOW
        )
    assert delivery_id
    return delivery_id


async def _deliver(pool: Pool, wire: Wire, merchant_id: str, delivery_id: str, now=NOW) -> None:
    await deliver_webhook(
        pool, KEYS, wire.http, merchant_id=merchant_id, delivery_id=delivery_id, now=now,
        sent_at=now,
    )  # fmt: skip


async def _row(pool: Pool) -> tuple[object, ...]:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT attempts, last_status, last_error, delivered_at FROM webhook_deliveries"
        )
        row = await cursor.fetchone()
    assert row
    return tuple(row)


async def test_the_merchant_gets_a_signed_event_once(pool: Pool) -> None:
    (merchant_id, secret), wire = await _merchant(pool), Wire(204)
    delivery_id = await _emit(pool, merchant_id)
    for _ in range(2):
        await _deliver(pool, wire, merchant_id, delivery_id)
    (request,) = wire.arrived
    verify(secret, request.headers, request.content, NOW.timestamp())
    assert request.headers["webhook-id"] == delivery_id
    told = json.loads(request.content)
    assert told == {
        "type": "payment.paid",
        "timestamp": "2026-11-02T02:00:00+00:00",
        "data": {
            "payment_id": "pay_1", "merchant_reference": "桌 4", "transfer_id": "trf_1",
            "amount": {"amount_minor": 1250, "currency": "CNY"}, "at": "2026-11-02T02:00:00Z",
        },
    }  # fmt: skip
    assert await _row(pool) == (1, 204, "", NOW)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [(500, "refused"), (404, "refused"), (302, "redirected"), (None, "no_connection")],
)
async def test_what_did_not_arrive_is_sent_again_the_same(
    pool: Pool, trouble: int | None, why: str
) -> None:
    (merchant_id, secret), wire = await _merchant(pool), Wire(trouble, 200)
    delivery_id = await _emit(pool, merchant_id)
    with pytest.raises(WebhookUndelivered) as undelivered:
        await _deliver(pool, wire, merchant_id, delivery_id)
    assert undelivered.value.retry
    assert await _row(pool) == (1, trouble, why, None)
    later = NOW + timedelta(hours=3)
    await _deliver(pool, wire, merchant_id, delivery_id, later)
    assert await _row(pool) == (2, 200, "", later)
    first, second = wire.arrived
    assert first.content == second.content
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    verify(secret, second.headers, second.content, later.timestamp())


async def test_a_sandbox_whose_clock_was_moved_signs_with_the_machines_time(pool: Pool) -> None:
    (merchant_id, secret), wire = await _merchant(pool), Wire(204)
    delivery_id, real = await _emit(pool, merchant_id), NOW - timedelta(days=90)
    await deliver_webhook(
        pool, KEYS, wire.http, merchant_id=merchant_id, delivery_id=delivery_id, now=NOW,
        sent_at=real,
    )  # fmt: skip
    (request,) = wire.arrived
    verify(secret, request.headers, request.content, real.timestamp())
    assert json.loads(request.content)["timestamp"] == NOW.isoformat()
    assert (await _row(pool))[-1] == NOW


async def test_while_a_secret_is_changed_both_fit(pool: Pool) -> None:
    (merchant_id, old), wire = await _merchant(pool), Wire(204)
    async with pool.connection() as conn:
        made = await change_secret(
            conn, KEYS, merchant_id=merchant_id, secret_id=id_from_key("whs", merchant_id, "a"),
            grace=timedelta(hours=24), now=NOW,
        )  # fmt: skip
    assert made.earlier_ends_at == NOW + timedelta(hours=24)
    for now in (NOW + timedelta(hours=23), NOW + timedelta(hours=25)):
        await _deliver(pool, wire, merchant_id, await _emit(pool, merchant_id), now)
    during, after = wire.arrived
    newest_first = during.headers["webhook-signature"].split()
    assert len(newest_first) == 2
    assert after.headers["webhook-signature"].count(",") == 1
    soon = (NOW + timedelta(hours=23)).timestamp()
    for secret in (old, made.secret):
        verify(secret, during.headers, during.content, soon)
    verify(made.secret, after.headers, after.content, soon + 7200)
    with pytest.raises(Forged):
        verify(old, after.headers, after.content, soon + 7200)


async def test_a_merchant_without_an_address_is_told_nothing(pool: Pool) -> None:
    async with pool.connection() as conn:
        told = await emit(
            conn, merchant_id=new_id("mch", NOW), event="payment.paid", payload=TOLD, now=NOW
        )
        cursor = await conn.execute(
            "SELECT (SELECT count(*) FROM webhook_deliveries) + count(*) FROM procrastinate_jobs"
        )
        assert (told, await cursor.fetchone()) == (None, (0,))


async def test_an_event_says_what_it_is_listed_to_say(pool: Pool) -> None:
    merchant_id, _ = await _merchant(pool)
    async with pool.connection() as conn:
        with pytest.raises(TypeError):
            await emit(
                conn, merchant_id=merchant_id, event="payment.paid", payload=WebhookTest(NOW),
                now=NOW,
            )  # fmt: skip
        with pytest.raises(KeyError):
            await emit(conn, merchant_id=merchant_id, event="tea.cold", payload=TOLD, now=NOW)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of the Standard Webhooks specification.
    signed = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC),
    )  # fmt: skip
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_merchant_cannot_be_fooled() -> None:
    body, at = b'{"type":"payment.paid"}', NOW.timestamp()
    good = signed_headers([SECRET], "whk_1", body, NOW)
    verify(SECRET, good, body, at + 300)
    forged = [
        (good, body + b" ", at),
        (good | {"webhook-id": "whk_2"}, body, at),
        (good | {"webhook-timestamp": str(int(at) + 1)}, body, at),
        (good | {"webhook-timestamp": "soon"}, body, at),
        (good | {"webhook-signature": "v1,é"}, body, at),
        (good | {"webhook-signature": ""}, body, at),
        ({}, body, at),
        (good, body, at + 301),
        (good, body, at - 301),
    ]
    for headers, sent, now in forged:
        with pytest.raises(Forged):
            verify(SECRET, headers, sent, now)
    with pytest.raises(Forged):
        verify("whsec_" + "b3RoZXIh" * 5, good, body, at)

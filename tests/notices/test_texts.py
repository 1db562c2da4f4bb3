"""A text message on its way to Taro."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from qianbao.db.pool import Pool
from qianbao.keyring import KeyRing
from qianbao.notices.texts import TextUndelivered, deliver_text, send_text
from tests.notices.wire import Wire

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))
TARO, TEXT = "+819012345678", "验证码 135790"


async def _send(pool: Pool) -> str:
    async with pool.connection() as conn:
        return await send_text(conn, KEYS, phone=TARO, text=TEXT, now=NOW)


async def test_a_message_is_handed_over_once(pool: Pool) -> None:
    sms_id, wire = await _send(pool), Wire(202)
    for _ in range(2):
        await deliver_text(pool, KEYS, wire.gateway, sms_id=sms_id, now=NOW)
    (request,) = wire.arrived
    assert request.url.path == "/sms"
    body = json.loads(request.content)
    assert (body["message_id"], body["phone"], body["text"]) == (sms_id, TARO, TEXT)


@pytest.mark.parametrize("trouble", [500, 429, None])
async def test_a_message_that_did_not_get_through_is_tried_again(
    pool: Pool, trouble: int | None
) -> None:
    sms_id, wire = await _send(pool), Wire(trouble, 202)
    with pytest.raises(TextUndelivered) as undelivered:
        await deliver_text(pool, KEYS, wire.gateway, sms_id=sms_id, now=NOW)
    assert undelivered.value.retry
    await deliver_text(pool, KEYS, wire.gateway, sms_id=sms_id, now=NOW)
    ids = {json.loads(request.content)["message_id"] for request in wire.arrived}
    assert ids == {sms_id}


async def test_neither_the_job_nor_the_table_tells_phone_or_text(pool: Pool) -> None:
    sms_id = await _send(pool)
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT task_name, args FROM procrastinate_jobs")
        assert await cursor.fetchall() == [("send_text", {"sms_id": sms_id})]
        cursor = await conn.execute("SELECT phone_cipher || body_cipher FROM text_messages")
        row = await cursor.fetchone()
    assert row
    assert b"12345678" not in row[0]
    assert b"135790" not in row[0]


async def test_a_text_of_a_transaction_that_failed_is_never_sent(pool: Pool) -> None:
    async with pool.connection() as conn:
        await send_text(conn, KEYS, phone=TARO, text=TEXT, now=NOW)
        await conn.rollback()
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM procrastinate_jobs")
        assert await cursor.fetchone() == (0,)

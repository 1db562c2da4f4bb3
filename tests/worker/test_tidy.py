"""What the worker tidies by itself."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from qianbao.payments.answers import forget_answers
from qianbao.worker import PERIODIC, until_done
from tests.kit.money import NOW


async def test_however_many_answers_are_old_they_are_forgotten(pool):
    """More than one batch, and what is young stays."""
    async with pool.connection() as conn:
        await conn.execute(
            """INSERT INTO answers (scope, key, request_hash, answer, created_at)
               SELECT 'w', n::text, '', 'null', %s - n * interval '1 hour'
               FROM generate_series(1, 1000) AS n""",
            (NOW,),
        )
    before = NOW - timedelta(hours=100)
    forget = partial(forget_answers, before=before, limit=70)
    assert await until_done(pool, forget) == 900
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*), min(created_at) FROM answers")
        assert await cursor.fetchone() == (100, before)


async def test_what_takes_too_long_goes_on_the_next_time(pool):
    calls = []

    async def step(conn):
        calls.append(conn)
        return 1

    assert await until_done(pool, step, seconds=0.2) == len(calls) > 1


def test_paid_orders_are_finished_within_a_minute():
    cron, _ = PERIODIC["finish_collected"]
    assert cron == "* * * * *"

"""Jobs of a worker that was killed."""

from __future__ import annotations

import procrastinate

from qianbao.db.jobs import enqueue
from qianbao.worker import take_up_abandoned


async def test_a_killed_workers_jobs_are_taken_up(pool, database_url):
    """Nothing that was enqueued is lost; what waits once more already is not doubled."""
    async with pool.connection() as conn:
        await enqueue(conn, "ask_bank", once="ask_bank ord", wallet_id="w", order_id="ord")
        await enqueue(conn, "end_agreement", wallet_id="w", card_id="c")
        # What a worker leaves that was killed: its job under way, itself marked dead.
        await conn.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        await enqueue(conn, "ask_bank", once="ask_bank ord", wallet_id="w", order_id="ord")
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=database_url))
    async with app.open_async():
        assert await take_up_abandoned(app) == 2
        assert await take_up_abandoned(app) == 0
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id"
        )
        found = await cursor.fetchall()
    assert found == [("ask_bank", "failed"), ("end_agreement", "todo"), ("ask_bank", "todo")]

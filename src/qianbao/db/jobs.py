"""The outbox: work that must happen after a commit is enqueued inside that very transaction.

Rooms enqueue by name; `qianbao.worker` says which verb each name calls. Arguments are ids, never
secrets: the job table is readable by whoever reads the database.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import procrastinate

from qianbao.db.queries import Connection

# Never opened: jobs are deferred on the caller's connection, the worker brings its own connector.
_outbox = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def enqueue(
    conn: Connection, task: str, *, after: timedelta | None = None, once: str = "", **ids: str
) -> None:
    """Runs `task` with `ids` once this transaction has committed, or `after` that much real time.
    With `once`, a job still waiting under the same word is left as it is."""
    schedule = {"seconds": after.total_seconds()} if after else None
    deferrer = _outbox.configure_task(
        name=task,
        connection=conn,
        queueing_lock=once or None,
        schedule_in=schedule,
    )
    with suppress(procrastinate.exceptions.AlreadyEnqueued):
        async with conn.transaction():  # a savepoint: the refused insert must not end the caller's
            await deferrer.defer_async(**ids)


_TOLD_BY_DATE = ("tell_holders", "remind_of_expiry")


async def tell_what_today_brings(conn: Connection) -> None:
    """Has people told what a day brings, for whoever moves the clock and need not wait for the hour
    at which these jobs run by themselves."""
    for task in _TOLD_BY_DATE:
        await enqueue(conn, task, once=task)

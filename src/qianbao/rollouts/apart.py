"""Keeping one failure apart: what fails of one policy or wallet does not silence the others.

What failed is undone to where it began, logged as an error, and written to the audit, where
operators see it; whoever calls goes on. Not here: what is done (`tell`), and when it is tried
again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import structlog

from qianbao.db.queries import Connection
from qianbao.rollouts.operators import SWEEP, audit

log = structlog.get_logger(__name__)

Done = TypeVar("Done")


async def apart(conn: Connection, verb: Callable[[], Awaitable[Done]], what: str) -> Done | None:
    """What `verb` gives; None when it failed, with nothing of it done. A lost connection is
    nobody's failure in particular, and raised."""
    try:
        async with conn.transaction():
            return await verb()
    except Exception as error:
        if conn.closed or conn.broken:
            raise
        log.exception("failed_apart", what=what, error=type(error).__name__)
        return None


async def record_failure(
    conn: Connection, *, policy: str, version: int, now: datetime, wallet_ids: tuple[str, ...] = ()
) -> None:
    """Shows operators that holders could not be told of `policy`: these, or nobody at all."""
    detail = {"version": version, "wallets": list(wallet_ids)}
    await audit(
        conn, operator=SWEEP, action="policy.telling_failed", subject=policy, now=now, detail=detail
    )

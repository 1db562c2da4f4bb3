"""All that money touches, as one text for each table: what was refused leaves it as it was."""

from __future__ import annotations

from qianbao.db.pool import Pool

TABLES = (
    "accounts", "transfers", "entries", "holds", "chains", "batches", "answers", "wallets",
    "people", "merchants", "payments", "refunds", "bank_orders", "mandates",
    "score_orders", "webhook_deliveries", "procrastinate_jobs",
)  # fmt: skip
"""Not `decisions` and `step_ups`: that a request was refused, or waits, is written down."""


async def fingerprint(pool: Pool) -> dict[str, str]:
    """A digest of each table's rows."""
    parts = ", ".join(
        f"(SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t)"
        for table in TABLES
    )
    async with pool.connection() as conn:
        row = await (await conn.execute(f"SELECT {parts}".encode())).fetchone()
    assert row is not None
    return dict(zip(TABLES, row, strict=True))

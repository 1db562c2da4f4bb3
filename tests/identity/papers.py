"""The documents of this folder's people, and wallets to bring them to."""

from __future__ import annotations

from datetime import UTC, date, datetime

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.identity.documents import Document, DocumentSubmission, show_document
from qianbao.identity.mrz import write_td3
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.names import from_fields
from qianbao.wallets.opening import mark_closed, open_wallet

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))


def passport(
    surname: str = "MUELLER",
    given: str = "ANNA MARIA",
    *,
    number: str = "C01X00T47",
    born: date = date(1990, 4, 12),
    valid_until: date = date(2031, 5, 1),
    country: str = "D",
    sex: str = "F",
) -> DocumentSubmission:
    """A passport by its two lines; Anna's, if nothing else is said."""
    lines = write_td3(
        from_fields(surname, given), number=number, issuing_country=country, nationality=country,
        birth_date=born, sex=sex, valid_until=valid_until,
    )  # fmt: skip
    return DocumentSubmission(kind="passport", mrz="\n".join(lines))


async def a_wallet(pool: Pool, phone: str = "+8613800138001") -> str:
    """The id of a new wallet."""
    wallet_id = new_id("wal", NOW)
    async with pool.connection() as conn:
        assert await open_wallet(
            conn, KEYS, wallet_id=wallet_id, phone=phone, pin_hash="-", language="en", now=NOW
        )
    return wallet_id


async def bring(
    pool: Pool, wallet_id: str, submission: DocumentSubmission, now: datetime = NOW
) -> Document:
    """The document is submitted under a fresh id."""
    return await show_document(
        pool, KEYS, wallet_id=wallet_id, document_id=new_id("doc", now), submission=submission,
        now=now,
    )  # fmt: skip


async def close(pool: Pool, wallet_id: str) -> None:
    """The wallet is closed."""
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=wallet_id, now=NOW)


async def a_bank_confirms(pool: Pool) -> None:
    """A bank has confirmed the holder of every wallet there is."""
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET verified_at = %s", (NOW,))


async def identity_of(conn: Connection, wallet_id: str) -> tuple[object, ...]:
    """person, residency, kind, valid until, as the wallet has them."""
    cursor = await conn.execute(
        "SELECT person_id, residency, document_kind, document_valid_until FROM wallets "
        "WHERE wallet_id = %s",
        (wallet_id,),
    )
    row = await cursor.fetchone()
    assert row
    return tuple(row)

"""What the stories of mandates, Pay Score and leaving start from: open wallets, merchants with a
webhook, and money posted straight to the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection

from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.ledger import Transfer, main_account, open_account, open_book, write_book
from qianbao.mandates import Plan, approve_plan
from qianbao.money import Money
from qianbao.notices.endpoint import set_webhook
from qianbao.payments.merchants import add_merchant
from qianbao.wallets.opening import open_wallet

Connection = AsyncConnection[Any]

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))
ANNA, BEN, TARO = "+8613800138001", "+8613800138002", "+8613800138003"
BANK = "bank:ICBC"
FREE_MINOR = 100_000


async def a_wallet(conn: Connection, phone: str = ANNA, now: datetime = NOW) -> str:
    """The id of a fresh, open wallet."""
    wallet_id = new_id("wal", now)
    opened = await open_wallet(
        conn, KEYS, wallet_id=wallet_id, phone=phone, pin_hash="-", language="en", now=now
    )
    assert opened
    return wallet_id


async def a_merchant(
    conn: Connection, name_en: str = "Didi", name_zh: str = "滴滴出行", now: datetime = NOW
) -> str:
    """The id of a merchant who wants webhooks."""
    merchant_id = new_id("mch", now)
    await add_merchant(
        conn, merchant_id=merchant_id, name_en=name_en, name_zh=name_zh, api_key=merchant_id,
        now=now,
    )  # fmt: skip
    await set_webhook(conn, KEYS, merchant_id=merchant_id, url="https://didi.test/hook", now=now)
    return merchant_id


async def a_plan(conn: Connection, merchant_id: str, plan_id: str = "rides") -> Plan:
    """A plan of at most 200.00 a charge."""
    return await approve_plan(
        conn, merchant_id=merchant_id, plan_id=plan_id, title_en="Rides without asking",
        title_zh="免密打车", per_charge=Money(20_000), most_minor=50_000, now=NOW,
    )  # fmt: skip


async def move(
    conn: Connection,
    kind: str,
    debit: str,
    credit: str,
    amount_minor: int,
    now: datetime = NOW,
    *,
    reference: str = "",
    note: str = "",
) -> str:
    """Money from one owner's account to another's, posted; banks may go below zero."""
    for owner in (debit, credit):
        if not owner.startswith(("wal_", "mch_")):
            await open_account(
                conn, owner_id=owner, account_id="CNY", kind="outside", currency="CNY",
                overdraft=True, now=now,
            )  # fmt: skip
    keys = main_account(debit), main_account(credit)
    book = await open_book(conn, keys, now=now)
    transfer_id = book.transfer(Transfer(kind, *keys, amount_minor, now, reference, note))
    await write_book(conn, book)
    return transfer_id


async def facts(conn: Connection, wallet_id: str) -> dict[str, Any]:
    """The wallet's columns that rules read."""
    cursor = await conn.execute(
        "SELECT status, mandates_active, pay_score_on, score_orders_open, facts_changed_at "
        "FROM wallets WHERE wallet_id = %s",
        (wallet_id,),
    )
    row = await cursor.fetchone()
    assert row is not None
    return dict(zip([column.name for column in cursor.description or ()], row, strict=True))


async def events(conn: Connection, merchant_id: str) -> list[str]:
    """What the merchant was told, in order."""
    cursor = await conn.execute(
        "SELECT event FROM webhook_deliveries WHERE merchant_id = %s ORDER BY delivery_id",
        (merchant_id,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def notices(conn: Connection, wallet_id: str) -> list[str]:
    """The kinds of what the holder was told, in order."""
    cursor = await conn.execute(
        "SELECT kind FROM notices WHERE wallet_id = %s ORDER BY notice_id", (wallet_id,)
    )
    return [row[0] for row in await cursor.fetchall()]

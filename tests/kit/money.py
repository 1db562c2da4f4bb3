"""Wallets, merchants and a clearing loop for tests about money: no banks, no screens."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from qianbao.db.pool import Pool
from qianbao.ids import id_from_key
from qianbao.keyring import KeyRing
from qianbao.ledger import Transfer, main_account, open_account, open_book, write_book
from qianbao.payments.bank_orders import FEES
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from qianbao.payments.merchants import add_merchant
from qianbao.policy.policies import Policy, load_pack
from qianbao.settings import Settings
from qianbao.wallets.opening import open_wallet

NOW = datetime(2026, 12, 20, 1, 0, tzinfo=UTC)
KEYS = KeyRing(b"k" * 32)
SHOP = "mch_0000000000greenteahs"


AGREED = tuple(policy for policy in load_pack() if not policy.name.startswith("daily-"))
"""The shipped rules for a holder with whom another sum a day was agreed on (domain.md 1.2): for
stories about a year's limit, and for large sums."""


class Hand:
    """A clock in the test's hand."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Moves on by a timedelta's arguments."""
        self.at += timedelta(**by)


def wallet_of(name: str) -> str:
    """The wallet id of one of the test's people."""
    return id_from_key("wal", "test", name)


async def add_wallet(
    pool: Pool,
    name: str,
    *,
    balance_minor: int = 0,
    banks: tuple[str, ...] = ("ICBC", "BOC"),
    evidence: tuple[str, ...] = ("immigration", "mobile_operator"),
    verified_days_ago: int = 200,
    currency: str = "CNY",
    time_zone: str = "Asia/Shanghai",
    now: datetime = NOW,
) -> str:
    """A verified foreigner's wallet with `balance_minor` in it, from nowhere: the ledger's mint.
    Verified by a residence permit: a foreign passport has limits of its own."""
    wallet_id = wallet_of(name)
    person_id = id_from_key("per", "test", name)
    phone = f"+86138{int.from_bytes(sha256(name.encode()).digest()) % 10**8:08d}"
    before = now - timedelta(days=verified_days_ago)
    async with pool.connection() as conn:
        await open_wallet(
            conn, KEYS, wallet_id=wallet_id, phone=phone, pin_hash="-", language="en",
            currency=currency, now=before,
        )  # fmt: skip
        await conn.execute("INSERT INTO people VALUES (%s, 0, %s)", (person_id, before))
        await conn.execute(
            """UPDATE wallets SET person_id = %s, residency = 'foreign',
               document_kind = 'permanent_residence', document_valid_until = %s,
               card_banks = %s, evidence = %s, verified_at = %s,
               data_confirmed_at = %s, time_zone = %s WHERE wallet_id = %s""",
            (person_id, date(2031, 1, 1), list(banks), list(evidence), before, now, time_zone,
             wallet_id),
        )  # fmt: skip
        for number, bank in enumerate(banks):
            await conn.execute(
                """INSERT INTO cards (wallet_id, card_id, bank, last_four, fingerprint, name_form,
                   phone_tail, document_id, state, agreement_cipher, created_at, linked_at)
                   VALUES (%s, %s, %s, '1234', %s, 'X', '1234', 'doc', 'linked', %s, %s, %s)""",
                (
                    wallet_id,
                    id_from_key("crd", name, str(number)),
                    bank,
                    os.urandom(32),
                    KEYS.encrypt(f"agreement-{name}-{number}", "agreement"),
                    before,
                    before,
                ),
            )
        if balance_minor:
            await mint(conn, wallet_id, balance_minor, before, currency)
    return wallet_id


async def mint(
    conn: Any, owner_id: str, amount_minor: int, now: datetime, currency: str = "CNY"
) -> None:
    """Money from the outside, as a bank would bring it."""
    await open_account(
        conn, owner_id="bank:MINT", account_id=currency, kind="bank", currency=currency,
        overdraft=True, now=now,
    )  # fmt: skip
    keys = [main_account("bank:MINT", currency), main_account(owner_id, currency)]
    book = await open_book(conn, keys, now=now)
    book.transfer(Transfer("top_up", *keys, amount_minor, now))
    await write_book(conn, book)


async def add_shop(pool: Pool, merchant_id: str = SHOP, currency: str = "CNY") -> str:
    """A merchant with an account, and the banks' and the fees' in that currency."""
    async with pool.connection() as conn:
        await add_merchant(
            conn, merchant_id=merchant_id, name_en="Green Tea House", name_zh="绿茶馆",
            api_key=merchant_id, currency=currency, now=NOW,
        )  # fmt: skip
        for owner in ("bank:ICBC", "bank:BOC", FEES):
            await open_account(
                conn, owner_id=owner, account_id=currency, kind="bank", currency=currency,
                overdraft=owner != FEES, now=NOW,
            )  # fmt: skip
    return merchant_id


@asynccontextmanager
async def clearing(
    pool: Pool, clock: Hand, policies: tuple[Policy, ...] | None = None, **settings: Any
) -> AsyncIterator[Clearing]:
    """A clearing loop with the shipped pack, or `policies`."""
    in_force = load_pack() if policies is None else policies

    async def current(_: object) -> tuple[Policy, ...]:
        return in_force

    loop = Clearing(pool, KINDS, lambda _: current, Settings(**settings), clock)
    loop.start()
    try:
        yield loop
    finally:
        await loop.stop()


async def balances(pool: Pool, *owners: str) -> list[tuple[int, int]]:
    """(balance, held) of owners' main accounts."""
    found = []
    async with pool.connection() as conn:
        for owner in owners:
            cursor = await conn.execute(
                "SELECT balance_minor, held_minor FROM accounts WHERE owner_id = %s", (owner,)
            )
            row = await cursor.fetchone()
            assert row is not None
            found.append((row[0], row[1]))
    return found

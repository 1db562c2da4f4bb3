"""What a bench runs on: a server of its own, wallets with money, and a clearing loop."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg import AsyncConnection

from qianbao.clock import system_clock
from qianbao.db import embedded
from qianbao.db.migrate import migrate
from qianbao.db.pool import Pool, open_pool
from qianbao.ids import id_from_key
from qianbao.installation import prepare
from qianbao.ledger import (
    Book,
    Transfer,
    lock_accounts,
    main_account,
    open_account,
    write_book,
)
from qianbao.money import Money
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from qianbao.payments.transfer import SendMoney
from qianbao.rollouts.in_force import PoliciesInForce
from qianbao.settings import Settings

EACH_MINOR = 1_000_000_00
OPENED = datetime(2026, 1, 1, tzinfo=UTC)


class Shape(msgspec.Struct, frozen=True):
    """What is asked for: so many wallets, transfers, and how uneven the receivers are."""

    accounts: int
    transfers: int
    batch: int
    concurrency: int
    hot_share: float
    seed: int = 1


class World(msgspec.Struct, frozen=True):
    """A database with wallets in it, and what works on it."""

    url: str
    pool: Pool
    clearing: Clearing
    wallets: list[str]


@contextmanager
def server(own_url: str) -> Iterator[str]:
    """The address of an empty database: on `own_url`'s server, or on a durable embedded one that
    goes away afterwards."""
    if own_url:
        yield embedded.create_database(own_url, f"qianbao_bench_{random.getrandbits(32):08x}")
        return
    with tempfile.TemporaryDirectory(prefix="qianbao-bench-") as folder:
        Path(folder).chmod(0o711)
        started = embedded.start(Path(folder) / "postgresql", durable=True)
        try:
            yield embedded.create_database(started.url, "qianbao_bench")
        finally:
            embedded.end(started)


@asynccontextmanager
async def world(url: str, shape: Shape, settings: Settings) -> AsyncIterator[World]:
    """Migrates, opens the wallets, and runs a clearing loop with rules and idempotency on."""
    await migrate(url)
    wallets = [id_from_key("wal", "bench", str(number)) for number in range(shape.accounts)]
    async with await AsyncConnection.connect(url) as conn:
        await prepare(conn, now=OPENED)
        await _open_all(conn, wallets)
    async with await AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute("VACUUM ANALYZE")
    pool = await open_pool(url, size=settings.database_pool_size)
    policies = PoliciesInForce()
    clearing = Clearing(pool, KINDS, policies.current, settings, system_clock)
    try:
        yield World(url, pool, clearing, wallets)
    finally:
        await pool.close()


async def _open_all(conn: AsyncConnection[Any], wallets: list[str]) -> None:
    """Verified Category III wallets, so that no limit ends the run, with money from one bank."""
    row = {
        "wallets": wallets,
        "now": OPENED,
        "until": date(2099, 1, 1),
        "banks": ["ICBC", "BOC", "CCB"],
        "evidence": ["immigration", "mobile_operator"],
    }
    await conn.execute(_WALLETS, row)
    await conn.execute(_COUNTERS, row)
    async with conn.pipeline():
        for wallet in wallets:
            await open_account(
                conn, owner_id=wallet, account_id="CNY", kind="wallet", currency="CNY", now=OPENED
            )
    bank = main_account("bank:ICBC")
    book = Book(await lock_accounts(conn, [bank, *map(main_account, wallets)]))
    for wallet in wallets:
        transfer_id = id_from_key("trf", "bench", wallet)
        given = Transfer(transfer_id, "top_up", bank, main_account(wallet), EACH_MINOR, OPENED)
        book.transfer(given, OPENED)
    await write_book(conn, book, OPENED)


_WALLETS = b"""
INSERT INTO wallets (wallet_id, phone_index, phone_cipher, phone_tail, pin_hash, opened_at,
    residency, document_kind, document_valid_until, evidence, verified_at, card_banks, bucket,
    facts_changed_at)
SELECT w, convert_to(w, 'UTF8'), '', '0000', '-', %(now)s, 'foreign', 'passport', %(until)s,
    %(evidence)s, %(now)s, %(banks)s, 0, %(now)s
FROM unnest(%(wallets)s::text[]) AS w
"""
_COUNTERS = b"""
INSERT INTO wallet_counters (wallet_id, day, year)
SELECT w, '2026-01-01', 2026 FROM unnest(%(wallets)s::text[]) AS w
"""


def requests(shape: Shape, wallets: list[str]) -> list[SendMoney]:
    """Transfers between random wallets; a `hot_share` of them goes to one and the same wallet."""
    chance = random.Random(shape.seed)  # noqa: S311 - a bench wants the same dice each time
    hot = wallets[0]
    made = []
    for number in range(shape.transfers):
        sender, receiver = chance.sample(wallets, 2)
        if chance.random() < shape.hot_share and sender != hot:
            receiver = hot
        made.append(SendMoney(sender, f"bench-{number}", receiver, Money(1 + number % 100)))
    return made


def run(work: Any) -> Any:
    """Runs a coroutine on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)

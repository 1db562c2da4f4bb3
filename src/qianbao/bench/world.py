"""What a bench runs on: a server of its own, and wallets with money."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.errors import InsufficientPrivilege

from qianbao.db import embedded
from qianbao.db.migrate import migrate
from qianbao.db.queries import Connection
from qianbao.ids import id_from_key
from qianbao.installation import prepare
from qianbao.keyring import new_token
from qianbao.ledger import Transfer, main_account, open_account, open_book, write_book
from qianbao.payments.merchants import add_merchant

EACH_MINOR = 1_000_000_00
"""What every wallet begins with, so that nobody runs out."""
MERCHANTS = 100
BANK = "bank:ICBC"
LOG_FILES = 64
"""Of 16 MB each: `min_wal_size`."""

Done = TypeVar("Done")


class World(msgspec.Struct, frozen=True):
    """A database with wallets in it; merchants' API keys by their ids."""

    url: str
    wallets: list[str]
    merchants: dict[str, str]


@contextmanager
def server(own_url: str, *, log_files: int = 0) -> Iterator[str]:
    """The address of an empty database: on `own_url`'s server, where it stays, or on a durable
    embedded one that goes away afterwards, with `log_files` to write over."""
    if own_url:
        yield embedded.create_database(own_url, f"qianbao_bench_{random.getrandbits(32):08x}")
        return
    with tempfile.TemporaryDirectory(prefix="qianbao-bench-") as folder:
        Path(folder).chmod(0o711)
        started = embedded.start(Path(folder) / "postgresql", durable=True)
        try:
            _keep_log_files(started.url, log_files)
            yield embedded.create_database(started.url, "qianbao_bench")
        finally:
            embedded.end(started)


def _keep_log_files(url: str, number: int) -> None:
    """As docs/hosting.md advises, and as on a server that has run for a while: there are files for
    the write-ahead log to be written over. A new server makes each when it is needed, 16 MB of
    zeros and a sync, in which nothing commits."""
    with psycopg.connect(url, autocommit=True) as conn:
        for setting in (b"min_wal_size = '1GB'", b"max_wal_size = '4GB'"):
            conn.execute(b"ALTER SYSTEM SET " + setting)
        conn.execute("SELECT pg_reload_conf()")
        for _ in range(number):
            conn.execute("SELECT pg_logical_emit_message(false, 'qianbao', ''), pg_switch_wal()")
        conn.execute("CHECKPOINT")


async def world(url: str, accounts: int, opened: datetime) -> World:
    """Migrates, and opens the wallets and merchants."""
    await migrate(url)
    wallets = [id_from_key("wal", "bench", str(number)) for number in range(accounts)]
    merchants = {id_from_key("mch", "bench", str(n)): new_token() for n in range(MERCHANTS)}
    async with await AsyncConnection.connect(url) as conn:
        await prepare(conn, now=opened)
        for merchant_id, api_key in merchants.items():
            await add_merchant(
                conn, merchant_id=merchant_id, name_en="A shop", name_zh="商店", api_key=api_key,
                now=opened,
            )  # fmt: skip
        await _open_wallets(conn, wallets, opened)
    await tidy(url)
    return World(url, wallets, merchants)


async def tidy(url: str) -> None:
    """What the server would do some time later, so that it does not do it while it is measured."""
    async with await AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute("VACUUM ANALYZE")
        with suppress(InsufficientPrivilege):  # somebody else's server
            await conn.execute("CHECKPOINT")


async def _open_wallets(conn: Connection, wallets: list[str], opened: datetime) -> None:
    """Verified Category III wallets, so that no limit ends the run, with money from one bank."""
    row = {
        "wallets": wallets,
        "now": opened,
        "until": date(2099, 1, 1),
        "banks": ["ICBC", "BOC", "CCB"],
        "evidence": ["immigration", "mobile_operator"],
    }
    await conn.execute(_WALLETS, row)
    async with conn.pipeline():
        for wallet in wallets:
            await open_account(
                conn, owner_id=wallet, account_id="CNY", kind="wallet", currency="CNY", now=opened
            )
    bank = main_account(BANK)
    book = await open_book(conn, [bank, *map(main_account, wallets)], now=opened)
    for wallet in wallets:
        book.transfer(Transfer("top_up", bank, main_account(wallet), EACH_MINOR, opened))
    await write_book(conn, book)


_WALLETS = b"""
INSERT INTO wallets (wallet_id, phone_index, phone_cipher, phone_tail, pin_hash, opened_at,
    residency, document_kind, document_valid_until, evidence, verified_at, card_banks, bucket,
    facts_changed_at, data_confirmed_at)
SELECT w, convert_to(w, 'UTF8'), '', '0000', '-', %(now)s, 'foreign', 'passport', %(until)s,
    %(evidence)s, %(now)s, %(banks)s, 0, %(now)s, %(now)s
FROM unnest(%(wallets)s::text[]) AS w
"""


def run(work: Coroutine[Any, Any, Done]) -> Done:
    """Runs a coroutine on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)

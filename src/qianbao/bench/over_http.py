"""The real app on loopback, and a client that asks it for payments over keep-alive connections.

The app is `qianbao serve`, a process of its own. The client is this process: one asyncio protocol a
connection on uvloop, requests written beforehand as bytes, answers read no further than their
status and length. A payment is a merchant's charge under a mandate, the route that moves money
without a PIN: checking a PIN (argon2, slow on purpose) would be nearly all that is measured.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

import msgspec
from psycopg import AsyncConnection

from qianbao import processes
from qianbao.bench.shape import Wanted
from qianbao.bench.world import World
from qianbao.ids import id_from_key
from qianbao.keyring import new_master_key, new_token
from qianbao.settings import Settings

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_CPU = re.compile(rb"^process_cpu_seconds_total ([0-9.e+]+)", re.MULTILINE)


class Answer(msgspec.Struct, frozen=True):
    """An HTTP status and what came with it."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio calls this."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio calls this."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the app hung up"))

    def data_received(self, data: bytes) -> None:
        """asyncio calls this, with a part of an answer or all of it."""
        self._seen += data
        end = self._seen.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._seen, 0, end + 2)
        if length is None:
            raise ConnectionError("an answer without a length")
        if len(self._seen) < end + 4 + int(length[1]):
            return
        assert self._waiting is not None
        answer = Answer(int(self._seen[9:12]), self._seen[end + 4 :])
        self._seen = b""
        self._waiting.set_result(answer)

    async def ask(self, request: bytes) -> Answer:
        """The answer to `request`. Raises `ConnectionError`."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    async def charge(self, request: bytes) -> int:
        """Asks for a payment; 1 when it is refused."""
        return int((await self.ask(request)).status != 201)

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def connections(url: str, clearing_batch: int, count: int) -> AsyncIterator[list[Connection]]:
    """Starts the app on the database at `url`, and connects to it."""
    with tempfile.TemporaryDirectory(prefix="qianbao-bench-") as folder:
        settings = Settings(
            database_url=url,
            data_folder=folder,
            port=processes.free_port(),
            master_key=new_master_key(),
            bank_url="http://127.0.0.1:9",  # no payment here talks to a bank
            bank_token=new_token(),
            clearing_batch=clearing_batch,
        )
        app = processes.start("app", "serve", settings, Path(folder))
        try:
            await asyncio.to_thread(processes.wait_until_ready, app, f"{settings.base_url}/readyz")
            async with AsyncExitStack() as open_ones:
                made = []
                for _ in range(count):
                    one = await _connect(settings)
                    open_ones.callback(one.close)
                    made.append(one)
                yield made
        finally:
            processes.end([app])


async def _connect(settings: Settings) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, settings.host, settings.port)
    return connection


async def cpu_seconds(connection: Connection) -> float | None:
    """What the app's process has used so far, as its metrics say; None where they do not."""
    answer = await connection.ask(b"GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n")
    found = _CPU.search(answer.body)
    return float(found[1]) if found else None


async def sign_mandates(url: str, payments: Sequence[Wanted], now: datetime) -> None:
    """A mandate for each payer and payee that meet."""
    pairs = sorted({(one.payer, one.payee) for one in payments})
    async with await AsyncConnection.connect(url) as conn:
        signed = {
            "wallets": [payer for payer, _ in pairs],
            "merchants": [payee for _, payee in pairs],
            "mandates": [_mandate(payer, payee) for payer, payee in pairs],
            "now": now,
        }
        await conn.execute(_MANDATES, signed)
        await conn.execute(_COUNTED)


def charges(world: World, payments: Sequence[Wanted]) -> list[bytes]:
    """Each payment as the bytes of its request."""
    return [_request(one, world.merchants[one.payee]) for one in payments]


def _request(one: Wanted, api_key: str) -> bytes:
    body = msgspec.json.encode(
        {
            "amount": {"amount_minor": one.amount_minor, "currency": "CNY"},
            "merchant_reference": one.key,
            "description": "A month of tea",
        }
    )
    head = (
        f"POST /v1/merchant/mandates/{_mandate(one.payer, one.payee)}/charges HTTP/1.1\r\n"
        f"Host: bench\r\nAuthorization: Bearer {api_key}\r\nIdempotency-Key: {one.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _mandate(payer: str, payee: str) -> str:
    return id_from_key("man", payer, payee)


_MANDATES = b"""
INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en, title_zh,
    per_charge_minor, currency, state, signed_at)
SELECT wallet, mandate, merchant, 'pln_bench', 'Tea', 'Tea', 50000, 'CNY', 'active', %(now)s
FROM unnest(%(wallets)s::text[], %(merchants)s::text[], %(mandates)s::text[])
    AS m (wallet, merchant, mandate)
"""
_COUNTED = b"""
UPDATE wallets w SET mandates_active = m.number
FROM (SELECT wallet_id, count(*) AS number FROM mandates GROUP BY wallet_id) m
WHERE m.wallet_id = w.wallet_id
"""

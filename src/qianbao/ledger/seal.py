"""Sealing: every batch of transfers becomes a link of a hash chain.

A link's digest is SHA-256 over the digest before it, the chain's name and the link's number, and
the batch's transfers as `canonical` writes them. So a transfer that is changed, taken out, put in
or moved later on shows, as does a batch that is: `proof` recomputes all of it.

There are several chains, so that processes that clear at once do not queue for one: each takes a
chain that is free. Which transfers belong to a link needs no column: their ids begin alike
(`ids.id_series`), in the order in which they were applied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg import AsyncCursor

from qianbao.db.queries import Connection, ask
from qianbao.ledger.accounts import sql

NAME_LENGTH = len("trf_") + 16
"""How much of a transfer's id names its batch."""


class Chain(msgspec.Struct, frozen=True):
    """A chain as this transaction holds it: how many links it has, and the last one's digest."""

    chain: int
    links: int
    head: bytes


async def ask_chain(conn: Connection) -> AsyncCursor[Chain]:
    """A chain that nobody else holds, locked until this transaction ends."""
    return await ask(conn, sql.lock_chain, None, Chain)


async def take_chain(conn: Connection) -> Chain:
    """As `ask_chain`; when every chain is held, the first is waited for."""
    return await chain_of(conn, await ask_chain(conn))


async def chain_of(conn: Connection, asked: AsyncCursor[Chain]) -> Chain:
    """The chain that was asked for, or the first one when all were held at that moment."""
    chain = await asked.fetchone()
    if chain is None:
        chain = await (await ask(conn, sql.wait_for_chain, None, Chain)).fetchone()
    assert chain is not None, "migrations make the chains"
    return chain


def canonical(transfers: Sequence[tuple[object, ...]]) -> bytes:
    """A batch's transfers as bytes: JSON without spaces, UTF-8, an array of arrays in the order of
    the table's columns; moments are microseconds since the year 2000, UTC."""
    return msgspec.json.encode(transfers)


def link(chain: int, number: int, before: bytes, transfers: bytes) -> bytes:
    """The digest of link `number` of `chain`, after the digest `before`."""
    start = b"%s\0%d\0%d\0" % (before, chain, number)
    return hashlib.sha256(start + transfers).digest()


async def seal(
    conn: Connection, chain: Chain, transfers: Sequence[tuple[object, ...]], now: datetime
) -> None:
    """Adds a link for `transfers`, rows as they were written, all of one batch."""
    number = chain.links + 1
    await conn.execute(
        sql.seal,
        {
            "name": str(transfers[0][0])[:NAME_LENGTH],
            "chain": chain.chain,
            "number": number,
            "transfers": len(transfers),
            "digest": link(chain.chain, number, chain.head, canonical(transfers)),
            "now": now,
        },
    )

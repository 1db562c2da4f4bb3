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

from qianbao.db.queries import Connection
from qianbao.db.statements import Answer, Statements
from qianbao.ledger.accounts import sql

NAME_LENGTH = len("trf_") + 16
"""How much of a transfer's id names its batch."""


class Chain(msgspec.Struct, frozen=True):
    """A chain as this transaction holds it: how many links it has, and the last one's digest."""

    chain: int
    links: int
    head: bytes


def ask_chain(statements: Statements) -> Answer[Chain]:
    """A chain that nobody else holds, locked until this transaction ends."""
    return statements.ask(sql.lock_chain, shape=Chain)


async def take_chain(conn: Connection) -> Chain:
    """As `ask_chain`; when every chain is held, the first is waited for."""
    statements = Statements(conn)
    asked = ask_chain(statements)
    await statements.answered()
    return await chain_of(conn, asked)


async def chain_of(conn: Connection, asked: Answer[Chain]) -> Chain:
    """The chain that was asked for, or the first one when all were held at that moment."""
    if asked.first is None:
        statements = Statements(conn)
        asked = statements.ask(sql.wait_for_chain, shape=Chain)
        await statements.answered()
    assert asked.first is not None, "migrations make the chains"
    return asked.first


def canonical(transfers: Sequence[tuple[object, ...]]) -> bytes:
    """A batch's transfers as bytes: JSON without spaces, UTF-8, an array of arrays in the order of
    the table's columns; moments are microseconds since the year 2000, UTC."""
    return msgspec.json.encode(transfers)


def link(chain: int, number: int, before: bytes, transfers: bytes) -> bytes:
    """The digest of link `number` of `chain`, after the digest `before`."""
    start = b"%s\0%d\0%d\0" % (before, chain, number)
    return hashlib.sha256(start + transfers).digest()


def seal(
    statements: Statements, chain: Chain, transfers: Sequence[tuple[object, ...]], now: datetime
) -> None:
    """Adds a link for `transfers`, rows as they were written, all of one batch."""
    number = chain.links + 1
    statements.ask(
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

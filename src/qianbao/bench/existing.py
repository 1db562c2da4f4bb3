"""Past years of a ledger, made at once: transfers, entries and answers that are simply there.

A *round* is a transfer by each wallet to the one `step` places on, so that everybody pays once and
is paid once, the same amount: each balance ends where it began, and every running balance on the
way is known without reading anything. A few statements therefore write 100,000 transfers as the
clearing loop would have left them, their link of the chain included: `qianbao ledger verify` finds
nothing wrong, and a test says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from qianbao.bench.world import tidy
from qianbao.db.arrays import moment
from qianbao.db.queries import Connection
from qianbao.ids import id_series
from qianbao.ledger.accounts import sql
from qianbao.ledger.seal import NAME_LENGTH, link, take_chain

_BATCH = 100_000


class _Part(msgspec.Struct, frozen=True):
    """What one transaction writes: so many rounds of the first `ring` wallets."""

    ring: int
    rounds: int


def _parts(wallets: int, transfers: int) -> Iterator[_Part]:
    """Whole rounds first, then one of fewer wallets for what is left over; a single transfer left
    over is left out, since it would bring no balance back."""
    rounds, rest = divmod(transfers, wallets)
    most = max(1, _BATCH // wallets)
    while rounds > 0:
        yield _Part(wallets, min(most, rounds))
        rounds -= most
    if rest > 1:
        yield _Part(rest, 1)


async def add_existing(
    url: str,
    wallets: list[str],
    transfers: int,
    since: datetime,
    until: datetime,
    tell: Callable[[int], object],
) -> None:
    """Adds `transfers` transfers between `wallets`, written between the two moments."""
    if not transfers:
        return
    parts, done = list(_parts(len(wallets), transfers)), 0
    async with (
        await AsyncConnection.connect(url) as conn,
        await AsyncConnection.connect(url) as other,  # a second process of the server's
    ):
        for one in (conn, other):
            await one.execute("SET synchronous_commit = off")  # only while filling
            await one.execute(_RING, {"wallets": wallets})
        for number, part in enumerate(parts):
            at = since + (until - since) * number / len(parts)
            name = next(id_series("trf", at))[:NAME_LENGTH]
            place = {
                "name": name,
                "last": name + "~",
                "ring": part.ring,
                "rounds": part.rounds,
                "number": number,
                "at": at,
                "moment": moment(at),
            }
            await asyncio.gather(_add_transfers(conn, place), _add_entries(other, place))
            done += part.ring * part.rounds
            tell(done)
    await tidy(url)


async def _add_transfers(conn: Connection, place: dict[str, Any]) -> None:
    chain = await take_chain(conn)
    await conn.execute(_TRANSFERS, place)
    await conn.execute(_ANSWERS, place)
    row = await (await conn.cursor(binary=True).execute(_CANONICAL, place)).fetchone()
    assert row is not None
    number = chain.links + 1
    sealed = {
        "name": place["name"],
        "chain": chain.chain,
        "number": number,
        "transfers": place["ring"] * place["rounds"],
        "digest": link(chain.chain, number, chain.head, row[0].encode()),
        "now": place["at"],
    }
    await conn.execute(sql.seal, sealed)
    await conn.commit()


async def _add_entries(conn: Connection, place: dict[str, Any]) -> None:
    await conn.execute(_ENTRIES, place)
    await conn.execute(_ACCOUNTS, place)
    await conn.commit()


_RING = b"""
CREATE TEMPORARY TABLE ring ON COMMIT PRESERVE ROWS AS
SELECT place::int - 1 AS place, wallet
FROM unnest(%(wallets)s::text[]) WITH ORDINALITY AS w (wallet, place)
"""

_ROUNDS = b"""
WITH rounds AS (
    SELECT round, 1 + (%(number)s * 104729 + round * 7919) %% (%(ring)s - 1) AS step,
        1 + (%(number)s + round) %% 100 AS amount
    FROM generate_series(0, %(rounds)s - 1) AS round
), turns AS (
    SELECT r.round, r.amount, w.wallet, next.wallet AS payee, before.wallet AS payer,
        r.round * %(ring)s + w.place AS pays,
        r.round * %(ring)s + (w.place - r.step + %(ring)s) %% %(ring)s AS is_paid
    FROM rounds r
    JOIN ring w ON w.place < %(ring)s
    JOIN ring next ON next.place = (w.place + r.step) %% %(ring)s
    JOIN ring before ON before.place = (w.place - r.step + %(ring)s) %% %(ring)s
)
"""
"""Each wallet in each round: whom it pays and who pays it, and the places of both transfers."""


def _id(place: bytes) -> bytes:
    """The id of a place in the batch, as `ids.id_series` counts: four letters of five bits."""
    letters = b"'0123456789abcdefghjkmnpqrstvwxyz'"
    each = [b"substr(%s, (%s >> %d & 31) + 1, 1)" % (letters, place, n) for n in (15, 10, 5, 0)]
    return b"%(name)s || " + b" || ".join(each)


_TRANSFERS = (
    b"""INSERT INTO transfers (transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id,
    credit_account_id, amount_minor, currency, event_at, created_at)"""
    + _ROUNDS
    + b"SELECT "
    + _id(b"pays")
    + b""", 'transfer', wallet, 'CNY', payee, 'CNY', amount, 'CNY', %(at)s, %(at)s
FROM turns ORDER BY pays"""
)
_ENTRIES = (
    b"""INSERT INTO entries (owner_id, account_id, sequence, transfer_id, kind, counterparty_id,
    amount_minor, balance_after_minor, event_at, created_at)"""
    + _ROUNDS
    + b"""SELECT owner_id, account_id, entry_count + 2 * round
        + CASE WHEN own = least(pays, is_paid) THEN 1 ELSE 2 END AS sequence, """
    + _id(b"own")
    + b""", 'transfer', counterparty, change,
    balance_minor + CASE WHEN own = least(pays, is_paid) THEN change ELSE 0 END, %(at)s, %(at)s
FROM turns
JOIN accounts ON owner_id = wallet AND account_id = 'CNY'
CROSS JOIN LATERAL (VALUES (pays, payee, -amount), (is_paid, payer, amount))
    AS entry (own, counterparty, change)
ORDER BY owner_id, account_id, sequence"""
)
_ANSWERS = b"""
INSERT INTO answers (scope, key, request_hash, answer, created_at)
SELECT debit_owner_id, gen_random_uuid()::text, sha256(transfer_id::bytea),
    '{"transfer_id":"' || transfer_id || '","amount":{"amount_minor":' || amount_minor
        || ',"currency":"CNY"},"balance_minor":100000000,"at":"2026-01-01T00:00:00.000000Z"}',
    created_at
FROM transfers WHERE transfer_id > %(name)s AND transfer_id < %(last)s ORDER BY transfer_id
"""
_ACCOUNTS = b"""
UPDATE accounts SET entry_count = entry_count + 2 * %(rounds)s, changed_at = %(at)s
FROM ring WHERE place < %(ring)s AND owner_id = wallet AND account_id = 'CNY'
"""
_CANONICAL = b"""
SELECT '[' || string_agg(
    '["' || concat_ws('","', transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id,
        credit_account_id) || '",' || amount_minor || ',"' || concat_ws('","', currency, reference,
        note) || '",' || %(moment)s || ',' || %(moment)s || ']', ',' ORDER BY transfer_id) || ']'
FROM transfers WHERE transfer_id > %(name)s AND transfer_id < %(last)s
"""
"""What `ledger.seal.canonical` gives: nothing in these rows needs escaping."""

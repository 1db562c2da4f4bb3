"""Walking the chains: each batch's transfers read again and digested, each link against the last.

The transfers come by binary COPY in the order of their ids, which is the order of the batches'
names, so a page of batches and their transfers are read side by side.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import msgspec

from qianbao.db.queries import Connection, fetch_all
from qianbao.ledger.accounts import sql
from qianbao.ledger.seal import NAME_LENGTH, canonical, link

_PAGE = 500
"""Batches read at a time."""
_TYPES = (*["text"] * 6, "int8", *["text"] * 3, "int8", "int8")

Found = tuple[Literal["batch", "transfer"], str, str, str]
"""What is broken, its row, what was expected, what was found."""


class _Link(msgspec.Struct, frozen=True):
    """A batch, with the digest of the link before it; None when that one is not there."""

    name: str
    chain: int
    number: int
    transfers: int
    digest: bytes
    before: bytes | None


async def broken_links(conn: Connection, tell: Callable[[int], object]) -> AsyncIterator[Found]:
    """Every batch whose transfers do not give its digest, and every transfer of no batch. `tell`
    hears how many transfers have been read."""
    last, done = "", 0
    while True:
        page = await fetch_all(conn, sql.proof_links, {"after": last, "limit": _PAGE}, _Link)
        end = page[-1].name + "~" if len(page) == _PAGE else None
        links = {one.name: one for one in page}
        async for name, transfers in _batches(conn, last + "~" if last else "", end):
            done += len(transfers)
            for found in _compare(links.pop(name, None), transfers):
                yield found
        for one in links.values():
            yield ("batch", one.name, f"{one.transfers} transfers", "none")
        tell(done)
        if len(page) < _PAGE:
            return
        last = page[-1].name


def _compare(one: _Link | None, transfers: list[tuple[Any, ...]]) -> list[Found]:
    first = str(transfers[0][0])
    if one is None:
        return [("transfer", first, "a sealed batch", "none")]
    if one.transfers != len(transfers):
        return [("batch", one.name, f"{one.transfers} transfers", f"{len(transfers)}")]
    if one.before is None:
        return [("batch", one.name, f"link {one.number - 1} of chain {one.chain}", "none")]
    digest = link(one.chain, one.number, one.before, canonical(transfers))
    if digest != one.digest:
        return [("batch", one.name, f"digest {digest.hex()}", one.digest.hex())]
    return []


async def _batches(
    conn: Connection, after: str, until: str | None
) -> AsyncIterator[tuple[str, list[tuple[Any, ...]]]]:
    """Transfers whose ids are between, or to the end, batch by batch."""
    kept: list[tuple[Any, ...]] = []
    between = {"after": after, "until": until}
    async with conn.cursor() as cursor, cursor.copy(sql.proof_copy, between) as copy:
        copy.set_types(_TYPES)
        async for row in copy.rows():
            if kept and kept[0][0][:NAME_LENGTH] != row[0][:NAME_LENGTH]:
                yield kept[0][0][:NAME_LENGTH], kept
                kept = []
            kept.append(row)
    if kept:
        yield kept[0][0][:NAME_LENGTH], kept


class _Chain(msgspec.Struct, frozen=True):
    chain: int
    links: int
    head: bytes
    found: int
    highest: int
    last: bytes


async def broken_chains(conn: Connection) -> list[tuple[str, str, str]]:
    """Chains that say another number of links, or another last digest, than their batches."""
    broken = []
    for chain in await fetch_all(conn, sql.proof_chains, None, _Chain):
        if not chain.links == chain.found == chain.highest:
            found = f"{chain.found}, the last numbered {chain.highest}"
            broken.append((str(chain.chain), f"{chain.links} links", found))
        elif chain.head != chain.last:
            broken.append((str(chain.chain), f"head {chain.head.hex()}", chain.last.hex()))
    return broken

"""Statements sent together: more than a socket takes at once, too."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from qianbao.db.arrays import bytes_of, integers, moment, moments, texts
from qianbao.db.statements import Statements
from tests.kit.money import NOW

NO_NUL = st.characters(blacklist_characters="\0", blacklist_categories=("Cs",))


async def test_more_than_a_socket_takes_does_not_hang(pool):
    """Committing before everything is sent, the client waits for the server and the server for
    the client, for ever."""
    big = texts(["a much longer text than an id has" * 10] * 20_000)
    async with asyncio.timeout(20), pool.connection() as conn:
        await conn.execute("CREATE TEMPORARY TABLE kept (line text)")
        statements = Statements(conn)
        for _ in range(4):
            statements.ask(b"INSERT INTO kept SELECT unnest(%b::text[])", [big])
        await statements.answered(commit=True)
        row = await (await conn.execute("SELECT count(*) FROM kept")).fetchone()
    assert row[0] == 80_000


async def test_columns_arrive_as_they_were(pool):
    async with pool.connection() as conn:
        row = await (
            await conn.execute(
                "SELECT %b::text[], %b::text[], %b::bytea[], %b::bigint[], %b::timestamptz[]",
                [
                    texts([]),
                    texts(["é", "", "王小明"]),
                    bytes_of([b"\0", b""]),
                    integers([-1, 2**62]),
                    moments([moment(NOW)]),
                ],
            )
        ).fetchone()
    assert row == ([], ["é", "", "王小明"], [b"\0", b""], [-1, 2**62], [NOW])


@given(st.lists(st.text(NO_NUL, max_size=5), max_size=6))
def test_texts_of_one_length_are_written_like_any(values):
    """The short way for ids and the long way give the same bytes."""
    padded = [*values, "x" * 200]
    alone, beside = texts(values).data, texts(padded).data
    assert alone[20:] == beside[20 : len(beside) - 204] or not values

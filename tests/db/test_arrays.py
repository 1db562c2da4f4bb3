"""Columns written by hand arrive as PostgreSQL's own would."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from qianbao.db.arrays import bytes_of, copy_rows, integers, moment, moments, texts

WORDS = st.one_of(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
    # Of one length, as ids are: at the edges of what one byte can count, and beyond ASCII.
    st.sampled_from([0, 1, 31, 32, 127, 128, 255, 256]).flatmap(
        lambda size: st.lists(st.text("ab\x01\x1f\x7fé茶", min_size=size, max_size=size))
    ),
)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
NUMBERS = st.integers(-(2**63), 2**63 - 1)


def test_arrays_arrive_as_they_were(database_url):
    runner = asyncio.Runner()
    conn = runner.run(AsyncConnection.connect(database_url))

    @settings(deadline=None, max_examples=200)
    @given(WORDS, st.lists(st.binary()), st.lists(NUMBERS), st.lists(MOMENTS))
    def sent(words, octets, numbers, times):
        async def back():
            columns = [texts(words), bytes_of(octets), integers(numbers),
                       moments([moment(at) for at in times])]  # fmt: skip
            cursor = await conn.execute(
                b"SELECT %b::text[], %b::bytea[], %b::bigint[], %b::timestamptz[]", columns
            )
            return await cursor.fetchone()

        assert runner.run(back()) == (words, octets, numbers, times)

    try:
        runner.run(conn.execute("SET TIME ZONE 'UTC'"))
        sent()
    finally:
        runner.run(conn.close())
        runner.close()


async def test_copied_rows_arrive_as_they_were(conn):
    await conn.execute(
        "CREATE TEMP TABLE tea (name text, leaf bytea, price bigint, at timestamptz)"
    )
    now = datetime(2026, 12, 20, 1, 2, 3, 456789, tzinfo=UTC)
    rows = [
        (name, name.encode(), number, now - timedelta(microseconds=number))
        for number, name in enumerate(["", "茶", "a" * 200, "\u0001"], -2)
    ]
    written = [(*row[:3], moment(row[3])) for row in rows]
    types = ("text", "bytea", "bigint", "timestamptz")
    await copy_rows(conn, b"COPY tea FROM STDIN (FORMAT binary)", types, written)
    assert await (await conn.execute("SELECT * FROM tea ORDER BY price")).fetchall() == rows

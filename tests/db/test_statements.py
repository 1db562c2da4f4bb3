"""Statements sent together: more than a socket takes at once, too."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import OperationalError
from psycopg.errors import UniqueViolation
from psycopg.pq import TransactionStatus

from qianbao.db.arrays import bytes_of, days, integers, moment, moments, texts
from qianbao.db.statements import Statements
from tests.kit.money import NOW

DAYS = [date(1999, 12, 31), date(2026, 11, 22)]
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


async def test_the_first_that_fails_is_named_and_nothing_after_it_happens(pool):
    async with pool.connection() as conn:
        await conn.execute("CREATE TEMPORARY TABLE kept (line int PRIMARY KEY)")
        await conn.commit()
        statements = Statements(conn)
        statements.ask(b"INSERT INTO kept VALUES (%s)", [1])
        statements.ask(b"INSERT INTO kept VALUES (%s)", [1])
        statements.ask(b"SELECT no_such_column")
        with pytest.raises(UniqueViolation):
            await statements.answered(commit=True)
        await conn.rollback()
        again = Statements(conn)
        kept = again.ask(b"SELECT count(*) FROM kept")
        again.ask(b"INSERT INTO kept VALUES (%s)", [1])
        await again.answered(commit=True)
        assert kept.first == (0,)


async def test_what_was_prepared_outlives_a_rollback(pool):
    """A verb that refuses rolls back; psycopg would then drop what is prepared, ours with it."""
    async with pool.connection() as conn:
        for number in range(20):
            statements = Statements(conn)
            found = statements.ask(b"SELECT %(number)s::int + 1", {"number": number})
            await statements.answered()
            assert found.rows == [(number + 1,)]
            for _ in range(6):
                await conn.execute("SELECT 1")
            await conn.rollback()


async def test_a_plan_made_while_a_table_was_small_looks_keys_up(pool):
    """Until the table is analysed again, a minute later, the plan stays as it is."""
    find = b"SELECT k.line FROM unnest(%s::int[]) AS n (line) JOIN kept k USING (line)"
    async with pool.connection() as conn:
        await conn.execute("CREATE TEMPORARY TABLE kept (line int PRIMARY KEY)")
        await conn.execute("INSERT INTO kept VALUES (1)")
        await conn.execute("ANALYZE kept")
        await conn.commit()
        for _ in range(10):  # after five of its own, a statement keeps one plan
            statements = Statements(conn)
            statements.ask(find, [[1]])
            await statements.answered(commit=True)
        named = await conn.execute(
            "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%JOIN kept%'"
            " AND generic_plans > 0"
        )
        (name,) = await named.fetchone()
        plan = await (await conn.execute(f"EXPLAIN EXECUTE {name} ('{{1}}')")).fetchall()
    assert any("Index" in line for (line,) in plan), plan


async def test_a_name_that_comes_again_is_one_parameter(pool):
    async with pool.connection() as conn:
        statements = Statements(conn)
        found = statements.ask(
            b"SELECT %(a)s::int %% 3, %(b)s::text, %(a)s::int", {"a": 5, "b": "é"}
        )
        await statements.answered()
        assert found.rows == [(2, "é", 5)]


async def test_alone_they_leave_no_transaction_open(pool):
    async with pool.connection() as conn:
        statements = Statements(conn, alone=True)
        statements.ask(b"SELECT 1")
        await statements.answered()
        assert conn.info.transaction_status == TransactionStatus.IDLE


async def test_a_lost_connection_is_an_operational_error(pool):
    async with pool.connection() as conn, pool.connection() as other:
        statements = Statements(conn)
        statements.ask(b"SELECT pg_sleep(300)")
        await statements.sent()
        await other.execute("SELECT pg_terminate_backend(%s)", (conn.info.backend_pid,))
        with pytest.raises(OperationalError):
            await statements.answered()


@pytest.mark.parametrize("sleeping", ["in the server", "here"])
async def test_who_is_cancelled_on_the_way_leaves_a_pool_that_works(pool, sleeping):
    """What has been sent and not been answered leaves its connection of no use."""

    async def on_the_way() -> None:
        async with pool.connection() as conn:
            statements = Statements(conn)
            statements.ask(b"SELECT pg_sleep(%s)", [300.0 if sleeping == "in the server" else 0.0])
            await statements.sent()
            if sleeping == "here":
                await asyncio.sleep(300)
            await statements.answered()

    async with asyncio.timeout(60):
        task = asyncio.create_task(on_the_way())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(12):
            async with pool.connection() as conn:
                statements = Statements(conn)
                found = statements.ask(b"SELECT 1")
                await statements.answered(commit=True)
                assert found.rows == [(1,)]


async def test_columns_arrive_as_they_were(pool):
    async with pool.connection() as conn:
        row = await (
            await conn.execute(
                "SELECT %b::text[], %b::text[], %b::bytea[], %b::bigint[], %b::timestamptz[],"
                " %b::date[]",
                [
                    texts([]),
                    texts(["é", "", "王小明"]),
                    bytes_of([b"\0", b""]),
                    integers([-1, 2**62]),
                    moments([moment(NOW)]),
                    days(DAYS),
                ],
            )
        ).fetchone()
    assert row == ([], ["é", "", "王小明"], [b"\0", b""], [-1, 2**62], [NOW], DAYS)


@given(st.lists(st.text(NO_NUL, max_size=5), max_size=6))
def test_texts_of_one_length_are_written_like_any(values):
    """The short way for ids and the long way give the same bytes."""
    padded = [*values, "x" * 200]
    alone, beside = texts(values).data, texts(padded).data
    assert alone[20:] == beside[20 : len(beside) - 204] or not values

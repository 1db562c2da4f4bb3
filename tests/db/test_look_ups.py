"""Look-ups that are wanted at once: each gets its own answer, whoever asks beside it."""

from __future__ import annotations

import asyncio

import pytest
from psycopg.errors import UndefinedTable

from qianbao.db.arrays import integers
from qianbao.db.look_ups import LookUp, LookUps, one_by_one

SQUARE = LookUp(
    b"""SELECT n.place, n.number * n.number
    FROM unnest(%(numbers)b::bigint[]) WITH ORDINALITY AS n (number, place)
    WHERE n.number >= 0 ORDER BY n.number DESC""",
    lambda keys: {"numbers": integers([number for (number,) in keys])},
    int,
)
BROKEN = LookUp(b"SELECT n.place FROM nowhere n", lambda _: {}, int)


async def test_everybody_gets_their_own(pool):
    """In any order, the same key twice, and one that there is not."""
    asked = [3, 1, -7, 3, 20]
    look_ups = LookUps(pool)
    found = await asyncio.gather(*(look_ups.find(SQUARE, (number,)) for number in asked))
    assert found == [9, 1, None, 9, 400]
    async with pool.connection() as conn:
        assert [await one_by_one(conn)(SQUARE, (number,)) for number in asked] == found


async def test_those_wanted_while_others_are_on_their_way_come_next(pool):
    look_ups = LookUps(pool)
    first = asyncio.create_task(look_ups.find(SQUARE, (2,)))
    await asyncio.sleep(0)
    assert await look_ups.find(SQUARE, (5,)) == 25
    assert await first == 4
    assert await look_ups.find(SQUARE, (6,)) == 36


async def test_a_failure_reaches_who_waits_and_no_later_one(pool):
    look_ups = LookUps(pool)
    with pytest.raises(UndefinedTable):
        await look_ups.find(BROKEN, ())
    assert await look_ups.find(SQUARE, (2,)) == 4


async def test_who_goes_away_is_not_waited_for(pool):
    look_ups = LookUps(pool)
    gone = asyncio.create_task(look_ups.find(SQUARE, (2,)))
    beside = asyncio.create_task(look_ups.find(SQUARE, (3,)))
    await asyncio.sleep(0)
    gone.cancel()
    assert await beside == 9

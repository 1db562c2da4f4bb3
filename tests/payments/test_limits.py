"""Limits: by the day, by the year and for life, counted where the holder lives, to the moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from qianbao.ids import id_from_key
from qianbao.money import Money
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.top_up import TopUp
from qianbao.payments.transfer import SendMoney, send
from qianbao.payments.withdraw import Withdraw
from qianbao.policy.policies import load_pack, load_policy
from tests.kit.money import AGREED, NOW, Hand, add_shop, add_wallet, clearing, wallet_of
from tests.payments.story import act_out, outcome_of

STORIES = {
    "the year ends at midnight in Shanghai": """
        wallet Anna 200001.00
        wallet Taro 0.00
        time 2026-12-31 00:00:00 Asia/Shanghai
        send Anna Taro 100000.01 a          -> blocked_by_policy
        send Anna Taro 99999.99 a           -> done
        time 2026-12-31 23:59:59 Asia/Shanghai
        send Anna Taro 0.02 b               -> blocked_by_policy
        send Anna Taro 0.01 b               -> done
        send Anna Taro 0.01 c               -> blocked_by_policy
        time 2027-01-01 00:00:00 Asia/Shanghai
        send Anna Taro 100000.01 c          -> blocked_by_policy
        send Anna Taro 0.01 c               -> done
        send Anna Taro 99999.99 d           -> done
        send Anna Taro 0.01 e               -> blocked_by_policy
        = Anna 1.00  Taro 200000.00
        """,
    "the year ends later in Berlin, and later still in New York": """
        wallet Anna 100001.00 zone=Europe/Berlin
        wallet Ben 100001.00 zone=America/New_York
        wallet Taro 0.00
        time 2026-12-31 12:00:00 Asia/Shanghai
        send Anna Taro 100000.00 a          -> done
        send Ben Taro 100000.00 a           -> done
        time 2027-01-01 00:00:00 Asia/Shanghai
        send Anna Taro 0.01 b               -> blocked_by_policy
        time 2026-12-31 23:59:59 Europe/Berlin
        send Anna Taro 0.01 b               -> blocked_by_policy
        time 2027-01-01 00:00:00 Europe/Berlin
        send Anna Taro 0.01 b               -> done
        send Ben Taro 0.01 b                -> blocked_by_policy
        time 2026-12-31 23:59:59 America/New_York
        send Ben Taro 0.01 b                -> blocked_by_policy
        time 2027-01-01 00:00:00 America/New_York
        send Ben Taro 0.01 b                -> done
        """,
    "what is refused does not count, and a refund does not give the year back": """
        shop
        wallet Anna 200000.00
        ask tea 60000.00                    -> done
        pay Anna tea 60000.00 a             -> done
        send Anna nobody 40000.01 b         -> blocked_by_policy
        send Anna nobody 40000.00 b         -> receiver_cannot_receive
        refund r1 tea 60000.00              -> done
        ask car 40000.00                    -> done
        pay Anna car 40000.00 c             -> done
        ask jam 0.01                        -> done
        pay Anna jam 0.01 d                 -> blocked_by_policy
        = Anna 160000.00  shop 40000.00
        """,
    "withdrawing does not count for the year": """
        shop
        wallet Anna 150000.00
        wallet Taro 0.00
        withdraw Anna 0 40000.00 w          -> done
        bank w settled                      -> done
        send Anna Taro 100000.00 a          -> done
        send Anna Taro 0.01 b               -> blocked_by_policy
        withdraw Anna 0 all x               -> done
        """,
    "Category I: 1,000 for life, withdrawals counted, and a new year changes nothing": """
        shop
        wallet Ben 2000.00 banks=BOC registers=0
        wallet Taro 0.00
        send Ben Taro 600.00 a              -> done
        withdraw Ben 0 500.00 w             -> done
        send Ben Taro 0.01 b                -> blocked_by_policy
        bank w refused                      -> done    # gives back what it had counted
        send Ben Taro 100.00 b              -> done
        withdraw Ben 0 300.00 x             -> done
        bank x settled                      -> done
        send Ben Taro 0.01 c                -> blocked_by_policy
        time 2027-01-02 00:00:00 Asia/Shanghai
        send Ben Taro 0.01 c                -> blocked_by_policy
        withdraw Ben 0 all y                -> done    # one's own money is never kept in
        bank y settled                      -> done
        = Ben 0.00/0.00
        """,
    "what is free of fee is for life": """
        shop
        wallet Anna 5000.00
        withdraw Anna 0 600.00 a            -> done fee 0.00 free 600.00
        withdraw Anna 0 600.00 b            -> done fee 0.20 free 400.00
        bank b refused                      -> done
        withdraw Anna 0 399.99 c            -> done fee 0.00 free 399.99
        time 2027-01-01 00:00:00 Asia/Shanghai
        withdraw Anna 0 1.00 d              -> done fee 0.10 free 0.01
        bank a refused                      -> done
        withdraw Anna 0 600.00 e            -> done fee 0.00 free 600.00
        withdraw Anna 0 1.00 f              -> done fee 0.10 free 0.00
        """,
    "a limit of a day": """
        wallet Anna 300.00 zone=Europe/Berlin
        wallet Taro 300.00
        time 2026-12-20 23:59:59 Europe/Berlin
        send Anna Taro 100.00 a             -> done
        send Anna Taro 0.01 b               -> blocked_by_policy
        time 2026-12-21 00:00:00 Europe/Berlin
        send Anna Taro 60.00 b              -> done
        send Taro Anna 100.00 a             -> done    # what comes in counts for nobody's day
        send Anna Taro 40.01 c              -> blocked_by_policy
        send Anna Taro 40.00 c              -> done
        """,
}

A_DAY = """
policy: a-day
version: 1
title: {en: A hundred a day, zh: 每日一百}
basis: PBOC
limit: {fact: paid_today_minor, at_most_minor: 10000}
otherwise: {block: [pay, transfer]}
"""


def rule(requires: str, block: str):
    """A rule of this test's own, in force for ever."""
    return load_policy(
        f"policy: own\nversion: 1\ntitle: {{en: Own, zh: 自}}\nbasis: test\n"
        f"requires: {requires}\notherwise: {{block: [{block}]}}\n"
    )


@pytest.mark.parametrize("name", STORIES)
async def test_story(pool, name):
    own = (load_policy(A_DAY),) if name.endswith("of a day") else AGREED
    await act_out(pool, STORIES[name], policies=own)


async def test_two_banks_bites_at_midnight(pool):
    """The day before, one bank is enough; on the day, the refusal says everything, and withdrawing
    stays free."""
    anna = await add_wallet(pool, "Anna", balance_minor=3200_00, banks=("ICBC",))
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    clock = Hand()
    clock.at = clock.at.replace(year=2027, month=1, day=14, hour=15, minute=59)  # 23:59 in Shanghai
    async with clearing(pool, clock) as loop:
        await send(loop, SendMoney(anna, "a", taro, Money(1_00)))
        clock.move(minutes=1)
        with pytest.raises(BlockedByPolicy) as refusal:
            await send(loop, SendMoney(anna, "b", taro, Money(1_00)))
        [reason] = refusal.value.decision.reasons
        assert reason.policy == "two-banks"
        leaf = reason.compared.leaves()[0]
        assert (leaf.fact, leaf.actual) == ("linked_banks", 1)
        codes = [[step.action for step in way.steps] for way in refusal.value.ways_out]
        assert any("link_card" in steps and "close_wallet" not in steps for steps in codes)
        assert any("close_wallet" in steps and "reopen_wallet" in steps for steps in codes)
        card = id_from_key("crd", "Anna", "0")
        order = await loop.submit(Withdraw(anna, "c", "ord_c", card, None))
        assert order.amount_minor + order.fee_minor == 3199_00
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT wallet_id, capability, outcome FROM decisions")
        assert (anna, "transfer", "blocked") in await cursor.fetchall()


async def test_a_clock_that_is_behind_starts_no_day_again(pool):
    """At midnight one process is a second behind: what the other has counted is not forgotten."""
    anna = await add_wallet(pool, "Anna", balance_minor=300_00)
    taro = await add_wallet(pool, "Taro")
    midnight = NOW.replace(hour=16, minute=0, second=0)
    ahead, behind = Hand(midnight), Hand(midnight - timedelta(seconds=1))
    own = (load_policy(A_DAY),)
    async with clearing(pool, ahead, own) as one, clearing(pool, behind, own) as two:
        assert await outcome_of(send(one, SendMoney(anna, "a", taro, Money(60_00)))) == "done"
        assert await outcome_of(send(two, SendMoney(anna, "b", taro, Money(40_00)))) == "done"
        over = await outcome_of(send(one, SendMoney(anna, "c", taro, Money(1))))
        assert over == "blocked_by_policy"


async def test_a_batch_that_waits_over_midnight_sees_one_day(pool):
    """Its facts are read before midnight and decided on after: not the new day with old sums."""
    anna = await add_wallet(pool, "Anna", balance_minor=300_000_00)
    taro = await add_wallet(pool, "Taro")
    turn = NOW.replace(month=12, day=31, hour=16, minute=0, second=0)

    class Turning(Hand):
        def __call__(self):
            self.at += timedelta(milliseconds=100)  # each look at it is a tenth of a second later
            return self.at

    clock = Turning(turn - timedelta(hours=1))
    async with clearing(pool, clock, AGREED) as loop:
        await send(loop, SendMoney(anna, "a", taro, Money(100_000_00)))
        clock.at = turn - timedelta(milliseconds=150)
        outcome = await outcome_of(send(loop, SendMoney(anna, "b", taro, Money(1))))
    async with pool.connection() as conn:
        cursor = await conn.execute(
            """SELECT facts ->> 'today', facts ->> 'paid_this_year_minor' FROM decisions
               WHERE outcome = 'blocked' ORDER BY at"""
        )
        refused = await cursor.fetchall()
    assert refused == ([] if outcome == "done" else [("2026-12-31", "10000000")])


async def test_what_a_batch_has_begun_counts_for_its_neighbours(pool):
    """A rule allows one bank order under way: of three asked for at once, one is."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand(), (rule("in_flight < 1", "top_up"),)) as loop:
        for first in (
            TopUp(anna, "a", "ord_a", card, Money(1)),
            Withdraw(anna, "a", "ord_a", card, Money(1)),
        ):
            outcomes = await asyncio.gather(
                outcome_of(loop.submit(first)),
                outcome_of(loop.submit(TopUp(anna, "b", "ord_b", card, Money(1)))),
                outcome_of(loop.submit(TopUp(anna, "c", "ord_c", card, Money(1)))),
            )
            assert outcomes == ["done", "blocked_by_policy", "blocked_by_policy"]
            async with pool.connection() as conn:
                await conn.execute("DELETE FROM bank_orders")
                await conn.execute("DELETE FROM answers")
                await conn.execute("UPDATE wallets SET in_flight = 0")


@pytest.mark.parametrize("requires", ["used_since_opened = TRUE", "days_since_last_use < 30"])
async def test_a_wallet_that_a_neighbour_has_just_used_is_in_use(pool, requires):
    """Ben's wallet has slept; Anna's money wakes it, for the request beside hers, too."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    ben = await add_wallet(pool, "Ben", balance_minor=1_00)
    async with pool.connection() as conn:
        await conn.execute(
            "UPDATE accounts SET last_used_at = %s WHERE owner_id = %s",
            (NOW - timedelta(days=5), anna),
        )
        if "days" in requires:
            await conn.execute(
                "UPDATE accounts SET last_used_at = %s WHERE owner_id = %s",
                (NOW - timedelta(days=50), ben),
            )
    async with clearing(pool, Hand(), (rule(requires, "transfer"),)) as loop:
        assert await outcome_of(send(loop, SendMoney(ben, "a", anna, Money(1)))) != "done"
        outcomes = await asyncio.gather(
            outcome_of(send(loop, SendMoney(anna, "a", ben, Money(1)))),
            outcome_of(send(loop, SendMoney(ben, "a", anna, Money(1)))),
        )
    assert outcomes == ["done", "done"]


async def test_the_free_amount_is_the_persons_over_all_their_wallets(pool):
    """Anna closes her wallet and opens another: what was withdrawn free is not free again."""
    anna = await add_wallet(pool, "Anna", balance_minor=900_00)
    again = await add_wallet(pool, "Again", balance_minor=900_00)
    await add_shop(pool)
    async with pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET person_id = %s WHERE wallet_id = %s",
            (id_from_key("per", "test", "Anna"), again),
        )
    async with clearing(pool, Hand()) as loop:
        first = Withdraw(anna, "a", "ord_a", id_from_key("crd", "Anna", "0"), Money(800_00))
        order = await loop.submit(first)
        assert (order.fee_minor, order.free_used_minor) == (0, 800_00)
        second = Withdraw(again, "a", "ord_b", id_from_key("crd", "Again", "0"), Money(500_00))
        order = await loop.submit(second)
        assert (order.fee_minor, order.free_used_minor) == (30, 200_00)
        assert wallet_of("Again") == again


async def test_the_pack_is_what_these_stories_were_written_for():
    """The figures above are the shipped pack's."""
    limits = {one.name: one.limit.at_most_minor for one in load_pack() if one.limit is not None}
    assert limits["category-two"] == 100_000_00
    assert limits["category-one"] == 1_000_00
    assert replace(load_policy(A_DAY), version=2).limit.at_most_minor == 100_00

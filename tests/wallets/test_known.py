"""What a clearing loop remembers of wallets is never told from what it reads afresh."""

from __future__ import annotations

import asyncio
import itertools
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qianbao.clock import local_date
from qianbao.db.pool import open_pool
from qianbao.ids import id_from_key
from qianbao.money import Money
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.kinds import KINDS
from qianbao.payments.top_up import TopUp
from qianbao.payments.transfer import SendMoney, send
from qianbao.payments.withdraw import Withdraw
from qianbao.policy.policies import load_pack, load_policy
from qianbao.settings import Settings
from tests.kit.money import NOW, Hand, add_shop, add_wallet, clearing, wallet_of
from tests.payments.story import outcome_of

PEOPLE = ("Anna", "Ben", "Chiara")
WHO = st.integers(0, len(PEOPLE) - 1)
_town = itertools.count(1)


HALF = (
    "timeline: {announce: 2025-11-01, warn: 2025-12-01, enforce: 2026-01-01, rollout: [50, 100], "
    "step_days: 365}\n"
)
"""Half of all wallets for a year, everybody from 2027 on."""


def rule(name: str, requires: str, timeline: str = ""):
    """A rule of this test's own."""
    return load_policy(
        f"policy: {name}\nversion: 1\ntitle: {{en: Own, zh: 自}}\nbasis: test\n"
        f"requires: {requires}\notherwise: {{block: [pay, transfer, top_up, receive]}}\n" + timeline
    )


RULES = (
    load_pack(),
    (),
    (*load_pack(), rule("one-order", "in_flight < 2")),
    (rule("banks", "linked_banks >= 2"), rule("a-day", "paid_today_minor + amount_minor < 30000")),
    (rule("half", "linked_banks >= 2", HALF), rule("no-mandates", "mandates_active = 0")),
    (rule("used", "days_since_last_use < 3 OR used_since_opened = FALSE"),),
)

EVERYBODY = ("batch", False, [("send", who, (who + 1) % len(PEOPLE), 1) for who in range(3)])
"""After each act, so that what it changes is asked for."""

ACTS = st.one_of(
    st.tuples(
        st.just("batch"),
        st.booleans(),
        st.lists(
            st.tuples(
                st.sampled_from(["send", "send", "send", "top up", "withdraw"]), WHO, WHO,
                st.sampled_from([1, 100_00, 150_00, 400_00, 60_000_00]),
            ),
            min_size=1, max_size=5,
        ),
    ),
    st.tuples(st.just("unlink a card"), WHO),
    st.tuples(st.just("link a card"), WHO),
    st.tuples(st.just("close"), WHO),
    st.tuples(st.just("hold the earlier wallet"), WHO, st.booleans()),
    st.tuples(st.just("document ends"), WHO, st.integers(-1, 2)),
    st.tuples(st.just("verified"), WHO, st.sampled_from([None, 0, 89, 90])),
    st.tuples(st.just("mandates"), WHO, st.integers(0, 2)),
    st.tuples(st.just("time zone"), WHO, st.sampled_from(["Europe/Berlin", "Asia/Shanghai"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 3600, 86_400, 25 * 86_400])),
    st.tuples(st.just("until midnight")),
    st.tuples(st.just("rules"), st.integers(0, len(RULES) - 1)),
)  # fmt: skip


ALIKE_BUT_FOR_REASONS = [
    ("mandates", 1, 1),
    ("link a card", 0),
    ("document ends", 1, 2),
    ("hold the earlier wallet", 1, False),
    ("document ends", 1, 2),
    ("unlink a card", 2),
    (
        "batch", False,
        [("send", 2, 2, 1), ("send", 1, 0, 1), ("withdraw", 0, 2, 10000)],
    ),
    ("document ends", 1, -1),
    ("time zone", 1, "Europe/Berlin"),
    ("rules", 4),
]  # fmt: skip
"""Decisions of one moment on the same facts, told with other reasons."""


class Town:
    """Three people with a wallet each and a closed one before it, in one of two equal towns."""

    def __init__(self, pool, remembers: bool, most: int) -> None:
        self.pool = pool
        self.remembers = remembers
        self.settings = Settings(clearing_known_wallets=most, permit_sample_per_mille=1000)
        self.clock = Hand()
        self.rules = RULES[0]
        self.number = next(_town)
        self.keys = itertools.count(1)
        self.loops = [self.new_loop(), self.new_loop()]

    def new_loop(self) -> Clearing:
        async def current(_):
            return self.rules

        return Clearing(self.pool, KINDS, lambda _: current, self.settings, self.clock)

    def name(self, who: int, before: str = "") -> str:
        return f"{before}{PEOPLE[who]} {self.number}"

    async def open(self) -> None:
        for who in range(len(PEOPLE)):
            wallet = await add_wallet(
                self.pool, self.name(who), balance_minor=100_000_00,
                evidence=("immigration", "mobile_operator")[: 2 - who],
            )  # fmt: skip
            earlier = await add_wallet(self.pool, self.name(who, "earlier "))
            await self.run(
                "UPDATE wallets SET person_id = %s, status = 'closed' WHERE wallet_id = %s",
                id_from_key("per", "test", self.name(who)), earlier,
            )  # fmt: skip
            await self.run("UPDATE wallets SET bucket = %s WHERE wallet_id = %s", who * 40, wallet)

    async def run(self, statement: str, *values) -> None:
        async with self.pool.connection() as conn:
            await conn.execute(statement.encode(), values)

    async def act(self, act: tuple):
        """What came of it, with nothing in it that names the town."""
        verb, *rest = act
        if verb == "batch":
            return await self.batch(*rest)
        if verb == "wait":
            self.clock.move(seconds=rest[0])
        elif verb == "until midnight":
            day = local_date(self.clock())
            while local_date(self.clock()) == day:
                self.clock.move(minutes=30)
        elif verb == "rules":
            self.rules = RULES[rest[0]]
        else:
            await self.change(verb, *rest)
        return None

    async def batch(self, other_process: bool, wishes: list):
        if not self.remembers:
            self.loops = [self.new_loop(), self.new_loop()]
        outcomes = await self.loops[other_process].clear_batch([self.wish(*one) for one in wishes])
        return [self.told(one) for one in outcomes]

    def wish(self, verb: str, who: int, other: int, amount: int):
        name, key = self.name(who), f"k{next(self.keys)}"
        wallet, card = wallet_of(name), id_from_key("crd", name, "0")
        if verb == "send":
            return SendMoney(wallet, key, wallet_of(self.name(other)), Money(amount))
        kind = TopUp if verb == "top up" else Withdraw
        return kind(wallet, key, f"ord_{self.number}_{key}", card, Money(amount))

    def told(self, outcome) -> object:
        if isinstance(outcome, BlockedByPolicy):
            situation = msgspec.structs.replace(outcome.situation, wallet_id="")
            return outcome.code, outcome.decision, situation
        return getattr(outcome, "code", None) or getattr(outcome, "balance_minor", "done")

    async def change(self, verb: str, who: int, what=None) -> None:
        wallet = wallet_of(self.name(who))
        statement, value = {
            "unlink a card": ("card_banks = card_banks[2:] || %s::text[]", []),
            "link a card": ("card_banks = %s::text[]", ["ICBC", "BOC"]),
            "close": ("status = %s", "closed"),
            "document ends": ("document_valid_until = %s", self.day(what)),
            "verified": ("verified_at = %s", None if what is None else self.ago(what)),
            "mandates": ("mandates_active = %s", what),
            "time zone": ("time_zone = %s", what),
            "hold the earlier wallet": ("legal_hold = %s", what),
        }[verb]
        if verb == "hold the earlier wallet":
            wallet = wallet_of(self.name(who, "earlier "))
        await self.run(f"UPDATE wallets SET {statement} WHERE wallet_id = %s", value, wallet)

    def day(self, days) -> date | None:
        return local_date(self.clock()) + timedelta(days=days) if isinstance(days, int) else None

    def ago(self, days):
        return self.clock() - timedelta(days=days) if isinstance(days, int) else None

    async def left(self) -> list:
        """Balances, counters, and every decision with the facts that it was made on."""
        mine = [wallet_of(self.name(who)) for who in range(len(PEOPLE))]
        async with self.pool.connection() as conn:
            cursor = await conn.execute(
                """SELECT a.balance_minor, a.held_minor, a.counted_on, a.last_used_at,
                      a.paid_today_minor, a.paid_this_year_minor, a.moved_for_life_minor,
                      a.received_for_life_minor,
                      (SELECT json_agg(json_build_array(d.capability, d.outcome, d.policies,
                          d.reasons, d.facts)
                          ORDER BY d.at, d.capability, d.facts::text, d.policies::text,
                              d.reasons::text)::text
                       FROM decisions d WHERE d.wallet_id = w.wallet_id)
                   FROM wallets w JOIN accounts a ON a.owner_id = w.wallet_id
                   WHERE w.wallet_id = ANY(%s) ORDER BY w.bucket""",
                (mine,),
            )
            return await cursor.fetchall()


def test_remembered_or_not_the_outcome_is_the_same(database_url):
    """Two towns in which the same is done: in one, two processes remember wallets from batch to
    batch (as many as there is room for); in the other, nothing is ever remembered."""
    runner = asyncio.Runner()
    pool = runner.run(open_pool(database_url, size=2))
    runner.run(add_shop(pool))

    async def live(acts, most):
        remembering, forgetful = Town(pool, True, most), Town(pool, False, 1000)
        for town in (remembering, forgetful):
            await town.open()
        everything = itertools.chain.from_iterable((act, EVERYBODY) for act in acts)
        for act in (EVERYBODY, *everything):
            assert await remembering.act(act) == await forgetful.act(act), act
        assert await remembering.left() == await forgetful.left()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ACTS, min_size=2, max_size=10), st.sampled_from([1, 2, 1000]))
    @example(ALIKE_BUT_FOR_REASONS, 1000)
    def lives(acts, most):
        runner.run(live(acts, most))

    try:
        lives()
    finally:
        runner.run(pool.close())
        runner.close()


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_a_full_memory_begins_again_and_fails_nobody(pool, most):
    """A batch has somebody known in it and somebody new, and there is no room for both."""
    wallets = [await add_wallet(pool, f"Person {n}", balance_minor=10_00) for n in range(4)]
    async with clearing(pool, Hand(), clearing_known_wallets=most) as loop:
        for n, (sender, receiver) in enumerate(itertools.permutations(wallets, 2)):
            asked = SendMoney(sender, f"k{n}", receiver, Money(1))
            assert await outcome_of(send(loop, asked)) == "done", n


async def test_a_rule_begins_in_the_middle_of_a_holders_day(pool):
    """Rules begin at the operator's midnight: in Berlin it is five in the afternoon."""
    anna = await add_wallet(pool, "Anna", balance_minor=10_00, banks=("ICBC",))
    taro = await add_wallet(pool, "Taro")
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET time_zone = 'Europe/Berlin'")
    clock = Hand(NOW.replace(year=2027, month=1, day=14, hour=15, minute=59, second=59))
    async with clearing(pool, clock) as loop:
        assert await outcome_of(send(loop, SendMoney(anna, "a", taro, Money(1)))) == "done"
        clock.move(seconds=1)
        over = await outcome_of(send(loop, SendMoney(anna, "b", taro, Money(1))))
        assert over == "blocked_by_policy"


async def test_a_card_unlinked_between_two_looks_is_not_forgotten(pool):
    """The version is read first and the facts after it: what is newer than its version is read
    again, never kept."""
    anna = await add_wallet(pool, "Anna", balance_minor=10_00)
    taro = await add_wallet(pool, "Taro")
    rules = (rule("banks", "linked_banks >= 2"),)
    async with clearing(pool, Hand(), rules) as loop, pool.connection() as conn:
        await conn.set_autocommit(True)
        assert await outcome_of(send(loop, SendMoney(anna, "a", taro, Money(1)))) == "done"
        for banks, outcome in ((["ICBC"], "blocked_by_policy"), (["ICBC", "BOC"], "done")) * 2:
            await conn.execute(
                "UPDATE wallets SET card_banks = %s WHERE wallet_id = %s", (banks, anna)
            )
            key = f"{outcome}{id(banks)}{NOW}"
            assert await outcome_of(send(loop, SendMoney(anna, key, taro, Money(1)))) == outcome
        await conn.set_autocommit(False)

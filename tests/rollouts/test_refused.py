"""What somebody else asks for is refused: they hear no reason, the holder hears all of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import id_from_key, new_id
from qianbao.money import Money
from qianbao.notices.inbox import Notice, list_notices
from qianbao.payments.charge import Charge, HolderCannotBeCharged, charge
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import BlockedByPolicy, ChargeNeedsHolder, ReceiverCannotReceive
from qianbao.payments.transfer import SendMoney, send
from qianbao.policy.policies import load_pack, load_policy
from qianbao.rollouts.forecast import compare
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.refused import forget_refusals, gather_refusals, tell_refused
from qianbao.rollouts.simulate import simulate
from qianbao.settings import Settings
from tests.kit.money import SHOP, Hand, add_shop, add_wallet, clearing
from tests.rollouts.policies import two_banks
from tests.rollouts.test_tell import on

NOON = on("2027-02-01", 12)
CHARGED = two_banks().replace("top_up]", "top_up, receive, be_charged]")
BUSY = """\
policy: busy
version: 1
title: {en: A second bank above 50 a day, zh: 每日超过 50 元须绑定两家银行}
basis: the operator's own
requires: paid_today_minor <= 5000 OR linked_banks >= 2
otherwise: {block: [pay, transfer]}
timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}
"""
ASKS = """\
policy: large
version: 1
title: {en: A code above 500, zh: 超过 500 元须验证}
basis: the operator's own
limit: {at_most_minor: 50000}
otherwise: {require: [code], before: [be_charged]}
"""
RECEIVES = """\
policy: receives
version: 1
title: {en: "1,000 may come in", zh: 累计收入一千元}
basis: {en: the operator's own, zh: 本机构规则}
limit: {fact: received_for_life_minor, at_most_minor: 100000}
otherwise: {block: [receive]}
"""


class Desk:
    """A wallet provider with one rule in force, a tea house, and its worker."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.hand = Hand(NOON)
        self.asked = 0

    async def rules(self, *bodies: str) -> None:
        async with self.pool.connection() as conn:
            for body in bodies:
                rule = load_policy(body)
                await conn.execute(
                    """INSERT INTO policies (policy, version, body, state, drafted_by, drafted_at,
                       published_by, published_at)
                       VALUES (%s, 1, %s, 'published', 'Mei', now(), 'Oskar', now())""",
                    (rule.name, body),
                )
            await conn.execute("UPDATE policy_revision SET revision = revision + 1")
        self.in_force = tuple(load_policy(body) for body in bodies)

    async def holder(self, name: str, *banks: str, balance_minor: int = 3_200_00) -> str:
        wallet_id = await add_wallet(self.pool, name, balance_minor=balance_minor, banks=banks)
        async with self.pool.connection() as conn:
            await conn.execute(
                """INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en,
                   title_zh, per_charge_minor, currency, state, signed_at)
                   VALUES (%s, 'm1', %s, 'tea', 'Tea', '茶', 90000, 'CNY', 'active', now())""",
                (wallet_id, SHOP),
            )
        return wallet_id

    async def sends(self, loop: Clearing, sender: str, to: str, minor: int) -> None:
        self.asked += 1
        await send(loop, SendMoney(sender, f"k{self.asked}", to, Money(minor)))

    async def charges(self, loop: Clearing, wallet_id: str, minor: int = 28_00) -> None:
        self.asked += 1
        payment_id = id_from_key("pay", "test", str(self.asked))
        await charge(
            loop,
            Charge(SHOP, payment_id, wallet_id, Money(minor), "Tea", "1", mandate_id="m1"),
        )

    async def work(self, limit: int = 50) -> None:
        async with self.pool.connection() as conn:
            await gather_refusals(conn, now=self.hand())
        while True:
            async with self.pool.connection() as conn:
                if not await tell_refused(conn, Settings(), now=self.hand(), limit=limit):
                    return

    async def inbox(self, wallet_id: str) -> list[Notice]:
        async with self.pool.connection() as conn:
            return (await list_notices(conn, wallet_id=wallet_id, limit=99))[::-1]

    async def kinds(self, wallet_id: str) -> list[str]:
        return [one.kind for one in await self.inbox(wallet_id)]


@pytest.fixture
async def desk(pool: Pool) -> Desk:
    await add_shop(pool)
    return Desk(pool)


async def test_whom_nothing_can_be_sent_hears_why_once_a_day(desk: Desk) -> None:
    await desk.rules(RECEIVES)
    anna, taro = await desk.holder("Anna", "ICBC"), await desk.holder("Taro", "ICBC")
    async with clearing(desk.pool, desk.hand, desk.in_force) as loop:
        await desk.sends(loop, anna, taro, 700_00)
        for _ in range(2):
            for _ in range(3):
                with pytest.raises(ReceiverCannotReceive):
                    await desk.sends(loop, anna, taro, 300_01)
                desk.hand.move(minutes=2)
                await desk.work()
            desk.hand.move(days=1)
    first, _ = await desk.inbox(taro)
    assert first.kind == "policy_refused"
    assert first.title_en == "A transfer to you was refused: 1,000 may come in"
    assert "somebody wanted to send you ¥300.01" in first.body_en
    assert "1 February 2027" in first.body_en
    assert "¥300.00" in first.body_en
    assert "¥300.00" in first.body_zh
    assert "2027年2月1日有人向您转账 ¥300.01" in first.body_zh
    assert first.link
    assert [step.action for way in first.ways_out for step in way.steps] == ["lower_amount"]
    assert await desk.kinds(anna) == []  # who asked is told nothing of Taro


async def test_a_refused_charge_is_told_with_the_block_or_by_itself(desk: Desk) -> None:
    """The first comes before any sweep has told that the rule blocks; then each day has its own."""
    await desk.rules(CHARGED)
    anna = await desk.holder("Anna", "ICBC")
    async with clearing(desk.pool, desk.hand, desk.in_force) as loop:
        for _ in range(2):
            for _ in range(2):
                with pytest.raises(HolderCannotBeCharged):
                    await desk.charges(loop, anna)
                desk.hand.move(minutes=2)
                await desk.work()
            desk.hand.move(days=1)
    blocked, refused = await desk.inbox(anna)
    assert (blocked.kind, refused.kind) == ("policy_blocked", "policy_refused")
    assert "wanted to charge you ¥28.00" in refused.body_en
    assert "linked_banks" not in refused.body_en
    assert "有商家向您扣费 ¥28.00" in refused.body_zh
    assert refused.ways_out


async def test_what_her_own_payments_brought_on_is_in_the_inbox_at_once(desk: Desk) -> None:
    await desk.rules(BUSY)
    anna, taro = await desk.holder("Anna", "ICBC"), await desk.holder("Taro", "ICBC", "BOC")
    async with clearing(desk.pool, desk.hand, desk.in_force) as loop:
        await desk.sends(loop, anna, taro, 51_00)
        assert await desk.kinds(anna) == []
        for _ in range(3):
            with pytest.raises(BlockedByPolicy):
                await desk.sends(loop, anna, taro, 1_00)
            desk.hand.move(minutes=2)
            await desk.work()
    assert await desk.kinds(anna) == ["policy_blocked"]


async def test_a_limit_that_she_reached_herself_needs_no_notice(desk: Desk) -> None:
    await desk.rules(RECEIVES.replace("block: [receive]", "block: [transfer]"))
    anna, taro = await desk.holder("Anna", "ICBC"), await desk.holder("Taro", "ICBC")
    async with clearing(desk.pool, desk.hand, desk.in_force) as loop:
        with pytest.raises(BlockedByPolicy):
            await desk.sends(loop, anna, taro, 1_000_01)
        await desk.work()
    assert await desk.kinds(anna) == []


async def test_a_charge_that_lacked_her_proof_is_told(desk: Desk) -> None:
    """Nobody was there to answer, and the merchant hears no reason."""
    await desk.rules(ASKS)
    anna = await desk.holder("Anna", "ICBC")
    async with clearing(
        desk.pool, desk.hand, desk.in_force, mandate_per_charge_minor=900_00
    ) as loop:
        for _ in range(2):
            with pytest.raises(ChargeNeedsHolder):
                await desk.charges(loop, anna, 501_00)
            desk.hand.move(minutes=2)
            await desk.work()
    (told,) = await desk.inbox(anna)
    assert (told.kind, told.title_en) == (
        "policy_refused", "A charge was refused: A code above 500",
    )  # fmt: skip
    for part in (
        "wanted to charge you ¥501.00",
        "This takes a code sent to your phone.",
        "asks for a payment instead, you confirm it yourself",
    ):
        assert part in told.body_en
    assert "由您本人确认即可" in told.body_zh
    async with desk.pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM policy_refusals")
        assert await cursor.fetchone() == (1,)
        run = await simulate(
            conn, policy="large", version=1, operator="Mei",
            simulation_id=new_id("sim", NOON), now=NOON,
        )  # fmt: skip
        found = await compare(conn, policy="large", now=desk.hand())
    assert run.result.refused == 1  # so the tripwire has something to go by
    assert found is not None
    assert (found.foretold, found.refused_wallets) == (1, 1)


async def test_a_court_s_order_is_told_to_whom_it_is_about(desk: Desk) -> None:
    (rule,) = [one for one in load_pack() if one.name == "legal-hold"]
    await desk.rules(rule.text)
    anna = await desk.holder("Anna", "ICBC")
    async with desk.pool.connection() as conn:
        await conn.execute("UPDATE wallets SET legal_hold = true WHERE wallet_id = %s", (anna,))
    async with clearing(desk.pool, desk.hand, desk.in_force) as loop:
        with pytest.raises(HolderCannotBeCharged):
            await desk.charges(loop, anna)
        await desk.work()
    (told,) = await desk.inbox(anna)
    assert "A court or another authority has ordered" in told.body_en


async def test_one_that_cannot_be_told_silences_nobody(desk: Desk) -> None:
    """Taro's row names a zone that no machine knows; batches are of one."""
    await desk.rules(CHARGED)
    people = [await desk.holder(name, "ICBC") for name in ("Anna", "Taro", "Ben")]
    async with clearing(desk.pool, desk.hand, desk.in_force) as loop:
        for one in people:
            with pytest.raises(HolderCannotBeCharged):
                await desk.charges(loop, one)
    async with desk.pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET time_zone = 'Nowhere/At_All' WHERE wallet_id = %s", (people[1],)
        )
    await desk.work(limit=1)
    assert [await desk.kinds(one) for one in people] == [["policy_blocked"], [], ["policy_blocked"]]
    async with desk.pool.connection() as conn:
        (act,) = await list_audit(conn, kind="policy")
        assert (act.action, act.detail["wallets"]) == ("policy.telling_failed", [people[1]])
        day = desk.hand().date()
        assert await forget_refusals(conn, before=day) == 0
        assert await forget_refusals(conn, before=day + timedelta(days=1)) == 3

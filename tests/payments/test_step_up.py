"""A rule asks for a code: nothing moves until this very request has it, and then it moves once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.money import Money
from qianbao.payments.authorize import authorize
from qianbao.payments.charge import Charge, charge
from qianbao.payments.clear import Clearing
from qianbao.payments.decisions import list_decisions
from qianbao.payments.errors import BlockedByPolicy, ChargeNeedsHolder, StepUpRequired
from qianbao.payments.merchants import ask_payment
from qianbao.payments.pay import Pay, pay
from qianbao.payments.step_up import (
    CodeForOtherRequest,
    StepUpOver,
    StepUpUnknown,
    forget_step_ups,
    send_step_up_code,
)
from qianbao.payments.top_up import TopUp, top_up
from qianbao.payments.transfer import SendMoney, send
from qianbao.payments.withdraw import Withdraw, withdraw
from qianbao.policy.asking import EVERYTHING
from qianbao.policy.policies import Policy, load_policy
from qianbao.rollouts.publish import install_pack
from qianbao.rollouts.replay import replay
from qianbao.settings import Settings
from qianbao.wallets.codes import (
    CodeAttemptsUsedUp,
    CodeExpired,
    CodeTooSoon,
    CodeWrong,
    TooManyCodes,
)
from qianbao.wallets.pin import PinWrong, hash_pin
from tests.kit.fingerprint import fingerprint
from tests.kit.money import KEYS, SHOP, Hand, add_shop, add_wallet, balances, clearing, wallet_of

PIN = "246810"
SETTINGS = Settings()
LARGE = """\
policy: large
version: 1
title: {en: Confirm above 500, zh: 超过 500 元须验证}
basis: ours
when: paid_today_minor + amount_minor > 50000
otherwise: {require: [code], before: [pay, transfer, withdraw, top_up, be_charged]}
"""
TOO_LARGE = """\
policy: too-large
version: 1
title: {en: At most 2000, zh: 最多 2000 元}
basis: ours
limit: {at_most_minor: 200000}
otherwise: {block: [transfer]}
"""


class Scene:
    """Anna with 5,000 and a PIN, Taro, a shop, and rules that ask above 500 a day."""

    def __init__(self, pool: Pool, loop: Clearing, clock: Hand) -> None:
        self.pool, self.loop, self.clock = pool, loop, clock
        self.anna, self.taro = wallet_of("Anna"), wallet_of("Taro")
        self.said = ""

    async def proved(self, wish: Any, pin: str | None = PIN, code: str = "") -> Any:
        """The request with what the server found proved."""
        found = await authorize(
            self.pool, KEYS, SETTINGS, self.loop, wish, pin=pin, code=code, now=self.clock()
        )
        return found.wish

    async def send(
        self, minor: int, key: str = "k", code: str = "", pin: str | None = PIN, to: str = ""
    ) -> Any:
        """Anna sends it to Taro, as a door would."""
        wish = SendMoney(self.anna, key, to or self.taro, Money(minor))
        return await send(self.loop, await self.proved(wish, pin, code))

    async def asked(self, minor: int, key: str = "k", to: str = "") -> StepUpRequired:
        """The same, and a code is asked for."""
        with pytest.raises(StepUpRequired) as refused:
            await self.send(minor, key, to=to)
        return refused.value

    async def code(self, step_up_id: str, name: str = "c1") -> str:
        """A code is sent for a waiting request, and read on the phone."""
        before = await self.texts()
        await send_step_up_code(
            self.pool, KEYS, SETTINGS, wallet_id=self.anna, step_up_id=step_up_id,
            signup_id=id_from_key("sig", step_up_id, name), now=self.clock(),
        )  # fmt: skip
        (text,) = [one for one in await self.texts() if one not in before]
        self.said, found = text, re.search(r"\d{6}", text)
        assert found
        return found.group()

    async def texts(self) -> list[str]:
        """All text messages."""
        async with self.pool.connection() as conn:
            cursor = await conn.execute("SELECT body_cipher FROM text_messages ORDER BY sms_id")
            return [KEYS.decrypt(row[0], "sms") for row in await cursor.fetchall()]

    async def balances(self) -> list[int]:
        """Anna's, Taro's and the shop's."""
        found = await balances(self.pool, self.anna, self.taro, SHOP)
        return [balance for balance, _ in found]


@asynccontextmanager
async def scene(pool: Pool, *policies: Policy) -> AsyncIterator[Scene]:
    """With `LARGE` unless told otherwise."""
    clock = Hand()
    await add_shop(pool)
    anna = await add_wallet(pool, "Anna", balance_minor=5_000_00)
    await add_wallet(pool, "Taro", balance_minor=10_00)
    async with pool.connection() as conn:
        hashed = await hash_pin(PIN)
        await conn.execute("UPDATE wallets SET pin_hash = %s WHERE wallet_id = %s", (hashed, anna))
    async with clearing(pool, clock, policies or (load_policy(LARGE),)) as loop:
        yield Scene(pool, loop, clock)


async def test_a_large_transfer_waits_for_its_code_and_moves_once(pool: Pool) -> None:
    async with scene(pool) as at:
        assert (await at.send(500_00, "small")).balance_minor == 4_500_00
        before = await fingerprint(pool)
        asked = await at.asked(10_00)
        assert await fingerprint(pool) == before
        assert asked.decision.factors == ("code",)
        assert [one.policy for one in asked.decision.asks] == ["large"]
        assert "a code sent to your phone" in asked.sentence("en")
        assert "短信验证码" in asked.sentence("zh")
        code = await at.code(asked.step_up_id)
        assert "sending ¥10.00 to the phone ending in" in at.said
        assert await at.balances() == [4_500_00, 510_00, 0]
        sent = await at.send(10_00, code=code)
        assert await at.send(10_00, code=code) == sent  # a repeat: the first answer
        assert await at.send(10_00, code="000000", pin="999999") == sent
        assert await at.balances() == [4_490_00, 520_00, 0]


async def test_the_next_page_need_not_ask_for_the_pin_again(pool: Pool) -> None:
    async with scene(pool) as at:
        asked = await at.asked(600_00)
        code = await at.code(asked.step_up_id)
        await at.send(600_00, code=code, pin=None)
        with pytest.raises(StepUpUnknown):
            await at.send(600_00, "other", pin=None, code=code)
        assert await at.balances() == [4_400_00, 610_00, 0]


async def test_a_pin_that_was_never_given_is_not_taken_for_granted(pool: Pool) -> None:
    async with scene(pool) as at:
        with pytest.raises(StepUpRequired) as refused:
            await send(at.loop, SendMoney(at.anna, "k", at.taro, Money(600_00)))
        code = await at.code(refused.value.step_up_id)
        with pytest.raises(StepUpOver):
            await at.send(600_00, code=code, pin=None)
        with pytest.raises(PinWrong):
            await at.send(600_00, code=code, pin="135791")
        assert await at.balances() == [5_000_00, 10_00, 0]


async def test_a_code_is_good_for_one_amount_and_one_receiver(pool: Pool) -> None:
    async with scene(pool) as at:
        ben = await add_wallet(pool, "Ben")
        code = await at.code((await at.asked(600_00)).step_up_id)
        for wrong in (
            at.send(700_00, code=code),
            at.send(600_00, code=code, to=ben),
        ):
            with pytest.raises(CodeForOtherRequest):
                await wrong
        with pytest.raises(StepUpUnknown):
            await at.send(600_00, "another key", code=code)
        # Sent without a code under the same key, another body takes its place: the code is void.
        await at.asked(700_00)
        with pytest.raises(CodeForOtherRequest):
            await at.send(700_00, code=code)
        with pytest.raises(CodeForOtherRequest):
            await at.send(600_00, code=code)
        at.clock.move(seconds=61)
        again = await at.code((await at.asked(700_00)).step_up_id, "c2")
        with pytest.raises(CodeWrong):
            await at.send(700_00, code=code if code != again else "000000")
        await at.send(700_00, code=again)
        assert await at.balances() == [4_300_00, 710_00, 0]


async def test_a_phone_that_changes_hands_meanwhile_takes_no_money_of_that_code(
    pool: Pool,
) -> None:
    """Named by phone, the receiver is whoever has it when the request is cleared."""
    async with scene(pool) as at:
        ben = await add_wallet(pool, "Ben")

        def to(wallet_id: str) -> SendMoney:
            return SendMoney(at.anna, "k", wallet_id, Money(600_00), "", "phone's index")

        with pytest.raises(StepUpRequired) as refused:
            await send(at.loop, await at.proved(to(at.taro)))
        code = await at.code(refused.value.step_up_id)
        with pytest.raises(CodeForOtherRequest):
            await at.proved(to(ben), PIN, code)
        await send(at.loop, await at.proved(to(at.taro), PIN, code))


async def test_a_code_expires_and_so_does_the_wait(pool: Pool) -> None:
    async with scene(pool) as at:
        asked = await at.asked(600_00)
        code = await at.code(asked.step_up_id)
        at.clock.move(minutes=SETTINGS.code_valid_minutes)
        with pytest.raises(CodeExpired):
            await at.send(600_00, code=code)
        later = await at.code(asked.step_up_id, "c2")
        at.clock.move(minutes=SETTINGS.step_up_minutes - SETTINGS.code_valid_minutes)
        with pytest.raises(StepUpOver):
            await at.send(600_00, code=later)
        with pytest.raises(StepUpOver):
            await at.code(asked.step_up_id, "c3")
        again = await at.asked(600_00)  # the PIN once more: it waits anew, the code still lives
        assert again.step_up_id == asked.step_up_id
        await at.send(600_00, code=later)
        at.clock.move(days=1)
        async with pool.connection() as conn:
            assert await forget_step_ups(conn, before=at.clock()) == 1
        assert await at.balances() == [4_400_00, 610_00, 0]


async def test_five_wrong_codes_void_it_and_codes_are_few(pool: Pool) -> None:
    async with scene(pool) as at:
        asked = await at.asked(600_00)
        code = await at.code(asked.step_up_id)
        wrong = "000000" if code != "000000" else "111111"
        for left in (4, 3, 2, 1):
            with pytest.raises(CodeWrong) as refused:
                await at.send(600_00, code=wrong)
            assert refused.value.detail == {"left": left}
        for typed in (wrong, code):
            with pytest.raises(CodeAttemptsUsedUp):
                await at.send(600_00, code=typed)
        with pytest.raises(CodeTooSoon):
            await at.code(asked.step_up_id, "c2")
        for number in range(SETTINGS.codes_per_phone_per_hour - 1):
            at.clock.move(seconds=61)
            asked = await at.asked(600_00)
            code = await at.code(asked.step_up_id, f"n{number}")
        at.clock.move(seconds=61)
        with pytest.raises(TooManyCodes):
            await at.code(asked.step_up_id, "one more")
        await at.send(600_00, code=code)
        assert await at.balances() == [4_400_00, 610_00, 0]


async def test_only_the_latest_code_counts_and_one_request_sends_one(pool: Pool) -> None:
    async with scene(pool) as at:
        asked = await at.asked(600_00)
        first = await at.code(asked.step_up_id)
        texts = len(await at.texts())
        with pytest.raises(ValueError, match="unpack"):
            await at.code(asked.step_up_id)  # the same id: nothing more is sent
        assert len(await at.texts()) == texts
        at.clock.move(seconds=61)
        second = await at.code(asked.step_up_id, "c2")
        if first != second:
            with pytest.raises(CodeWrong):
                await at.send(600_00, code=first)
        await at.send(600_00, code=second)


async def test_two_tabs_and_an_impatient_finger_move_it_once(pool: Pool) -> None:
    async with scene(pool) as at:
        asked = await at.asked(600_00)
        code = await at.code(asked.step_up_id)
        sent = await asyncio.gather(*(at.send(600_00, code=code, pin=None) for _ in range(6)))
        assert len({one.transfer_id for one in sent}) == 1
        assert await at.balances() == [4_400_00, 610_00, 0]


async def test_what_goes_wrong_after_the_code_loses_nothing(pool: Pool) -> None:
    """Not enough money: with more of it, the same request goes through, no new code needed."""
    async with scene(pool) as at:
        asked = await at.asked(5_005_00)
        code = await at.code(asked.step_up_id)
        with pytest.raises(QianbaoError) as refused:
            await at.send(5_005_00, code=code)
        assert refused.value.code == "insufficient_funds"
        await send(at.loop, SendMoney(at.taro, "back", at.anna, Money(5_00)))
        await at.send(5_005_00, code=code)
        assert await at.balances() == [0, 5_010_00, 0]


async def test_every_way_that_moves_the_holders_money_can_be_asked_about(pool: Pool) -> None:
    async with scene(pool) as at:
        payment = id_from_key("pay", "test", "tea")
        async with pool.connection() as conn:
            await ask_payment(
                conn, merchant_id=SHOP, payment_id=payment, amount=Money(900_00),
                merchant_reference="1", description="Tea set", now=at.clock(),
            )  # fmt: skip
        card = id_from_key("crd", "Anna", "0")
        wishes: list[tuple[Any, Any, str]] = [
            (pay, Pay(at.anna, "p", SHOP, payment, Money(900_00)), "paying ¥900.00 to Green Tea"),
            (withdraw, Withdraw(at.anna, "w", "ord_w", card, Money(600_00)), "withdrawing ¥600.00"),
            (withdraw, Withdraw(at.anna, "x", "ord_x", card, None), "withdrawing ¥3,49"),
            (top_up, TopUp(at.anna, "t", "ord_t", card, Money(600_00)), "topping up ¥600.00 from"),
        ]
        for verb, wish, words in wishes:
            with pytest.raises(StepUpRequired) as refused:
                await verb(at.loop, await at.proved(wish))
            code = await at.code(refused.value.step_up_id)
            assert words in at.said
            await verb(at.loop, await at.proved(wish, PIN, code))
        assert (await at.balances())[2] == 900_00


async def test_a_charge_cannot_be_asked_about_and_names_the_way(pool: Pool) -> None:
    async with scene(pool) as at:
        async with pool.connection() as conn:
            await conn.execute(
                """INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en,
                   title_zh, per_charge_minor, currency, state, signed_at)
                   VALUES (%s, 'm1', %s, 'tea', 'Tea', '茶', 100000, 'CNY', 'active', %s)""",
                (at.anna, SHOP, at.clock()),
            )

        def of(minor: int, name: str) -> Charge:
            payment = id_from_key("pay", "test", name)
            return Charge(SHOP, payment, at.anna, Money(minor), "Tea", "1", mandate_id="m1")

        await charge(at.loop, of(300_00, "c1"))
        with pytest.raises(ChargeNeedsHolder) as refused:
            await charge(at.loop, of(300_00, "c2"))
        assert "Ask for it as a payment" in refused.value.next_step("en")
        async with pool.connection() as conn:
            cursor = await conn.execute("SELECT count(*) FROM step_ups")
            assert await cursor.fetchone() == (0,)
        assert await at.balances() == [4_700_00, 10_00, 300_00]


async def test_a_block_is_stricter_and_both_are_told_and_logged(pool: Pool) -> None:
    async with scene(pool, load_policy(LARGE), load_policy(TOO_LARGE)) as at:
        with pytest.raises(BlockedByPolicy) as refused:
            await at.send(2_100_00)
        assert [one.policy for one in refused.value.decision.reasons] == ["too-large"]
        assert [one.policy for one in refused.value.decision.asks] == ["large"]
        assert all(way.steps for way in refused.value.ways_out)
        at.clock.move(seconds=1)
        await at.asked(600_00)
        async with pool.connection() as conn:
            latest, first = await list_decisions(conn, wallet_id=at.anna)
        assert (latest.outcome, latest.proven, latest.reasons) == ("step_up", ["pin"], [])
        assert [one["factors"] for one in latest.asks] == [["code"]]
        assert (first.outcome, len(first.reasons), len(first.asks)) == ("blocked", 1, 1)


async def test_a_logged_question_is_asked_again_years_later(pool: Pool) -> None:
    rules = [load_policy(text) for text in (LARGE, TOO_LARGE)]
    async with scene(pool, *rules) as at:
        asked = await at.asked(600_00)
        code = await at.code(asked.step_up_id)
        wish = await at.proved(SendMoney(at.anna, "k", at.taro, Money(600_00)), PIN, code)
        await send(at.loop, wish)
        at.clock.move(seconds=1)
        with pytest.raises(BlockedByPolicy):
            await at.send(2_100_00, "k2")
    async with pool.connection() as conn:
        await install_pack(conn, now=at.clock())
        for rule in rules:
            await conn.execute(
                "INSERT INTO policies (policy, version, body, state, drafted_by, drafted_at) "
                "VALUES (%s, 1, %s, 'draft', 'Mei', now())", (rule.name, rule.text),
            )  # fmt: skip
        await conn.execute("UPDATE accounts SET paid_today_minor = 0")
        logged = await list_decisions(conn, wallet_id=at.anna)
        assert [one.outcome for one in logged] == ["blocked", "step_up"]
        for one in logged:
            found = await replay(conn, one)
            assert (found.outcome, found.differences) == (one.outcome, ())


async def test_a_permit_that_a_code_made_is_logged_with_it(pool: Pool) -> None:
    """A sample of permits is kept: what was proved is part of why."""
    clock = Hand()
    anna, taro = await add_wallet(pool, "Anna", balance_minor=900_00), await add_wallet(pool, "T")
    async with clearing(pool, clock, (load_policy(LARGE),), permit_sample_per_mille=1000) as loop:
        await send(loop, SendMoney(anna, "k", taro, Money(600_00), proven=EVERYTHING))
    async with pool.connection() as conn:
        (logged,) = await list_decisions(conn, wallet_id=anna)
        assert (logged.outcome, logged.proven, logged.asks) == ("allowed", ["code", "pin"], [])
        await conn.execute(
            "INSERT INTO policies (policy, version, body, state, drafted_by, drafted_at) "
            "VALUES ('large', 1, %s, 'draft', 'Mei', now())", (LARGE,),
        )  # fmt: skip
        assert (await replay(conn, logged)).differences == ()

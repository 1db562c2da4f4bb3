"""Batches that one loop clears at once: of different accounts only, and nobody is overtaken."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from qianbao.ledger.proof import prove_snapshot
from qianbao.money import Money
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from qianbao.payments.transfer import SendMoney
from qianbao.settings import Settings
from tests.kit.money import Hand, add_wallet, balances, clearing


def pay(payer: str, payee: str) -> SendMoney:
    return SendMoney(payer, f"{payer} to {payee}", payee, Money(1))


class Watched:
    """A loop whose batches are seen, and end when they are let."""

    def __init__(self) -> None:
        self.batches: list[list[SendMoney]] = []
        self.gates: list[asyncio.Event] = []
        self.loop = Clearing(None, KINDS, None, Settings(clearing_batch=200), Hand())  # type: ignore[arg-type]
        self.loop.clear_batch = self._seen  # type: ignore[method-assign]

    async def _seen(self, requests: list[Any]) -> list[Any]:
        self.batches.append(requests)
        self.gates.append(asyncio.Event())
        await self.gates[-1].wait()
        return [request.key for request in requests]

    async def ask(self, *requests: SendMoney) -> list[asyncio.Task[Any]]:
        asked = [asyncio.create_task(self.loop.submit(request)) for request in requests]
        await settled()
        return asked


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_for_an_account_is_not_overtaken_on_it():
    watched = Watched()
    watched.loop.start()
    first = await watched.ask(pay("anna", "taro"))
    waits = [pay("anna", "ben"), pay("ben", "carl"), pay("carl", "dora")]
    others = [pay(f"payer {n}", f"payee {n}") for n in range(150)]
    later = await watched.ask(*waits, *others)
    assert watched.batches == [[pay("anna", "taro")], others]
    third = [pay(f"payer {n}", f"another {n}") for n in range(150, 300)]
    more = await watched.ask(*third)
    assert len(watched.batches) == 2, "no more than two at once"
    watched.gates[1].set()
    await settled()
    assert watched.batches[2:] == [third], "those who wait for Anna still do"
    watched.gates[0].set()
    await settled()
    watched.gates[2].set()
    await settled()
    assert watched.batches[3:] == [waits]
    watched.gates[3].set()
    answers = await asyncio.gather(*first, *later, *more)
    assert answers[0] == "anna to taro"
    await watched.loop.stop()


async def test_few_wait_for_the_batch_under_way():
    watched = Watched()
    watched.loop.start()
    asked = await watched.ask(pay("anna", "taro"))
    asked += await watched.ask(*(pay(f"payer {n}", f"payee {n}") for n in range(127)))
    assert len(watched.batches) == 1
    watched.gates[0].set()
    await settled()
    assert [len(batch) for batch in watched.batches] == [1, 127]
    watched.gates[1].set()
    await asyncio.gather(*asked)
    await watched.loop.stop()


async def test_many_payments_at_once_are_cleared_side_by_side(pool):
    """Real ones: at some moment two batches are under way, and afterwards the money adds up."""
    dice = random.Random(11)
    wallets = [await add_wallet(pool, f"Person {n}", balance_minor=1_000) for n in range(20)]
    pairs = [dice.sample(town, 2) for town in (wallets[:10], wallets[10:]) for _ in range(450)]
    at_once = []
    async with clearing(pool, Hand(), clearing_batch=200) as loop:
        clear = loop.clear_batch

        async def seen(requests: list[Any]) -> list[Any]:
            at_once.append(len(loop._under_way))
            return await clear(requests)

        loop.clear_batch = seen
        await asyncio.gather(
            *(loop.submit(SendMoney(a, f"k{n}", b, Money(1))) for n, (a, b) in enumerate(pairs))
        )
    assert max(at_once) == 2
    expected = dict.fromkeys(wallets, 1_000)
    for payer, payee in pairs:
        expected[payer] -= 1
        expected[payee] += 1
    assert await balances(pool, *wallets) == [(expected[one], 0) for one in wallets]
    assert (await prove_snapshot(pool)).sound

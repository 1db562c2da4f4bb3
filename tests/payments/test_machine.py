"""Whatever is asked, in whatever order and by two processes at once, the ledger agrees with a model
of a few lines; what was refused left nothing, and what was answered is there."""

from __future__ import annotations

import asyncio
import itertools

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from qianbao.db.pool import open_pool
from qianbao.ids import id_from_key
from qianbao.ledger.proof import prove_snapshot
from qianbao.money import Money
from qianbao.payments.bank_orders import BankAnswered
from qianbao.payments.top_up import TopUp
from qianbao.payments.transfer import SendMoney
from qianbao.payments.withdraw import Withdraw
from tests.kit.money import Hand, add_shop, add_wallet, balances, clearing
from tests.payments.story import answered, outcome_of

PEOPLE = ("Anna", "Ben", "Chiara")
START_MINOR = 500_00
AMOUNTS = st.integers(1, 300_00)
WHO = st.integers(0, len(PEOPLE) - 1)
_town = itertools.count(1)


def test_the_clearing_loop_agrees_with_a_model(database_url):
    """Thirty lives of some twenty acts each."""

    class Here(Clearinghouse):
        url = database_url

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class Clearinghouse(RuleBasedStateMachine):
    """Three wallets, two clearing loops on one database, and the model: what each has and holds."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.keys = itertools.count(1)
        self.orders = []

    @initialize()
    def open(self) -> None:
        self.runner.run(self._open())

    async def _open(self) -> None:
        town = next(_town)
        self.pool = await open_pool(self.url, size=4)
        self.names = [f"{name} {town}" for name in PEOPLE]
        self.wallets = [
            await add_wallet(self.pool, name, balance_minor=START_MINOR) for name in self.names
        ]
        await add_shop(self.pool)
        self.model = {wallet: [START_MINOR, 0] for wallet in self.wallets}
        self.contexts = [clearing(self.pool, Hand()) for _ in range(2)]
        self.loops = [await context.__aenter__() for context in self.contexts]

    def ask(self, request, times=1):
        """The outcomes of one request sent `times` at once, to both loops in turn."""

        async def all_at_once():
            loops = itertools.cycle(self.loops)
            return await asyncio.gather(
                *(outcome_of(next(loops).submit(request)) for _ in range(times))
            )

        return self.runner.run(all_at_once())

    @rule(sender=WHO, receiver=WHO, amount=AMOUNTS, times=st.integers(1, 3))
    def send(self, sender, receiver, amount, times):
        """Sent once or several times at once under one key: it moves once."""
        source, target = self.wallets[sender], self.wallets[receiver]
        request = SendMoney(source, f"k{next(self.keys)}", target, Money(amount))
        outcomes = set(self.ask(request, times))
        balance, held = self.model[source]
        if source == target:
            assert outcomes == {"same_account"}
        elif balance - held < amount:
            assert outcomes == {"insufficient_funds"}
        else:
            assert outcomes == {"done"}
            self.model[source][0] -= amount
            self.model[target][0] += amount

    @rule(sender=WHO, amounts=st.lists(AMOUNTS, min_size=2, max_size=5))
    def send_all_at_once(self, sender, amounts):
        """Several sent at once to both loops: some of them fit, none overdraws."""
        source, target = self.wallets[sender], self.wallets[(sender + 1) % len(PEOPLE)]
        requests = [SendMoney(source, f"k{next(self.keys)}", target, Money(a)) for a in amounts]

        async def race():
            loops = itertools.cycle(self.loops)
            return await asyncio.gather(*(outcome_of(next(loops).submit(r)) for r in requests))

        outcomes = self.runner.run(race())
        moved = sum(a for a, outcome in zip(amounts, outcomes, strict=True) if outcome == "done")
        self.model[source][0] -= moved
        self.model[target][0] += moved
        left = self.model[source][0] - self.model[source][1]
        refused = [a for a, o in zip(amounts, outcomes, strict=True) if o == "insufficient_funds"]
        assert all(amount > left for amount in refused)

    @rule(who=WHO, amount=AMOUNTS)
    def withdraw(self, who, amount):
        """Held until the bank has answered."""
        wallet, number = self.wallets[who], next(self.keys)
        card = id_from_key("crd", self.names[who], "0")
        request = Withdraw(wallet, f"k{number}", f"ord_{wallet}_{number}", card, Money(amount))
        [outcome] = self.ask(request)
        balance, held = self.model[wallet]
        assert outcome == ("done" if balance - held >= amount else "insufficient_funds")
        if outcome == "done":
            self.model[wallet][1] += amount
            self.orders.append((request, amount))

    @rule(who=WHO, amount=AMOUNTS)
    def top_up(self, who, amount):
        """Nothing moves until the bank has answered."""
        wallet, number = self.wallets[who], next(self.keys)
        card = id_from_key("crd", self.names[who], "1")
        request = TopUp(wallet, f"k{number}", f"ord_{wallet}_{number}", card, Money(amount))
        assert self.ask(request) == ["done"]
        self.orders.append((request, amount))

    @rule(which=st.integers(0, 100), settled=st.booleans(), times=st.integers(1, 3))
    def bank_answers(self, which, settled, times):
        """Once or several times: it counts once."""
        if not self.orders:
            return
        request, amount = self.orders.pop(which % len(self.orders))
        order = self.runner.run(self.loops[0].submit(request))  # the first answer again
        word: BankAnswered = answered(order, settled=settled)
        assert set(self.ask(word, times)) == {"done"}
        account = self.model[request.wallet_id]
        if isinstance(request, Withdraw):
            account[1] -= amount
            account[0] -= amount if settled else 0
        elif settled:
            account[0] += amount

    @invariant()
    def agrees(self):
        """Balances and holds are the model's; the ledger proves itself."""
        if not hasattr(self, "model"):
            return
        found = self.runner.run(balances(self.pool, *self.wallets))
        assert [list(pair) for pair in found] == list(self.model.values())
        assert self.runner.run(prove_snapshot(self.pool)).sound

    def teardown(self):
        """Every bank answers in the end, and nothing is held or in flight any more."""
        if hasattr(self, "model"):
            while self.orders:
                self.bank_answers(which=0, settled=True, times=1)
            self.runner.run(self._close())
        self.runner.close()

    async def _close(self):
        async with self.pool.connection() as conn:
            cursor = await conn.execute(
                "SELECT sum(in_flight) FROM wallets WHERE wallet_id = ANY(%s)", (self.wallets,)
            )
            assert (await cursor.fetchone())[0] == 0
        for context in self.contexts:
            await context.__aexit__(None, None, None)
        await self.pool.close()

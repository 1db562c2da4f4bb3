"""The app and PostgreSQL are killed (`kill -9`) in the middle of what the machine of
`test_machine.py` does: nothing that was answered is lost, nothing is done twice, what was refused
left nothing behind, and the ledger proves itself."""

from __future__ import annotations

import asyncio
import itertools
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from qianbao.db import embedded
from qianbao.db.migrate import migrate
from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.money import Money
from qianbao.payments.top_up import TopUp
from qianbao.payments.transfer import SendMoney
from qianbao.payments.withdraw import Withdraw
from tests.payments.killed_app import Answered, line_of
from tests.payments.test_machine import PEOPLE, WHO, Clearinghouse

HERE = Path(__file__).resolve().parents[2]
UNANSWERED = ("clearing_interrupted", "clearing_busy")
AMOUNTS = st.sampled_from([1, 2, 3, 50, 300, 10**13])
"""The last is more than anybody may send: it is always refused."""

WISHES = st.tuples(st.sampled_from(["send", "send", "send", "withdraw", "top up"]), WHO, AMOUNTS)
BURSTS = st.lists(WISHES, min_size=12, max_size=30)
LARGE = [
    (verb, who, amount)
    for verb in ("send", "send", "withdraw", "top up")
    for who in range(len(PEOPLE))
    for amount in (1, 2, 10**13)
] * 8
"""Enough of them that they are written by COPY."""

MOMENTS = [(True, 0), (True, 20), (False, 30), (True, 5), (False, 8)]
"""When to kill: so many milliseconds after the first answer, or after the first request."""

FEW = settings(
    max_examples=2,
    stateful_step_count=7,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server() -> Iterator[embedded.EmbeddedServer]:
    """A durable server of these tests' own."""
    place = Path(tempfile.mkdtemp(prefix="qianbao-crash-"))
    place.chmod(0o711)
    started = embedded.start(place / "pg", durable=True)
    asyncio.run(migrate(embedded.create_database(started.url, "wallet")))
    yield started
    embedded.end(embedded.start(place / "pg", durable=True))
    shutil.rmtree(started.home, ignore_errors=True)
    shutil.rmtree(place)


class Crashing(Clearinghouse):
    """Bursts of requests, and what must be true of them after a crash. `lose` sends a burst, kills
    somebody in the middle, and gives (outcome, answer) by key of what had been answered."""

    crashes = 0
    most_crashes = 0

    def burst(self, wishes: list) -> list:
        """The requests, each under a key of its own that a transfer carries as its note."""
        made = []
        for verb, who, amount in wishes:
            wallet, key = self.wallets[who], f"k{next(self.keys)}"
            card, order = id_from_key("crd", self.names[who], "0"), f"ord_{wallet}_{key}"
            if verb == "send":
                to = self.wallets[(who + 1) % len(PEOPLE)]
                made.append(SendMoney(wallet, key, to, Money(amount), f"{wallet} {key}"))
            elif verb == "withdraw":
                made.append(Withdraw(wallet, key, order, card, Money(amount)))
            else:
                made.append(TopUp(wallet, key, order, card, Money(amount)))
        return made

    async def told(self, loop, request) -> tuple[str, bytes]:
        """The outcome of one request, and its answer as JSON."""
        try:
            return "done", msgspec.json.encode(await loop.submit(request))
        except QianbaoError as refusal:
            return refusal.code, b"null"

    async def send_again(self, asked: list, told: dict[str, tuple[str, bytes]]) -> list[str]:
        """Every request under its key once more: what was answered gets the same answer, what was
        not is found out. The loops must come back by themselves."""
        loops = itertools.cycle(self.loops)
        final = []
        for _ in range(480):
            again = await asyncio.gather(*(self.told(next(loops), one) for one in asked))
            if not any(outcome in UNANSWERED for outcome, _ in again):
                break
            await asyncio.sleep(0.25)
        for request, found in zip(asked, again, strict=True):
            before = told.get(request.key, ("", b""))
            assert found[0] not in UNANSWERED, request
            assert before[0] != "done" or found == before, request
            final.append(found[0])
        return final

    async def check(self, asked: list, outcomes: list[str]) -> None:
        """Each done request is there once, and of a refused one there is nothing."""
        await self.pool.check()
        done = {one.key for one, outcome in zip(asked, outcomes, strict=True) if outcome == "done"}
        async with self.pool.connection() as conn:
            for request in asked:
                order = getattr(request, "order_id", "")
                cursor = await conn.execute(
                    """SELECT (SELECT count(*) FROM transfers WHERE note = %s),
                        (SELECT count(*) FROM bank_orders WHERE order_id = %s),
                        (SELECT count(*) FROM holds WHERE reason = %s),
                        (SELECT count(*) FROM answers WHERE scope = %s AND key = %s)""",
                    (f"{request.wallet_id} {request.key}", order, f"withdrawal {order}",
                     request.wallet_id, request.key),
                )  # fmt: skip
                moves, held = isinstance(request, SendMoney), isinstance(request, Withdraw)
                there = (moves, bool(order), held, True)
                expected = there if request.key in done else (False,) * 4
                assert await cursor.fetchone() == expected, request

    def settle(self, asked: list, outcomes: list[str]) -> None:
        """What was done happens in the model, too."""
        for request, outcome in zip(asked, outcomes, strict=True):
            amount = request.amount.amount_minor
            if outcome != "done":
                assert outcome in ("insufficient_funds", "blocked_by_policy"), request
            elif isinstance(request, SendMoney):
                self.model[request.wallet_id][0] -= amount
                self.model[request.to_wallet_id][0] += amount
            else:
                self.orders.append((request, amount))
                if isinstance(request, Withdraw):
                    self.model[request.wallet_id][1] += amount

    @precondition(lambda self: self.crashes < self.most_crashes)
    @rule(wishes=BURSTS)
    def crash(self, wishes):
        """A burst, and the end of somebody in the middle of it."""
        type(self).crashes += 1
        asked = self.burst(wishes)
        told = self.lose(asked, *MOMENTS[self.crashes % len(MOMENTS)])
        outcomes = self.runner.run(self.send_again(asked, told))
        self.runner.run(self.check(asked, outcomes))
        self.settle(asked, outcomes)

    def teardown(self):
        """No life ends without a crash in a large batch."""
        if hasattr(self, "model"):
            self.crash(LARGE)
            self.agrees()
        super().teardown()


class AppKilled(Crashing):
    """Requests go to another process, which is killed."""

    app: subprocess.Popen[bytes]

    @classmethod
    def start_app(cls) -> None:
        """A fresh one, which needs a second to be ready."""
        command = [sys.executable, "-m", "tests.payments.killed_app", cls.url]
        cls.app = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def lose(self, asked: list, answered: bool, after_ms: int) -> dict[str, tuple[str, bytes]]:
        """What it had answered by then is known from its pipe."""
        assert self.app.stdout.readline() == b"ready\n"
        self.app.stdin.write(b"".join(map(line_of, asked)))
        self.app.stdin.flush()
        if answered:
            select.select([self.app.stdout], [], [], 10)
        self.runner.run(asyncio.sleep(after_ms / 1000))
        self.app.kill()
        said, _ = self.app.communicate()
        self.start_app()  # meanwhile
        lines = [line for line in said.splitlines(keepends=True) if line.endswith(b"\n")]
        answers = [msgspec.json.decode(line, type=Answered) for line in lines]
        return {one.key: (one.outcome, bytes(one.answer)) for one in answers}


class PostgresKilled(Crashing):
    """Requests go to the machine's own loops, and their server is killed."""

    server: embedded.EmbeddedServer

    def lose(self, asked: list, answered: bool, after_ms: int) -> dict[str, tuple[str, bytes]]:
        """With all of its processes; then it is started on what is on the disk."""

        async def burst_and_kill():
            loops = itertools.cycle(self.loops)
            waiting = [asyncio.create_task(self.told(next(loops), one)) for one in asked]
            if answered:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(after_ms / 1000)
            kill_all(self.server)
            await asyncio.to_thread(embedded.start, self.server.folder, durable=True)
            return await asyncio.gather(*waiting)

        said = self.runner.run(burst_and_kill())
        return {one.key: found for one, found in zip(asked, said, strict=True)}


def kill_all(server: embedded.EmbeddedServer) -> None:
    """The postmaster and every process it has begun, none of which may say goodbye."""
    postmaster = int((server.home / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)  # it begins nothing more
    for process in (*_children(postmaster), postmaster):
        os.kill(process, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=True
    )
    return [int(line) for line in found.stdout.split()]


def test_the_app_is_killed(server):
    class Here(AppKilled):
        url = server.database("wallet")
        most_crashes = 2

    Here.start_app()
    try:
        run_state_machine_as_test(Here, settings=FEW)
    finally:
        Here.app.kill()
        Here.app.communicate()
    assert Here.crashes >= 2


def test_postgresql_is_killed(server):
    class Here(PostgresKilled):
        url = server.database("wallet")
        most_crashes = 1

    Here.server = server
    run_state_machine_as_test(Here, settings=FEW)
    assert Here.crashes >= 2

"""More people are refused than anybody was told: enforcement stops by itself, and waits for Mei."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.money import Money
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.transfer import SendMoney, send
from qianbao.rollouts import enforcement, oversight, publish
from qianbao.rollouts.forecast import compare
from qianbao.rollouts.hold_rule import LegalHoldsStand
from qianbao.rollouts.in_force import PoliciesInForce, PolicyNotPublished, StopRow, versions
from qianbao.rollouts.operators import TRIPWIRE, OperatorNameTaken, create_operator, list_audit
from qianbao.rollouts.population import waiting
from qianbao.rollouts.refused import gather_refusals
from qianbao.rollouts.simulate import simulate
from qianbao.rollouts.tripwire import watch
from qianbao.settings import Settings
from tests.kit.money import Hand, add_wallet, clearing
from tests.rollouts.policies import two_banks

NOW = datetime(2026, 12, 20, 2, 0, tzinfo=UTC)
LATER = datetime(2027, 2, 1, 2, 0, tzinfo=UTC)
RESUMES = datetime.fromisoformat("2027-02-03T00:00:00+08:00")
STRICT = Settings(tripwire_least_wallets=2)
SHORT_NOTICE = two_banks().replace("2026-12-01, warn: 2026-12-15", "2026-12-21, warn: 2026-12-22")
STAGED = SHORT_NOTICE.replace("2027-01-15", "2027-01-15, rollout: [50, 100], step_days: 60")


class Town:
    """A wallet provider with people who have one bank, and one rule."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.hand = Hand(LATER)
        self.sent = 0

    async def people(self, *names: str) -> list[str]:
        return [
            await add_wallet(self.pool, name, balance_minor=100_00, banks=("ICBC",))
            for name in names
        ]

    async def simulate(self, now: datetime = NOW) -> None:
        async with self.pool.connection() as conn:
            await simulate(
                conn, policy="two-banks", version=1, operator="Mei",
                simulation_id=new_id("sim", now), now=now,
            )  # fmt: skip

    async def publish(self, body: str = SHORT_NOTICE) -> None:
        async with self.pool.connection() as conn:
            await publish.draft(conn, body=body, operator="Mei", now=NOW)
        await self.simulate()
        async with self.pool.connection() as conn:
            await publish.publish(
                conn, Settings(), policy="two-banks", version=1, operator="Oskar", now=NOW
            )

    async def try_to_send(self, wallets: Sequence[str]) -> int:
        """Each sends a fen to Taro; gives how many are refused."""
        taro, refused = await add_wallet(self.pool, f"Taro {self.sent}"), 0
        async with clearing(self.pool, self.hand) as loop:
            loop._settling.policies = PoliciesInForce().ask  # as a serving process has them
            for wallet in wallets:
                self.sent += 1
                try:
                    await send(loop, SendMoney(wallet, f"k{self.sent}", taro, Money(1)))
                except BlockedByPolicy:
                    refused += 1
        return refused

    async def watch(self, settings: Settings = STRICT) -> list[StopRow]:
        async with self.pool.connection() as conn:
            await gather_refusals(conn, now=self.hand())
            return await watch(conn, settings, now=self.hand())

    async def stands(self) -> enforcement.Enforcement:
        async with self.pool.connection() as conn:
            return await enforcement.enforcement(conn, STRICT, policy="two-banks", now=self.hand())

    async def resume(self) -> StopRow:
        async with self.pool.connection() as conn:
            return await enforcement.resume(
                conn, policy="two-banks", operator="Pia", now=self.hand()
            )


@pytest.fixture
def town(pool: Pool) -> Town:
    return Town(pool)


async def test_as_forecast_nothing_happens(town: Town) -> None:
    people = await town.people("Anna", "Ben", "Chiara", "Deng")
    await town.publish()
    for _ in range(3):  # however often they try
        assert await town.try_to_send(people) == 4
        town.hand.move(minutes=3)
        assert await town.watch() == []
    found = await town.stands()
    assert (found.refused, found.expected, found.trips_beyond) == (4, 4, 6)


async def test_beyond_the_forecast_it_stops_for_everybody(town: Town) -> None:
    await town.people("Anna")
    await town.publish()
    others = await town.people("Ben", "Chiara", "Deng")  # whom nobody counted
    assert await town.try_to_send(others) == 3
    (stopped,) = await town.watch()
    assert (stopped.stopped_by, stopped.refused, stopped.forecast) == (TRIPWIRE, 3, 1)
    assert await town.try_to_send(others) == 0
    async with town.pool.connection() as conn:
        act = (await list_audit(conn, subject="two-banks"))[0]
        assert (act.action, act.operator, act.detail["refused"]) == ("policy.stop", "tripwire", 3)
        (listed,) = await versions(conn, now=LATER)
        assert (listed.phase, listed.percent, listed.stop) == ("stopped", 0, stopped)
        assert (await waiting(conn)).stopped == 1
    assert await town.watch() == []


async def test_a_few_never_stop_it(town: Town) -> None:
    await town.publish()
    assert await town.try_to_send(await town.people("Anna", "Ben")) == 2
    assert await town.watch() == []
    assert await town.watch(Settings(tripwire_least_wallets=1)) != []


async def test_wallets_opened_since_the_forecast_stop_nothing(town: Town) -> None:
    """Otherwise whoever dislikes a rule opens a few and has them refused."""
    await town.people("Anna")
    await town.publish()
    async with town.pool.connection() as conn:
        await conn.execute("UPDATE simulations SET created_at = created_at - interval '1 day'")
        await conn.execute("UPDATE wallets SET opened_at = opened_at - interval '900 days'")
    late = await town.people("Ben", "Chiara", "Deng", "Emil")
    async with town.pool.connection() as conn:
        await conn.execute("UPDATE wallets SET opened_at = %s WHERE wallet_id = ANY(%s)",
                           (NOW, late))  # fmt: skip
    assert await town.try_to_send(late) == 4
    assert await town.watch() == []
    assert (await town.stands()).refused == 0


async def test_half_of_the_wallets_are_forecast_half(town: Town) -> None:
    people = await town.people(*(f"Person {number}" for number in range(12)))
    await town.publish(STAGED)
    refused = await town.try_to_send(people)
    assert 0 < refused < 12
    found = await town.stands()
    assert (found.percent, found.expected, found.forecast.wallets) == (50, 6, 12)
    town.hand.move(days=60)
    assert await town.try_to_send(people) == 12
    found = await town.stands()
    assert (found.percent, found.expected) == (100, 12)


async def test_without_a_forecast_or_long_after_nothing_is_watched(town: Town) -> None:
    await town.publish()
    others = await town.people("Ben", "Chiara", "Deng")
    assert await town.try_to_send(others) == 3
    assert await town.watch(Settings(tripwire_least_wallets=2, tripwire_days=10)) == []
    async with town.pool.connection() as conn:
        await conn.execute("DELETE FROM simulations")
    assert await town.watch() == []


def _limited(most: str) -> str:
    """On what leaves alone: what may come in concerns everybody."""
    body = SHORT_NOTICE.replace("requires: linked_banks >= 2 OR days_since_verified < 90", most)
    return body.replace(", top_up", "")


async def _send_all(town: Town, people: Sequence[str], minor: int = 100_00) -> int:
    """Each sends so much to Taro; gives how many are refused."""
    taro, refused = await add_wallet(town.pool, f"Taro {town.sent}"), 0
    async with clearing(town.pool, town.hand) as loop:
        loop._settling.policies = PoliciesInForce().ask
        for wallet in people:
            town.sent += 1
            try:
                await send(loop, SendMoney(wallet, f"k{town.sent}", taro, Money(minor)))
            except BlockedByPolicy:
                refused += 1
    return refused


LIMITS = [
    "limit: {at_most_minor: 5000}",
    "limit: {fact: paid_today_minor, at_most_minor: 5000}",
    "requires: amount_minor <= 5000 OR linked_banks >= 2",
]


@pytest.mark.parametrize("limit", LIMITS)
async def test_of_a_limit_those_are_forecast_who_have_more(town: Town, limit: str) -> None:
    """Whoever then tries to move it all, and whoever uses it up, was known to be beyond it."""
    people = await town.people("Anna", "Ben", "Chiara", "Deng")
    await town.publish(_limited(limit))
    assert await _send_all(town, people) == 4
    assert await _send_all(town, people, 50_00) == 0
    assert await _send_all(town, people, 50_00) == (4 if "fact" in limit else 0)
    assert await town.watch() == []
    found = await town.stands()
    assert (found.refused, found.expected, found.trips_beyond) == (4, 4, 6)


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_limit_that_refuses_more_than_have_more_stops(town: Town, limit: str) -> None:
    """Too small by two digits, as it turns out: everybody's payment is too large."""
    people = await town.people("Anna", "Ben", "Chiara")
    have = "UPDATE accounts SET balance_minor = %s WHERE owner_id = ANY(%s)"
    async with town.pool.connection() as conn:
        await conn.execute(have, (49_00, people))
    await town.publish(_limited(limit))
    async with town.pool.connection() as conn:
        await conn.execute(have, (100_00, people))
    assert await _send_all(town, people) == 3
    (stopped,) = await town.watch()
    assert (stopped.refused, stopped.forecast) == (3, 0)


async def test_trying_it_again_while_it_is_enforced_is_no_forecast(town: Town) -> None:
    """By then most have linked a second card, whom it had refused before."""
    people = await town.people("Anna", "Ben", "Chiara", "Deng")
    await town.publish()
    assert await town.try_to_send(people) == 4
    async with town.pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET card_banks = '{ICBC,BOC}' WHERE wallet_id = ANY(%s)", (people[1:],)
        )
    town.hand.move(minutes=3)
    await town.simulate(town.hand())
    assert await town.watch() == []
    found = await town.stands()
    assert (found.refused, found.expected) == (4, 4)
    async with town.pool.connection() as conn:
        happened = await compare(conn, policy="two-banks", now=town.hand())
    assert happened is not None
    assert (happened.foretold, happened.refused_wallets) == (4, 4)


async def test_one_first_tried_while_it_is_enforced_is_watched_from_then_on(town: Town) -> None:
    """As a shipped rule may be."""
    people = await town.people("Anna", "Ben", "Chiara", "Deng")
    await town.publish()
    async with town.pool.connection() as conn:
        await conn.execute("DELETE FROM simulations")
        await conn.execute("UPDATE policies SET published_at = NULL")
    assert await town.try_to_send(people) == 4
    async with town.pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET card_banks = '{ICBC,BOC}' WHERE wallet_id = ANY(%s)", (people[1:],)
        )
    town.hand.move(minutes=3)
    await town.simulate(town.hand())
    assert await town.watch() == []
    assert (await town.stands()).refused == 0


async def test_an_operator_resumes_it_once_it_was_tried_again(town: Town) -> None:
    await town.publish()
    others = await town.people("Ben", "Chiara", "Deng")
    with pytest.raises(enforcement.EnforcementNotStopped):
        await town.resume()
    await town.try_to_send(others)
    await town.watch()
    with pytest.raises(enforcement.NewSimulationNeeded):
        await town.resume()
    town.hand.move(minutes=1)
    await town.simulate(town.hand())
    resumed = await town.resume()
    assert (resumed.resumed_by, resumed.resumes_at) == ("Pia", RESUMES)
    assert await town.try_to_send(others) == 0
    town.hand.at = RESUMES - timedelta(microseconds=1)
    assert await town.try_to_send(others) == 0
    town.hand.at = RESUMES
    assert await town.try_to_send(others) == 3
    assert await town.watch() == []  # as forecast now
    found = await town.stands()
    assert (found.refused, found.expected) == (3, 3)


async def test_an_operator_stops_it_and_says_why(town: Town) -> None:
    people = await town.people("Anna")
    await town.publish()
    async with town.pool.connection() as conn:
        act = {"policy": "two-banks", "operator": "Mei", "now": LATER}
        first = await enforcement.stop(conn, reason="ICBC is down", **act)
        assert await enforcement.stop(conn, reason="Again", **act) == first
        with pytest.raises(PolicyNotPublished):
            await enforcement.stop(conn, reason="x", policy="other", operator="Mei", now=LATER)
    assert await town.try_to_send(people) == 0
    assert (await town.stands()).steps[0].begins is None
    assert (await town.resume()).resumed_by == "Pia"


async def test_a_rule_that_holds_stand_on_is_not_stopped(town: Town) -> None:
    (wallet,) = await town.people("Anna")
    async with town.pool.connection() as conn:
        await publish.install_pack(conn, now=NOW)
        hold = await oversight.enter_hold(
            conn, wallet_id=wallet, legal_hold_id=new_id("leg", NOW), reference="No. 77",
            operator="Mei", now=NOW,
        )  # fmt: skip
        await oversight.step_hold(
            conn, "approve", wallet_id=wallet, legal_hold_id=hold.legal_hold_id,
            operator="Oskar", now=NOW,
        )  # fmt: skip
        with pytest.raises(LegalHoldsStand):
            await enforcement.stop(conn, policy="legal-hold", reason="x", operator="Mei", now=LATER)


async def test_nobody_can_sign_in_as_the_tripwire(pool: Pool) -> None:
    async with pool.connection() as conn:
        with pytest.raises(OperatorNameTaken):
            await create_operator(
                conn, operator_id=new_id("opr", NOW), name=TRIPWIRE, password="four words here",
                by="Mei", now=NOW,
            )  # fmt: skip

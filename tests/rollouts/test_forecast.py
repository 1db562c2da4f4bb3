"""Two banks were asked for, forty were foretold to have one: who was refused, and was it right?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.money import Money
from qianbao.payments.transfer import SendMoney, send
from qianbao.policy.policies import load_policy
from qianbao.rollouts import publish
from qianbao.rollouts.forecast import Refused, compare
from qianbao.rollouts.in_force import PolicyNotPublished
from qianbao.rollouts.simulate import simulate
from qianbao.settings import Settings
from tests.kit.money import Hand, add_wallet, clearing
from tests.payments.story import outcome_of
from tests.rollouts.policies import two_banks

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
ENFORCED = datetime.fromisoformat("2027-01-15T00:00:00+08:00")


async def _publish(pool: Pool) -> None:
    async with pool.connection() as conn:
        await publish.draft(conn, body=two_banks(), operator="Mei", now=NOW)
        await simulate(
            conn, policy="two-banks", version=1, operator="Mei", now=NOW,
            simulation_id=new_id("sim", NOW),
        )  # fmt: skip
        await publish.publish(
            conn, Settings(), policy="two-banks", version=1, operator="Oskar", now=NOW
        )


async def test_refusals_are_counted_by_wallet_beside_the_forecast(pool: Pool) -> None:
    """Anna tries twice, Ben once for something else's sake too, Chen never; Taro has two banks."""
    people = {
        name: await add_wallet(pool, name, balance_minor=500_00, banks=banks, now=NOW)
        for name, banks in (
            ("Anna", ("ICBC",)), ("Ben", ("BOC",)), ("Chen", ("CCB",)), ("Taro", ("ICBC", "BOC")),
        )
    }  # fmt: skip
    await _publish(pool)
    other = load_policy(
        "policy: small\nversion: 1\ntitle: {en: Small, zh: 小额}\nbasis: ours\n"
        "limit: {fact: paid_today_minor, at_most_minor: 5000}\notherwise: {block: [transfer]}\n"
    )
    clock = Hand(ENFORCED - timedelta(days=1))
    rules = (load_policy(two_banks()), other)
    async with clearing(pool, clock, rules) as loop:
        before = SendMoney(people["Anna"], "early", people["Taro"], Money(100_00))
        assert await outcome_of(send(loop, before)) == "blocked_by_policy"
        clock.at = ENFORCED + timedelta(days=2)
        for key, name, amount_minor in (
            ("a", "Anna", 1_00), ("b", "Anna", 2_00), ("c", "Ben", 100_00), ("d", "Taro", 1_00),
        ):  # fmt: skip
            to = people["Taro" if name != "Taro" else "Anna"]
            await outcome_of(send(loop, SendMoney(people[name], key, to, Money(amount_minor))))
    async with pool.connection() as conn:
        assert await compare(conn, policy="two-banks", now=ENFORCED - timedelta(days=1)) is None
        found = await compare(conn, policy="two-banks", now=clock.at)
    assert found is not None
    assert (found.foretold, found.refused_wallets) == (3, 2)
    assert found.loses == {"pay": 3, "top_up": 3, "transfer": 3}
    assert found.refused == (Refused("transfer", 2, 3, 1),)


async def test_there_is_nothing_to_compare_without_a_published_version(pool: Pool) -> None:
    async with pool.connection() as conn:
        with pytest.raises(PolicyNotPublished):
            await compare(conn, policy="two-banks", now=NOW)

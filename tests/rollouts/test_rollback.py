"""A rule went wrong: Mei takes it back in one act, and everybody may do again what they could."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.ids import new_id
from qianbao.money import Money
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.transfer import SendMoney, send
from qianbao.policy.policies import load_pack
from qianbao.rollouts import enforcement, oversight, publish, rollback
from qianbao.rollouts.hold_rule import LegalHoldsStand
from qianbao.rollouts.in_force import PoliciesInForce, PolicyNotPublished, read_in_force, versions
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.simulate import simulate
from qianbao.settings import Settings
from tests.kit.money import Hand, add_wallet, clearing
from tests.rollouts.policies import PAYMENT_LIMIT, two_banks
from tests.rollouts.population import settle

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
SETTINGS = Settings()
LATER = datetime(2027, 2, 1, 2, 0, tzinfo=UTC)
HOLD_RULE = next(policy.text for policy in load_pack() if policy.name == "legal-hold")


async def _publish(conn: Connection, body: str, now: datetime = NOW) -> None:
    stored = await publish.draft(conn, body=body, operator="Mei", now=now)
    await simulate(
        conn, policy=stored.policy, version=stored.version, operator="Mei",
        simulation_id=new_id("sim", now), now=now,
    )  # fmt: skip
    await publish.publish(
        conn, SETTINGS, policy=stored.policy, version=stored.version, operator="Oskar", now=now
    )


async def _roll_back(
    conn: Connection,
    policy: str = "two-banks",
    reason: str = "It blocks the wrong people",
    now: datetime = LATER,
    version: int | None = None,
) -> rollback.RolledBack:
    return await rollback.roll_back(
        conn, SETTINGS, policy=policy, version=version, reason=reason, operator="Mei", now=now
    )


async def _in_force(conn: Connection) -> dict[str, int]:
    return {policy.name: policy.version for policy in (await read_in_force(conn))[1]}


async def test_one_operator_takes_a_version_back_and_says_why(conn: Connection) -> None:
    await _publish(conn, two_banks())
    for reason in ("", "  ", "x" * 401):
        with pytest.raises(rollback.ReasonNeeded):
            await _roll_back(conn, reason=reason)
    done = await _roll_back(conn)
    assert (done.version.state, done.returned) == ("rolled_back", None)
    assert await _in_force(conn) == {}
    act = (await list_audit(conn, subject="two-banks"))[0]
    assert (act.action, act.operator) == ("policy.rollback", "Mei")
    assert act.detail == {"version": 1, "reason": "It blocks the wrong people"}
    (listed,) = await versions(conn, now=LATER)
    assert listed.phase == "rolled_back"
    with pytest.raises(PolicyNotPublished):
        await _roll_back(conn)
    with pytest.raises(publish.PolicyNotADraft):
        await publish.publish(
            conn, SETTINGS, policy="two-banks", version=1, operator="Pia", now=LATER
        )


async def test_two_who_roll_the_same_version_back_take_back_that_one_alone(pool: Pool) -> None:
    """Mei and Pia see the same alarm, or Mei clicks twice: version 1 stays."""
    async with pool.connection() as conn:
        await settle(conn, seed=3, count=60, now=NOW)
        await _publish(conn, two_banks())
        await _publish(conn, two_banks(2, banks=3))

    async def act() -> rollback.RolledBack:
        async with pool.connection() as conn:
            return await _roll_back(conn, version=2)

    both = [*await asyncio.gather(act(), act()), await act()]
    assert [(done.version.version, done.returned) for done in both] == [(2, 1)] * 3
    async with pool.connection() as conn:
        assert await _in_force(conn) == {"two-banks": 1}
        assert len([one for one in await list_audit(conn) if "rollback" in one.action]) == 1


async def test_a_version_that_is_not_published_any_more_is_not_what_is_taken_back(
    conn: Connection,
) -> None:
    """While Mei looked at version 1, version 2 came in its place."""
    await _publish(conn, two_banks())
    await _publish(conn, two_banks(2, banks=3))
    with pytest.raises(rollback.OtherVersionPublished) as refused:
        await _roll_back(conn, version=1)
    assert "version 2" in refused.value.sentence("en")
    with pytest.raises(publish.PolicyVersionUnknown):
        await _roll_back(conn, version=3)
    assert await _in_force(conn) == {"two-banks": 2}


async def test_the_version_before_returns_where_nobody_loses_by_it(conn: Connection) -> None:
    await settle(conn, seed=3, count=60, now=NOW)
    await _publish(conn, two_banks())
    await _publish(conn, two_banks(2, banks=3))  # asks for more
    assert (await _roll_back(conn)).returned == 1
    assert await _in_force(conn) == {"two-banks": 1}
    assert (await _roll_back(conn)).returned is None


async def test_a_stricter_version_before_does_not_return(conn: Connection) -> None:
    """Taking a rule back takes nothing from anybody."""
    await settle(conn, seed=3, count=60, now=NOW)
    await _publish(conn, two_banks(1, banks=3))
    await _publish(conn, two_banks(2, banks=1))
    assert (await _roll_back(conn)).returned is None
    assert await _in_force(conn) == {}


async def test_a_limit_does_not_return_before_the_day_that_was_told(conn: Connection) -> None:
    """The version in its place says the same, from another day on."""
    await settle(conn, seed=3, count=60, now=NOW)
    dates = "timeline: {announce: 2026-11-02, warn: 2026-11-09, enforce: 2026-11-20}\n"
    await _publish(conn, PAYMENT_LIMIT + dates)
    then = NOW.replace(day=25)
    later = "timeline: {announce: 2026-11-25, warn: 2026-11-26, enforce: 2026-12-20}\n"
    await _publish(conn, PAYMENT_LIMIT.replace("version: 1", "version: 2") + later, now=then)
    assert (await _roll_back(conn, "payment-limit", now=then)).returned is None


@pytest.mark.parametrize(("first", "second", "returned"), [(5_00, 500_00, None), (500_00, 5_00, 1)])
async def test_a_stricter_limit_before_does_not_return_either(
    conn: Connection, first: int, second: int, returned: int | None
) -> None:
    """Nobody is locked out by a limit, and many may be kept from what they can do today."""
    await settle(conn, seed=3, count=60, now=NOW)
    dates = "timeline: {announce: 2026-11-02, warn: 2026-11-09, enforce: 2026-11-20}\n"
    for version, most in enumerate((first, second), 1):
        body = PAYMENT_LIMIT.replace("at_most_minor: 50000", f"at_most_minor: {most}")
        await _publish(conn, body.replace("version: 1", f"version: {version}") + dates)
    assert (await _roll_back(conn, "payment-limit")).returned == returned


@pytest.mark.parametrize(
    ("moment", "returned"),
    [
        ("2026-12-23T23:30", None),  # half an hour before it would block
        ("2026-12-17T09:00", None),
        ("2026-12-16T23:30", 1),  # a week and more: holders are told
        ("2027-01-10T09:00", None),
    ],
)
async def test_one_that_would_block_before_holders_are_told_does_not_return(
    conn: Connection, moment: str, returned: int | None
) -> None:
    """Their inbox says that nothing is needed before 24 March."""
    await settle(conn, seed=3, count=60, now=NOW)
    await _publish(conn, two_banks().replace("2027-01-15", "2026-12-24"))
    await _publish(conn, two_banks(2).replace("2027-01-15", "2027-03-24"))
    at = datetime.fromisoformat(f"{moment}+08:00")
    assert (await _roll_back(conn, now=at)).returned == returned


@pytest.mark.parametrize("slow", ["rollout: [1, 100], step_days: 90", "grace_days: 90"])
async def test_one_that_blocks_more_at_once_than_the_present_one_does_not_return(
    conn: Connection, slow: str
) -> None:
    """Both are enforced, and ask for the same; but the present one has reached few so far."""
    await settle(conn, seed=3, count=60, now=NOW)
    await _publish(conn, two_banks())
    slower = two_banks(2).replace("2027-01-15", f"2027-01-15, {slow}")
    if slow.startswith("grace"):
        slower = two_banks(2) + slow
    await _publish(conn, slower)
    assert (await _roll_back(conn)).returned is None


@pytest.mark.parametrize(
    ("first", "second", "returned"),
    [
        ("require: [code], before: [be_charged]", "require: [code], before: [pay]", None),
        ("require: [code], before: [be_charged]", "require: [pin, code], before: [be_charged]", 1),
        ("require: [code], before: [be_charged]", "block: [pay, be_charged]", 1),
        ("require: [code], before: [pay]", "block: [pay]", 1),
    ],
)
async def test_one_that_asks_before_a_charge_returns_only_where_charges_fail_anyway(
    conn: Connection, first: str, second: str, returned: int | None
) -> None:
    """Nobody is there to answer: charges that went through would fail from one moment to the
    next."""
    await settle(conn, seed=3, count=60, now=NOW)
    dates = "timeline: {announce: 2026-11-02, warn: 2026-11-09, enforce: 2026-11-20}\n"
    for version, effect in enumerate((first, second), 1):
        body = PAYMENT_LIMIT.replace("block: [pay, transfer]", effect)
        await _publish(conn, body.replace("version: 1", f"version: {version}") + dates)
    assert (await _roll_back(conn, "payment-limit")).returned == returned


async def test_one_that_is_stopped_takes_nothing_when_it_returns(conn: Connection) -> None:
    await settle(conn, seed=3, count=60, now=NOW)
    await _publish(conn, two_banks())
    await enforcement.stop(
        conn, policy="two-banks", reason="A bank is down", operator="Mei", now=NOW
    )
    await _publish(conn, two_banks(2).replace("2027-01-15", "2027-03-24"))
    assert (await _roll_back(conn)).returned == 1


async def test_one_retired_before_does_not_return(conn: Connection) -> None:
    await _publish(conn, two_banks())
    await _publish(conn, two_banks(2))
    await conn.execute(
        """UPDATE policies SET state = 'retired', retire_proposed_by = 'Mei', retired_by = 'Oskar'
        WHERE version = 1"""
    )
    assert (await _roll_back(conn)).returned is None


async def test_legal_holds_are_not_lifted_by_it(conn: Connection) -> None:
    await publish.install_pack(conn, now=NOW)
    await _publish(conn, HOLD_RULE.replace("version: 1", "version: 2"))
    wallet_id = (await settle(conn, seed=2, count=5, now=NOW))[0]
    hold = await oversight.enter_hold(
        conn, wallet_id=wallet_id, legal_hold_id=new_id("leg", NOW), reference="No. 77",
        operator="Mei", now=NOW,
    )  # fmt: skip
    await oversight.step_hold(
        conn, "approve", wallet_id=wallet_id, legal_hold_id=hold.legal_hold_id, operator="Oskar",
        now=NOW,
    )  # fmt: skip
    assert (await _roll_back(conn, "legal-hold")).returned == 1  # the same rule in other words
    with pytest.raises(LegalHoldsStand):
        await _roll_back(conn, "legal-hold")
    assert "legal-hold" in await _in_force(conn)


async def test_others_may_stop_a_rule_while_it_is_counted_what_may_return(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten million wallets take a while. What changes meanwhile is counted again."""
    async with pool.connection() as conn:
        await settle(conn, seed=3, count=60, now=NOW)
        await _publish(conn, two_banks())
        await _publish(conn, two_banks(2, banks=3))
        await _publish(
            conn,
            PAYMENT_LIMIT.replace("50000", "900000000").replace("transfer", "top_up")
            + "timeline: {announce: 2026-11-02, warn: 2026-11-09, enforce: 2026-11-20}\n",
        )
    counted, losing = [], rollback.losing

    async def slowly(*given: Any, **asked: Any) -> int:
        counted.append(asked["in_force"])
        if len(counted) == 1:
            async with pool.connection() as other, asyncio.timeout(5):
                await enforcement.stop(
                    other, policy="payment-limit", reason="No", operator="Pia", now=LATER
                )
        return await losing(*given, **asked)

    monkeypatch.setattr(rollback, "losing", slowly)
    async with pool.connection() as conn:
        assert (await _roll_back(conn)).returned == 1
        assert await _in_force(conn) == {"payment-limit": 1, "two-banks": 1}
    stops = [one.stops for rules in counted for one in rules if one.name == "payment-limit"]
    assert [len(one) for one in stops] == [0, 1]


async def test_a_payment_goes_through_from_the_commit_on(pool: Pool) -> None:
    """In a process that has refused the same wallet a moment ago."""
    in_force = PoliciesInForce()
    async with pool.connection() as conn:
        await _publish(conn, two_banks())
    anna = await add_wallet(pool, "Anna", balance_minor=100_00, banks=("ICBC",))
    taro = await add_wallet(pool, "Taro")
    async with clearing(pool, Hand(LATER)) as loop:
        loop._settling.policies = in_force.ask  # as a serving process has them
        with pytest.raises(BlockedByPolicy):
            await send(loop, SendMoney(anna, "first", taro, Money(1)))
        async with pool.connection() as conn:
            await _roll_back(conn)
        await send(loop, SendMoney(anna, "second", taro, Money(1)))

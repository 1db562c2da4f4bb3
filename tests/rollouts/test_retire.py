"""Mei proposes to take a rule out of force, Oskar agrees; the rule on legal holds stays while one
stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qianbao.db.queries import Connection
from qianbao.ids import new_id
from qianbao.policy.policies import load_pack
from qianbao.rollouts import oversight, publish, retire
from qianbao.rollouts.hold_rule import LegalHoldRuleMissing, LegalHoldsStand
from qianbao.rollouts.in_force import PolicyNotPublished, read_in_force, versions
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.population import holds_waiting, waiting
from qianbao.rollouts.simulate import simulate
from qianbao.settings import Settings
from tests.rollouts.population import settle

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
LATER = datetime(2027, 2, 1, 2, 0, tzinfo=UTC)
HOLDS = "legal-hold"
HOLD_RULE = next(policy.text for policy in load_pack() if policy.name == HOLDS)


async def _names(conn: Connection) -> set[str]:
    return {policy.name for policy in (await read_in_force(conn))[1]}


async def _propose(conn: Connection, policy: str, operator: str = "Mei") -> publish.PolicyVersion:
    return await retire.propose(conn, policy=policy, operator=operator, now=NOW)


async def _retire(conn: Connection, policy: str, operator: str = "Oskar") -> publish.PolicyVersion:
    return await retire.retire(conn, policy=policy, operator=operator, now=NOW)


async def _hold(conn: Connection) -> tuple[str, str]:
    """A wallet, and an order that stands on it."""
    wallet_id = (await settle(conn, seed=2, count=5, now=NOW))[0]
    await conn.execute("UPDATE wallets SET legal_hold = false")
    hold = await oversight.enter_hold(
        conn, wallet_id=wallet_id, legal_hold_id=new_id("leg", NOW), reference="No. 77",
        operator="Mei", now=NOW,
    )  # fmt: skip
    await _step(conn, "approve", hold.wallet_id, hold.legal_hold_id, "Oskar")
    return wallet_id, hold.legal_hold_id


async def _step(
    conn: Connection, step: oversight.HoldStep, wallet_id: str, hold_id: str, operator: str
) -> None:
    await oversight.step_hold(
        conn, step, wallet_id=wallet_id, legal_hold_id=hold_id, operator=operator, now=NOW
    )


async def test_retiring_needs_two_operators_and_gives_back_at_once(conn: Connection) -> None:
    await publish.install_pack(conn, now=NOW)
    with pytest.raises(retire.RetirementNotProposed):
        await _retire(conn, "two-banks")
    proposed = await _propose(conn, "two-banks")
    assert (proposed.state, proposed.retire_proposed_by) == ("published", "Mei")
    assert await _propose(conn, "two-banks", "Pia") == proposed
    assert (await waiting(conn)).retirements == 1
    with pytest.raises(retire.RetirementNeedsSecondOperator):
        await _retire(conn, "two-banks", "Mei")
    assert "two-banks" in await _names(conn)
    retired = await _retire(conn, "two-banks")
    assert (retired.state, retired.retired_by, retired.retired_at) == ("retired", "Oskar", NOW)
    assert "two-banks" not in await _names(conn)
    assert (await waiting(conn)).retirements == 0
    for verb in (_propose, _retire):
        with pytest.raises(PolicyNotPublished):
            await verb(conn, "two-banks")
    acts = [(entry.action, entry.operator) for entry in await list_audit(conn, subject="two-banks")]
    assert {("policy.propose_retirement", "Mei"), ("policy.retire", "Oskar")} < set(acts)


async def test_a_rule_that_is_kept_has_to_be_proposed_again(conn: Connection) -> None:
    await publish.install_pack(conn, now=NOW)
    await _propose(conn, "two-banks")
    kept = await retire.keep(conn, policy="two-banks", operator="Oskar", now=NOW)
    assert kept.retire_proposed_by is None
    with pytest.raises(retire.RetirementNotProposed):
        await _retire(conn, "two-banks")


async def test_a_new_version_takes_a_proposal_to_retire_with_it(conn: Connection) -> None:
    await publish.install_pack(conn, now=NOW)
    await _propose(conn, HOLDS)
    await _publish_next(conn, "version: 2")
    with pytest.raises(retire.RetirementNotProposed):
        await _retire(conn, HOLDS)


async def test_what_retiring_would_give_back(conn: Connection) -> None:
    await publish.install_pack(conn, now=NOW)
    await settle(conn, seed=4, count=80, now=NOW)
    assert await retire.freed(conn, policy="two-banks", now=NOW) == retire.Freed(0, {}, {})
    found = await retire.freed(conn, policy="two-banks", now=LATER)
    assert 0 < found.wallets < 80
    assert 0 < found.regains["pay"] <= found.wallets
    assert found.held_minor["CNY"] > 0
    with pytest.raises(PolicyNotPublished):
        await retire.freed(conn, policy="nothing", now=NOW)


async def test_the_rule_on_legal_holds_stays_while_one_stands(conn: Connection) -> None:
    await publish.install_pack(conn, now=NOW)
    wallet_id, hold_id = await _hold(conn)
    with pytest.raises(LegalHoldsStand):
        await _propose(conn, HOLDS)
    await conn.execute("UPDATE policies SET retire_proposed_by = 'Mei', retire_proposed_at = now()")
    with pytest.raises(LegalHoldsStand):
        await _retire(conn, HOLDS)
    await _retire(conn, "two-banks")  # which has nothing to do with it
    await oversight.keep_hold(
        conn, wallet_id=wallet_id, legal_hold_id=hold_id, operator="Pia", now=NOW
    )
    await _step(conn, "propose_lift", wallet_id, hold_id, "Mei")
    assert [(each.asked, each.asked_by) for each in await holds_waiting(conn)] == [("lift", "Mei")]
    assert (await waiting(conn)).legal_holds == 1
    await _step(conn, "lift", wallet_id, hold_id, "Oskar")
    assert await holds_waiting(conn) == []
    await _retire(conn, HOLDS)
    assert HOLDS not in await _names(conn)
    acts = [entry.action for entry in await list_audit(conn, subject=wallet_id)]
    assert sorted(acts) == [
        "legal_hold.approve", "legal_hold.enter", "legal_hold.keep", "legal_hold.lift",
        "legal_hold.propose_lift",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        "otherwise: {block: [pay]}",
        "requires: legal_hold = FALSE OR linked_banks >= 2",
        "timeline: {announce: 2027-01-01, warn: 2027-02-01, enforce: 2027-03-01}",
    ],
)
async def test_no_version_frees_those_held(conn: Connection, change: str) -> None:
    await publish.install_pack(conn, now=NOW)
    wallet_id, hold_id = await _hold(conn)
    await _publish_next(conn, "version: 2", "title: {en: Under an order, zh: 依法冻结中}")
    with pytest.raises(LegalHoldsStand):
        await _publish_next(conn, "version: 3", change)
    await _step(conn, "propose_lift", wallet_id, hold_id, "Mei")
    await _step(conn, "lift", wallet_id, hold_id, "Oskar")
    await publish.publish(conn, Settings(), policy=HOLDS, version=3, operator="Oskar", now=NOW)


async def test_a_hold_is_not_approved_where_no_rule_would_act_on_it(conn: Connection) -> None:
    with pytest.raises(LegalHoldRuleMissing):
        await _hold(conn)


async def _publish_next(conn: Connection, *changes: str) -> None:
    """Publishes the rule on holds with these lines in place of its own, or after them."""
    lines = HOLD_RULE.splitlines()
    for change in changes:
        field = change.split(":")[0] + ":"
        place = next((n for n, line in enumerate(lines) if line.startswith(field)), len(lines))
        lines[place : place + 1] = [change]
    drafted = await publish.draft(conn, body="\n".join(lines), operator="Mei", now=NOW)
    await simulate(
        conn, policy=HOLDS, version=drafted.version, operator="Mei",
        simulation_id=new_id("sim", NOW), now=NOW,
    )  # fmt: skip
    await publish.publish(
        conn, Settings(), policy=HOLDS, version=drafted.version, operator="Oskar", now=NOW
    )


async def test_versions_say_who_proposed_and_who_retired(conn: Connection) -> None:
    await publish.install_pack(conn, now=NOW)
    await _propose(conn, "two-banks")
    await _retire(conn, "two-banks")
    (listed,) = await versions(conn, now=NOW, policy="two-banks")
    stored = listed.stored
    assert (stored.retire_proposed_by, stored.retired_by, listed.phase) == (
        "Mei", "Oskar", "retired",
    )  # fmt: skip

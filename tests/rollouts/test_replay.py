"""Anna is refused; years later the log still knows why, and says so when the program would not."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qianbao.db.pool import Pool
from qianbao.money import Money
from qianbao.payments.batch import is_sampled
from qianbao.payments.decisions import (
    DecisionUnknown,
    find_decision,
    forget_decisions,
    list_decisions,
)
from qianbao.payments.transfer import SendMoney, send
from qianbao.policy.policies import Policy, load_pack, load_policy
from qianbao.rollouts.publish import install_pack
from qianbao.rollouts.replay import replay
from tests.kit.money import Hand, add_wallet, clearing
from tests.payments.story import outcome_of
from tests.test_cli import qianbao

ENFORCED = datetime(2027, 2, 1, 4, 0, tzinfo=UTC)


async def _install(pool: Pool, *own: Policy) -> None:
    async with pool.connection() as conn:
        await install_pack(conn, now=ENFORCED)
        for policy in own:
            await conn.execute(
                "INSERT INTO policies (policy, version, body, state, drafted_by, drafted_at) "
                "VALUES (%s, %s, %s, 'draft', 'Mei', %s)",
                (policy.name, policy.version, policy.text, ENFORCED),
            )


async def _refused(pool: Pool, policies: tuple[Policy, ...], **wallet: Any) -> str:
    """Anna sends Taro money and is not let; the decision's id."""
    anna = await add_wallet(pool, "Anna", balance_minor=50_00, **wallet)
    taro = await add_wallet(pool, "Taro")
    async with clearing(pool, Hand(ENFORCED), policies) as loop:
        assert await outcome_of(send(loop, SendMoney(anna, "a", taro, Money(1_00)))) != "done"
    async with pool.connection() as conn:
        return (await list_decisions(conn, wallet_id=anna))[0].decision_id


async def test_the_same_answer_after_the_rule_was_replaced_and_the_wallet_has_changed(
    pool: Pool,
) -> None:
    await _install(pool)
    decision = await _refused(pool, load_pack(), banks=("ICBC",))
    async with pool.connection() as conn:
        await conn.execute("UPDATE policies SET state = 'retired', retire_proposed_by = 'Mei', "
                           "retired_by = 'Oskar'")  # fmt: skip
        await conn.execute("UPDATE wallets SET card_banks = '{ICBC,BOC}', bucket = 99")
        logged = await find_decision(conn, decision)
        found = await replay(conn, logged)
    assert (logged.outcome, logged.reasons[0]["policy"]) == ("blocked", "two-banks")
    assert (found.outcome, found.differences) == ("blocked", ())


GRACE = """\
policy: two-of-them
version: 4
title: {en: Two banks, zh: 两家银行}
basis: ours
requires: linked_banks >= 2
grace_days: 3
otherwise: {block: [transfer]}
"""


async def test_a_wallets_own_grace_is_part_of_the_answer(pool: Pool) -> None:
    own = load_policy(GRACE)
    await _install(pool, own)
    decision = await _refused(pool, (own,), banks=("ICBC",))
    async with pool.connection() as conn:
        logged = await find_decision(conn, decision)
        assert (await replay(conn, logged)).differences == ()
        logged.situation["facts_changed_at"] = ENFORCED.isoformat()
        found = await replay(conn, logged)
    assert found.outcome == "allowed"
    assert [one.what for one in found.differences] == ["outcome", "reason: two-of-them"]


async def test_a_fact_that_is_reckoned_otherwise_now_is_told(pool: Pool) -> None:
    await _install(pool)
    decision = await _refused(pool, load_pack(), banks=("ICBC",))
    async with pool.connection() as conn:
        logged = await find_decision(conn, decision)
        logged.facts["linked_banks"] = 0
        found = await replay(conn, logged)
    assert [(one.what, one.logged, one.now) for one in found.differences] == [
        ("linked_banks", "0", "1")
    ]


async def test_only_what_decides_is_kept(pool: Pool) -> None:
    own = load_policy(GRACE)
    await _install(pool, own)
    decision = await _refused(pool, (own,), banks=("ICBC",))
    async with pool.connection() as conn:
        logged = await find_decision(conn, decision)
    assert logged.policies == [["two-of-them", 4, []]]
    assert logged.facts == {"linked_banks": 1, "amount_minor": 100}
    assert set(logged.situation) == {
        "bucket", "card_banks", "currency", "exemptions", "facts_changed_at", "fallen_out",
        "last_used_at", "opened_at", "time_zone",
    }  # fmt: skip


async def test_where_enforcement_was_stopped_is_kept(pool: Pool) -> None:
    """A decision is taken again under the stops that were known then."""
    own = load_policy(GRACE)
    await _install(pool, own)
    decision = await _refused(pool, (own,), banks=("ICBC",))
    stop = '[["two-of-them", 4, [{"stopped_at": "2026-12-01T00:00:00Z", "resumes_at": null}]]]'
    async with pool.connection() as conn:
        await conn.execute("UPDATE decisions SET policies = %s", (stop,))
        again = await replay(conn, await find_decision(conn, decision))
    assert again.outcome == "allowed"
    assert "outcome" in [one.what for one in again.differences]


async def test_permits_are_sampled_by_the_requests_key_and_can_be_taken_again(pool: Pool) -> None:
    anna = await add_wallet(pool, "Anna", balance_minor=500_00, banks=("ICBC", "BOC", "CCB"))
    taro = await add_wallet(pool, "Taro")
    await _install(pool)
    keys = [f"key {number}" for number in range(40)]
    async with clearing(pool, Hand(ENFORCED), load_pack(), permit_sample_per_mille=500) as loop:
        for key in keys:
            await send(loop, SendMoney(anna, key, taro, Money(1)))
    async with pool.connection() as conn:
        logged = await list_decisions(conn, wallet_id=anna, limit=100)
        assert len(logged) == sum(is_sampled(key, 500) for key in keys)
        assert 5 < len(logged) < 35
        for one in logged:
            assert one.outcome == "allowed"
            assert (await replay(conn, one)).differences == ()


async def test_the_log_forgets_what_is_old(pool: Pool) -> None:
    await _install(pool)
    decision = await _refused(pool, load_pack(), banks=("ICBC",))
    async with pool.connection() as conn:
        assert await forget_decisions(conn, before=ENFORCED) == 0
        assert await forget_decisions(conn, before=ENFORCED + timedelta(seconds=5)) == 1
        with pytest.raises(DecisionUnknown):
            await find_decision(conn, decision)


async def test_the_command_line_says_whether_it_comes_out_the_same(
    pool: Pool, database_url: str
) -> None:
    """And ends with another code when it does not."""
    await _install(pool)
    decision = await _refused(pool, load_pack(), banks=("ICBC",))
    environ = {"QIANBAO_DATABASE_URL": database_url}
    same = await asyncio.to_thread(qianbao, "decision", "replay", decision, **environ)
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "The same.")
    assert "two-banks 1" in same.stdout
    async with pool.connection() as conn:
        await conn.execute("UPDATE decisions SET outcome = 'allowed', reasons = '[]'")
    other = await asyncio.to_thread(qianbao, "decision", "replay", decision, "--json", **environ)
    assert other.returncode == 1
    found = json.loads(other.stdout)["replayed"]["differences"]
    assert [one["what"] for one in found] == ["outcome", "reason: two-banks"]
    unknown = await asyncio.to_thread(qianbao, "decision", "replay", "dec_none", **environ)
    assert unknown.returncode == 3

"""Anna cannot have a second bank account: Mei proposes to exempt her for a while, Oskar agrees."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from qianbao.clock import start_of_day
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.ids import new_id
from qianbao.money import Money
from qianbao.notices.inbox import list_notices
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.transfer import SendMoney, send
from qianbao.policy.decide import allows
from qianbao.policy.facts import facts_at
from qianbao.policy.policies import load_policy
from qianbao.rollouts import exemptions
from qianbao.rollouts.in_force import PolicyNotPublished
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.publish import install_pack
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.situation import read_situation
from tests.kit.money import NOW as SPENDING
from tests.kit.money import Hand, add_wallet, clearing
from tests.rollouts.population import settle

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
UNTIL = date(2027, 3, 1)
TWO_BANKS = """
policy: two-banks
version: 1
title: {en: Two banks, zh: 两家银行}
basis: none
requires: linked_banks >= 2
otherwise: {block: [transfer]}
"""


async def _wallet(conn: Connection) -> str:
    await install_pack(conn, now=NOW)
    return (await settle(conn, seed=2, count=5, now=NOW))[0]


async def _propose(conn: Connection, wallet_id: str, **changed: object) -> exemptions.Exemption:
    asked = {
        "exemption_id": new_id("exm", NOW), "policy": "two-banks", "until": UNTIL,
        "reason": "No second bank takes her passport", "operator": "Mei", "now": NOW,
    }  # fmt: skip
    return await exemptions.propose(conn, wallet_id=wallet_id, **(asked | changed))  # type: ignore[arg-type]


async def _approve(
    conn: Connection, asked: exemptions.Exemption, operator: str = "Oskar", now: datetime = NOW
) -> exemptions.Exemption:
    return await exemptions.approve(
        conn, wallet_id=asked.wallet_id, exemption_id=asked.exemption_id, operator=operator, now=now
    )


async def test_it_takes_two_and_the_holder_is_told_until_when(conn: Connection) -> None:
    wallet_id = await _wallet(conn)
    asked = await _propose(conn, wallet_id)
    assert await exemptions.exemptions_waiting(conn) == [asked]
    with pytest.raises(exemptions.ExemptionNeedsSecondOperator):
        await _approve(conn, asked, "Mei")
    approved = await _approve(conn, asked)
    assert (approved.approved_by, approved.until) == ("Oskar", start_of_day(UNTIL))
    assert await _approve(conn, asked, "Pia") == approved
    assert await exemptions.exemptions_waiting(conn) == []
    (notice,) = await list_notices(conn, wallet_id=wallet_id)
    assert "before 1 March 2027" in notice.body_en
    assert "2027年3月1日之前" in notice.body_zh
    acts = [(act.action, act.operator) for act in await list_audit(conn, subject=wallet_id)]
    assert set(acts) == {("exemption.propose", "Mei"), ("exemption.approve", "Oskar")}
    situation = await read_situation(conn, wallet_id=wallet_id, now=NOW, free_minor=0)
    assert situation.exemptions == (("two-banks", start_of_day(UNTIL)),)


async def test_the_same_proposal_again_is_the_same(conn: Connection) -> None:
    wallet_id = await _wallet(conn)
    asked = await _propose(conn, wallet_id)
    again = await _propose(conn, wallet_id, exemption_id=asked.exemption_id)
    assert again == asked
    with pytest.raises(exemptions.ExemptionIdUsed):
        await _propose(conn, wallet_id, exemption_id=asked.exemption_id, reason="Another")
    assert len(await list_audit(conn, subject=wallet_id)) == 1


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"until": date(2026, 11, 2)}, exemptions.ExemptionUntilWrong),
        ({"until": date(2027, 11, 4)}, exemptions.ExemptionUntilWrong),
        ({"reason": "  "}, exemptions.ExemptionReasonNeeded),
        ({"policy": "legal-hold"}, exemptions.ExemptionImpossible),
        ({"policy": "no-such-rule"}, PolicyNotPublished),
    ],
)
async def test_what_cannot_be_proposed(
    conn: Connection, changed: dict[str, object], error: type[Exception]
) -> None:
    wallet_id = await _wallet(conn)
    with pytest.raises(error):
        await _propose(conn, wallet_id, **changed)
    with pytest.raises(WalletUnknown):
        await _propose(conn, new_id("wal", NOW))


async def test_one_taken_back_or_too_late_is_not_approved(conn: Connection) -> None:
    wallet_id = await _wallet(conn)
    asked, late = await _propose(conn, wallet_id), await _propose(conn, wallet_id)
    back = await exemptions.withdraw(
        conn, wallet_id=wallet_id, exemption_id=asked.exemption_id, operator="Mei", now=NOW
    )
    assert back.withdrawn_by == "Mei"
    with pytest.raises(exemptions.ExemptionSettled):
        await _approve(conn, asked)
    with pytest.raises(exemptions.ExemptionUntilWrong):
        await _approve(conn, late, now=start_of_day(UNTIL))
    with pytest.raises(exemptions.ExemptionUnknown):
        await exemptions.withdraw(
            conn, wallet_id=wallet_id, exemption_id=new_id("exm", NOW), operator="Mei", now=NOW
        )


async def test_nobody_is_freed_from_the_rule_on_legal_holds(conn: Connection) -> None:
    """Not even by a row that should not be there."""
    wallet_id = await _wallet(conn)
    asked = await _propose(conn, wallet_id)
    await _approve(conn, asked)
    await conn.execute("UPDATE exemptions SET policy = 'held'")
    await conn.execute("UPDATE wallets SET legal_hold = true")
    situation = await read_situation(conn, wallet_id=wallet_id, now=NOW, free_minor=0)
    held = load_policy(
        TWO_BANKS.replace("two-banks", "held").replace("transfer", "withdraw").replace(
            "linked_banks >= 2", "legal_hold = FALSE"
        )
    )  # fmt: skip
    assert situation.exemptions[0][0] == "held"
    assert not allows((held,), "withdraw", facts_at(situation, NOW), NOW, situation)


async def test_a_payment_is_let_through_at_once_and_until_that_day(pool: Pool) -> None:
    """Also by a clearing loop that has refused the same wallet before and remembers it."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00, banks=("ICBC",))
    taro = await add_wallet(pool, "Taro")
    hand, until = Hand(), (SPENDING + timedelta(days=2)).date()

    async with clearing(pool, hand, (load_policy(TWO_BANKS),)) as loop:
        with pytest.raises(BlockedByPolicy):
            await send(loop, SendMoney(anna, "first", taro, Money(1)))
        async with pool.connection() as conn:
            await conn.execute(
                """INSERT INTO policies (policy, version, body, state, drafted_by, drafted_at)
                VALUES ('two-banks', 1, %s, 'published', 'Mei', now())""", (TWO_BANKS,)
            )  # fmt: skip
            asked = await _propose(conn, anna, until=until, now=SPENDING)
            await _approve(conn, asked, now=SPENDING)
        await send(loop, SendMoney(anna, "second", taro, Money(1)))
        hand.move(seconds=(start_of_day(until) - SPENDING).total_seconds() - 1)
        await send(loop, SendMoney(anna, "third", taro, Money(1)))
        hand.move(seconds=1)
        with pytest.raises(BlockedByPolicy):
            await send(loop, SendMoney(anna, "fourth", taro, Money(1)))

"""What the operator is told about a population agrees with what each holder will be told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from qianbao.db.queries import Connection
from qianbao.ids import new_id
from qianbao.policy.asking import NOTHING
from qianbao.policy.dates import enforced_from
from qianbao.policy.decide import decide
from qianbao.policy.facts import Situation, carry, facts_at
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR, Policy, load_pack, load_policy
from qianbao.rollouts import publish
from qianbao.rollouts.counting import AGE_DAYS, BALANCE_MINOR, Asked, Segment
from qianbao.rollouts.engines import in_postgres
from qianbao.rollouts.losses import count
from qianbao.rollouts.simulate import (
    SimulationIdUsed,
    list_simulations,
    simulate,
    try_out,
)
from qianbao.wallets.situation import read_situations
from tests.rollouts.policies import (
    ASKING,
    DOCUMENT_VALID,
    PAYMENT_LIMIT,
    YEARLY_LIMIT,
    two_banks,
)
from tests.rollouts.population import settle

NOW = datetime(2026, 11, 2, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai, 16:59 in Berlin
ENFORCED = datetime.fromisoformat("2027-01-15T00:00:00+08:00")
EVERY = [load_policy(text) for text in (two_banks(), YEARLY_LIMIT, DOCUMENT_VALID)]


async def _situations(conn: Connection, wallet_ids: list[str]) -> list[Situation]:
    read = await read_situations(conn, wallet_ids, NOW, free_minor=100_000)
    return list(read.values())


def _now_and_in_full(policy: Policy) -> Policy:
    """The policy as a simulation looks at it: begun, with no grace left."""
    return msgspec.structs.replace(policy, timeline=None, grace_days=0)


def _blocked(
    policies: tuple[Policy, ...], capability: str, wallet: Situation, at: datetime
) -> bool:
    facts = facts_at(wallet, at, SMALLEST_AMOUNT_MINOR)
    return decide(policies, capability, facts, at, wallet).outcome == "blocked"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("number", range(len(EVERY)))
@pytest.mark.parametrize("as_of", [NOW, ENFORCED])
async def test_the_counts_are_those_of_decide(
    conn: Connection, seed: int, number: int, as_of: datetime
) -> None:
    """One statement over the tables, and decide() over every wallet carried to the same moment."""
    wallet_ids = await settle(conn, seed=seed, count=300, now=NOW)
    wallets = [carry(read, NOW, as_of) for read in await _situations(conn, wallet_ids)]
    tried = EVERY[number]
    outcome = await count(conn, tried, in_force=(), as_of=as_of, now=NOW)

    alone = (_now_and_in_full(tried),)
    out = [each for each in wallets if _blocked(alone, tried.blocks[0], each, as_of)]
    assert outcome.wallets == len(wallet_ids)
    assert outcome.locked_out == len(out)
    # the population has both, but for a yearly limit on which a new year has begun
    assert outcome.locked_out < outcome.wallets
    assert (outcome.locked_out == 0) == (tried.limit is not None and as_of == ENFORCED)
    held: Counter[str] = Counter()
    for each in out:
        held[each.currency] += each.balance_minor
    assert {money: sum_ for money, sum_ in outcome.locked_out_minor.items() if sum_} == +held
    applies = [
        each for each in wallets
        if tried.applies_to.holds(facts_at(each, as_of, SMALLEST_AMOUNT_MINOR))
    ]  # fmt: skip
    assert outcome.applies == len(applies)


async def test_the_shipped_policies_are_counted_as_they_decide(conn: Connection) -> None:
    wallet_ids = await settle(conn, seed=13, count=200, now=NOW)
    for tried in load_pack():
        as_of = max(NOW, enforced_from(tried))
        wallets = [carry(read, NOW, as_of) for read in await _situations(conn, wallet_ids)]
        outcome = await count(conn, tried, in_force=load_pack(), as_of=as_of, now=NOW)
        alone = (_now_and_in_full(tried),)
        out = [
            each for each in wallets
            if tried.blocks and _blocked(alone, tried.blocks[0], each, as_of)
        ]  # fmt: skip
        assert outcome.locked_out == len(out), tried.name
        assert outcome.changes == (), tried.name  # it only takes its own place


async def test_a_rule_that_asks_is_counted_by_whom_it_would_ask(conn: Connection) -> None:
    """For the smallest amount, and for all that somebody has: as `decide` says of each of them."""
    wallet_ids = await settle(conn, seed=17, count=300, now=NOW)
    wallets, tried = await _situations(conn, wallet_ids), load_policy(ASKING)
    outcome = await count(conn, tried, in_force=load_pack(), as_of=NOW, now=NOW)

    def is_asked(wallet: Situation, amount: int) -> bool:
        facts = facts_at(wallet, NOW, amount)
        return decide((tried,), "pay", facts, NOW, wallet, NOTHING).outcome == "step_up"

    for_anything = [each for each in wallets if is_asked(each, SMALLEST_AMOUNT_MINOR)]
    for_all = [
        each
        for each in wallets
        if each in for_anything or is_asked(each, each.balance_minor - each.held_minor)
    ]
    assert outcome.asked == Asked(len(for_anything), len(for_all), len(for_all))
    assert 0 < len(for_anything) < len(for_all) < len(wallets)
    assert (outcome.locked_out, outcome.changes) == (0, ())
    for by in ("residency", "age_days"):
        assert sum(one.moving_all for one in outcome.segments if one.by == by) == len(for_all)
    assert outcome.mandates.active == sum(one.mandates_active for one in for_anything)

    run = await simulate(
        conn, policy=await _drafted(conn, ASKING), version=1, operator="Mei",
        simulation_id=new_id("sim", NOW), now=NOW,
    )  # fmt: skip
    assert (run.result.asked, run.result.ways) == (outcome.asked, None)
    assert set(run.result.samples) <= {one.wallet_id for one in for_all}


async def test_a_limit_is_counted_by_whom_it_would_refuse(conn: Connection) -> None:
    """Whoever could not move all they have: as `decide` says of each of them."""
    wallet_ids = await settle(conn, seed=17, count=300, now=NOW)
    wallets, tried = await _situations(conn, wallet_ids), load_policy(PAYMENT_LIMIT)
    outcome = await count(conn, tried, in_force=load_pack(), as_of=NOW, now=NOW)

    def is_refused(wallet: Situation, amount: int) -> bool:
        facts = facts_at(wallet, NOW, amount)
        return decide((tried,), "pay", facts, NOW, wallet, NOTHING).outcome == "blocked"

    beyond = {
        each.wallet_id for each in wallets
        if is_refused(each, each.balance_minor - each.held_minor)
    }  # fmt: skip
    assert (outcome.locked_out, outcome.changes) == (0, ())
    assert 0 < len(beyond) < len(wallets)
    assert outcome.beyond == len(beyond)
    for by in ("residency", "age_days"):
        assert sum(one.moving_all for one in outcome.segments if one.by == by) == len(beyond)

    run = await simulate(
        conn, policy=await _drafted(conn, PAYMENT_LIMIT), version=1, operator="Mei",
        simulation_id=new_id("sim", NOW), now=NOW,
    )  # fmt: skip
    assert run.result.samples
    assert set(run.result.samples) <= beyond


async def test_whoever_has_used_a_limit_up_has_its_way_out(conn: Connection) -> None:
    """To the last fen: not even one more goes through, until the new year."""
    await settle(conn, seed=17, count=300, now=NOW)
    outcome = await try_out(
        conn, load_policy(YEARLY_LIMIT), in_force=(), as_of=NOW, now=NOW,
        population=await in_postgres(conn, as_of=NOW, now=NOW),
    )  # fmt: skip
    assert outcome.ways is not None
    assert outcome.locked_out > 0
    assert (outcome.ways.none, outcome.ways.unplanned) == (0, 0)


async def _drafted(conn: Connection, text: str) -> str:
    return (await publish.draft(conn, body=text, operator="Mei", now=NOW)).policy


async def test_segments_add_up_in_every_dimension(conn: Connection) -> None:
    wallet_ids = await settle(conn, seed=7, count=200, now=NOW)
    wallets = await _situations(conn, wallet_ids)
    outcome = await count(conn, EVERY[0], in_force=(), as_of=NOW, now=NOW)
    found: dict[str, Counter[tuple[str, str]]] = {}
    for each in outcome.segments:
        found.setdefault(each.by, Counter())[each.value, each.currency] += each.wallets
    assert found["residency"] == Counter((w.residency or "", w.currency) for w in wallets)
    assert found["document_kind"] == Counter((w.document_kind or "", w.currency) for w in wallets)
    assert found["bank"] == Counter(
        (bank, w.currency) for w in wallets for bank in set(w.card_banks) or {""}
    )
    ages = [(facts_at(w, NOW)["days_since_opened"], w.currency) for w in wallets]
    assert found["age_days"] == Counter((_band(days, AGE_DAYS), money) for days, money in ages)
    assert found["balance_minor"] == Counter(
        (_band(w.balance_minor, BALANCE_MINOR), w.currency) for w in wallets
    )
    out = dict.fromkeys(found, 0)
    for each in outcome.segments:
        out[each.by] += each.locked_out
    assert {out[by] for by in found if by != "bank"} == {outcome.locked_out}


def _band(value: object, starts: tuple[int, ...]) -> str:
    assert isinstance(value, int)
    return str(max(start for start in starts if start <= max(value, 0)))


async def test_losing_and_regaining_are_counted_against_what_is_in_force(conn: Connection) -> None:
    """A stricter version takes from some, a milder one gives back, and whom another policy blocks
    already has nothing left to lose."""
    wallet_ids = await settle(conn, seed=11, count=300, now=NOW)
    wallets = [carry(read, NOW, ENFORCED) for read in await _situations(conn, wallet_ids)]
    stricter, milder = load_policy(two_banks(2, banks=3)), load_policy(two_banks(2, banks=1))
    for tried in (stricter, milder):
        outcome = await count(conn, tried, in_force=EVERY, as_of=ENFORCED, now=NOW)
        before = tuple(_now_and_in_full(policy) for policy in EVERY)
        after = (*before[1:], _now_and_in_full(tried))
        changes = {}
        for capability in ("pay", "receive", "top_up", "transfer"):
            moved = Counter(
                (_blocked(before, capability, each, ENFORCED),
                 _blocked(after, capability, each, ENFORCED))
                for each in wallets
            )  # fmt: skip
            changes[capability] = (moved[False, True], moved[True, False])
        found = {each.capability: (each.loses, each.regains) for each in outcome.changes}
        assert found == {name: pair for name, pair in changes.items() if any(pair)}
        assert found["pay"][0 if tried is stricter else 1] > 0


async def test_nobody_is_there_yet(conn: Connection) -> None:
    outcome = await count(conn, EVERY[0], in_force=EVERY, as_of=NOW, now=NOW)
    assert (outcome.wallets, outcome.locked_out, outcome.locked_out_minor) == (0, 0, {})
    assert outcome.changes == ()


async def test_a_simulation_is_stored_as_of_the_day_the_policy_begins(conn: Connection) -> None:
    await settle(conn, seed=5, count=50, now=NOW)
    await publish.draft(conn, body=two_banks(), operator="Mei", now=NOW)
    ran = await simulate(
        conn, policy="two-banks", version=1, operator="Mei",
        simulation_id=new_id("sim", NOW), now=NOW,
    )  # fmt: skip
    assert ran.as_of == ENFORCED
    assert await list_simulations(conn, policy="two-banks") == [ran]
    assert isinstance(ran.result.segments[0], Segment)
    again = await simulate(
        conn, policy="two-banks", version=1, operator="Mei",
        simulation_id=ran.simulation_id, now=NOW.replace(hour=23),
    )  # fmt: skip
    assert again == ran
    await publish.draft(conn, body=two_banks(2), operator="Mei", now=NOW)
    with pytest.raises(SimulationIdUsed):
        await simulate(
            conn, policy="two-banks", version=2, operator="Mei",
            simulation_id=ran.simulation_id, now=NOW,
        )  # fmt: skip
    assert await list_simulations(conn, policy="other") == []


async def test_simulating_what_is_not_there(conn: Connection) -> None:
    with pytest.raises(publish.PolicyVersionUnknown):
        await simulate(
            conn, policy="two-banks", version=9, operator="Mei",
            simulation_id=new_id("sim", NOW), now=NOW,
        )  # fmt: skip


async def test_a_rule_that_has_told_somebody_why_is_counted_again(conn: Connection) -> None:
    """Reasons are worked out once for a rule, which stays the rule it was."""
    wallet_ids = await settle(conn, seed=17, count=100, now=NOW)
    tried = load_policy(ASKING)
    before = await count(conn, tried, in_force=(tried,), as_of=NOW, now=NOW)
    told = [
        decide((tried,), "pay", facts_at(each, NOW, 10**9), NOW, each, NOTHING)
        for each in await _situations(conn, wallet_ids)
    ]
    assert any(one.asks for one in told)
    assert await count(conn, tried, in_force=(tried,), as_of=NOW, now=NOW) == before


async def _free(conn: Connection, wallet_id: str, policy: str, until: datetime) -> None:
    number = f"exm_{wallet_id[4:]}"
    await conn.execute(
        "INSERT INTO exemptions (wallet_id, exemption_id, policy, until, reason, proposed_by, "
        "proposed_at, approved_by, approved_at) "
        "VALUES (%s, %s, %s, %s, 'abroad', 'Mei', %s, 'Pia', %s)",
        (wallet_id, number, policy, until, NOW, NOW),
    )
    await conn.execute("UPDATE wallets SET exemptions = 1 WHERE wallet_id = %s", (wallet_id,))


async def test_whom_operators_have_freed_is_not_locked_out(conn: Connection) -> None:
    """While the exemption lasts, and from that rule alone."""
    wallet_ids = await settle(conn, seed=5, count=200, now=NOW)
    tried = EVERY[0]
    alone = (_now_and_in_full(tried),)
    before = await count(conn, tried, in_force=(), as_of=ENFORCED, now=NOW)
    wallets = [carry(read, NOW, ENFORCED) for read in await _situations(conn, wallet_ids)]
    out = [one.wallet_id for one in wallets if _blocked(alone, "pay", one, ENFORCED)]
    exempt = ((tried.name, 9), (tried.name, 0), ("another", 9))
    for wallet_id, (policy, days) in zip(out, exempt, strict=False):
        await _free(conn, wallet_id, policy, ENFORCED + timedelta(days=days))
    outcome = await try_out(
        conn, tried, in_force=(), as_of=ENFORCED, now=NOW,
        population=await in_postgres(conn, as_of=ENFORCED, now=NOW),
    )  # fmt: skip
    assert outcome.locked_out == before.locked_out - 1
    assert out[0] not in outcome.samples
    assert outcome.ways is not None
    assert sum(way.wallets for way in outcome.ways.ways) <= outcome.locked_out
    freed = [carry(read, NOW, ENFORCED) for read in await _situations(conn, wallet_ids)]
    assert outcome.locked_out == sum(_blocked(alone, "pay", one, ENFORCED) for one in freed)


async def test_whom_operators_have_freed_is_not_asked(conn: Connection) -> None:
    await settle(conn, seed=17, count=100, now=NOW)
    tried = load_policy(ASKING)
    population = await in_postgres(conn, as_of=NOW, now=NOW)
    before = await try_out(conn, tried, in_force=(), as_of=NOW, now=NOW, population=population)
    await _free(conn, before.samples[0], tried.name, NOW + timedelta(days=9))
    after = await try_out(conn, tried, in_force=(), as_of=NOW, now=NOW, population=population)
    assert before.asked is not None
    assert after.asked is not None
    assert after.asked.for_all == before.asked.for_all - 1
    assert before.samples[0] not in after.samples

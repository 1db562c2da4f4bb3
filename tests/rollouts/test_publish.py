"""Mei drafts the two-banks rule, tries it, and Oskar publishes it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.ids import new_id
from qianbao.policy.conditions import PolicyUnknownFact
from qianbao.policy.lint import Finding
from qianbao.policy.policies import Policy, load_pack, load_policy
from qianbao.remedies.lint import lint
from qianbao.rollouts import enforcement, publish
from qianbao.rollouts.in_force import PoliciesInForce, versions
from qianbao.rollouts.operators import SHIPPED, list_audit
from qianbao.rollouts.simulate import simulate
from qianbao.settings import Settings
from tests.rollouts.policies import (
    ASKING,
    DOCUMENT_VALID,
    PAYMENT_LIMIT,
    YEARLY_LIMIT,
    two_banks,
)
from tests.rollouts.population import settle

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
SETTINGS = Settings()
STEPS_OF_YEARS = (
    "timeline: {announce: 2026-09-01, warn: 2026-09-02, enforce: 2026-10-01, rollout: [1, 100], "
    "step_days: 300}"
)


async def _draft(conn: Connection, body: str) -> publish.PolicyVersion:
    return await publish.draft(conn, body=body, operator="Mei", now=NOW)


async def _try(
    conn: Connection, version: int = 1, policy: str = "two-banks", now: datetime = NOW
) -> None:
    await simulate(
        conn, policy=policy, version=version, operator="Mei",
        simulation_id=new_id("sim", now), now=now,
    )  # fmt: skip


async def _publish(
    conn: Connection,
    version: int = 1,
    operator: str = "Oskar",
    policy: str = "two-banks",
    settings: Settings = SETTINGS,
    now: datetime = NOW,
) -> publish.PolicyVersion:
    return await publish.publish(
        conn, settings, policy=policy, version=version, operator=operator, now=now
    )


async def _in_force(conn: Connection) -> dict[str, int]:
    return {policy.name: policy.version for policy in await PoliciesInForce().current(conn)}


async def test_drafted_tried_and_published_by_another(conn: Connection) -> None:
    drafted = await _draft(conn, two_banks())
    assert drafted.state == "draft"
    assert await _in_force(conn) == {}
    assert [each.phase for each in await versions(conn, now=NOW)] == ["draft"]
    await _try(conn)
    assert [each.phase for each in await versions(conn, now=NOW)] == ["simulated"]
    published = await _publish(conn)
    assert (published.state, published.drafted_by, published.published_by) == (
        "published", "Mei", "Oskar",
    )  # fmt: skip
    assert await _in_force(conn) == {"two-banks": 1}
    acts = [entry.action for entry in await list_audit(conn, subject="two-banks")]
    assert sorted(acts) == ["policy.draft", "policy.publish", "policy.simulate"]


async def test_a_stored_version_never_changes(conn: Connection) -> None:
    first = await _draft(conn, two_banks())
    assert await _draft(conn, two_banks()) == first  # the same text again is the same draft
    with pytest.raises(publish.PolicyVersionExists):
        await _draft(conn, two_banks(banks=3))
    assert (await publish.find_version(conn, policy="two-banks", version=1)).body == two_banks()


async def test_a_draft_that_cannot_be_read_is_not_stored(conn: Connection) -> None:
    with pytest.raises(PolicyUnknownFact) as refused:
        await _draft(conn, two_banks().replace("linked_banks", "linked_bank"))
    assert refused.value.detail["line"] == 6
    assert await versions(conn, now=NOW) == []


async def test_publishing_needs_a_simulation_of_that_very_version(conn: Connection) -> None:
    await _draft(conn, two_banks(1))
    await _draft(conn, two_banks(2))
    await _try(conn, version=1)
    with pytest.raises(publish.SimulationNeeded):
        await _publish(conn, version=2)


async def test_publishing_needs_a_simulation_of_these_days(conn: Connection) -> None:
    """The tripwire will go by what it found."""
    await _draft(conn, two_banks())
    await _try(conn)
    later = NOW + timedelta(days=7, seconds=1)
    with pytest.raises(publish.SimulationNeeded) as refused:
        await _publish(conn, now=later)
    assert "in the last 7 days" in refused.value.sentence("en")
    await _publish(conn, now=NOW + timedelta(days=7))


async def test_publishing_needs_a_second_operator(conn: Connection) -> None:
    await _draft(conn, two_banks())
    await _try(conn)
    with pytest.raises(publish.SecondOperatorNeeded):
        await _publish(conn, operator="Mei")
    assert await _in_force(conn) == {}


async def test_a_new_version_takes_the_place_of_the_earlier(conn: Connection) -> None:
    for version in (1, 2):
        await _draft(conn, two_banks(version))
        await _try(conn, version)
        await _publish(conn, version)
    assert await _in_force(conn) == {"two-banks": 2}
    details = [entry.detail for entry in await list_audit(conn, subject="two-banks")]
    assert {"version": 2, "drafted_by": "Mei", "replaces": 1} in details
    states = {each.stored.version: each.phase for each in await versions(conn, now=NOW)}
    assert states == {2: "published", 1: "replaced"}
    with pytest.raises(publish.PolicyNotADraft):
        await _publish(conn, version=1)


def _dated(announce: str, enforce: str) -> str:
    dates = f"{{announce: {announce}, warn: {announce}, enforce: {enforce}}}"
    return re.sub("timeline: .*", f"timeline: {dates}", two_banks())


@pytest.mark.parametrize(
    ("announce", "enforce", "from_when"),
    [
        ("2026-11-01", "2026-12-21", "2026-12-21"),  # yesterday: nobody was told then
        ("2026-10-01", "2026-11-02", "2026-11-09"),
        ("2026-11-02", "2026-11-08", "2026-11-09"),
        ("2026-11-20", "2026-11-21", "2026-11-27"),
    ],
)
async def test_nobody_is_surprised(
    conn: Connection, announce: str, enforce: str, from_when: str
) -> None:
    """A rule is announced today or later, and blocks a week after that or later."""
    await settle(conn, seed=2, count=60, now=NOW)
    await _draft(conn, _dated(announce, enforce))
    await _try(conn)
    with pytest.raises(publish.PolicyNotToldInTime) as refused:
        await _publish(conn)
    assert 0 < refused.value.detail["wallets"] < 60
    for language in ("en", "zh"):
        assert "7" in refused.value.sentence(language)
        for day in (max(announce, "2026-11-02"), from_when):
            assert day in refused.value.next_step(language)
    assert await _in_force(conn) == {}


async def test_a_week_from_its_announcement_is_enough(conn: Connection) -> None:
    await settle(conn, seed=2, count=60, now=NOW)
    await _draft(conn, _dated("2026-11-02", "2026-11-09"))
    await _try(conn)
    with pytest.raises(publish.PolicyNotToldInTime):
        await _publish(conn, settings=Settings(notice_days=8))
    await _publish(conn)
    assert await _in_force(conn) == {"two-banks": 1}


async def test_who_came_after_the_simulation_is_counted_when_it_is_published(
    conn: Connection,
) -> None:
    """No wallet paid too much when Mei looked; one does when Oskar publishes."""
    await _draft(conn, YEARLY_LIMIT)
    await _try(conn, policy="yearly-limit")
    await settle(conn, seed=2, count=60, now=NOW)
    with pytest.raises(publish.PolicyNotToldInTime) as refused:
        await _publish(conn, policy="yearly-limit")
    assert refused.value.detail["wallets"] > 0


@pytest.mark.parametrize("body", [YEARLY_LIMIT, ASKING, DOCUMENT_VALID])
async def test_a_rule_whose_last_day_is_past_is_not_published(conn: Connection, body: str) -> None:
    """It would never do anything."""
    dates = "announce: 2026-08-01, warn: 2026-08-02, enforce: 2026-09-01, retire: 2026-11-02"
    name = load_policy(body).name
    await _draft(conn, f"{body}timeline: {{{dates}}}\n")
    await _try(conn, policy=name)
    with pytest.raises(publish.PolicyOver) as refused:
        await _publish(conn, policy=name)
    assert "2026-11-02" in refused.value.sentence("en")


async def test_a_limit_that_nobody_is_beyond_needs_no_dates(conn: Connection) -> None:
    """Whoever reaches it is told with the payment that does."""
    await settle(conn, seed=2, count=60, now=NOW)
    body = YEARLY_LIMIT.replace("10000000", "90000000")
    await _draft(conn, body)
    await _try(conn, policy="yearly-limit")
    await _publish(conn, policy="yearly-limit")
    assert await _in_force(conn) == {"yearly-limit": 1}


@pytest.mark.parametrize(
    ("limit", "other"),
    [
        ("limit: {at_most_minor: 1}", ("", "")),
        ("limit: {at_most_minor: 5000}", ("", "")),
        ("limit: {fact: paid_today_minor, at_most_minor: 1000}", ("", "")),
        ("limit: {at_most_minor: 1}", ("'foreign'", "'foreign' AND amount_minor < 100000")),
        ("limit: {at_most_minor: 100000000}", ("pay, transfer, top_up", "receive, top_up")),
        ("limit: {at_most_minor: 100000000}", ("pay, transfer, top_up", "pay, top_up")),
        (
            "requires: amount_minor <= 9000 OR linked_banks >= 2",
            ("pay, transfer, top_up", "top_up"),
        ),
    ],
)
async def test_a_limit_that_some_are_beyond_needs_dates(
    conn: Connection, limit: str, other: tuple[str, str]
) -> None:
    """A fen still goes through, and nothing else: nobody would call that a limit that they keep."""
    await settle(conn, seed=2, count=60, now=NOW)
    body = two_banks().replace("requires: linked_banks >= 2 OR days_since_verified < 90", limit)
    body = body.replace(*other) if other[0] else body
    await _draft(conn, body.partition("timeline:")[0])
    await _try(conn)
    with pytest.raises(publish.PolicyNotToldInTime) as refused:
        await _publish(conn)
    assert 0 < refused.value.detail["wallets"] < 60
    await _draft(conn, body.replace("version: 1", "version: 2"))
    await _try(conn, 2)
    assert (await _publish(conn, 2)).state == "published"


async def _is_published_if(conn: Connection, is_in_time: bool) -> None:
    """The second version of the limit is tried, and published only if nobody would be surprised."""
    await _try(conn, 2, policy="payment-limit")
    if is_in_time:
        assert (await _publish(conn, 2, policy="payment-limit")).state == "published"
        return
    with pytest.raises(publish.PolicyNotToldInTime) as refused:
        await _publish(conn, 2, policy="payment-limit")
    assert refused.value.detail["wallets"] > 0


@pytest.mark.parametrize(
    ("before", "after", "is_milder"),
    [
        ("block: [pay, transfer]}", "block: [pay, transfer]}", True),
        ("block: [pay, transfer]}", "block: [pay]}", True),
        ("block: [pay]}", "block: [pay, transfer]}", False),
        ("block: [pay, transfer]}\ngrace_days: 30", "block: [pay, transfer]}", False),
        ("block: [pay, transfer]}\n" + STEPS_OF_YEARS, "block: [pay, transfer]}", False),
    ],
)
async def test_a_limit_in_the_place_of_another_takes_nothing_more(
    conn: Connection, before: str, after: str, is_milder: bool
) -> None:
    """As far as the one before it goes, in what it stops and whom it has reached."""
    await settle(conn, seed=2, count=60, now=NOW)
    body = PAYMENT_LIMIT.replace("block: [pay, transfer]}", before)
    await _in_force_already(conn, body)
    body = PAYMENT_LIMIT.replace("block: [pay, transfer]}", after)
    await _draft(conn, body.replace("version: 1", "version: 2").replace("At most", "Only"))
    await _is_published_if(conn, is_milder)


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        ("rollout: [10, 100], step_days: 30", "rollout: [10, 100], step_days: 30", True),
        ("rollout: [10, 100], step_days: 30", "rollout: [10, 100], step_days: 14", False),
        ("retire: 2026-11-05", "rollout: [100]", False),
        ("retire: 2026-11-05", "retire: 2026-11-05", True),
    ],
)
async def test_a_limit_reaches_nobody_on_a_day_they_were_not_told(
    conn: Connection, before: str, after: str, is_told: bool
) -> None:
    """As it begins it stops what the version in its place does; later it would stop more."""
    await settle(conn, seed=2, count=60, now=NOW)
    dates = "timeline: {{announce: 2026-09-01, warn: 2026-09-02, enforce: 2026-10-20, {}}}\n"
    await _in_force_already(conn, PAYMENT_LIMIT + dates.format(before))
    body = PAYMENT_LIMIT.replace("version: 1", "version: 2").replace("At most", "Only")
    await _draft(conn, body + dates.format(after))
    await _is_published_if(conn, is_told)


@pytest.mark.parametrize(
    ("asks", "before", "needs_dates"),
    [
        ("when: amount_minor > 5000", "be_charged, pay", True),
        ("limit: {at_most_minor: 5000}", "be_charged", True),
        ("when: document_valid_until < today", "be_charged", True),  # tomorrow somebody's has
        ("limit: {at_most_minor: 90000000}", "be_charged", False),
        ("when: amount_minor > 5000", "pay", False),
    ],
)
async def test_a_rule_that_asks_before_a_charge_needs_dates(
    conn: Connection, asks: str, before: str, needs_dates: bool
) -> None:
    """Nobody is there to answer: larger charges would fail from one day to the next."""
    await settle(conn, seed=2, count=60, now=NOW)
    body = PAYMENT_LIMIT.replace("limit: {at_most_minor: 50000}", asks)
    await _draft(
        conn, body.replace("block: [pay, transfer]", f"require: [code], before: [{before}]")
    )
    await _try(conn, policy="payment-limit")
    if needs_dates:
        with pytest.raises(publish.PolicyNotToldInTime):
            await _publish(conn, policy="payment-limit")
    else:
        assert (await _publish(conn, policy="payment-limit")).state == "published"


async def test_a_rule_that_others_can_come_under_needs_dates(conn: Connection) -> None:
    """Nobody's document has run out today. Tomorrow somebody's has."""
    await _draft(conn, DOCUMENT_VALID)
    await _try(conn, policy="document-valid")
    with pytest.raises(publish.PolicyNotToldInTime) as refused:
        await _publish(conn, policy="document-valid")
    assert refused.value.detail["wallets"] == 0


@pytest.mark.parametrize(
    ("change", "is_easier"),
    [
        (("Valid document", "A document that is valid"), True),
        (("today - 30", "today - 60"), True),
        (("top_up, pay", "top_up"), True),
        (("otherwise:", "grace_days: 5\notherwise:"), True),
        (("today - 30", "today - 29"), False),
        (("top_up, pay", "top_up, pay, transfer"), False),
    ],
)
async def test_a_version_that_stops_nobody_else_needs_no_dates(
    conn: Connection, change: tuple[str, str], is_easier: bool
) -> None:
    """The rule that it replaces stops them already; words may be mended at once."""
    await settle(conn, seed=2, count=60, now=NOW)
    await _in_force_already(conn, DOCUMENT_VALID)
    await _draft(conn, DOCUMENT_VALID.replace("version: 1", "version: 2").replace(*change))
    await _try(conn, 2, policy="document-valid")
    if is_easier:
        await _publish(conn, 2, policy="document-valid")
    else:
        with pytest.raises(publish.PolicyNotToldInTime):
            await _publish(conn, 2, policy="document-valid")


async def test_a_rule_that_has_reached_a_few_makes_room_for_no_quicker_one(
    conn: Connection,
) -> None:
    staged = two_banks().replace("2027-01-15", "2027-01-15, rollout: [1, 100], step_days: 30")
    await settle(conn, seed=2, count=60, now=NOW)
    await _in_force_already(conn, staged)
    now = datetime(2027, 1, 20, 2, 0, tzinfo=UTC)
    for version, body in ((2, two_banks(2)), (3, staged.replace("version: 1", "version: 3"))):
        await _draft(conn, body)
        await _try(conn, version, now=now)
    with pytest.raises(publish.PolicyNotToldInTime):
        await _publish(conn, 2, now=now)
    await _publish(conn, 3, now=now)  # on the very days that were announced
    assert await _in_force(conn) == {"two-banks": 3}


async def _in_force_already(conn: Connection, body: str) -> None:
    """As a rule that was published long ago."""
    stored = await _draft(conn, body)
    await conn.execute(
        "UPDATE policies SET state = 'published', published_by = 'Oskar', published_at = %s "
        "WHERE policy = %s AND version = %s",
        (NOW - timedelta(days=400), stored.policy, stored.version),
    )


async def test_a_rule_that_leaves_no_way_out_beside_those_in_force_is_not_published(
    conn: Connection,
) -> None:
    """Each of the two has a way out by itself: link more cards. For both it would take too many."""
    asked = "linked_banks >= 2 OR days_since_verified < 90"
    few = two_banks().replace(asked, "linked_banks BETWEEN 2 AND 7 OR linked_banks = 10")
    many = two_banks().replace(asked, "NOT linked_banks BETWEEN 2 AND 7")
    many = many.replace("two-banks", "many-banks")
    for body, name in ((few, "two-banks"), (many, "many-banks")):
        await _draft(conn, body)
        await _try(conn, policy=name)
    await _publish(conn)
    with pytest.raises(publish.PolicyDoesNotLint) as refused:
        await _publish(conn, policy="many-banks")
    for told in ("“two-banks” and “many-banks”", "Somebody has ¥500.00", "There is no way out"):
        assert told in refused.value.sentence("en")
    assert "没有任何办法" in refused.value.sentence("zh")
    assert await _in_force(conn) == {"two-banks": 1}


async def test_a_version_that_is_not_there(conn: Connection) -> None:
    with pytest.raises(publish.PolicyVersionUnknown):
        await _publish(conn)


async def test_the_phase_follows_the_dates(conn: Connection) -> None:
    await _draft(conn, two_banks())
    await _try(conn)
    await _publish(conn)
    seen = []
    for day in ("2026-11-30", "2026-12-01", "2026-12-15", "2027-01-15"):
        moment = datetime.fromisoformat(f"{day}T00:00:00+08:00")
        seen += [each.phase for each in await versions(conn, now=moment)]
    assert seen == ["published", "announced", "warning", "enforced"]


async def test_the_shipped_pack_is_installed_once(conn: Connection) -> None:
    assert await publish.install_pack(conn, now=NOW) == len(load_pack())
    (entry,) = await list_audit(conn, subject="two-banks")
    assert (entry.operator, entry.action, entry.detail) == (
        SHIPPED, "policy.publish", {"version": 1},
    )  # fmt: skip
    assert await _in_force(conn) == {policy.name: policy.version for policy in load_pack()}
    assert await publish.install_pack(conn, now=NOW + timedelta(days=1)) == 0


async def test_the_shipped_pack_does_not_overwrite_what_operators_did(conn: Connection) -> None:
    await _draft(conn, DOCUMENT_VALID)
    assert await publish.install_pack(conn, now=NOW) == 0
    assert await _in_force(conn) == {}


async def test_a_process_sees_a_publication_once_it_is_committed(pool: Pool) -> None:
    cache = PoliciesInForce()
    async with pool.connection() as conn:
        assert await cache.current(conn) == ()
        await _draft(conn, two_banks())
        await _try(conn)
    async with pool.connection() as publishing, pool.connection() as clearing:
        await _publish(publishing)
        assert await cache.current(clearing) == ()
        await publishing.commit()
        (policy,) = await cache.current(clearing)
        assert (await cache.current(clearing))[0] is policy  # not read twice
    assert policy.name == "two-banks"


async def test_many_tasks_share_one_copy(pool: Pool) -> None:
    cache = PoliciesInForce()
    async with pool.connection() as conn:
        await publish.install_pack(conn, now=NOW)

    async def names() -> list[str]:
        async with pool.connection() as conn:
            return [policy.name for policy in await cache.current(conn)]

    seen = await asyncio.gather(*(names() for _ in range(20)))
    assert all(each == sorted(policy.name for policy in load_pack()) for each in seen)


async def test_two_operators_publish_two_versions_at_once(pool: Pool) -> None:
    async with pool.connection() as conn:
        for version in (1, 2):
            await _draft(conn, two_banks(version))
            await _try(conn, version)

    async def put(version: int) -> None:
        async with pool.connection() as conn:
            await _publish(conn, version)

    results = await asyncio.gather(put(1), put(2), return_exceptions=True)
    assert not [each for each in results if isinstance(each, QianbaoError)]
    async with pool.connection() as conn:
        states = sorted(each.phase for each in await versions(conn, now=NOW))
    assert states == ["published", "replaced"]


class Desk:
    """What other people do while a version is being linted, which may take minutes."""

    def __init__(self, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pool, self.looked = pool, 0
        monkeypatch.setattr(publish, "lint", self._lint)
        self.loop = asyncio.get_running_loop()

    async def meanwhile(self) -> None:
        """Nothing, unless a test says what."""

    def _lint(self, policies: tuple[Policy, ...]) -> list[Finding]:
        self.looked += 1
        asyncio.run_coroutine_threadsafe(self.meanwhile(), self.loop).result(timeout=20)
        return lint(policies)

    async def stop(self) -> None:
        async with self.pool.connection() as conn:
            await conn.execute("SET LOCAL lock_timeout = '1s'")
            await enforcement.stop(
                conn, policy="yearly-limit", reason="Wrong", operator="Pia", now=NOW
            )

    async def put(self, body: str) -> None:
        async with self.pool.connection() as conn:
            await _in_force_already(conn, body)
            await conn.execute("UPDATE policy_revision SET revision = revision + 1")

    async def publish(self, policy: str = "two-banks") -> publish.PolicyVersion:
        async with self.pool.connection() as conn:
            return await _publish(conn, policy=policy)


async def test_a_stop_does_not_wait_for_a_lint(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(pool, monkeypatch)
    await desk.put(YEARLY_LIMIT)
    async with pool.connection() as conn:
        await _draft(conn, two_banks())
        await _try(conn)
    monkeypatch.setattr(desk, "meanwhile", desk.stop)
    assert (await desk.publish()).state == "published"
    assert desk.looked == 1  # the rules in force are the same
    async with pool.connection() as conn:
        phases = {one.policy.name: one.phase for one in await versions(conn, now=NOW)}
    assert phases == {"two-banks": "published", "yearly-limit": "stopped"}


async def test_what_is_published_was_linted_beside_the_rules_then_in_force(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the two has a way out by itself; the first comes while the second is looked at."""
    desk = Desk(pool, monkeypatch)
    asked = "linked_banks >= 2 OR days_since_verified < 90"
    few = two_banks().replace(asked, "linked_banks BETWEEN 2 AND 7 OR linked_banks = 10")
    many = two_banks().replace(asked, "NOT linked_banks BETWEEN 2 AND 7")
    async with pool.connection() as conn:
        await _draft(conn, many.replace("two-banks", "many-banks"))
        await _try(conn, policy="many-banks")

    async def first() -> None:
        if desk.looked == 1:
            await desk.put(few)

    monkeypatch.setattr(desk, "meanwhile", first)
    with pytest.raises(publish.PolicyDoesNotLint):
        await desk.publish("many-banks")
    assert desk.looked == 2


async def test_rules_that_change_all_the_time_are_not_waited_for(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(pool, monkeypatch)
    async with pool.connection() as conn:
        await _draft(conn, two_banks())
        await _try(conn)

    async def another() -> None:
        await desk.put(YEARLY_LIMIT.replace("yearly-limit", f"limit-{desk.looked}"))

    monkeypatch.setattr(desk, "meanwhile", another)
    with pytest.raises(publish.RulesChanged) as refused:
        await desk.publish()
    assert refused.value.retry
    assert desk.looked == 3


async def test_publishing_again_changes_nothing(conn: Connection) -> None:
    """Oskar's answer was lost on the way, and he asks again; Pia comes too late."""
    await _draft(conn, two_banks())
    await _try(conn)
    first = await _publish(conn)
    later = NOW + timedelta(days=3)
    assert await _publish(conn, now=later) == first
    with pytest.raises(publish.PolicyNotADraft):
        await _publish(conn, operator="Pia")
    acts = [entry.action for entry in await list_audit(conn, subject="two-banks")]
    assert acts.count("policy.publish") == 1

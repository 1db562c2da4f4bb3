"""Anna has one bank: she hears of the rule in good time, each thing once, until she has done it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from qianbao.banks.cards import list_cards, unlink_all
from qianbao.banks.cards.card import QUERIES
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.ids import new_id
from qianbao.money import Money
from qianbao.notices.inbox import Notice, list_notices
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.transfer import SendMoney, send
from qianbao.policy.decide import decide
from qianbao.policy.facts import facts_at
from qianbao.policy.policies import load_pack, load_policy
from qianbao.policy.reasons import Reason
from qianbao.rollouts import enforcement, exemptions, publish, rollback
from qianbao.rollouts.in_force import read_in_force
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.preview import NoticesNeedDates, Preview, preview
from qianbao.rollouts.simulate import simulate
from qianbao.rollouts.tell import tell_holders, tell_wallet, told
from qianbao.rollouts.wording import STEPS, Step, steps_of, telling
from qianbao.settings import Settings
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.situation import read_situations
from qianbao.wallets.standing import judge
from tests.kit.money import Hand, add_wallet, clearing
from tests.rollouts.policies import PAYMENT_LIMIT, YEARLY_LIMIT, two_banks
from tests.rollouts.population import settle

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SETTINGS = Settings()
STAGED = two_banks().replace("2027-01-15", "2027-01-15, rollout: [1, 10, 100], step_days: 7")


def on(day: str, hour: int = 9) -> datetime:
    """A morning in Shanghai."""
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00+08:00")


class Desk:
    """Mei and Oskar's wallet provider, and its worker."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def publish(self, body: str = two_banks()) -> None:
        async with self.pool.connection() as conn:
            stored = await publish.draft(conn, body=body, operator="Mei", now=NOW)
            await simulate(
                conn, policy=stored.policy, version=stored.version, operator="Mei",
                simulation_id=new_id("sim", NOW), now=NOW,
            )  # fmt: skip
            await publish.publish(
                conn,
                SETTINGS,
                policy=stored.policy,
                version=stored.version,
                operator="Oskar",
                now=NOW,
            )

    async def sweep(self, now: datetime, limit: int = 100) -> None:
        while True:
            async with self.pool.connection() as conn:
                if not await tell_holders(conn, SETTINGS, now=now, limit=limit):
                    return

    async def inbox(self, wallet_id: str) -> list[Notice]:
        async with self.pool.connection() as conn:
            return await list_notices(conn, wallet_id=wallet_id, limit=99)

    async def kinds(self, wallet_id: str) -> list[str]:
        """What she was told, the first first."""
        return [one.kind for one in reversed(await self.inbox(wallet_id))]

    async def preview(self, wallet_id: str, step: Step, now: datetime = NOW) -> Preview:
        async with self.pool.connection() as conn:
            return await preview(
                conn, SETTINGS, policy="two-banks", version=1, wallet_id=wallet_id, step=step,
                operator="Mei", now=now,
            )  # fmt: skip


@pytest.fixture
def desk(pool: Pool) -> Desk:
    return Desk(pool)


async def _anna(desk: Desk, name: str = "Anna", banks: tuple[str, ...] = ("ICBC",)) -> str:
    return await add_wallet(desk.pool, name, balance_minor=3_200_00, banks=banks, now=NOW)


async def test_each_step_is_told_once_on_its_day(desk: Desk) -> None:
    anna, ben = await _anna(desk), await _anna(desk, "Ben", ("ICBC", "BOC"))
    await desk.publish()
    days = ("11-30", "12-01", "12-02", "12-15", "12-20")
    for day in days:
        for _ in range(2):
            await desk.sweep(on(f"2026-{day}"))
    for day in ("01-07", "01-09", "01-13", "01-14", "01-15", "03-01"):
        await desk.sweep(on(f"2027-{day}"))
    assert await desk.kinds(anna) == [f"policy_{step}" for step in STEPS]
    told_at = [one.created_at for one in reversed(await desk.inbox(anna))]
    assert told_at == [
        on("2026-12-01"), on("2026-12-15"), on("2027-01-09"), on("2027-01-14"), on("2027-01-15"),
    ]  # fmt: skip
    assert await desk.kinds(ben) == []  # who meets it hears nothing


async def test_a_notice_says_what_why_by_when_what_to_do_and_what_can_leave(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish()
    await desk.sweep(on("2026-12-01"))
    (notice,) = await desk.inbox(anna)
    assert notice.title_en == "From 15 January 2027: Link cards from two banks"
    assert notice.title_zh == "2027年1月15日起：绑定两家银行的银行卡"
    for part in (
        "Banks with a linked card: 1, needed: at least 2; or days",
        "From 15 January 2027 on it blocks: paying, sending money, topping up.",
        "Basis: PBOC 2015 No. 43, categories by channels.",
        "If you withdraw everything now, ¥3,197.80 arrives on your card.",
    ):
        assert part in notice.body_en
    for part in (
        "自2027年1月15日起将停用：付款、转账、充值。",
        "目前可提现到账 ¥3,197.80",
    ):
        assert part in notice.body_zh
    await desk.sweep(on("2027-01-15"))
    titles = [[step.title_en for step in way.steps] for way in notice.ways_out]
    assert titles[0] == ["Link a card from another bank"]
    assert notice.ways_out[0].steps[0].screen == "/me/pay/cards/add"
    assert [one for one in titles if "Register again" in one] == titles[2:]
    assert notice.ways_out[2].temporary_until is not None
    blocked = (await desk.inbox(anna))[0]
    async with desk.pool.connection() as conn:
        _, policies = await read_in_force(conn)
        known = await read_situations(
            conn, [anna], on("2027-01-15"), free_minor=SETTINGS.withdrawal_free_minor
        )
    found = judge(policies, SETTINGS, known[anna], on("2027-01-15"))
    assert blocked.ways_out == found.ways_out != ()
    assert blocked.title_en == "Blocked now: Link cards from two banks"
    assert "Since 15 January 2027 it blocks:" in blocked.body_en
    assert "自2027年1月15日起已停用：" in blocked.body_zh


async def test_a_limit_is_told_to_whoever_has_more_and_goes_on_without_a_word(desk: Desk) -> None:
    """What they have goes up and down; they are told once a step, and by their payments after."""
    anna = await _anna(desk)
    ben = await add_wallet(desk.pool, "Ben", balance_minor=499_00, now=NOW)
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    await desk.publish(PAYMENT_LIMIT + dates)
    await desk.sweep(on("2026-12-01"))
    (notice,) = await desk.inbox(anna)
    assert notice.title_en == "From 15 January 2027: At most 500 at a time"
    for part in (
        "This amount: ¥3,200.00, needed: at most ¥500.00",
        "From 15 January 2027 on it limits: paying, sending money.",
    ):
        assert part in notice.body_en
    assert "自2027年1月15日起将限额：付款、转账。" in notice.body_zh
    assert [way.steps[0].action for way in notice.ways_out] == ["lower_amount"]
    assert await desk.kinds(ben) == []

    async with desk.pool.connection() as conn:
        await _has(conn, anna, 100_00)
    await desk.sweep(on("2026-12-02"))
    async with desk.pool.connection() as conn:
        await _has(conn, anna, 9_000_00)
    for day in ("2026-12-03", "2026-12-15", "2027-01-09", "2027-01-14", "2027-01-15", "2027-03-01"):
        await desk.sweep(on(day))
    assert await desk.kinds(anna) == [f"policy_{step}" for step in STEPS[:-1]]
    assert all(one.settled_at is not None for one in await desk.inbox(anna))


async def test_a_limit_that_does_not_come_is_over_for_whoever_was_told(desk: Desk) -> None:
    """It is stopped; or she has become somebody to whom it does not apply."""
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    anna, ben = await _anna(desk), await _anna(desk, "Ben")
    await desk.publish(PAYMENT_LIMIT + dates)
    await desk.sweep(on("2026-12-01"))
    async with desk.pool.connection() as conn:
        await conn.execute("UPDATE wallets SET residency = 'mainland' WHERE wallet_id = %s", (ben,))
    await desk.sweep(on("2026-12-02"))
    assert await desk.kinds(ben) == ["policy_announced", "policy_over"]
    assert await desk.kinds(anna) == ["policy_announced"]
    async with desk.pool.connection() as conn:
        await enforcement.stop(
            conn, policy="payment-limit", reason="A mistake", operator="Mei", now=on("2026-12-03")
        )
    await desk.sweep(on("2026-12-04"))
    assert await desk.kinds(anna) == ["policy_announced", "policy_over"]


@pytest.mark.parametrize(
    ("most", "way"),
    [
        ("limit: {at_most_minor: 50000}", ("lower_amount", "50000")),
        ("requires: amount_minor <= 50000 OR linked_banks >= 2", ("link_card", "")),
    ],
)
@pytest.mark.parametrize(
    ("blocks", "does"), [("receive", "receiving"), ("top_up, pay", "topping up, paying")]
)
async def test_a_limit_on_what_comes_in_is_told_to_everybody_whom_it_concerns(
    desk: Desk, most: str, way: tuple[str, str], blocks: str, does: str
) -> None:
    """Nobody knows what others will send, or what she will top up; she has less now."""
    anna = await add_wallet(desk.pool, "Anna", balance_minor=300_00, banks=("ICBC",), now=NOW)
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    body = PAYMENT_LIMIT.replace("pay, transfer", blocks)
    await desk.publish(body.replace("limit: {at_most_minor: 50000}", most) + dates)
    await desk.sweep(on("2026-12-01"))
    (notice,) = await desk.inbox(anna)
    assert f"From 15 January 2027 on it limits: {does}." in notice.body_en
    assert "his amount: ¥500.01, needed: at most ¥500.00" in notice.body_en
    step = notice.ways_out[0].steps[0]
    assert (step.action, step.argument) == way


async def test_a_rule_that_asks_is_announced_where_a_merchant_charges(desk: Desk) -> None:
    """Before a payment she brings the code; before a charge nobody asks her."""
    anna = await _anna(desk)
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    body = PAYMENT_LIMIT.replace("block: [pay, transfer]", "require: [code], before: [be_charged]")
    await desk.publish(body + dates)
    await desk.publish(
        body.replace("payment-limit", "no-charge").replace("be_charged", "pay") + dates
    )
    for day in ("2026-12-01", "2027-01-14", "2027-01-15", "2027-01-16"):
        await desk.sweep(on(day))
    assert await desk.kinds(anna) == ["policy_announced", "policy_day_before"]
    for part in (
        "This takes a code sent to your phone. To go without: this amount: ¥3,200.00",
        "From 15 January 2027 on it limits: auto-deduction.",
        "you confirm it yourself",
    ):
        assert part in (await desk.inbox(anna))[-1].body_en
    async with desk.pool.connection() as conn:
        shown = await preview(
            conn, SETTINGS, policy="payment-limit", version=1, wallet_id=anna, step="announced",
            operator="Mei", now=NOW,
        )  # fmt: skip
    assert shown.words is not None
    assert shown.words.body_en == (await desk.inbox(anna))[-1].body_en


async def test_an_amount_has_no_days_of_grace(desk: Desk) -> None:
    """What it refuses it refuses from its first day on, and that is the day that is told."""
    anna = await _anna(desk)
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    body = PAYMENT_LIMIT.replace("{at_most", "{fact: paid_this_year_minor, at_most")
    await desk.publish(body + "grace_days: 30\n" + dates)
    async with desk.pool.connection() as conn:
        await conn.execute(
            "UPDATE accounts SET last_used_at = %s WHERE owner_id = %s",
            (on("2027-01-10"), anna),
        )
    await desk.sweep(on("2027-01-11"))
    (notice,) = await desk.inbox(anna)
    assert "From 15 January 2027 on it limits" in notice.body_en
    rule, now = load_policy(body + "grace_days: 30\n" + dates), on("2027-01-15")
    async with desk.pool.connection() as conn:
        found = (await read_situations(conn, [anna], now, free_minor=0))[anna]
    facts = facts_at(found, now, 500_01)
    assert decide((rule,), "pay", facts, now, found).outcome == "blocked"


async def test_what_an_earlier_version_said_of_the_same_day_is_over(desk: Desk) -> None:
    """The limit is 1,000 now, not 500: Anna hears that, and Ben, who has less, that it is over."""
    anna, ben = await _anna(desk), await _anna(desk, "Ben")
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    async with desk.pool.connection() as conn:
        await _has(conn, ben, 700_00)
    await desk.publish(PAYMENT_LIMIT + dates)
    await desk.sweep(on("2026-12-01"))
    higher = PAYMENT_LIMIT.replace("version: 1", "version: 2").replace("50000", "100000")
    await desk.publish(higher + dates)
    for day in ("2026-12-02", "2026-12-03"):
        await desk.sweep(on(day))
    assert await desk.kinds(anna) == ["policy_announced", "policy_announced"]
    later, first = await desk.inbox(anna)
    assert (first.settled_at, later.settled_at) == (on("2026-12-02"), None)
    assert "¥1,000.00" in later.body_en
    assert await desk.kinds(ben) == ["policy_announced", "policy_over"]


@pytest.mark.parametrize("balance_minor", [3_200_00, 300_00])
async def test_a_block_that_a_limit_replaced_is_over(desk: Desk, balance_minor: int) -> None:
    """Whether she is beyond the limit or not."""
    anna = await _anna(desk)
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    block = PAYMENT_LIMIT.replace("limit: {at_most_minor: 50000}", "requires: linked_banks >= 2")
    async with desk.pool.connection() as conn:
        await _has(conn, anna, balance_minor)
    await desk.publish(block + dates)
    await desk.sweep(on("2027-01-15"))
    late = "timeline: {announce: 2027-02-01, warn: 2027-02-02, enforce: 2027-03-01}\n"
    await desk.publish(PAYMENT_LIMIT.replace("version: 1", "version: 2") + late)
    for day in ("2027-02-01", "2027-02-01"):
        await desk.sweep(on(day))
    told = {one.kind: one.settled_at for one in await desk.inbox(anna)}
    assert told["policy_blocked"] == on("2027-02-01")
    assert "policy_over" in told
    assert ("policy_announced" in told) == (balance_minor > 500_00)


async def _has(conn: Connection, wallet_id: str, balance_minor: int) -> None:
    await conn.execute(
        "UPDATE accounts SET balance_minor = %s WHERE owner_id = %s", (balance_minor, wallet_id)
    )


async def test_after_an_outage_only_the_latest_step_is_told(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish()
    await desk.sweep(on("2027-01-14"))
    assert await desk.kinds(anna) == ["policy_day_before"]
    await desk.sweep(on("2027-01-20"))
    assert await desk.kinds(anna) == ["policy_day_before", "policy_blocked"]


async def test_whoever_has_done_it_hears_that_it_is_over_and_no_more(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish()
    await desk.sweep(on("2026-12-01"))
    async with desk.pool.connection() as conn:
        await conn.execute("UPDATE wallets SET card_banks = ARRAY['ICBC', 'BOC']")
    for day in ("2026-12-15", "2027-01-09", "2027-01-14", "2027-01-15"):
        await desk.sweep(on(day))
    assert await desk.kinds(anna) == ["policy_announced", "policy_over"]
    said, announced = await desk.inbox(anna)
    assert (announced.settled_at, said.settled_at) == (on("2026-12-15"), None)
    assert said.title_en == "Settled: Link cards from two banks"
    assert "You have what this rule asks for" in said.body_en
    assert "您已符合" in said.body_zh


async def test_an_act_is_answered_at_once_and_what_comes_back_is_told_anew(desk: Desk) -> None:
    """Anna links a second bank while she is blocked, and unlinks it a month later."""
    anna = await _anna(desk)
    await desk.publish()
    await desk.sweep(on("2027-01-15"))
    for day, banks in (("2027-01-15", ["ICBC", "BOC"]), ("2027-02-15", ["ICBC"])):
        async with desk.pool.connection() as conn:
            await conn.execute("UPDATE wallets SET card_banks = %s", (banks,))
            for _ in range(2):  # a job may run twice
                await tell_wallet(conn, SETTINGS, wallet_id=anna, now=on(day, 10))
    kinds = ["policy_blocked", "policy_over", "policy_blocked"]
    assert await desk.kinds(anna) == kinds
    assert [one.settled_at for one in await desk.inbox(anna)] == [None, None, on("2027-01-15", 10)]
    await desk.sweep(on("2027-02-16"))
    assert await desk.kinds(anna) == kinds


async def test_a_rule_that_was_taken_back_is_over_for_everybody_who_was_told(desk: Desk) -> None:
    people = [await _anna(desk, f"Person {number}") for number in range(5)]
    await desk.publish()
    await desk.sweep(on("2026-12-01"))
    async with desk.pool.connection() as conn:
        await rollback.roll_back(
            conn, SETTINGS, policy="two-banks", reason="Wrong", operator="Mei", now=on("2026-12-02")
        )
        await conn.execute(
            "UPDATE wallets SET status = 'closed' WHERE wallet_id = %s", (people[0],)
        )
    for _ in range(2):
        await desk.sweep(on("2026-12-03"), limit=2)
    kinds = [await desk.kinds(one) for one in people]
    assert kinds == [["policy_announced"], *[["policy_announced", "policy_over"]] * 4]
    assert "blocks nothing in your wallet now" in (await desk.inbox(people[1]))[0].body_en
    for one in people:
        assert (await desk.inbox(one))[-1].settled_at == on("2026-12-03")


async def test_a_crash_in_a_batch_tells_nobody_twice_and_leaves_nobody_out(desk: Desk) -> None:
    people = [await _anna(desk, f"Person {number}") for number in range(7)]
    await desk.publish()
    now = on("2026-12-01")
    async with desk.pool.connection() as conn:
        assert await tell_holders(conn, SETTINGS, now=now, limit=3) == 3
    async with desk.pool.connection() as conn:
        assert await tell_holders(conn, SETTINGS, now=now, limit=3) == 3
        await conn.rollback()  # the worker was killed before it committed
    assert sum([len(await desk.kinds(one)) for one in people]) == 3
    await desk.sweep(now, limit=3)
    assert [await desk.kinds(one) for one in people] == [["policy_announced"]] * 7
    async with desk.pool.connection() as conn:
        (counted,) = await told(conn, policy="two-banks", version=1)
    assert (counted.step, counted.wallets) == ("announced", 7)


async def test_two_workers_at_once_tell_once(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish()
    now = on("2026-12-01")
    async with desk.pool.connection() as conn:
        await tell_holders(conn, SETTINGS, now=now)
        await conn.execute("UPDATE policy_sweeps SET after = '', finished_at = NULL")
        await tell_holders(conn, SETTINGS, now=now)
    assert await desk.kinds(anna) == ["policy_announced"]


async def test_in_a_rollout_everybody_hears_their_own_day(desk: Desk) -> None:
    people = [await _anna(desk, f"Person {number}") for number in range(30)]
    await desk.publish(STAGED)
    await desk.sweep(on("2026-12-01"))
    days = Counter([(await desk.inbox(one))[0].title_en.split(":")[0] for one in people])
    assert set(days) <= {"From 15 January 2027", "From 22 January 2027", "From 29 January 2027"}
    assert days["From 29 January 2027"] > 15
    await desk.sweep(on("2027-01-15"))
    blocked = [one for one in people if (await desk.kinds(one))[-1] == "policy_blocked"]
    assert len(blocked) == days["From 15 January 2027"]


async def test_an_exemption_gives_other_days_and_they_are_told(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish()
    await desk.sweep(on("2027-01-15"))
    async with desk.pool.connection() as conn:
        asked = await exemptions.propose(
            conn, wallet_id=anna, exemption_id=new_id("exm", NOW), policy="two-banks",
            until=date(2027, 3, 1), reason="No second bank", operator="Mei", now=on("2027-01-15"),
        )  # fmt: skip
        await exemptions.approve(
            conn, wallet_id=anna, exemption_id=asked.exemption_id, operator="Oskar",
            now=on("2027-01-15", 10),
        )  # fmt: skip
    for day in ("2027-01-16", "2027-02-23", "2027-02-28", "2027-03-01"):
        await desk.sweep(on(day))
    assert await desk.kinds(anna) == [
        "policy_blocked", "policy_exempted", "policy_warned", "policy_week_before",
        "policy_day_before", "policy_blocked",
    ]  # fmt: skip


async def test_after_a_stop_the_new_days_are_told(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish()
    await desk.sweep(on("2027-01-15"))
    act = {"policy": "two-banks", "operator": "Mei"}
    async with desk.pool.connection() as conn:
        await enforcement.stop(conn, reason="A bank is down", now=on("2027-01-16"), **act)
    await desk.sweep(on("2027-01-17"))
    assert await desk.kinds(anna) == ["policy_blocked", "policy_over"]
    async with desk.pool.connection() as conn:
        await enforcement.resume(conn, now=on("2027-01-20"), **act)
    for day in ("2027-01-20", "2027-01-21", "2027-01-22"):
        await desk.sweep(on(day, 10))
    assert await desk.kinds(anna) == [
        "policy_blocked", "policy_over", "policy_week_before", "policy_day_before",
        "policy_blocked",
    ]  # fmt: skip


async def test_what_was_taken_back_or_has_no_dates_is_not_told(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish(YEARLY_LIMIT)
    await desk.publish()
    async with desk.pool.connection() as conn:
        await rollback.roll_back(
            conn, SETTINGS, policy="two-banks", reason="Wrong", operator="Mei", now=on("2026-12-01")
        )
    await desk.sweep(on("2027-01-15"))
    assert await desk.kinds(anna) == []


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("day", ["2026-12-01", "2027-01-14", "2027-01-15", "2027-01-24"])
async def test_nobody_is_missed(desk: Desk, seed: int, day: str) -> None:
    """Everybody in a population to whom something is due is found by the SQL, and nobody else is
    told anything."""
    now = on(day)
    async with desk.pool.connection() as conn:
        wallet_ids = await settle(conn, seed=seed, count=120, now=NOW)
    await desk.publish(STAGED)
    async with desk.pool.connection() as conn:
        (policy,) = (await read_in_force(conn))[1]
        found = await read_situations(conn, wallet_ids, now, free_minor=0)
    due = {name: what for name, one in found.items() if (what := telling(policy, one, now))}
    near = {
        name for name, what in due.items()
        if what.deadline <= max(now + timedelta(days=7), on("2027-01-29"))
    }  # fmt: skip
    await desk.sweep(now, limit=17)
    was_told = {name for name in wallet_ids if await desk.kinds(name)}
    assert near <= was_told <= set(due)
    assert 0 < len(was_told) < len(wallet_ids)


async def test_a_preview_is_what_will_be_told(desk: Desk) -> None:
    anna = await _anna(desk)
    await desk.publish()
    for step, day in (("announced", "2026-12-01"), ("week_before", "2027-01-08")):
        shown = await desk.preview(anna, step)  # type: ignore[arg-type]
        await desk.sweep(on(day))
        notice = (await desk.inbox(anna))[0]
        assert shown.deadline == on("2027-01-15", 0)
        assert shown.words is not None
        assert (shown.words.title_en, shown.words.body_zh) == (notice.title_en, notice.body_zh)
    blocked = await desk.preview(anna, "blocked")
    assert blocked.words is not None
    assert "Since 15 January 2027 it blocks" in blocked.words.body_en


async def test_a_preview_of_a_draft_or_of_somebody_who_meets_it(desk: Desk) -> None:
    anna, ben = await _anna(desk), await _anna(desk, "Ben", ("ICBC", "BOC"))
    async with desk.pool.connection() as conn:
        await publish.draft(conn, body=two_banks(), operator="Mei", now=NOW)
        await publish.draft(
            conn, body=YEARLY_LIMIT.replace("yearly-limit", "no-dates"), operator="Mei", now=NOW
        )
        with pytest.raises(NoticesNeedDates):
            await preview(
                conn, SETTINGS, policy="no-dates", version=1, wallet_id=anna, step="warned",
                operator="Mei", now=NOW,
            )  # fmt: skip
    assert (await desk.preview(anna, "warned")).words is not None
    assert (await desk.preview(ben, "warned")).words is None
    with pytest.raises(WalletUnknown):
        await desk.preview(new_id("wal", NOW), "warned")


GRACE = """
policy: two-banks
version: 1
title: {en: Two banks, zh: 两家银行}
basis: none
requires: linked_banks >= 2
otherwise: {block: [transfer]}
grace_days: 30
"""


async def _publish_with_grace(conn: Connection) -> None:
    await publish.draft(conn, body=GRACE, operator="Mei", now=NOW)
    await conn.execute(
        "UPDATE policies SET state = 'published', published_by = 'Oskar', published_at = now()"
    )
    await conn.execute("UPDATE policy_revision SET revision = revision + 1")


async def test_acting_again_does_not_begin_a_wallets_grace_anew(desk: Desk) -> None:
    """Nor does a process miss it that knows the wallet; doing what is needed ends it."""
    async with desk.pool.connection() as conn:
        await _publish_with_grace(conn)
    anna, taro = await _anna(desk, banks=("ICBC", "BOC")), await _anna(desk, "Taro")
    hand = Hand(on("2027-01-01"))

    async def act(banks: list[str]) -> None:
        async with desk.pool.connection() as conn:
            await conn.execute(
                "UPDATE wallets SET card_banks = %s, facts_changed_at = %s WHERE wallet_id = %s",
                (banks, hand(), anna),
            )

    async with clearing(desk.pool, hand, (load_policy(GRACE),)) as loop:
        sent = iter(range(99))

        async def outcome() -> str:
            await desk.sweep(hand())
            try:
                await send(loop, SendMoney(anna, f"k{next(sent)}", taro, Money(1)))
            except BlockedByPolicy as refused:
                return refused.decision.reasons[0].since.isoformat()[:10]
            return "sent"

        assert await outcome() == "sent"

        async def wait(days: int) -> None:
            for _ in range(days):  # the worker goes on sweeping
                hand.move(days=1)
                await desk.sweep(hand())

        hand.move(hours=1)
        await act(["ICBC"])  # falls out
        assert await outcome() == "sent"
        await wait(20)
        await act(["ICBC", "ICBC"])  # does something, but not what is needed
        assert await outcome() == "sent"
        await wait(9)
        hand.move(hours=23)
        assert await outcome() == "sent"
        hand.move(hours=1)
        assert await outcome() == "2027-01-31"
        await act(["ICBC", "BOC"])
        hand.move(hours=1)  # which the next sweep sees
        assert await outcome() == "sent"
        hand.move(days=1)
        await act(["ICBC"])  # falls out anew, and has thirty days again
        assert await outcome() == "sent"
        await wait(29)
        assert await outcome() == "sent"
        await wait(1)
        assert await outcome() == "2027-03-03"


async def test_what_nobody_watched_is_not_held_against_a_wallet(desk: Desk) -> None:
    """The worker stood still for two days: she may have met the rule meanwhile."""
    async with desk.pool.connection() as conn:
        await _publish_with_grace(conn)
    anna = await _anna(desk)
    async with desk.pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET card_banks = '{ICBC}', facts_changed_at = %s", (NOW,)
        )
    await desk.sweep(NOW)
    for acted, hours, since in ((12, 13, NOW), (20, 61, NOW), (62, 99, NOW), (160, 161, None)):
        act, moment = NOW + timedelta(hours=acted), NOW + timedelta(hours=hours)
        async with desk.pool.connection() as conn:
            await conn.execute("UPDATE wallets SET facts_changed_at = %s", (act,))
        await desk.sweep(moment)
        async with desk.pool.connection() as conn:
            found = await read_situations(conn, [anna], moment, free_minor=0)
        assert found[anna].fallen_out == (("two-banks", since or act),)


async def test_what_blocks_her_keeps_its_history_through_acts_that_change_nothing(
    desk: Desk,
) -> None:
    """Deng unlinks one of two cards of one bank; his bank says that it holds an old number. After
    months that nobody watched it is still so."""
    deng = await _anna(desk, "Deng", ("ICBC", "ICBC"))
    await desk.publish()
    await desk.sweep(on("2027-01-15"))

    async def told_at(moment: datetime) -> Reason:
        async with desk.pool.connection() as conn:
            _, policies = await read_in_force(conn)
            found = (await read_situations(conn, [deng], moment, free_minor=0))[deng]
        (reason,) = decide(policies, "pay", facts_at(found, moment), moment, found).reasons
        return reason

    async with desk.pool.connection() as conn:
        card = (await list_cards(conn, deng))[0]
        await conn.execute(
            "UPDATE cards SET state = 'unlinked' WHERE card_id = %s", (card.card_id,)
        )
        act = {"wallet_id": deng, "bank": "ICBC", "now": on("2027-01-15", 10)}
        await conn.execute(QUERIES.cards_changed, act)
        await conn.execute(QUERIES.bank_became_stale, act | {"now": on("2027-01-18")})
    for day in ("2027-01-15", "2027-04-20", "2027-08-20"):
        reason = await told_at(on(day, 12))
        assert reason.since == reason.deadline == on("2027-01-15", 0)
        await desk.sweep(on(day, 12))
    async with desk.pool.connection() as conn:  # Ben, on his way out, unlinks the last one, too
        await unlink_all(conn, wallet_id=deng, now=on("2027-08-20", 13))
    assert (await told_at(on("2027-08-20", 14))).deadline == on("2027-01-15", 0)


# ── Rules without dates ──────────────────────────────────────────────────────────────────────────

SHIPPED = {policy.name: policy for policy in load_pack()}


async def _install(desk: Desk) -> None:
    async with desk.pool.connection() as conn:
        await publish.install_pack(conn, now=NOW)


async def _set(desk: Desk, wallet_id: str, columns: str, *values: object) -> None:
    async with desk.pool.connection() as conn:
        await conn.execute(f"UPDATE wallets SET {columns} WHERE wallet_id = %s",
                           (*values, wallet_id))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("missing-data", STEPS[1:]), ("dormant", STEPS[2:]), ("two-banks", STEPS),
        ("document-expiry", ()), ("real-name", ()), ("legal-hold", ()), ("category-one", ()),
        ("visitor-year", ()), ("daily-one-factor", ()),
    ],
)  # fmt: skip
def test_what_comes_by_itself_is_told(name: str, steps: tuple[Step, ...]) -> None:
    assert steps_of(SHIPPED[name]) == steps


def test_of_a_document_only_the_grace_after_its_last_day_is_told() -> None:
    """The last day itself has reminders of its own."""
    expiry = msgspec.structs.replace(SHIPPED["document-expiry"], grace_days=30)
    assert steps_of(expiry) == STEPS[2:]


async def test_data_that_is_missing_is_told_at_once_and_until_it_is_there(desk: Desk) -> None:
    anna = await _anna(desk, banks=("ICBC", "BOC"))
    await _install(desk)
    await _set(desk, anna, "data_missing = '{address}', facts_changed_at = %s", NOW)
    for days in (0, 1, 40, 84, 89, 90, 91):
        await desk.sweep(NOW + timedelta(days=days, hours=1))
    assert await desk.kinds(anna) == [
        "policy_warned", "policy_week_before", "policy_day_before", "policy_blocked",
    ]  # fmt: skip
    first = (await desk.inbox(anna))[-1]
    assert "is missing: address." in first.body_en
    assert "尚缺：住址" in first.body_zh
    assert [step.action for step in first.ways_out[0].steps] == ["confirm_data"]
    await _set(desk, anna, "data_missing = '{}'")
    for days in (92, 93):
        await desk.sweep(NOW + timedelta(days=days))
    assert (await desk.kinds(anna))[4:] == ["policy_over"]


async def test_a_wallet_never_used_is_told_a_week_before_and_again_the_next_time(
    desk: Desk,
) -> None:
    anna = await _anna(desk, banks=("ICBC", "BOC"))
    await _install(desk)
    await _set(desk, anna, "opened_at = %s, data_confirmed_at = %s", NOW, NOW)
    for days in (1, 100, 178, 183, 184, 190):
        await desk.sweep(NOW + timedelta(days=days, hours=1))
    told = ["policy_week_before", "policy_day_before", "policy_blocked"]
    assert await desk.kinds(anna) == told
    back = NOW + timedelta(days=200)
    await _set(desk, anna, "data_confirmed_at = %s, facts_changed_at = %s", back, back)
    for days in (1, 178, 183, 184):
        await desk.sweep(back + timedelta(days=days, hours=1))
    assert await desk.kinds(anna) == [*told, "policy_over", *told]


# ── What fails is told of nobody else ────────────────────────────────────────────────────────────

RICH = """\
policy: a-first
version: 1
title: {en: A rule, zh: 一条规则}
basis: none
requires: balance_minor * 9000 < 0 OR linked_banks >= 2
otherwise: {block: [pay]}
timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}
"""


async def _failures(desk: Desk) -> list[tuple[str, int]]:
    async with desk.pool.connection() as conn:
        entries = await list_audit(conn, kind="policy")
    return [
        (entry.subject, len(entry.detail["wallets"]))
        for entry in entries if entry.action == "policy.telling_failed"
    ]  # fmt: skip


async def test_a_wallet_that_cannot_be_read_silences_nobody(desk: Desk) -> None:
    """Taro's row names a zone that no machine knows; a week later it is put right."""
    wallets = [await _anna(desk, name) for name in ("Anna", "Taro", "Ben")]
    anna, taro, ben = wallets
    await desk.publish()
    await _set(desk, taro, "time_zone = 'Nowhere/At_All'")
    await desk.sweep(on("2026-12-01"))
    assert [await desk.kinds(one) for one in (anna, ben)] == [["policy_announced"]] * 2
    assert await _failures(desk) == [("two-banks", 1)]
    await _set(desk, taro, "time_zone = 'Asia/Tokyo'")
    await desk.sweep(on("2026-12-02"))
    assert [await desk.kinds(one) for one in wallets] == [["policy_announced"]] * 3
    assert len(await _failures(desk)) == 1


async def test_a_wallet_beyond_all_reckoning_ends_no_sweep(desk: Desk) -> None:
    """Whatever was proved on writing: her balance, times 9,000, is more than 64 bits."""
    anna, ben = await _anna(desk), await _anna(desk, "Ben")
    await desk.publish(RICH)
    await desk.publish()
    async with desk.pool.connection() as conn:
        await conn.execute(
            "UPDATE accounts SET balance_minor = 9000000000000000 WHERE owner_id = %s", (anna,)
        )
    await desk.sweep(on("2026-12-01"))
    for wallet_id in (anna, ben):
        assert len(await desk.kinds(wallet_id)) == 2

"""Mei drafts a rule in the console, looks at whom it reaches, and Oskar publishes it."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import permutations

import pytest

from qianbao.api.operator import version_view
from qianbao.bank_names import bank_name
from qianbao.clock import local_date
from qianbao.console.policies import first_version
from qianbao.console.simulations import pictures
from qianbao.db.pool import Pool
from qianbao.errors import Language
from qianbao.money import Money
from qianbao.payments.transfer import SendMoney, send
from qianbao.policy.policies import load_pack, load_policy
from qianbao.rollouts.counting import Segment
from qianbao.rollouts.in_force import versions
from qianbao.rollouts.preview import preview
from qianbao.rollouts.publish import install_pack
from qianbao.rollouts.refused import gather_refusals
from qianbao.rollouts.tripwire import watch
from qianbao.settings import Settings
from tests.console.conftest import NOW, PASSWORD, Enter, Moment
from tests.kit.money import Hand, add_wallet, clearing
from tests.payments.story import outcome_of
from tests.rollouts.policies import ASKING, two_banks
from tests.rollouts.population import settle

ADDRESS = "/console/policies/two-banks"


async def test_from_draft_to_enforced(enter: Enter, pool: Pool, clock: Moment) -> None:
    async with pool.connection() as conn:
        await settle(conn, seed=3, count=60, now=NOW)
    mei, oskar = await enter("Mei"), await enter("Oskar")
    saved = await mei.post("/console/policies", data={"body": two_banks()})
    assert saved.headers["location"] == f"{ADDRESS}?version=1"
    page = (await mei.get(saved.headers["location"])).text
    assert "Publishing needs a simulation of this very version." in page

    refused = await oskar.post(f"{ADDRESS}/versions/1/publication")
    assert (refused.status_code, "simulation_needed" in refused.text) == (409, True)

    await mei.post(f"{ADDRESS}/versions/1/simulations")
    page = (await mei.get(ADDRESS)).text
    assert "Simulated as of 2027-01-15 00:00" in page
    assert re.search(r"Do not meet it</span><b>\d+</b>", page)
    assert "can be withdrawn all the same" in page
    assert 'class="c-bar c-bar-marked"' in page

    refused = await mei.post(f"{ADDRESS}/versions/1/publication")
    assert (refused.status_code, "second_operator_needed" in refused.text) == (403, True)

    asked = (await oskar.get(f"{ADDRESS}/versions/1/publication")).text
    assert "told, in their inbox and by text message, from the first of its days on" in asked
    assert re.search(r"The simulation found \d+ wallets that do not meet it\.", asked)
    assert 'data-working="Publishing …"' in asked
    await oskar.post(f"{ADDRESS}/versions/1/publication")
    assert _phase((await oskar.get(ADDRESS)).text) == "published"
    for day, phase in (("12-01", "announced"), ("12-15", "warning"), ("12-31", "warning")):
        clock.now = datetime.fromisoformat(f"2026-{day}T08:00:00+08:00")
        await oskar.post("/console/sign-in", data={"name": "Oskar", "password": PASSWORD})
        assert _phase((await oskar.get(ADDRESS)).text) == phase
        assert f"{phase}</span>" in (await oskar.get("/console/policies")).text


async def test_a_rule_that_asks_says_what_before_what_and_of_how_many(
    enter: Enter, pool: Pool
) -> None:
    async with pool.connection() as conn:
        await settle(conn, seed=3, count=60, now=NOW)
    mei = await enter("Mei")
    await mei.post("/console/policies", data={"body": ASKING})
    address = "/console/policies/confirm-large"
    await mei.post(f"{address}/versions/1/simulations")
    page = (await mei.get(address)).text
    assert "Otherwise asks for</dt><dd>code by text message → pay, send, be charged</dd>" in page
    asked = [
        int(re.search(rf"{words}</span><b>(\d+)</b>", page)[1])
        for words in ("Asked at any amount", "Asked if they move all they have")
    ]
    assert 0 < asked[0] < asked[1] < 60
    assert "Do not meet it" not in page
    assert "would be asked" in page
    listed = (await mei.get("/console/policies")).text
    assert "code by text message → pay, send, be charged" in listed


async def test_retiring_shows_what_it_gives_back_and_takes_two_operators(
    enter: Enter, pool: Pool, clock: Moment
) -> None:
    async with pool.connection() as conn:
        await install_pack(conn, now=NOW)
        await settle(conn, seed=4, count=80, now=NOW)
    clock.pass_by(days=90)  # two-banks is enforced
    mei, oskar = await enter("Mei"), await enter("Oskar")
    assert f'href="{ADDRESS}/retirement"' in (await mei.get(ADDRESS)).text
    page = (await mei.get(f"{ADDRESS}/retirement")).text
    assert re.search(r"It blocks \d+ wallets now\.", page)
    assert re.search(r"<td>pay</td><td class=\"c-number c-right\">\d+</td>", page)
    refused = await oskar.post(f"{ADDRESS}/retirement")
    assert (refused.status_code, "retirement_not_proposed" in refused.text) == (409, True)

    await mei.post(f"{ADDRESS}/retirement/proposal")
    assert "Mei proposed to retire this policy" in (await oskar.get(ADDRESS)).text
    assert "to retire?" in (await oskar.get("/console/policies")).text
    assert "Retirements to agree to</span><b>1</b>" in (await oskar.get("/console")).text
    refused = await mei.post(f"{ADDRESS}/retirement")
    assert (refused.status_code, "retirement_needs_second_operator" in refused.text) == (403, True)
    await oskar.post(f"{ADDRESS}/retirement/refusal")
    assert "proposed to retire this policy on" not in (await mei.get(ADDRESS)).text

    await mei.post(f"{ADDRESS}/retirement/proposal")
    await oskar.post(f"{ADDRESS}/retirement")
    page = (await oskar.get(ADDRESS)).text
    assert _phase(page) == "retired"
    for act in ("published a version", "turned down a retirement", "retired a policy"):
        assert act in page
    assert (await mei.get(f"{ADDRESS}/retirement")).status_code == 409


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_first_draft_can_be_saved_as_it_stands(language: Language) -> None:
    policy = load_policy(first_version(NOW.date(), language))
    assert policy.timeline
    assert policy.timeline.announce > NOW.date()


async def test_the_draft_box_starts_with_it(enter: Enter) -> None:
    page = (await (await enter("Mei")).get("/console/policies/new")).text
    assert "policy: my-rule" in page
    assert "requires: linked_banks" in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_dimension_has_its_picture_and_words(language: Language) -> None:
    values = {
        "residency": ("", "foreign"), "document_kind": ("passport",), "bank": ("", "ICBC"),
        "age_days": ("30", "1095"), "balance_minor": ("0", "1", "1000000"),
    }  # fmt: skip
    segments = [
        Segment(by, value, currency, 4, 4, 1, 100)  # type: ignore[arg-type]
        for by, all_values in values.items()
        for value in all_values
        for currency in ("CNY", "EUR")
    ]
    drawn = [
        ([row.label for row in picture.rows], [(row.count, row.marked) for row in picture.rows])
        for _, picture in pictures(segments, language)
    ]
    chinese = language == "zh"
    assert [labels for labels, _ in drawn] == [
        ["无证件" if chinese else "no document", "外籍" if chinese else "foreign"],
        ["护照" if chinese else "passport"],
        ["未绑卡" if chinese else "no card", bank_name("ICBC", language)],
        ["30–90", "1,095+"],
        ["0", "0–100", "10,000+"],
    ]
    assert {pair for _, counts in drawn for pair in counts} == {(8, 2)}


async def test_what_is_wrong_in_a_draft_is_shown_where_it_is(enter: Enter) -> None:
    mei = await enter("Mei")
    body = two_banks().replace("linked_banks", "linked_bank").replace("\n", "\r\n")
    answer = await mei.post("/console/policies", data={"body": body})
    assert answer.status_code == 422
    assert "policy_unknown_fact" in answer.text
    assert "Did you mean linked_banks?" in answer.text
    marked, caret = re.search(r"<b>   6</b>  (.*)\n      ( *)<b>\^</b>", answer.text).groups()  # type: ignore[union-attr]
    assert marked[len(caret) :].startswith("linked_bank ")
    assert "applies_to: residency" in answer.text  # nothing that was typed is lost
    await mei.post("/console/language", data={"language": "zh"})
    answer = await mei.post("/console/policies", data={"body": body})
    assert "没有名为 “linked_bank” 的事实" in answer.text


async def test_a_draft_cannot_break_out_of_the_page(enter: Enter) -> None:
    mei = await enter("Mei")
    answer = await mei.post("/console/policies", data={"body": "</textarea><script>1</script>: ["})
    assert answer.status_code == 422
    assert "<script>" not in answer.text


async def test_the_next_version_starts_from_the_last(enter: Enter) -> None:
    mei = await enter("Mei")
    await mei.post("/console/policies", data={"body": two_banks(4)})
    page = (await mei.get("/console/policies/new?from=two-banks")).text
    assert "version: 5" in page
    assert "version: 4" not in page
    again = await mei.post("/console/policies", data={"body": two_banks(4, banks=3)})
    assert (again.status_code, "policy_version_exists" in again.text) == (409, True)


async def test_the_overview_shows_the_shipped_pack_and_its_next_dates(
    enter: Enter, pool: Pool
) -> None:
    async with pool.connection() as conn:
        await install_pack(conn, now=NOW)
        await settle(conn, seed=9, count=40, now=NOW)
    mei = await enter("Mei")
    page = (await mei.get("/console")).text
    for policy in load_pack():
        assert f'href="/console/policies/{policy.name}"' in page
        if policy.timeline:
            assert policy.timeline.enforce.isoformat() in page
    assert 'class="c-span c-span-enforced"' in page
    assert "open wallets</span><b>¥" in page
    for policy in load_pack():
        answer = await mei.get(f"/console/policies/{policy.name}")
        assert answer.status_code == 200
        assert policy.title_en in answer.text


async def test_a_policy_that_is_not_there(enter: Enter) -> None:
    mei = await enter("Mei")
    answer = await mei.get("/console/policies/nothing")
    assert (answer.status_code, "policy_version_unknown" in answer.text) == (404, True)
    answer = await mei.post("/console/policies/nothing/versions/one/simulations")
    assert answer.status_code == 404


def _phase(page: str) -> str:
    found = re.search(r"<h1>.*?<span class=\"c-pill c-pill-(\w+)\">", page, re.DOTALL)
    assert found is not None
    return found.group(1)


async def test_enforcement_is_stopped_resumed_and_rolled_back(
    enter: Enter, pool: Pool, clock: Moment
) -> None:
    async with pool.connection() as conn:
        await install_pack(conn, now=NOW)
        await settle(conn, seed=4, count=80, now=NOW)
    clock.pass_by(days=90)  # two-banks is enforced
    mei = await enter("Mei")
    page = (await mei.get(ADDRESS)).text
    assert "100 % of wallets" in page
    assert "never simulated" in page
    refused = await mei.post(f"{ADDRESS}/stop", data={"reason": " "})
    assert (refused.status_code, "reason_needed" in refused.text) == (422, True)
    await mei.post(f"{ADDRESS}/stop", data={"reason": "ICBC is <down>"})
    page = (await mei.get(ADDRESS)).text
    assert _phase(page) == "stopped"
    assert re.search(
        r"Stopped by Mei on [^:]*:\d\d: nobody is blocked by it\. ICBC is &lt;down", page
    )
    assert "Enforcement stopped</span><b>1</b>" in (await mei.get("/console")).text
    await mei.post(f"{ADDRESS}/resumption")
    page = (await mei.get(ADDRESS)).text
    assert _phase(page) == "warning"
    clock.pass_by(days=2)
    mei = await enter("Pia")
    assert _phase((await mei.get(ADDRESS)).text) == "enforced"
    page = (await mei.get(f"{ADDRESS}/rollback")).text
    assert re.search(r"It blocks \d+ wallets now\.", page)
    assert "There was no version before it" in page
    await mei.post(f"{ADDRESS}/rollback", data={"reason": "The wrong people", "version": "1"})
    page = (await mei.get(ADDRESS)).text
    assert _phase(page) == "rolled_back"
    assert "The wrong people" in page
    await mei.post("/console/language", data={"language": "zh"})
    assert "已回滚" in (await mei.get(ADDRESS)).text


async def test_refusals_are_counted_once(enter: Enter, pool: Pool, clock: Moment) -> None:
    """One figure for the wallets, and by what they tried below it."""
    async with pool.connection() as conn:
        await install_pack(conn, now=NOW)
    people = [await add_wallet(pool, name, banks=("ICBC",), now=NOW) for name in ("Anna", "Ben")]
    clock.pass_by(days=90)  # two-banks is enforced
    hand = Hand(clock.now)
    async with clearing(pool, hand, load_pack()) as loop:
        for key, (one, other) in enumerate(permutations(people)):
            asked = SendMoney(one, str(key), other, Money(1))
            assert await outcome_of(send(loop, asked)) == "blocked_by_policy"
    async with pool.connection() as conn:
        await gather_refusals(conn, now=clock.now)
        await watch(conn, Settings(), now=clock.now)
    page = (await (await enter("Mei")).get(ADDRESS)).text
    assert re.search(r"Refused so far</span><b>2</b>", page)
    assert page.count("whoever does not try is not refused") == 1
    assert page.count('id="happened"') == 1
    assert "Wallets refused something so far" not in page


async def test_a_notice_is_looked_at_with_a_wallets_own_facts(enter: Enter, pool: Pool) -> None:
    anna = await add_wallet(pool, "Anna", balance_minor=3_200_00, banks=("ICBC",), now=NOW)
    ben = await add_wallet(pool, "Ben", now=NOW)
    mei = await enter("Mei")
    await mei.post("/console/policies", data={"body": two_banks()})
    assert f'href="{ADDRESS}/versions/1/notices"' in (await mei.get(ADDRESS)).text
    place = f"{ADDRESS}/versions/1/notices"
    assert "As one wallet would read it" in (await mei.get(place)).text
    page = (await mei.get(f"{place}?wallet={anna}&step=day_before")).text
    assert "Less than a day left: Link cards from two banks" in page
    assert "剩余不到一天：绑定两家银行的银行卡" in page
    assert "Link a card from another bank" in page
    assert "deadline is 2027-01-15 00:00" in page
    assert "would be told nothing" in (await mei.get(f"{place}?wallet={ben}")).text
    assert (await mei.get(f"{place}?wallet=wal_nobody")).status_code == 404
    assert (await mei.get(f"{place}?wallet={anna}&step=never")).status_code == 422
    assert (await mei.get(f"{ADDRESS}/versions/7/notices")).status_code == 404
    assert "looked at a wallet" in (await mei.get("/console/audit")).text


async def test_every_page_shows_the_days_as_a_stop_has_moved_them(
    enter: Enter, pool: Pool, clock: Moment
) -> None:
    async with pool.connection() as conn:
        await install_pack(conn, now=NOW)
    anna = await add_wallet(pool, "Anna", balance_minor=100_00, banks=("ICBC",))
    mei = await enter("Mei")
    pages = ("/console", "/console/policies", ADDRESS)

    async def shown() -> list[str]:
        texts = [(await mei.get(page)).text for page in pages]
        async with pool.connection() as conn:
            (listed,) = await versions(conn, now=NOW, policy="two-banks")
            seen = await preview(
                conn, Settings(), policy="two-banks", version=1, wallet_id=anna, step="blocked",
                operator="Mei", now=NOW,
            )  # fmt: skip
        texts = [text.split("<pre")[0] for text in texts]  # the text as written stays
        return [*texts, str(version_view(listed).enforce), str(seen.at and local_date(seen.at))]

    for text in await shown():
        assert "2027-01-15" in text
    await mei.post(f"{ADDRESS}/stop", data={"reason": "A bank is down"})
    for text in await shown():
        assert "2027-01-1" not in text  # nobody knows
    await mei.post(f"{ADDRESS}/resumption")
    for text in await shown():
        assert "2027-01-17" in text
        assert "2027-01-15" not in text

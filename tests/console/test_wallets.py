"""Anna calls: Mei looks her wallet up by phone, and sees what Anna sees, with nobody's numbers."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.identity.documents import DocumentSubmission, add_document
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.notices.inbox import list_notices
from qianbao.policy.asking import Proven
from qianbao.policy.decide import decide
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import load_pack
from qianbao.policy.record import record
from qianbao.rollouts.name_changes import list_name_changes
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.publish import install_pack
from qianbao.wallets.cases import list_cases, open_case
from qianbao.wallets.holds import list_legal_holds
from qianbao.wallets.opening import mark_closed, open_wallet
from qianbao.wallets.situation import read_situation
from tests.console.conftest import NOW, Enter, Moment

PHONE = "+8613800138001"
WALLET = new_id("wal", NOW, lambda size: b"\x07" * size)
MRZ = (
    "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<\n"
    "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"
)  # the specimen of the German passport
CARD = """
INSERT INTO cards (wallet_id, card_id, bank, last_four, fingerprint, name_form, phone_tail,
    document_id, state, created_at, linked_at)
VALUES (%s, %s, 'ICBC', '8821', '\\x00', 'MUSTERMANN ERIKA', '8001', 'doc', 'linked', %s, %s)
"""


@pytest.fixture
async def anna(pool: Pool, keys: KeyRing) -> str:
    """Anna's wallet: a passport and one card, the shipped pack in force."""
    async with pool.connection() as conn:
        await install_pack(conn, now=NOW)
        await open_wallet(
            conn, keys, wallet_id=WALLET, phone=PHONE, pin_hash="", language="en", now=NOW
        )
        await add_document(
            conn, keys, wallet_id=WALLET, document_id=new_id("doc", NOW),
            submission=DocumentSubmission(kind="passport", mrz=MRZ), now=NOW,
        )  # fmt: skip
        await conn.execute(CARD, (WALLET, new_id("crd", NOW), NOW, NOW))
        await conn.execute(
            "UPDATE wallets SET card_banks = '{ICBC}', verified_at = %s", (NOW.replace(year=2025),)
        )
        await conn.execute("UPDATE accounts SET balance_minor = 320000 WHERE kind = 'wallet'")
    return WALLET


async def test_a_phone_leads_to_the_wallet_and_out_of_the_address(
    anna: str, enter: Enter, pool: Pool
) -> None:
    mei = await enter("Mei")
    answer = await mei.post("/console/wallets", data={"phone": "+86 138 0013 8001"})
    assert answer.headers["location"] == f"/console/wallets/{anna}"
    async with pool.connection() as conn:
        (entry,) = await list_audit(conn, subject=anna)
    assert entry.action == "wallet.find"
    page = (await mei.get("/console/wallets", params={"phone": "+86 138 0013 8001"})).text
    assert "0013 8001" not in page  # an address is no way to ask
    assert '<form method="post" action="/console/wallets"' in page


async def test_a_phone_that_has_had_two_wallets_leads_to_a_choice(
    anna: str, enter: Enter, pool: Pool, keys: KeyRing
) -> None:
    again = new_id("wal", NOW)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=anna, now=NOW)
        await open_wallet(
            conn, keys, wallet_id=again, phone=PHONE, pin_hash="", language="zh", now=NOW
        )
    page = (await (await enter("Mei")).post("/console/wallets", data={"phone": PHONE})).text
    for wallet_id in (anna, again):
        assert f'href="/console/wallets/{wallet_id}"' in page


async def test_what_the_operator_sees(anna: str, enter: Enter, clock: Moment) -> None:
    clock.pass_by(days=33)  # two-banks has been announced
    mei = await enter("Mei")
    page = (await mei.get(f"/console/wallets/{anna}")).text
    for shown in (
        "Erika Mustermann",
        "¥3,200.00",
        "…8821",
        "MUSTERMANN ERIKA",
        "…0T47",
        "Pay Score on",
    ):
        assert shown in page, shown
    two_banks = next(policy for policy in load_pack() if policy.name == "two-banks")
    assert re.search(rf"2027-01-15 00:00</td><td>{re.escape(two_banks.title_en)}", page)
    assert "C01X00T" not in page
    assert "13800138001" not in page
    chinese = await mei.get(f"/console/wallets/{anna}", headers={"Accept-Language": "zh-CN"})
    assert "可用功能" in chinese.text


async def test_once_the_rule_bites_the_reason_and_the_ways_out_are_there(
    anna: str, enter: Enter, pool: Pool
) -> None:
    async with pool.connection() as conn:
        await conn.execute("UPDATE policies SET body = replace(body, '2027-01-15', '2026-11-01')")
        await conn.execute("UPDATE policies SET body = replace(body, '2026-12-', '2026-10-')")
        await conn.execute("UPDATE policy_revision SET revision = revision + 1")
    mei = await enter("Mei")
    page = (await mei.get(f"/console/wallets/{anna}")).text
    assert '<article class="c-reason">' in page
    assert '<ol class="c-steps">' in page
    assert "Can be withdrawn now</span><b>¥3,200.00</b><small>fee: ¥2.20" in page


async def test_every_look_is_recorded(anna: str, enter: Enter, pool: Pool) -> None:
    mei = await enter("Mei")
    await mei.get(f"/console/wallets/{anna}")
    async with pool.connection() as conn:
        (entry,) = await list_audit(conn, subject=anna)
    assert (entry.operator, entry.action) == ("Mei", "wallet.look_at")
    assert "looked at a wallet" in (await mei.get(f"/console/audit?subject={anna}")).text


@pytest.mark.parametrize(
    ("phone", "status", "said"),
    [("+8613800138999", 200, "No wallet has or had this phone."), ("12", 422, "phone_invalid")],
)
async def test_nobody_has_that_phone(
    anna: str, enter: Enter, phone: str, status: int, said: str
) -> None:
    mei = await enter("Mei")
    answer = await mei.post("/console/wallets", data={"phone": phone})
    assert (answer.status_code, said in answer.text) == (status, True)


async def test_a_wallet_that_is_not_there(enter: Enter) -> None:
    mei = await enter("Mei")
    answer = await mei.get("/console/wallets/wal_1")
    assert (answer.status_code, "wallet_unknown" in answer.text) == (404, True)


async def test_a_legal_hold_takes_two_operators(
    anna: str, enter: Enter, pool: Pool, clock: Moment
) -> None:
    mei, oskar = await enter("Mei"), await enter("Oskar")
    holds = f"/console/wallets/{anna}/legal-holds"
    await mei.post(holds, data={"reference": "(2026) Jing 01 Zhi 17"})
    async with pool.connection() as conn:
        (hold,) = await list_legal_holds(conn, anna)
    assert "(2026) Jing 01 Zhi 17" in (await oskar.get("/console/wallets")).text

    refused = await mei.post(f"{holds}/{hold.legal_hold_id}/approval")
    assert refused.status_code == 403
    assert "legal_hold_needs_second_operator" in refused.text

    clock.pass_by(minutes=5)
    await oskar.post(f"{holds}/{hold.legal_hold_id}/approval")
    page = (await mei.get(f"/console/wallets/{anna}")).text
    assert "approved by Oskar" in page
    assert "Can be withdrawn now</span><b>¥0.00" in page

    async with pool.connection() as conn:
        (case,) = await list_cases(conn, anna)
    assert case.case_id in page
    assert "Every case is answered." in (await mei.get("/console/cases")).text


async def test_lifting_says_what_will_happen_and_takes_two_operators(
    anna: str, enter: Enter, pool: Pool, clock: Moment
) -> None:
    mei, oskar = await enter("Mei"), await enter("Oskar")
    holds = f"/console/wallets/{anna}/legal-holds"
    await mei.post(holds, data={"reference": "No. 17"})
    async with pool.connection() as conn:
        (hold,) = await list_legal_holds(conn, anna)
    place = f"{holds}/{hold.legal_hold_id}"
    assert (await mei.get(f"{place}/lifting")).status_code == 404  # it does not stand yet
    clock.pass_by(minutes=5)
    await oskar.post(f"{place}/approval")
    async with pool.connection() as conn:
        (case,) = await list_cases(conn, anna)

    page = (await mei.get(f"{place}/lifting")).text
    for said in ("No. 17", "¥3,200.00", case.case_id, "Propose to lift it"):
        assert said in page, said
    refused = await oskar.post(f"{place}/lifting")
    assert (refused.status_code, "legal_hold_lift_not_proposed" in refused.text) == (409, True)

    clock.pass_by(minutes=5)
    await mei.post(f"{place}/lifting/proposal")
    assert "No. 17" in (await oskar.get("/console/wallets")).text
    refused = await mei.post(f"{place}/lifting")
    assert refused.status_code == 403
    assert "legal_hold_lift_needs_second_operator" in refused.text
    await oskar.post(f"{place}/lifting/refusal")
    await mei.post(f"{place}/lifting/proposal")
    clock.pass_by(minutes=5)
    await oskar.post(f"{place}/lifting")
    page = (await mei.get(f"/console/wallets/{anna}")).text
    assert "lifted by Oskar" in page
    assert "Can be withdrawn now</span><b>¥3,200.00" in page
    async with pool.connection() as conn:
        entries = await list_audit(conn, subject=anna, kind="legal_hold")
    assert {entry.detail["reference"] for entry in entries} == {"No. 17"}
    assert sorted((entry.action, entry.operator) for entry in entries) == [
        ("legal_hold.approve", "Oskar"), ("legal_hold.enter", "Mei"),
        ("legal_hold.keep", "Oskar"), ("legal_hold.lift", "Oskar"),
        ("legal_hold.propose_lift", "Mei"), ("legal_hold.propose_lift", "Mei"),
    ]  # fmt: skip


async def test_a_closed_wallet_can_be_held_and_an_entry_withdrawn(
    anna: str, enter: Enter, pool: Pool
) -> None:
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=anna, now=NOW)
    mei = await enter("Mei")
    await mei.post(f"/console/wallets/{anna}/legal-holds", data={"reference": "No. 18"})
    async with pool.connection() as conn:
        (hold,) = await list_legal_holds(conn, anna)
    place = f"/console/wallets/{anna}/legal-holds/{hold.legal_hold_id}"
    assert 'name="reference"' in (await mei.get(f"/console/wallets/{anna}")).text
    await mei.post(f"{place}/withdrawal")
    assert "withdrawn by Mei" in (await mei.get(f"/console/wallets/{anna}")).text


async def test_a_refused_hold_leaves_no_trace(anna: str, enter: Enter, pool: Pool) -> None:
    mei = await enter("Mei")
    answer = await mei.post(f"/console/wallets/{anna}/legal-holds", data={"reference": " "})
    assert (answer.status_code, "legal_hold_reference_needed" in answer.text) == (422, True)
    async with pool.connection() as conn:
        assert await list_legal_holds(conn, anna) == []
        assert await list_audit(conn, subject=anna) == []


async def test_a_case_is_answered_once(anna: str, enter: Enter, pool: Pool) -> None:
    async with pool.connection() as conn:
        case = await open_case(
            conn, wallet_id=anna, case_id=new_id("cas", NOW), subject="My name",
            body="The bank writes it <b>backwards</b>.", now=NOW,
        )  # fmt: skip
    mei = await enter("Mei")
    page = (await mei.get("/console/cases")).text
    assert "The bank writes it &lt;b&gt;backwards&lt;/b&gt;." in page
    address = f"/console/cases/{anna}/{case.case_id}/answer"
    await mei.post(address, data={"answer": "That is fine: each bank has its own form."})
    assert "Every case is answered." in (await mei.get("/console/cases")).text
    async with pool.connection() as conn:
        (answered,) = await list_cases(conn, anna)
        notices = await list_notices(conn, wallet_id=anna)
    assert (answered.state, answered.answered_by) == ("answered", "Mei")
    assert len(list(notices)) == 1
    again = await mei.post(address, data={"answer": "Once more."})
    assert (again.status_code, "case_answered" in again.text) == (409, True)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_decision_is_shown_from_the_wallets_page(
    anna: str, enter: Enter, pool: Pool, clock: Moment, language: str
) -> None:
    """What was told, what it was decided on, and whether it comes out the same now."""
    at = NOW.replace(year=2027, month=2)
    policies, facts = load_pack(), facts_at(await _situation(pool, anna, at), at, 100)
    situation = await _situation(pool, anna, at)
    proven: Proven = frozenset({"pin"})
    made = decide(policies, "transfer", facts, at, situation, proven)
    kept = record(policies, "transfer", facts, situation)
    decision = new_id("dec", at)
    parts = (kept.policies, made.reasons, kept.facts, kept.situation, list(proven), made.asks)
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO decisions VALUES (%s, %s, 'transfer', %s, %s, %s, %s, %s, %s, %s, %s)",
            (anna, decision, made.outcome, *(msgspec.json.encode(p).decode() for p in parts), at),
        )
    mei = await enter("Mei")
    mei.cookies.set("qianbao_language", language)
    assert f"/console/decisions/{decision}" in (await mei.get(f"/console/wallets/{anna}")).text
    shown = await mei.get(f"/console/decisions/{decision}")
    chinese = language == "zh"
    assert ("结果一致" if chinese else "comes out the same") in shown.text
    assert ("已绑卡的银行数" if chinese else "banks with a linked card") in shown.text
    assert "two-banks" in shown.text
    assert ("支付密码" if chinese else "payment PIN") in shown.text
    async with pool.connection() as conn:
        await conn.execute("UPDATE decisions SET outcome = 'allowed', reasons = '[]'")
        looks = [entry.detail for entry in await list_audit(conn, subject=anna)]
    assert {"decision": decision} in looks
    shown = await mei.get(f"/console/decisions/{decision}")
    assert ("结果不同" if chinese else "comes out otherwise") in shown.text
    assert (await mei.get("/console/decisions/dec_none")).status_code == 404


async def _situation(pool: Pool, wallet_id: str, at: datetime) -> Situation:
    async with pool.connection() as conn:
        return await read_situation(conn, wallet_id=wallet_id, now=at, free_minor=0)


async def test_a_close_spelling_that_the_holder_confirmed_is_seen(
    anna: str, enter: Enter, pool: Pool
) -> None:
    mei = await enter("Mei")
    assert "The holder was asked" not in (await mei.get(f"/console/wallets/{anna}")).text
    async with pool.connection() as conn:
        await conn.execute(
            "UPDATE cards SET name_form = 'MUSTERMANN ERIKKA', name_verdict = 'close', "
            "name_reason = 'typo', name_confirmed = true, state = 'refused', "
            "result = 'NAME_MISMATCH'"
        )
    page = (await mei.get(f"/console/wallets/{anna}")).text
    assert "MUSTERMANN ERIKKA" in page
    assert "One letter of a given name differs." in page
    assert "The holder was asked and says that the bank writes it so." in page


async def test_a_change_of_name_takes_two_operators(
    anna: str, enter: Enter, pool: Pool, keys: KeyRing
) -> None:
    mei, oskar = await enter("Mei"), await enter("Oskar")
    place = f"/console/wallets/{anna}/name-changes"
    await mei.post(place, data={"reason": "Marriage certificate: now Schmidt"})
    async with pool.connection() as conn:
        (asked,) = await list_name_changes(conn, anna)
    assert "Marriage certificate: now Schmidt" in (await oskar.get("/console/wallets")).text
    assert "Changes of name to agree to</span><b>1</b>" in (await oskar.get("/console")).text
    refused = await mei.post(f"{place}/{asked.name_change_id}/approval")
    assert (refused.status_code, "name_change_needs_second_operator" in refused.text) == (403, True)

    agreed = await oskar.post(f"{place}/{asked.name_change_id}/approval")
    assert agreed.headers["location"] == f"/console/wallets/{anna}#name-changes"
    page = (await mei.get(f"/console/wallets/{anna}")).text
    assert "approved by Oskar" in page
    async with pool.connection() as conn:
        (allowed,) = await list_name_changes(conn, anna)
        assert allowed.until
        await add_document(
            conn, keys, wallet_id=anna, document_id=new_id("doc", NOW), now=NOW,
            submission=DocumentSubmission(
                kind="passport", mrz=MRZ.replace("MUSTERMANN<<ERIKA<<<<", "SCHMIDT<<ERIKA<<<<<<<")
            ),
        )  # fmt: skip
    page = (await mei.get(f"/console/wallets/{anna}")).text
    assert "Erika Schmidt · name changed" in page
    assert "Erika Mustermann</span>" in page
    assert f'action="{place}/{asked.name_change_id}/withdrawal"' not in page


async def test_a_document_that_no_bank_has_confirmed_is_set_aside(
    anna: str, enter: Enter, pool: Pool
) -> None:
    mei = await enter("Mei")
    page, place = f"/console/wallets/{anna}", f"/console/wallets/{anna}/document/set-aside"
    assert f'action="{place}"' not in (await mei.get(page)).text
    refused = await mei.post(place, data={"reason": "Case 7"})
    assert (refused.status_code, "set_aside_impossible" in refused.text) == (409, True)

    async with pool.connection() as conn:
        await conn.execute("DELETE FROM cards")
        await conn.execute("UPDATE wallets SET card_banks = '{}', verified_at = NULL")
    found = await mei.post("/console/documents", data={"number": "C01X 00T47"})
    assert found.headers["location"] == f"{page}#documents"
    none = (await mei.post("/console/documents", data={"number": "X1234567"})).text
    assert "No open wallet shows this document." in none
    assert f'action="{place}"' in (await mei.get(page)).text
    done = await mei.post(place, data={"reason": "Case 7"})
    assert done.headers["location"] == f"{page}#documents"
    after = (await mei.get(page)).text
    assert "No name yet" in after
    assert "superseded 2026-11-02" in after
    assert f'action="{place}"' not in after
    audit = (await mei.get(f"/console/audit?subject={anna}")).text
    assert "set a document aside" in audit
    assert "Case 7" in audit


async def test_a_change_of_name_is_withdrawn(anna: str, enter: Enter, pool: Pool) -> None:
    mei = await enter("Mei")
    place = f"/console/wallets/{anna}/name-changes"
    empty = await mei.post(place, data={"reason": " "})
    assert (empty.status_code, "name_change_reason_needed" in empty.text) == (422, True)
    await mei.post(place, data={"reason": "A deed"})
    async with pool.connection() as conn:
        (asked,) = await list_name_changes(conn, anna)
    await mei.post(f"{place}/{asked.name_change_id}/withdrawal")
    assert "withdrawn by Mei" in (await mei.get(f"/console/wallets/{anna}")).text

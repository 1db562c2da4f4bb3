"""What a bank's no, and its silence, mean for the holder; and that neither changes anything."""

from __future__ import annotations

import pytest

from qianbao.banks.cards import get_card, list_cards
from qianbao.banks.cards.codes import CardCodeTries, CardNotAwaitingCode
from qianbao.banks.cards.confirm import CardCodeUnreadable, CardCodeWrong
from qianbao.banks.cards.link import SameIdOtherBody
from qianbao.banks.cards.refusals import (
    BY_RESULT,
    COMPARED,
    BankHoldsOldDocument,
    BankRefused,
    CardDetailsMismatch,
    CardDocumentMismatch,
    CardNameMismatch,
    CardNotFoundAtBank,
    CardNotYours,
    CardPhoneMismatch,
    CardRestricted,
    CardTriesExceeded,
    refusal,
)
from qianbao.banks.gateway import BankMisunderstood, BankSilent, BankUnreachable, Gateway
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.http_client import HttpClient
from qianbao.ids import new_id
from tests.banks.scene import (
    NOW,
    PATIENCE_SECONDS,
    TOKEN,
    Sandbox,
    bring,
    confirmed,
    facts,
    finish,
    known_by_phone,
    link,
    new_card,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)
from tests.kit.ports import unused_port


async def test_chiara_renewed_her_passport_and_her_bank_does_not_know(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """The refusal names both numbers' ends and what to take along; after the counter she links."""
    old, new, phone = new_number(), new_number(), new_phone()
    chiara = await confirmed(pool, gateway, sandbox, passport("ROSSI", "CHIARA", old))
    await bring(pool, chiara, passport("ROSSI", "CHIARA", new))
    [icbc] = await sandbox.account("ICBC", "ROSSI CHIARA", old, phone)
    card_id = new_id("crd", NOW)
    with pytest.raises(BankHoldsOldDocument) as refused:
        await start(pool, gateway, chiara, icbc, phone, card_id=card_id)
    said = refused.value.sentence("en") + refused.value.next_step("en")
    assert old[-4:] in said
    assert new[-4:] in said
    assert "Industrial and Commercial Bank of China" in said
    assert old[-4:] in refused.value.sentence("zh")
    assert new[-4:] in refused.value.next_step("zh")
    assert "passport" in said
    assert "护照" in refused.value.next_step("zh")
    assert old not in said
    assert (await facts(pool, chiara))[:2] == (["CMB"], ["CMB", "ICBC"])
    with pytest.raises(BankHoldsOldDocument):  # the same request, the same answer
        await start(pool, gateway, chiara, icbc, phone, card_id=card_id)

    found = await sandbox.client.get("/counter", params={"bank": "ICBC", "find": icbc})
    page = found.text.partition('<a href="/counter/ICBC/')[2].partition('"')[0]
    form = {
        "printed_name": "ROSSI CHIARA", "document_kind": "passport", "document_number": new,
        "phone": phone,
    }  # fmt: skip
    saved = await sandbox.client.post(f"/counter/ICBC/{page}", data=form)
    assert saved.status_code == 303

    card = await link(pool, gateway, sandbox, chiara, icbc, phone)
    assert card.state == "linked"
    assert (await facts(pool, chiara))[:2] == (["CMB", "ICBC"], ["CMB"])


async def test_a_wrong_number_without_a_renewal_is_only_that(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    phone = new_phone()
    anna = await confirmed(pool, gateway, sandbox, passport("MUELLER", "ANNA", new_number()))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", new_number(), phone)
    with pytest.raises(CardDocumentMismatch):
        await start(pool, gateway, anna, icbc, phone)
    assert (await facts(pool, anna))[:2] == (["CMB"], [])


async def test_each_single_difference_is_named_and_nothing_of_the_banks_is_told(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone, other = new_number(), new_phone(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    await known_by_phone(pool, anna)
    [misspelt] = await sandbox.account("ICBC", "MULLER ANNA", number, phone)
    [moved] = await sandbox.account("ABC", "MUELLERANNA", number, other)
    with pytest.raises(CardNameMismatch) as by_name:
        await start(pool, gateway, anna, misspelt, phone)
    with pytest.raises(CardPhoneMismatch) as by_phone:
        await start(pool, gateway, anna, moved, phone)
    for error in (by_name.value, by_phone.value):
        for language in ("en", "zh"):
            said = error.sentence(language) + error.next_step(language)
            assert "MULLER" not in said
            assert other[-4:] not in said
    assert "MUELLER ANNA" in by_name.value.sentence("en")
    assert phone[-4:] in by_phone.value.sentence("en")


async def test_a_plain_bank_gets_a_checklist_and_no_guess(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [ccb] = await sandbox.account("CCB", "ANNA MUELLER", number, phone)
    with pytest.raises(CardDetailsMismatch) as refused:
        await start(pool, gateway, anna, ccb, phone)
    checklist = refused.value.next_step("en")
    assert "does not say which" in refused.value.sentence("en")
    assert "MUELLER ANNA" in checklist
    assert number[-4:] in checklist
    assert phone[-4:] in checklist


async def test_a_card_that_is_somebody_elses(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Anna types the number of Taro's card: no, no text message to him, nothing changed."""
    taros_phone, phone = new_phone(), new_phone()
    anna = await confirmed(pool, gateway, sandbox, passport("MUELLER", "ANNA", new_number()))
    [boc] = await sandbox.account("BOC", "TARO YAMADA", new_number(), taros_phone)
    with pytest.raises(CardNotYours) as refused:
        await start(pool, gateway, anna, boc, phone)
    assert "TARO" not in str(refused.value.detail)
    assert await sandbox.texts(taros_phone) == []
    assert (await facts(pool, anna))[:2] == (["CMB"], [])
    async with pool.connection() as conn:
        assert [card.bank for card in await list_cards(conn, anna)] == ["CMB"]


async def test_a_number_the_bank_never_gave_out(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", new_number()))
    with pytest.raises(CardNotFoundAtBank):
        await start(pool, gateway, anna, new_card("ICBC"), new_phone())


@pytest.mark.parametrize("fault", ["silent_before", "silent_after"])
async def test_a_silent_bank_is_asked_again_under_the_same_id(
    fault: str, pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Whether it had done its part or not: one check, one text message, one card."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    card_id = new_id("crd", NOW)
    await sandbox.fault("ICBC", fault)
    with pytest.raises(BankSilent) as silent:
        await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    assert silent.value.retry
    async with pool.connection() as conn:
        assert (await get_card(conn, anna, card_id)).state == "unknown"
    assert len(await sandbox.texts(phone)) == (fault == "silent_after")

    await sandbox.fault("ICBC", None)
    card = await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    assert card.state == "code_sent"
    assert len(await sandbox.texts(phone)) == 1
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM card_checks")
        assert await cursor.fetchone() == (1,)
    assert (await finish(pool, gateway, card, await sandbox.code(phone))).state == "linked"


async def test_silence_after_the_code_is_not_a_wrong_code(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    card = await start(pool, gateway, anna, icbc, phone)
    code = await sandbox.code(phone)
    await sandbox.fault("ICBC", "silent_after")
    with pytest.raises(BankSilent):
        await finish(pool, gateway, card, code)
    assert await facts(pool, anna) == ([], [], None)
    await sandbox.fault("ICBC", None)
    assert (await finish(pool, gateway, card, code)).state == "linked"
    assert (await facts(pool, anna))[0] == ["ICBC"]


async def test_an_open_attempt_belongs_to_the_document_it_was_made_with(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    old, phone = new_number(), new_phone()
    chiara = await new_wallet(pool, passport("ROSSI", "CHIARA", old))
    [icbc] = await sandbox.account("ICBC", "ROSSI CHIARA", old, phone)
    card_id = new_id("crd", NOW)
    await sandbox.fault("ICBC", "silent_before")
    with pytest.raises(BankSilent):
        await start(pool, gateway, chiara, icbc, phone, card_id=card_id)
    await sandbox.fault("ICBC", None)
    await bring(pool, chiara, passport("ROSSI", "CHIARA", new_number()))
    with pytest.raises(SameIdOtherBody):
        await start(pool, gateway, chiara, icbc, phone, card_id=card_id)


async def test_nobody_there_is_told_apart_from_silence(pool: Pool) -> None:
    http = HttpClient(f"http://127.0.0.1:{unused_port()}", TOKEN, PATIENCE_SECONDS)
    nobody = Gateway(http)
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", new_number()))
    try:
        with pytest.raises(BankUnreachable):
            await start(pool, nobody, anna, new_card("ICBC"), new_phone())
    finally:
        await http.close()


async def test_a_refusing_bank(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    await sandbox.fault("ICBC", "refuse")
    with pytest.raises(CardRestricted):
        await start(pool, gateway, anna, icbc, phone)


async def test_the_bank_counts_checks_over_all_wallets_too(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Four checks came from elsewhere: the bank itself says no."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    for _ in range(4):
        body = {
            "request_id": new_id("req", NOW), "card_number": icbc, "holder_name": "MUELLER ANNA",
            "document_kind": "passport", "document_number": number, "phone": phone,
        }  # fmt: skip
        await sandbox.post("/banks/ICBC/verifications", body)
    with pytest.raises(CardTriesExceeded):
        await start(pool, gateway, anna, icbc, phone)


async def test_a_wrong_code_five_times(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    card = await start(pool, gateway, anna, icbc, phone)
    code = await sandbox.code(phone)
    wrong = "000000" if code != "000000" else "111111"
    with pytest.raises(CardCodeUnreadable):
        await finish(pool, gateway, card, "12 345")
    for _ in range(4):
        with pytest.raises(CardCodeWrong):
            await finish(pool, gateway, card, wrong)
    with pytest.raises(CardCodeTries):
        await finish(pool, gateway, card, wrong)
    with pytest.raises(CardCodeTries):  # the right one comes too late
        await finish(pool, gateway, card, code)
    assert await facts(pool, anna) == ([], [], None)
    assert (await link(pool, gateway, sandbox, anna, icbc, phone)).state == "linked"


async def test_a_refused_card_awaits_no_code(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "ANNA MUELLER", number, phone)
    card_id = new_id("crd", NOW)
    with pytest.raises(CardDetailsMismatch):
        await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    async with pool.connection() as conn:
        card = await get_card(conn, anna, card_id)
    with pytest.raises(CardNotAwaitingCode):
        await finish(pool, gateway, card, "123456")


async def test_a_wrong_token_is_nobodys_fault_among_holders(sandbox: Sandbox, pool: Pool) -> None:
    http = HttpClient(sandbox.url, "another token", PATIENCE_SECONDS)
    stranger = Gateway(http)
    try:
        with pytest.raises(BankMisunderstood) as refused:
            await stranger.ask_order("ICBC", "ord_x")
    finally:
        await http.close()
    assert refused.value.detail == {"http_status": 401}


DETAIL = {
    "bank_en": "ICBC", "bank_zh": "工商银行", "last_four": "2344", "name_form": "MUELLER ANNA",
    "document_tail": "0T47", "kind_en": "passport", "kind_zh": "护照", "phone_tail": "8001",
}  # fmt: skip


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("result", [*BY_RESULT, "SOMETHING_NEW"])
@pytest.mark.parametrize("mismatched", [None, ("name", "phone"), ("name", "document_number")])
def test_every_answer_has_words_in_both_languages(
    result: str, mismatched: tuple[str, ...] | None, known: bool
) -> None:
    error: QianbaoError = refusal(result, mismatched, "", DETAIL, confirmed=known)
    usual = BY_RESULT.get(result, BankRefused)
    assert isinstance(error, usual | CardNotYours if known else usual | CardDetailsMismatch)
    if not known and result in COMPARED:
        assert isinstance(error, CardDetailsMismatch)
    for language in ("en", "zh"):
        assert "{" not in error.sentence(language) + error.next_step(language)
        assert error.next_step(language)

"""Linking cards: the four elements, the bank's code, and what the wallet knows afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qianbao.banks.cards import (
    agreement,
    get_card,
    list_cards,
    name_forms,
    unlink_all,
    unlink_card,
    unlink_preview,
)
from qianbao.banks.cards.card import CardAlreadyLinked, CardLinkMissing, CardUnknown
from qianbao.banks.cards.forms import DocumentNeeded, NameFormNotYours
from qianbao.banks.cards.link import (
    CardChecksUsedUp,
    DocumentExpired,
    SameIdOtherBody,
    TooManyCards,
)
from qianbao.banks.cards.unlink import BankOrderInFlight, end_agreement
from qianbao.banks.gateway import Gateway
from qianbao.banks.phones import BankPhoneInvalid
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.identity.documents import DocumentSubmission
from qianbao.identity.evidence import list_evidence
from qianbao.ids import new_id
from qianbao.names import from_chinese
from tests.banks.scene import (
    KEYS,
    NOW,
    Sandbox,
    bring,
    facts,
    finish,
    jobs,
    link,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)


async def test_anna_links_two_banks_that_spell_her_differently(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """ICBC prints her surname first, Bank of China her given names: both link as they are."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA MARIA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA MARIA", number, phone)
    [boc] = await sandbox.account("BOC", "ANNA MARIA MUELLER", number, phone)
    async with pool.connection() as conn:
        shown = [await name_forms(conn, wallet_id=anna, bank=bank) for bank in ("ICBC", "BOC")]
    assert [one.forms[0].text for one in shown] == ["MUELLER ANNA MARIA", "ANNA MARIA MUELLER"]
    assert {one.forms[0].confidence for one in shown} == {"sourced"}

    first = await link(pool, gateway, sandbox, anna, icbc, phone)
    second = await link(pool, gateway, sandbox, anna, boc, phone)

    assert [first.state, second.state] == ["linked", "linked"]
    assert first.name_form == "MUELLER ANNA MARIA"
    assert second.name_form == "ANNA MARIA MUELLER"
    assert first.last_four == icbc[-4:]
    assert await facts(pool, anna) == (["BOC", "ICBC"], [], NOW)
    async with pool.connection() as conn:
        kept = await list_evidence(conn, anna)
        cards = await list_cards(conn, anna)
    assert {one.source for one in kept} == {"bank:ICBC", "bank:BOC"}
    assert {(one.outcome, tuple(one.compared)) for one in kept} == {
        ("MATCH", ("name", "document_number", "card_number", "phone"))
    }
    assert {one.card_id for one in cards} == {first.card_id, second.card_id}
    assert len({agreement(KEYS, card) for card in cards}) == 2


async def test_a_linked_card_answers_again_as_it_is(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    card_id = new_id("crd", NOW)
    asked = await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    again = await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    assert asked == again
    assert len(await sandbox.texts(phone)) == 1
    code = await sandbox.code(phone)
    linked = await finish(pool, gateway, asked, code)
    assert await finish(pool, gateway, asked, code) == linked
    assert await start(pool, gateway, anna, icbc, phone, card_id=card_id) == linked
    assert (await facts(pool, anna))[0] == ["ICBC"]


async def test_deng_has_two_cards_of_one_bank(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Two ICBC cards are one channel: losing one of them changes no bank, losing both does."""
    deng_id, phone = "11010519491231002X", new_phone()
    assert from_chinese("邓小明").native == "邓小明"
    submission = DocumentSubmission(
        kind="resident_id", number=deng_id, native="邓小明", valid_until=date(2035, 1, 1)
    )
    deng = await new_wallet(pool, submission)
    numbers = await sandbox.account("ICBC", "邓小明", deng_id, phone, cards=2, kind="resident_id")
    one = await link(pool, gateway, sandbox, deng, numbers[0], phone)
    two = await link(pool, gateway, sandbox, deng, numbers[1], phone)
    assert (await facts(pool, deng))[0] == ["ICBC", "ICBC"]
    async with pool.connection() as conn:
        preview = await unlink_preview(conn, wallet_id=deng, card_id=one.card_id)
    assert preview.banks_before == preview.banks_after == ("ICBC",)
    assert not preview.only_card_of_bank

    gone = await unlink_card(pool, gateway, KEYS, wallet_id=deng, card_id=one.card_id, now=NOW)
    assert gone.state == "unlinked"
    assert (await facts(pool, deng))[0] == ["ICBC"]
    async with pool.connection() as conn:
        last = await unlink_preview(conn, wallet_id=deng, card_id=two.card_id)
        assert last.only_card_of_bank
        assert last.banks_after == ()
        with pytest.raises(CardLinkMissing):
            await unlink_preview(conn, wallet_id=deng, card_id=one.card_id)


async def test_an_unlinked_card_can_be_linked_again(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """peers.md, balanced-api#363: a deleted card could never be added again."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    first = await link(pool, gateway, sandbox, anna, icbc, phone)
    with pytest.raises(CardAlreadyLinked):
        await start(pool, gateway, anna, icbc, phone)
    await unlink_card(pool, gateway, KEYS, wallet_id=anna, card_id=first.card_id, now=NOW)
    assert (await facts(pool, anna))[0] == []
    second = await link(pool, gateway, sandbox, anna, icbc, phone)
    assert second.state == "linked"
    assert (await facts(pool, anna))[0] == ["ICBC"]
    async with pool.connection() as conn:
        assert [card.card_id for card in await list_cards(conn, anna)] == [second.card_id]


async def test_unlinking_waits_for_money_and_not_for_a_silent_bank(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone, balance_minor=500)
    card = await link(pool, gateway, sandbox, anna, icbc, phone)
    token = agreement(KEYS, card)
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET in_flight = 1 WHERE wallet_id = %s", (anna,))
    with pytest.raises(BankOrderInFlight):
        await unlink_card(pool, gateway, KEYS, wallet_id=anna, card_id=card.card_id, now=NOW)
    async with pool.connection() as conn:
        with pytest.raises(BankOrderInFlight):
            await unlink_all(conn, wallet_id=anna, now=NOW)
        await conn.execute("UPDATE wallets SET in_flight = 0 WHERE wallet_id = %s", (anna,))

    await sandbox.fault("ICBC", "silent_before")
    gone = await unlink_card(pool, gateway, KEYS, wallet_id=anna, card_id=card.card_id, now=NOW)
    assert gone.state == "unlinked"
    assert gone.agreement_cipher is not None
    assert await jobs(pool, "end_agreement") == [{"wallet_id": anna, "card_id": card.card_id}]
    with pytest.raises(CardLinkMissing):
        agreement(KEYS, gone)

    await sandbox.fault("ICBC", None)
    await end_agreement(pool, gateway, KEYS, wallet_id=anna, card_id=card.card_id)
    await end_agreement(pool, gateway, KEYS, wallet_id=anna, card_id=card.card_id)
    async with pool.connection() as conn:
        assert (await get_card(conn, anna, card.card_id)).agreement_cipher is None
    moved = await gateway.order(
        "ICBC", request_id=new_id("ord", NOW), agreement=token, direction="debit",
        amount_minor=100, currency="CNY",
    )  # fmt: skip
    assert (moved.outcome, moved.result) == ("REFUSED", "AGREEMENT_ENDED")
    assert await sandbox.balance_minor("ICBC", icbc) == 500


async def test_a_wallet_that_closes_unlinks_every_card(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    ben = await new_wallet(pool, passport("WRIGHT", "BEN", number))
    numbers = await sandbox.account("ICBC", "WRIGHT BEN", number, phone, cards=2)
    cards = [await link(pool, gateway, sandbox, ben, one, phone) for one in numbers]
    async with pool.connection() as conn:
        assert await unlink_all(conn, wallet_id=ben, now=NOW) == 2
    assert (await facts(pool, ben))[0] == []
    waiting = {job["card_id"] for job in await jobs(pool, "end_agreement")}
    assert waiting == {card.card_id for card in cards}


async def test_the_holder_may_type_the_banks_own_spelling_of_their_name(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Somebody at the branch left the middle name out. Taro's name is not Anna's to type."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA MARIA", number))
    [icbc] = await sandbox.account("ICBC", "Mueller Anna", number, phone)
    with pytest.raises(NameFormNotYours) as refused:
        await start(pool, gateway, anna, icbc, phone, name_form="YAMADA TARO")
    assert refused.value.detail["name_form"] == "YAMADA TARO"
    card = await link(pool, gateway, sandbox, anna, icbc, phone, name_form=" Mueller Anna ")
    assert card.name_form == "Mueller Anna"


async def test_checks_are_counted_before_they_are_sent(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Banks lock a card after four or five checks in a day; the fifth is not even sent."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    for hour in range(4):
        await start(pool, gateway, anna, icbc, phone, now=NOW + timedelta(hours=hour))
    with pytest.raises(CardChecksUsedUp) as refused:
        await start(pool, gateway, anna, icbc, phone, now=NOW + timedelta(hours=5))
    assert refused.value.detail["next_at"] == (NOW + timedelta(hours=24)).isoformat()
    assert "3 November 2026, 10:00" in refused.value.next_step("en")
    assert len(await sandbox.texts(phone)) == 4
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM cards WHERE wallet_id = %s", (anna,))
        assert await cursor.fetchone() == (4,)
        cursor = await conn.execute("SELECT count(*) FROM card_checks")
        assert await cursor.fetchone() == (4,)


async def test_nobody_uses_up_the_checks_of_a_card_that_is_not_theirs(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Deng knows the number of Anna's card. Two checks are his; the others stay hers, and neither
    hears of the other."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    deng = await new_wallet(pool, passport("DENG", "MARIA", new_number()))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    for minute in range(2):
        with pytest.raises(QianbaoError) as said:
            await start(pool, gateway, deng, icbc, phone, now=NOW + timedelta(minutes=minute))
        assert not isinstance(said.value, CardChecksUsedUp)
    with pytest.raises(CardChecksUsedUp) as refused:
        await start(pool, gateway, deng, icbc, phone, now=NOW + timedelta(minutes=3))
    assert refused.value.detail["next_at"] == (NOW + timedelta(hours=24)).isoformat()
    for minute in (4, 5):
        await start(pool, gateway, anna, icbc, phone, now=NOW + timedelta(minutes=minute))
    with pytest.raises(CardChecksUsedUp) as refused:
        await start(pool, gateway, anna, icbc, phone, now=NOW + timedelta(minutes=6))
    assert "times" not in refused.value.sentence("en")


async def test_one_id_means_one_request(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    icbc, other = await sandbox.account("ICBC", "MUELLER ANNA", number, phone, cards=2)
    card_id = new_id("crd", NOW)
    await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    with pytest.raises(SameIdOtherBody):
        await start(pool, gateway, anna, other, phone, card_id=card_id)
    with pytest.raises(SameIdOtherBody):
        await start(pool, gateway, anna, icbc, "+8613900000001", card_id=card_id)
    with pytest.raises(SameIdOtherBody):  # another phone that ends alike
        await start(pool, gateway, anna, icbc, f"+861351234{phone[-4:]}", card_id=card_id)
    with pytest.raises(SameIdOtherBody):
        await start(pool, gateway, anna, icbc, phone, card_id=card_id, name_form="ANNA MUELLER")


async def test_a_document_comes_first_and_must_be_good(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    anna = await new_wallet(pool)
    with pytest.raises(DocumentNeeded):
        await start(pool, gateway, anna, icbc, phone)
    await bring(pool, anna, passport("MUELLER", "ANNA", number, valid_until=date(2026, 12, 1)))
    last_day, day_after = NOW + timedelta(days=29), NOW + timedelta(days=30)
    with pytest.raises(DocumentExpired) as refused:
        await start(pool, gateway, anna, icbc, phone, now=day_after)
    assert refused.value.detail["valid_until"] == "2026-12-01"
    assert await sandbox.texts(phone) == []
    assert (await start(pool, gateway, anna, icbc, phone, now=last_day)).state == "code_sent"


async def test_a_document_that_expired_keeps_nobodys_money_in(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Whom a bank has confirmed before may link one card to withdraw to; it is no evidence of
    anything, and no second one follows, however many were begun."""
    number, phone = new_number(), new_phone()
    first, second, third = await sandbox.account("ICBC", "MUELLER ANNA", number, phone, cards=3)
    document = passport("MUELLER", "ANNA", number, valid_until=date(2026, 12, 1))
    anna = await new_wallet(pool, document)
    before = await link(pool, gateway, sandbox, anna, first, phone)
    late = NOW + timedelta(days=30)
    with pytest.raises(DocumentExpired):
        await start(pool, gateway, anna, second, phone, now=late)
    await unlink_card(pool, gateway, KEYS, wallet_id=anna, card_id=before.card_id, now=late)
    begun = []
    for one in (second, third):
        card = await start(pool, gateway, anna, one, phone, now=late)
        begun.append((card, await sandbox.code(phone)))
    async with pool.connection() as conn:
        known = len(await list_evidence(conn, anna))
    assert (await finish(pool, gateway, *begun[0], now=late)).state == "linked"
    with pytest.raises(DocumentExpired):
        await finish(pool, gateway, *begun[1], now=late)
    async with pool.connection() as conn:
        assert len(await list_evidence(conn, anna)) == known
    assert (await facts(pool, anna))[0] == ["ICBC"]


async def test_ten_cards_are_enough(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    numbers = await sandbox.account("ICBC", "MUELLER ANNA", number, phone, cards=11)
    for one in numbers[:10]:
        await link(pool, gateway, sandbox, anna, one, phone)
    with pytest.raises(TooManyCards) as refused:
        await start(pool, gateway, anna, numbers[10], phone)
    assert refused.value.detail == {"maximum": 10}


async def test_what_is_not_there_is_not_found(pool: Pool, gateway: Gateway) -> None:
    anna = await new_wallet(pool)
    async with pool.connection() as conn:
        with pytest.raises(CardUnknown):
            await get_card(conn, anna, new_id("crd", NOW))
    with pytest.raises(BankPhoneInvalid):
        await start(pool, gateway, anna, "6222020000000012344", "not a phone")

"""What somebody with a throwaway wallet learns of a card, and takes from its owner."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from qianbao.banks.cards import list_refused, unlink_card
from qianbao.banks.cards.link import CardChecksUsedUp
from qianbao.banks.cards.refusals import CardDetailsMismatch, CardNameMismatch, CardNotYours
from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.ids import new_id
from qianbao.settings import Settings
from qianbao.wallets.opening import mark_closed
from tests.banks.scene import (
    KEYS,
    NOW,
    SETTINGS,
    Sandbox,
    bring,
    facts,
    finish,
    known_by_phone,
    link,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)
from tests.identity.papers import passport as papers


def _words(refusal: QianbaoError) -> str:
    return "".join(
        part(language)
        for part in (refusal.sentence, refusal.next_step)
        for language in ("en", "zh")
    )


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("bank", ["BOC", "ICBC"])
async def test_an_invented_document_does_not_tell_how_the_bank_writes_a_cards_owner(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, bank: str, earlier: bool
) -> None:
    """Whoever no bank has confirmed hears one thing, whatever else is right: now and later."""
    phone = new_phone()
    cards = await sandbox.account(bank, "ANNA MUELLER", new_number(), phone, cards=6)
    heard = []
    for name in (("MUELLER", "ANNA"), ("MULLER", "ANNA"), ("YAMADA", "TARO")):
        papers = [passport(*name, "C99999990")] * earlier + [passport(*name, "C99999999")]
        for other in (phone, "+8613900000000"):
            form = f"{name[1]} {name[0]}"
            wallet = await new_wallet(pool, *papers)
            card = cards[len(heard)]
            with pytest.raises(CardDetailsMismatch) as refused:
                await start(pool, gateway, wallet, card, other, name_form=form)
            said = _words(refused.value)
            for own in (form, card[-4:], other[-4:]):
                said = said.replace(own, "")
            heard.append(said)
            async with pool.connection() as conn:
                [told] = await list_refused(conn, wallet_id=wallet, now=NOW)
                await mark_closed(conn, wallet_id=wallet, now=NOW)
            assert type(told.reason) is CardDetailsMismatch
            assert await facts(pool, wallet) == ([], [], None)
    assert len(heard) == 6
    assert len(set(heard)) == 1


NAME, OTHER_NAME = ("MUELLER", "ANNA"), ("YAMADA", "TARO")


@pytest.mark.parametrize("bank", ["BOC", "CMB"])
async def test_the_right_number_of_somebody_else_tells_nothing_either(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, bank: str
) -> None:
    """Neither in words nor by how often it may be tried: what is wrong stays unsaid."""
    number, phone = new_number(), new_phone()
    heard = []
    for paper, name, other in (
        (number, OTHER_NAME, phone),
        (number, NAME, new_phone()),
        (number, OTHER_NAME, new_phone()),
        (new_number(), NAME, phone),
        (new_number(), OTHER_NAME, new_phone()),
    ):
        [card] = await sandbox.account(bank, "ANNA MUELLER", number, phone)
        wallet, form = await new_wallet(pool, passport(*name, paper)), f"{name[1]} {name[0]}"
        answers = []
        for _ in range(SETTINGS.bank_card_checks_per_day):
            with pytest.raises((CardDetailsMismatch, CardChecksUsedUp)) as refused:
                await start(pool, gateway, wallet, card, other, name_form=form)
            answers.append(refused.value)
        said, codes = _words(answers[0]), tuple(one.code for one in answers)
        for own in (card[-4:], paper[-4:], other[-4:], form):
            said = said.replace(own, "")
        heard.append((said, codes))
        async with pool.connection() as conn:
            await mark_closed(conn, wallet_id=wallet, now=NOW)
    assert len(set(heard)) == 1


async def test_whom_the_mobile_operator_knows_by_their_phone_is_told_exactly(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """It has seen them with this document; a stranger has a phone in another name."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MULLER ANNA", number, phone)
    await known_by_phone(pool, anna, NOW + timedelta(hours=1))
    with pytest.raises(CardDetailsMismatch):
        await start(pool, gateway, anna, icbc, phone)
    later = NOW + timedelta(hours=2)
    with pytest.raises(CardNameMismatch):
        await start(pool, gateway, anna, icbc, phone, now=later)


@pytest.mark.parametrize(("first", "kept"), [("linked", 2), ("another bank", 1)])
async def test_throwaway_wallets_do_not_use_up_the_checks_of_somebodys_card(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, first: str, kept: int
) -> None:
    """Some use theirs; whoever comes after them without a bank's word waits. Anna, whom a bank
    knows, does not."""
    settings = Settings(sandbox=True, bank_card_checks_kept=kept)
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    if first == "linked":
        days_ago = NOW - timedelta(days=3)
        old = await start(pool, gateway, anna, icbc, phone, now=days_ago)
        await finish(pool, gateway, old, await sandbox.code(phone), days_ago)
        await unlink_card(
            pool, gateway, KEYS, wallet_id=anna, card_id=old.card_id, now=NOW - timedelta(days=2)
        )
    else:
        [cmb] = await sandbox.account("CMB", "MUELLER ANNA", number, phone)
        await link(pool, gateway, sandbox, anna, cmb, phone, name_form="MUELLER ANNA")
    strangers = [
        await new_wallet(pool, passport("MUELLER", "ANNA", new_number())) for _ in range(4)
    ]
    said = []
    for stranger in strangers:
        with pytest.raises(QianbaoError) as refused:
            await start(pool, gateway, stranger, icbc, new_phone(), settings=settings)
        said.append(refused.value.code)
    sent = settings.bank_card_checks_per_day - kept
    used_up = [code == "card_checks_used_up" for code in said]
    assert used_up == [False] * sent + [True] * kept
    assert (await start(pool, gateway, anna, icbc, phone, settings=settings)).state == "code_sent"


async def test_what_was_said_before_a_bank_confirmed_her_stays_as_it_was_said(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    phone, number = new_phone(), new_number()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [taros] = await sandbox.account("BOC", "TARO YAMADA", new_number(), phone)
    [own] = await sandbox.account("CMB", "ANNA MUELLER", number, phone)
    card_id = new_id("crd", NOW)
    with pytest.raises(CardDetailsMismatch):
        await start(pool, gateway, anna, taros, phone, card_id=card_id)
    later = NOW + timedelta(hours=1)
    card = await start(pool, gateway, anna, own, phone, name_form="ANNA MUELLER", now=later)
    await finish(pool, gateway, card, await sandbox.code(phone), later)
    with pytest.raises(CardDetailsMismatch):
        await start(pool, gateway, anna, taros, phone, card_id=card_id, now=later)
    with pytest.raises(CardNotYours):
        await start(pool, gateway, anna, taros, phone, now=later)


async def test_a_holder_is_not_found_out_birthday_by_birthday(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Whoever knows a confirmed holder's number and name tries birthdays: after ten a day nothing
    is told any more, the right one either."""
    number, phone = new_number(), new_phone()
    annas = await new_wallet(pool, papers("MUELLER", "ANNA", number=number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    await link(pool, gateway, sandbox, annas, icbc, phone)
    strangers = await new_wallet(pool, papers("SMITH", "JOHN", number=new_number()))

    async def shown(born: date, now: datetime) -> str:
        with pytest.raises(QianbaoError) as refused:
            await bring(pool, strangers, papers("MUELLER", "ANNA", number=number, born=born), now)
        return refused.value.code

    day = date(1990, 4, 12)
    told = [await shown(day - timedelta(days=n), NOW) for n in range(20, 0, -1)]
    assert told == ["document_of_another_person"] * 9 + ["too_many_documents"] * 11
    assert await shown(day, NOW) == "too_many_documents"
    assert await shown(day - timedelta(days=1), NOW + timedelta(days=1)) == told[0]

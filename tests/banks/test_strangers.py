"""What somebody with a throwaway wallet learns of a card, and takes from its owner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.banks.cards import list_refused
from qianbao.banks.cards.refusals import CardNameOrDocumentMismatch, CardNotYours
from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.wallets.opening import mark_closed
from tests.banks.scene import (
    NOW,
    Sandbox,
    facts,
    finish,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
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
            with pytest.raises(CardNameOrDocumentMismatch) as refused:
                await start(pool, gateway, wallet, card, other, name_form=form)
            said = "".join(
                part(language)
                for part in (refused.value.sentence, refused.value.next_step)
                for language in ("en", "zh")
            )
            heard.append(said.replace(form, "").replace(card[-4:], ""))
            async with pool.connection() as conn:
                [told] = await list_refused(conn, wallet_id=wallet, now=NOW)
                await mark_closed(conn, wallet_id=wallet, now=NOW)
            assert type(told.reason) is CardNameOrDocumentMismatch
            assert await facts(pool, wallet) == ([], [], None)
    assert len(heard) == 6
    assert len(set(heard)) == 1


async def test_what_was_said_before_a_bank_confirmed_her_stays_as_it_was_said(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    phone, number = new_phone(), new_number()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [taros] = await sandbox.account("BOC", "TARO YAMADA", new_number(), phone)
    [own] = await sandbox.account("CMB", "ANNA MUELLER", number, phone)
    card_id = new_id("crd", NOW)
    with pytest.raises(CardNameOrDocumentMismatch):
        await start(pool, gateway, anna, taros, phone, card_id=card_id)
    later = NOW + timedelta(hours=1)
    card = await start(pool, gateway, anna, own, phone, name_form="ANNA MUELLER", now=later)
    await finish(pool, gateway, card, await sandbox.code(phone), later)
    with pytest.raises(CardNameOrDocumentMismatch):
        await start(pool, gateway, anna, taros, phone, card_id=card_id, now=later)
    with pytest.raises(CardNotYours):
        await start(pool, gateway, anna, taros, phone, now=later)

"""Anna renews her passport: what each bank was told is remembered."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from qianbao.banks import directory
from qianbao.banks.cards import BankBehind, bank_was_shown, banks_behind, unlink_card
from qianbao.banks.cards.confirm import CardOfEarlierDocument
from qianbao.banks.cards.forms import NameFormNotYours, choose_form
from qianbao.banks.cards.refusals import BankHoldsOldDocument
from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.identity.documents import (
    DocumentOfAnotherPerson,
    DocumentSubmission,
    PersonHasOpenWallet,
)
from qianbao.names import from_fields
from qianbao.wallets.opening import mark_closed
from tests.banks.scene import (
    KEYS,
    NOW,
    Sandbox,
    bring,
    confirmed,
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

LATER = NOW + timedelta(days=3)


async def behind(pool: Pool, wallet_id: str) -> tuple[BankBehind, ...]:
    async with pool.connection() as conn:
        return await banks_behind(conn, wallet_id)


async def test_banks_that_were_told_the_old_number_are_known_at_once(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Linked there now, or only once: each was told. One is told the new number, by a card."""
    old, new, phone = new_number(), new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", old))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", old, phone)
    [cmb] = await sandbox.account("CMB", "MUELLER ANNA", old, phone)
    await link(pool, gateway, sandbox, anna, icbc, phone)
    card = await link(pool, gateway, sandbox, anna, cmb, phone, name_form="MUELLER ANNA")
    await unlink_card(pool, gateway, KEYS, wallet_id=anna, card_id=card.card_id, now=NOW)
    assert (await facts(pool, anna))[1] == []
    await bring(pool, anna, passport("MUELLER", "ANNA", new), LATER)
    assert (await facts(pool, anna))[1] == ["CMB", "ICBC"]
    told = (BankBehind("CMB", old[-4:]), BankBehind("ICBC", old[-4:]))
    assert await behind(pool, anna) == told

    [fresh] = await sandbox.account("CMB", "MUELLER ANNA", new, phone)
    await link(pool, gateway, sandbox, anna, fresh, phone, name_form="MUELLER ANNA")
    assert await behind(pool, anna) == told[1:]


async def test_a_passport_of_the_same_number_leaves_no_bank_behind(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    await link(pool, gateway, sandbox, anna, icbc, phone)
    longer = passport("MUELLER", "ANNA", number, valid_until=date(2036, 5, 1))
    await bring(pool, anna, longer, LATER)
    assert await behind(pool, anna) == ()


async def test_a_bank_is_not_behind_once_the_document_it_was_told_is_current_again(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    old, new, phone = new_number(), new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", old))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", old, phone)
    [cmb] = await sandbox.account("CMB", "MUELLER ANNA", new, phone)
    await link(pool, gateway, sandbox, anna, icbc, phone)
    await bring(pool, anna, passport("MUELLER", "ANNA", new), LATER)
    await link(pool, gateway, sandbox, anna, cmb, phone, name_form="MUELLER ANNA")
    assert await behind(pool, anna) == (BankBehind("ICBC", old[-4:]),)
    await bring(pool, anna, passport("MUELLER", "ANNA", old), LATER)
    assert await behind(pool, anna) == (BankBehind("CMB", new[-4:]),)


async def test_renewed_while_the_banks_code_was_on_its_way(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """The bank confirms what it was asked about: the old number."""
    old, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", old))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", old, phone)
    card = await start(pool, gateway, anna, icbc, phone)
    await bring(pool, anna, passport("MUELLER", "ANNA", new_number()), LATER)
    assert await behind(pool, anna) == ()
    await finish(pool, gateway, card, await sandbox.code(phone))
    assert await behind(pool, anna) == (BankBehind("ICBC", old[-4:]),)


async def test_what_banks_were_told_is_known_to_whoever_comes_back(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """The refusal names the old number's end, although the new wallet never saw it; and once a bank
    has confirmed her, the banks that were behind when she left are known again."""
    old, new, phone = new_number(), new_number(), new_phone()
    before = await new_wallet(pool, passport("MUELLER", "ANNA", old))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", old, phone)
    [cmb] = await sandbox.account("CMB", "MUELLER ANNA", new, phone)
    card = await link(pool, gateway, sandbox, before, icbc, phone)
    await bring(pool, before, passport("MUELLER", "ANNA", new), LATER)
    await unlink_card(pool, gateway, KEYS, wallet_id=before, card_id=card.card_id, now=LATER)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=before, now=LATER)

    anna = await new_wallet(pool, passport("MUELLER", "ANNA", new), now=LATER)
    assert await behind(pool, anna) == ()  # a photograph of her passport opens no records
    with pytest.raises(BankHoldsOldDocument) as refused:
        await start(pool, gateway, anna, icbc, phone)
    assert old[-4:] in refused.value.sentence("en")

    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=anna, now=LATER)
    third = await new_wallet(pool, passport("MUELLER", "ANNA", new), now=LATER)
    await link(pool, gateway, sandbox, third, cmb, phone, name_form="MUELLER ANNA")
    assert (await facts(pool, third))[1] == ["ICBC"]


async def test_whoever_renews_after_coming_back_hears_of_the_banks_told_before_they_left(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    old, new, phone = new_number(), new_number(), new_phone()
    before = await new_wallet(pool, passport("MUELLER", "ANNA", old))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", old, phone)
    [cmb] = await sandbox.account("CMB", "MUELLER ANNA", old, phone)
    card = await link(pool, gateway, sandbox, before, icbc, phone)
    await unlink_card(pool, gateway, KEYS, wallet_id=before, card_id=card.card_id, now=NOW)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=before, now=NOW)
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", old))
    await link(pool, gateway, sandbox, anna, cmb, phone, name_form="MUELLER ANNA")
    assert await behind(pool, anna) == ()
    await bring(pool, anna, passport("MUELLER", "ANNA", new), LATER)
    told = (BankBehind("CMB", old[-4:]), BankBehind("ICBC", old[-4:]))
    assert await behind(pool, anna) == told
    await bring(pool, anna, passport("MUELLER", "ANNA", old), LATER)
    assert await behind(pool, anna) == ()


async def test_a_bank_whose_card_is_linked_is_behind_until_its_holder_says_it_is_not(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """A linked card is not linked again; if the bank was not told, its next no says so."""
    old, new, phone = new_number(), new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", old))
    [first, second] = await sandbox.account("ICBC", "MUELLER ANNA", old, phone, cards=2)
    await link(pool, gateway, sandbox, anna, first, phone)
    await bring(pool, anna, passport("MUELLER", "ANNA", new), LATER)
    async with pool.connection() as conn:
        await bank_was_shown(conn, anna, "ICBC", LATER)
        with pytest.raises(directory.BankUnknown):
            await bank_was_shown(conn, anna, "NOBANK", LATER)
    assert await behind(pool, anna) == ()
    with pytest.raises(BankHoldsOldDocument):
        await start(pool, gateway, anna, second, phone)
    assert await behind(pool, anna) == (BankBehind("ICBC", old[-4:]),)


async def test_a_bank_vouches_only_for_whom_it_was_asked_about(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Before anybody has confirmed her, Anna may show Ben's passport; her bank's yes is hers."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    card = await start(pool, gateway, anna, icbc, phone)
    await bring(pool, anna, passport("SMITH", "BEN", new_number()), LATER)
    with pytest.raises(CardOfEarlierDocument):
        await finish(pool, gateway, card, await sandbox.code(phone))
    assert await facts(pool, anna) == ([], [], None)
    ended = {"wallet_id": anna, "card_id": card.card_id}
    assert await jobs(pool, "end_agreement") == [ended]


async def test_a_bank_vouches_for_the_name_it_was_asked_about(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """No check digit covers a name: of the same number, in another name, nothing was asked; nor was
    it where two small steps lead to that name."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA MARIA", number))
    cards = await sandbox.account("ICBC", "MUELLER ANNA MARIA", number, phone, cards=2)
    card = await start(pool, gateway, anna, cards[0], phone)
    await bring(pool, anna, passport("MUELLER", "ANNA", number), LATER)
    await bring(pool, anna, passport("MUELLER", "ANNA LUISE", number), LATER)
    with pytest.raises(CardOfEarlierDocument):
        await finish(pool, gateway, card, await sandbox.code(phone))
    assert await facts(pool, anna) == ([], [], None)

    await bring(pool, anna, passport("MUELLER", "ANNA MARIA", number), LATER)
    card = await start(pool, gateway, anna, cards[1], phone)
    await bring(pool, anna, passport("MUELLER", "ANNA", number), LATER)
    await finish(pool, gateway, card, await sandbox.code(phone))
    with pytest.raises(DocumentOfAnotherPerson):  # though ANNA alone is what counted then
        await bring(pool, anna, passport("MUELLER", "ANNA LUISE", new_number()), LATER)


async def test_two_codes_on_their_way_do_not_confirm_two_names(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Each passes for the name between them; once one of them is confirmed, the other is not."""
    lenas, marias, phone = new_number(), new_number(), new_phone()
    wallet = await new_wallet(pool, passport("STONE", "ANNA LENA", lenas))
    [icbc] = await sandbox.account("ICBC", "STONE ANNA LENA", lenas, phone)
    [boc] = await sandbox.account("BOC", "ANNA MARIA STONE", marias, phone)
    first = await start(pool, gateway, wallet, icbc, phone, name_form="STONE ANNA LENA")
    first_code = await sandbox.code(phone)
    await bring(pool, wallet, passport("STONE", "ANNA", new_number()))
    await bring(pool, wallet, passport("STONE", "ANNA MARIA", marias))
    second = await start(pool, gateway, wallet, boc, phone, name_form="ANNA MARIA STONE")
    second_code = await sandbox.code(phone)
    await bring(pool, wallet, passport("STONE", "ANNA", new_number()))
    assert (await finish(pool, gateway, second, second_code)).state == "linked"
    with pytest.raises(CardOfEarlierDocument):
        await finish(pool, gateway, first, first_code)
    assert (await facts(pool, wallet))[0] == ["BOC"]
    ended = {"wallet_id": wallet, "card_id": first.card_id}
    assert await jobs(pool, "end_agreement") == [ended]


@pytest.mark.parametrize("form", ["王伟", "SMITH JOHN"])
async def test_characters_under_which_a_bank_confirmed_him_are_the_holders(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, form: str
) -> None:
    """His passport does not show them. Declared alone, they are anybody's."""
    number, phone = new_number(), new_phone()
    john = await new_wallet(
        pool, msgspec.structs.replace(passport("SMITH", "JOHN", number), native="王 伟")
    )
    [icbc] = await sandbox.account("ICBC", form, number, phone)
    await link(pool, gateway, sandbox, john, icbc, phone, name_form=form)
    permit = DocumentSubmission(
        kind="travel_permit", number="H1234567801", native="王伟", valid_until=date(2033, 1, 1)
    )
    if form == "王伟":
        assert (await bring(pool, john, permit)).residency == "hmt"
        return
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, john, permit)


async def test_a_number_that_a_stranger_has_shown_keeps_its_holder_from_nothing(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Both go on, for nobody knows yet whose it is; the bank does."""
    number, phone = new_number(), new_phone()
    stranger = await new_wallet(pool, passport("STONE", "ROSETTA", number))
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    again = await new_wallet(pool)
    with pytest.raises(PersonHasOpenWallet):  # the same holder twice
        await bring(pool, again, passport("MUELLER", "ANNA", number))
    [theirs] = await sandbox.account("BOC", "ROSETTA STONE", number, phone)
    early = await start(pool, gateway, stranger, theirs, phone)
    early_code = await sandbox.code(phone)

    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    await link(pool, gateway, sandbox, anna, icbc, phone)
    with pytest.raises(DocumentOfAnotherPerson):
        await finish(pool, gateway, early, early_code)
    assert (await facts(pool, stranger))[0] == []
    with pytest.raises(DocumentOfAnotherPerson):  # now it is known whose it is
        await bring(pool, await new_wallet(pool), passport("STONE", "ROSA", number))


@pytest.mark.parametrize("vouched", [True, False])
async def test_of_two_whom_banks_have_confirmed_the_one_asked_about_has_the_number(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, vouched: bool
) -> None:
    """Ben shows Anna's next number as his own; with no bank's word for it, it is hers."""
    number, bens, phone = new_number(), new_number(), new_phone()
    ben = await confirmed(
        pool, gateway, sandbox, passport("SMITH", "BEN", number if vouched else bens)
    )
    if not vouched:
        await bring(pool, ben, passport("SMITH", "BEN", number))
    anna = await confirmed(pool, gateway, sandbox, passport("MUELLER", "ANNA", new_number()))
    if vouched:
        with pytest.raises(DocumentOfAnotherPerson):
            await bring(pool, anna, passport("MUELLER", "ANNA", number))
        return
    await bring(pool, anna, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    assert (await link(pool, gateway, sandbox, anna, icbc, phone)).state == "linked"
    later = passport("SMITH", "BEN", number, valid_until=date(2032, 1, 1))
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, ben, later)


async def test_a_number_alone_makes_nobody_the_person_whose_it_is(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Not of a wallet that is closed, nor by way of a document of one's own."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    await link(pool, gateway, sandbox, anna, icbc, phone)
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET status = 'closed' WHERE wallet_id = %s", (anna,))
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, await new_wallet(pool), passport("SMITH", "BEN", number))
    again = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    assert await _person(pool, again) == await _person(pool, anna)


@pytest.mark.parametrize("confirmed", [True, False])
async def test_a_newcomer_stays_who_they_are_whoever_shows_their_number(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, confirmed: bool
) -> None:
    """Anna corrects a slip; meanwhile Ben has shown her number as his."""
    number, bens, phone = new_number(), new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANA", number))
    first = await _person(pool, anna)
    ben = await new_wallet(pool, passport("SMITH", "BEN", bens))
    if confirmed:
        [cmb] = await sandbox.account("CMB", "SMITH BEN", bens, phone)
        await link(pool, gateway, sandbox, ben, cmb, phone)
    await bring(pool, ben, passport("SMITH", "BEN", number))
    await bring(pool, anna, passport("MUELLER", "ANNA", number))
    assert await _person(pool, anna) != await _person(pool, ben)
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    await link(pool, gateway, sandbox, anna, icbc, phone)
    assert await _person(pool, anna) != await _person(pool, ben)
    assert first != await _person(pool, ben)


async def _person(pool: Pool, wallet_id: str) -> str:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT person_id FROM wallets WHERE wallet_id = %s", (wallet_id,)
        )
        row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("typed", ["GATES BILL", "GATES WILIAM", "GATES W", "gates, william"])
def test_a_clerk_may_have_entered_any_close_name(typed: str) -> None:
    name = from_fields("GATES", "WILLIAM HENRY")
    found = choose_form(name, directory.get_bank("ICBC"), typed, confirmed_close=typed)
    assert found.text == typed


@pytest.mark.parametrize("typed", ["GATES MELINDA", "JOBS WILLIAM", "比尔"])
def test_somebody_elses_name_is_not_sent(typed: str) -> None:
    name = from_fields("GATES", "WILLIAM HENRY")
    with pytest.raises(NameFormNotYours):
        choose_form(name, directory.get_bank("ICBC"), typed)

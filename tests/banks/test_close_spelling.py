"""A spelling that is only close to the document's is asked about before a bank is."""

from __future__ import annotations

import pytest

from qianbao.banks import directory
from qianbao.banks.cards.forms import (
    ChosenForm,
    NameFormClose,
    NameFormUnreadable,
    choose_form,
)
from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.names import compare, forms, from_fields
from tests.banks.scene import Sandbox, finish, new_number, new_phone, new_wallet, passport, start

ANNA = from_fields("MUELLER", "ANNA MARIA")
ICBC = directory.get_bank("ICBC")


@pytest.mark.parametrize(
    ("typed", "differs"),
    [
        ("MUELLER HANNA MARIA", "Typed: “HANNA”; on the document: “ANNA”."),
        ("DR MUELLER ANNA MARIA", "Added: “DR”."),
        ("MUELLER MARIA ANNA", "in another order."),
    ],
)
def test_what_is_close_is_shown_back_with_what_differs(typed: str, differs: str) -> None:
    with pytest.raises(NameFormClose) as asked:
        choose_form(ANNA, ICBC, typed)
    found = compare(typed, ANNA)
    said = asked.value.sentence("en")
    assert found.verdict == "close"
    assert f"“{typed}”" in said
    assert "“MUELLER ANNA MARIA" in said
    assert found.en in said
    assert differs in said
    confirmed = choose_form(ANNA, ICBC, f" {typed} ", confirmed_close=typed)
    assert confirmed == ChosenForm(typed, "close", found.reason, confirmed_close=True)


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        (None, "offered"),
        ("MUELLER ANNA MARIA", "offered"),
        ("Müller, Anna-Maria", "match"),
    ],
)
def test_what_was_offered_or_is_the_same_name_needs_no_question(
    typed: str | None, verdict: str
) -> None:
    for said in ("", typed or ""):
        found = choose_form(ANNA, ICBC, typed, confirmed_close=said)
        assert (found.verdict, found.confirmed_close) == (verdict, False)


def test_a_yes_to_one_spelling_is_none_to_another() -> None:
    with pytest.raises(NameFormClose):
        choose_form(ANNA, ICBC, "MUELLER ANNE MARIA", confirmed_close="MUELLER HANNA MARIA")


@pytest.mark.parametrize(
    ("typed", "point"),
    [
        ("MUELLER ANNA MARIA 😀", "U+1F600"),
        ("MUELLER\u200bANNA MARIA", "U+200B"),
        ("MUELLER ANNA MARIA\u202e", "U+202E"),
        ("MUELLER ANNA MARIA;", "U+003B"),
        ("МUELLER ANNA MARIA", "U+041C"),  # Cyrillic
        ("MUELLER ΑNNA MARIA", "U+0391"),  # Greek
        ("MUELLER\x00ANNA MARIA", "U+0000"),
        ("...", "U+002E"),
    ],
)
def test_what_cannot_be_a_spelling_is_not_sent(typed: str, point: str) -> None:
    with pytest.raises(NameFormUnreadable) as refused:
        choose_form(ANNA, ICBC, typed)
    assert point in refused.value.sentence("en")


@pytest.mark.parametrize(
    "typed", ["MUELLER  ANNA   MARIA", " MUELLER\nANNA\tMARIA ", "MUELLER\u00a0ANNA MARIA"]
)
def test_spaces_are_tidied(typed: str) -> None:
    assert choose_form(ANNA, ICBC, typed) == ChosenForm("MUELLER ANNA MARIA")


def test_every_form_that_is_offered_can_be_sent() -> None:
    for name in (ANNA, from_fields("O'Brien-Łukasz", "Seán"), from_fields("ИВАНОВ", "ИВАН")):
        for bank in directory.directory().banks:
            for form in forms(name, bank.name):
                assert choose_form(name, bank, form.text) == ChosenForm(form.text)


async def test_nothing_is_sent_before_anna_says_that_her_bank_writes_it_so(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER HANNA", number, phone)
    with pytest.raises(NameFormClose):
        await start(pool, gateway, anna, icbc, phone, name_form="MUELLER HANNA")
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM card_checks")
        assert await cursor.fetchone() == (0,)
        cursor = await conn.execute("SELECT count(*) FROM cards")
        assert await cursor.fetchone() == (0,)
    card = await start(
        pool, gateway, anna, icbc, phone, name_form="MUELLER HANNA", confirmed_close="MUELLER HANNA"
    )
    linked = await finish(pool, gateway, card, await sandbox.code(phone))
    assert linked.state == "linked"
    found = compare("MUELLER HANNA", from_fields("MUELLER", "ANNA"))
    assert (linked.name_verdict, linked.name_reason) == ("close", found.reason)
    assert linked.name_confirmed

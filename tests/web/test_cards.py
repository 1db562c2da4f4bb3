"""Bank cards at the screens: a refusal that stays, a code that does not come, a change of mind."""

from __future__ import annotations

import httpx
import pytest

from qianbao.cast import TODAY
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack

CHIARA = cast("Chiara")
NOBODYS_CARD = "6222020000009876541"
"""Of ICBC's shape, and never given out."""


@pytest.fixture(scope="module")
def chiara(seeded_stack: Stack) -> Surfer:
    """Chiara, whose ICBC still holds her old passport's number."""
    surfer = Surfer(seeded_stack)
    surfer.sign_in(CHIARA.phone)
    return surfer


def start(surfer: Surfer) -> str:
    """Sends her ICBC card to the bank; gives the page it leads to."""
    surfer.open("/me/pay/cards/add")
    surfer.send("/me/pay/cards/add", card_number=CHIARA.cards[1].number)
    return surfer.send("/me/pay/cards/add/name")


def test_another_spelling_left_empty_is_asked_for_and_not_sent(chiara: Surfer) -> None:
    """A bank allows few checks of a card a day: the usual spelling must not go in its place."""
    chiara.open("/me/pay/cards/add")
    chiara.send("/me/pay/cards/add", card_number=CHIARA.cards[1].number)
    page = chiara.send("/me/pay/cards/add/name", name_form="", name_typed="  ")
    assert "No spelling was typed; nothing was sent to the bank." in page
    assert "Refused by the bank" not in chiara.open("/me/pay/cards")


def refused_checks(surfer: Surfer) -> bool:
    """Whether a bank was asked and refused."""
    return "Refused by the bank" in surfer.open("/me/pay/cards")


def test_a_spelling_typed_beside_another_choice_is_asked_about(chiara: Surfer) -> None:
    """Without script, typing does not move the choice: what was typed must not be passed over."""
    here = "/me/pay/cards/add/name"
    chiara.open("/me/pay/cards/add")
    chiara.send("/me/pay/cards/add", card_number=CHIARA.cards[1].number)
    first = chiara.form(here)["name_form"]
    page = chiara.send(here, name_typed="ROSSI CHIARRA")
    assert "You typed “ROSSI CHIARRA”, and “" in page
    assert f"{first}” is chosen. Nothing was sent to the bank." in page
    assert '<details class="more" open>' in page
    assert (chiara.form(here)["name_form"], chiara.form(here)["name_typed"]) == (
        "", "ROSSI CHIARRA"
    )  # fmt: skip
    page = chiara.send(here, name_typed="ROSSI CHIARA LU", name_form=first)
    assert "You typed “ROSSI CHIARA LU”" in page
    assert not refused_checks(chiara)


def test_a_close_spelling_is_sent_once_chiara_says_that_her_bank_writes_it_so(
    chiara: Surfer,
) -> None:
    here = "/me/pay/cards/add/name"
    chiara.open("/me/pay/cards/add")
    chiara.send("/me/pay/cards/add", card_number=CHIARA.cards[1].number)
    page = chiara.send(here, name_form="", name_typed="ROSSI CHIARRA")
    assert "“ROSSI CHIARRA” is close to the name on your document, “ROSSI CHIARA”" in page
    assert "Typed: “CHIARRA”; on the document: “CHIARA”." in page
    assert '<input type="checkbox" name="confirmed_close" value="ROSSI CHIARRA">' in page
    form = page.split('action="/me/pay/cards/add/name"')[1].split("</form>")[0]
    assert form.count("<button") == 1  # what Enter presses says nothing
    assert "confirmed_close" not in form.split("<button")[1]
    assert '<details class="more" open>' in page
    page = chiara.send(here, name_typed="ROSSI CHIAARA", confirmed_close="ROSSI CHIARRA")
    assert "“ROSSI CHIAARA” is close" in page  # the yes was to another
    assert not refused_checks(chiara)
    chiara.open("/me/pay/cards/add")
    chiara.send("/me/pay/cards/add", card_number=NOBODYS_CARD)
    yes = {"name_typed": "ROSSI CHIARRA", "confirmed_close": "ROSSI CHIARRA"}
    assert "has no valid card" in chiara.send(here, name_form="", **yes)  # the bank was asked
    action = chiara.open("/me/pay/cards").split("/dismiss")[0].rsplit('"', 1)[1] + "/dismiss"
    chiara.send(action)


def test_a_card_that_is_linked_already_is_told_at_its_number(chiara: Surfer) -> None:
    """Not after a spelling was chosen for it."""
    chiara.open("/me/pay/cards/add")
    page = chiara.send("/me/pay/cards/add", card_number=CHIARA.cards[0].number)
    assert chiara.path == "/me/pay/cards/add"
    assert "is already linked to this wallet" in page
    assert chiara.page.status_code == 409


def test_what_the_bank_refused_is_told_until_it_is_put_away(chiara: Surfer) -> None:
    assert "most likely still has that one" in start(chiara)
    page = chiara.open("/me/pay/cards")
    assert "Refused by the bank" in page
    assert "•••• 2342" in page
    assert "most likely still has that one" in page
    assert "Take the new passport" in page
    assert CHIARA.cards[1].number not in page
    ahead = chiara.open("/me/pay/wallet")
    assert "Link a card from another bank" in ahead
    assert "Have Industrial and Commercial Bank of China update your document number" in ahead
    assert "Days since your real name was first verified (1 June 2026)" in ahead
    action = page.split("/dismiss")[0].rsplit('"', 1)[1] + "/dismiss"
    assert "most likely still" in chiara.open(action.removesuffix("/dismiss"))
    chiara.open("/me/pay/cards")
    assert "Refused by the bank" not in chiara.send(action)
    assert chiara.path == "/me/pay/cards"


def test_a_bank_is_behind_until_its_holder_says_that_it_was_shown_the_document(
    chiara: Surfer,
) -> None:
    """Her linked Bank of China card was linked with the old passport."""
    choice = 'name="bank" value="BOC"'
    assert choice in chiara.open("/me/pay/manage/real-name")
    page = chiara.send("/me/pay/manage/real-name/updated", bank="BOC")
    assert choice not in page
    assert "Noted: Bank of China has your present document." in page


def test_a_pending_code_is_sent_again_or_the_card_given_up(
    chiara: Surfer, seeded_stack: Stack
) -> None:
    corrected = httpx.post(
        f"{seeded_stack.sandbox_url}/sandbox/counter",
        json={
            "bank": "ICBC", "card_number": CHIARA.cards[1].number,
            "document_number": CHIARA.passport.number,
        },
        headers={"Authorization": f"Bearer {seeded_stack.settings.bank_token}"},
    )  # fmt: skip
    assert corrected.status_code == 200
    seen = len(chiara.messages(CHIARA.phone))
    start(chiara)
    here = chiara.path
    first = chiara.code(CHIARA.phone, seen)
    assert "Ask again in" in chiara.send(f"{here}/code")
    seeded_stack.move_clock(TODAY.replace(hour=12))
    chiara.open(here)
    assert "A new code is on its way" in chiara.send(f"{here}/code")
    second = chiara.code(CHIARA.phone, seen + 1)
    assert first != second
    assert "Not finished" in chiara.open("/me/pay/cards")
    chiara.open(here)
    page = chiara.send(f"{here}/discard")
    assert chiara.path == "/me/pay/cards"
    assert "Not finished" not in page
    assert "Given up." in chiara.open(here)
    assert f'action="{here}/code"' not in chiara.page.text
    chiara.open("/me/pay/cards/add")
    start(chiara)
    assert "Linked." in chiara.send(chiara.path, code=chiara.code(CHIARA.phone, seen + 2))


def test_a_chinese_name_that_is_typed_stays_apart_from_the_legal_name(chiara: Surfer) -> None:
    chiara.open("/me/pay/manage/real-name/add")
    page = chiara.send("/me/pay/manage/real-name/add", mrz=CHIARA.passport.mrz, native="罗琪雅")
    assert "<h2>Chiara Rossi</h2>" in page
    assert "You also write it 罗琪雅; not on your document." in page
    assert "罗琪雅" not in chiara.open("/me")
    chiara.open("/me/pay/cards/add")
    page = chiara.send("/me/pay/cards/add", card_number=NOBODYS_CARD)
    assert "罗琪雅" in page.split("Other spellings")[1]  # a bank may have it, and says so itself


def test_the_api_asks_about_a_close_spelling_too(chiara: Surfer) -> None:
    token = chiara.http.cookies["qianbao_session"]
    body = {
        "card_number": CHIARA.cards[0].number, "phone": CHIARA.phone, "name_form": "ROSSI CHIARRA",
    }  # fmt: skip
    codes = []
    another, same = "ROSSI CHIAARA", "ROSSI CHIARRA"
    for said in ({}, {"confirmed_close": another}, {"confirmed_close": same}):
        answer = chiara.http.post(
            "/v1/cards",
            json=body | said,
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "close-spelling"},
        )
        codes.append(answer.json()["code"])
    assert codes == ["name_form_close", "name_form_close", "card_already_linked"]

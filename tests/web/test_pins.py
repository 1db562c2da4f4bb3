"""PINs and codes at the screens: chosen twice, changed, forgotten; a code that does not come."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from qianbao.cast import PIN, TODAY
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack

NEWCOMER = "+8613900000077"
NEW_PIN = "918273"


def test_a_new_pin_is_entered_twice(seeded_stack: Stack) -> None:
    somebody = Surfer(seeded_stack)
    somebody.open("/signup")
    somebody.send("/signup", phone=NEWCOMER)
    here = somebody.path
    somebody.send(here, code=somebody.code(NEWCOMER, 0))
    page = somebody.send(f"{here}/pin", pin=PIN, pin_again="270416")
    assert "The two PINs are not the same." in page
    assert PIN not in page
    somebody.send(f"{here}/pin", pin=PIN, pin_again=PIN)
    assert somebody.path == "/me/pay/manage/real-name"


def test_a_code_that_does_not_come_is_sent_again(seeded_stack: Stack) -> None:
    taro, phone = Surfer(seeded_stack), cast("Taro").phone
    seen = len(taro.messages(phone))
    taro.open("/signup?next=/me/notices")
    taro.send("/signup", phone=phone)
    taro.code(phone, seen)
    first = taro.path
    page = taro.send(f"{first}/again")
    assert taro.page.status_code == 429
    assert "Ask again in" in page
    seeded_stack.move_clock(TODAY + timedelta(hours=2))
    taro.send(f"{first}/again")
    assert taro.path != first
    assert "A new code is on its way" in taro.page.text
    here = taro.path
    taro.send(here, code=taro.code(phone, seen + 1))
    taro.send(f"{here}/pin", pin=PIN)
    assert taro.path == "/me/notices"


def test_a_pin_is_changed(seeded_stack: Stack) -> None:
    deng, elsewhere = Surfer(seeded_stack), Surfer(seeded_stack)
    for one in (deng, elsewhere):
        one.sign_in(cast("Deng").phone)
    assert 'href="/me/pin"' in deng.open("/me")
    deng.open("/me/pin")
    page = deng.send("/me/pin", pin="111222", new_pin=NEW_PIN, new_pin_again=NEW_PIN)
    assert "Tries left: 4" in page
    page = deng.send("/me/pin", pin=PIN, new_pin=NEW_PIN, new_pin_again=NEW_PIN)
    assert "Your new PIN is set" in page
    assert "Your payment PIN was changed" in deng.open("/me/notices")
    elsewhere.open("/me")
    assert elsewhere.path == "/signup"


def test_a_forgotten_pin_has_a_way_back(seeded_stack: Stack) -> None:
    """From the screen where it is asked for, to where Chiara was going."""
    chiara, person = Surfer(seeded_stack), cast("Chiara")
    seen = len(chiara.messages(person.phone))
    chiara.open("/signup?next=/me/notices")
    chiara.send("/signup", phone=person.phone)
    here = chiara.path
    page = chiara.send(here, code=chiara.code(person.phone, seen))
    assert 'href="/pin/forgot?next=/me/notices"' in page
    chiara.open("/pin/forgot?next=/me/notices")
    chiara.send("/pin/forgot", phone=person.phone)
    code = chiara.code(person.phone, seen + 1)
    proof = {"code": code, "new_pin": NEW_PIN, "new_pin_again": NEW_PIN}
    here = chiara.path
    page = chiara.send(here, **proof, document_number="YB0000000")
    assert "does not prove that this wallet is yours. Tries left: 4" in page
    assert code not in page
    assert "The code you entered is kept" in page
    proof |= {"code": ""}
    page = chiara.send(here, **proof | {"new_pin_again": "1"}, document_number="YB7654321")
    assert "The two PINs are not the same." in page
    page = chiara.send(here, **proof, document_number="yb 7654321")
    assert chiara.path == "/me/notices"
    assert "Your payment PIN was changed" in page
    chiara.open("/me/pin")
    page = chiara.send("/me/pin", pin=NEW_PIN, new_pin=PIN, new_pin_again=PIN)
    assert "Your new PIN is set" in page


def test_abroad_a_linked_card_stands_for_the_text_message(seeded_stack: Stack) -> None:
    anna, person = Surfer(seeded_stack), cast("Anna")
    anna.sign_in(person.phone)
    page = anna.open("/pin/forgot")
    assert "•••• 8001" in page
    assert 'name="phone"' not in page
    assert 'href="/me/pin/card"' in page
    anna.open("/me/pin/card")
    proof = {"card_number": person.cards[0].number, "new_pin": NEW_PIN, "new_pin_again": NEW_PIN}
    page = anna.send("/me/pin/card", **proof, document_number="C00000000")
    assert "Tries left: 4" in page
    assert person.cards[0].number not in page
    assert "Your new PIN is set" in anna.send(
        "/me/pin/card", **proof, document_number=person.passport.number
    )


def test_the_phone_shows_the_demos_hour(seeded_stack: Stack) -> None:
    """Whatever the machine's clock says."""
    page = httpx.get(f"{seeded_stack.sandbox_url}/phone/{cast('Anna').phone}").text
    newest = re.search(r'<time datetime="(\d{4}-\d\d-\d\d)', page)
    assert newest
    assert newest.group(1) == TODAY.date().isoformat()
    assert 'rel="icon"' in page


def test_a_tab_closed_too_early_is_no_dead_end(seeded_stack: Stack) -> None:
    """Within the minute in which no second code is sent, the same browser finds the first one's
    page again; another browser learns nothing."""
    nia, elsewhere, phone = Surfer(seeded_stack), Surfer(seeded_stack), "+8613900000066"
    nia.open("/signup")
    nia.send("/signup", phone=phone)
    here, code = nia.path, nia.code(phone, 0)
    nia.open("/signup")
    page = nia.send("/signup", phone="139 0000 0066")
    assert nia.path == here
    assert "The code sent before is still good" in page
    assert len(nia.messages(phone)) == 1
    elsewhere.open("/signup")
    assert "Ask again in" in elsewhere.send("/signup", phone=phone)
    assert elsewhere.page.status_code == 429
    nia.send(here, code="")
    assert nia.page.status_code == 422
    nia.send(here, code=code)
    assert nia.path == f"{here}/pin"


def test_a_locked_pin_is_told_before_it_is_asked_for(seeded_stack: Stack) -> None:
    ben, pages = Surfer(seeded_stack), ("/me/pay", "/me/pay/wallet", "/me/pay/wallet/withdraw")
    ben.sign_in(cast("Ben").phone)
    for page in pages:
        assert "PIN is locked" not in ben.open(page)
    for number in range(5):
        ben.open("/me/pin")
        ben.send("/me/pin", pin=f"11122{number}", new_pin=NEW_PIN, new_pin_again=NEW_PIN)
    for page in pages:
        assert "Your payment PIN is locked until" in ben.open(page)
    assert 'name="pin"' not in ben.page.text
    assert ben.page.text.count(" disabled>") == 2
    assert "支付密码已锁定至" in ben.switch("zh")


def test_whoever_was_signed_out_is_told_why(seeded_stack: Stack) -> None:
    """Last in this module: the clock is moved beyond the days that a session lasts."""
    taro, stranger = Surfer(seeded_stack), Surfer(seeded_stack)
    taro.sign_in(cast("Taro").phone)
    seeded_stack.move_clock(TODAY + timedelta(days=120))
    page = taro.open("/me/notices")
    assert taro.path == "/signup"
    assert "You were signed out" in page
    assert "90 days" in page
    assert taro.form("/signup")["next"] == "/me/notices"
    assert "You were signed out" not in stranger.open("/me/notices")

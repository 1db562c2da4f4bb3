"""The other language is one tap away on every page, those that answer a form included; the tap
does nothing else."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar

from qianbao import advise, web
from qianbao.cast import PIN
from qianbao.settings import Settings
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack

LEAVES_NOTHING = {"/language", "/signout", "/me/care", "/sandbox/clock"}
"""Forms that are not sent here: they would end the session, or move everybody's day."""


@pytest.fixture(scope="module")
def chiara(seeded_stack: Stack) -> Surfer:
    """Chiara, whose ICBC still holds her old passport's number."""
    surfer = Surfer(seeded_stack)
    surfer.sign_in(cast("Chiara").phone)
    return surfer


def posts() -> list[str]:
    """Where forms are sent to, a placeholder as "x"."""
    app = Litestar([*web.routes(), *advise.routes()], **web.configuration(Settings()))
    paths = {
        re.sub(r"\{[^}]*\}", "x", route.path)
        for route in app.routes
        if "POST" in getattr(route, "methods", ())
    }
    return sorted(paths - LEAVES_NOTHING)


@pytest.mark.parametrize("path", posts())
def test_what_answers_a_form_is_there_in_both_languages(chiara: Surfer, path: str) -> None:
    """Whatever a form is answered with when nothing was filled in."""
    chiara.page = chiara.http.post(path, data={})
    english = chiara.page.text
    assert '<html lang="en"' in english
    chinese = chiara.switch("zh")
    assert chiara.page.status_code == 200 or chiara.page.request.method == "GET"
    assert '<html lang="zh-CN"' in chinese
    assert ('role="alert"' in chinese) == ('role="alert"' in english)
    assert ("result__icon--stop" in chinese) == ("result__icon--stop" in english)
    assert '<html lang="en"' in chiara.switch("en")


def test_a_banks_refusal_stays_and_nothing_is_asked_again(chiara: Surfer) -> None:
    """The bank is asked once; what was typed, and the refusal, are there in both languages."""
    number = cast("Chiara").cards[1].number
    chiara.open("/me/pay/cards/add")
    chiara.send("/me/pay/cards/add", card_number=number)
    english = chiara.send("/me/pay/cards/add/name", phone="+8613800138006")
    assert 'role="alert"' in english
    card_id = chiara.form("/me/pay/cards/add/name")["card_id"]
    chinese = chiara.switch("zh")
    assert 'role="alert"' in chinese
    assert "银行" in chinese
    assert "+8613800138006" in chinese
    assert number not in chinese
    assert chiara.form("/me/pay/cards/add/name")["card_id"] == card_id
    assert chiara.open("/me/pay/cards").count("/dismiss") == 1
    assert '<html lang="zh-CN"' in chiara.page.text  # it is kept
    chiara.open("/me/pay/cards?lang=en")


def test_a_pin_is_in_no_page_that_is_kept(chiara: Surfer) -> None:
    chiara.open("/me/pin")
    chiara.send("/me/pin", pin="000000", new_pin="739154", new_pin_again="739155")
    assert 'role="alert"' in chiara.page.text
    chinese = chiara.switch("zh")
    assert "739154" not in chinese
    assert "000000" not in chinese
    chiara.switch("en")


def test_somebody_elses_page_is_not_opened(chiara: Surfer) -> None:
    chiara.open("/me/pay/scan")
    chiara.send("/me/pay/scan", code_text="nonsense")
    page = chiara.form("/language?lang=zh")["page"]
    stranger = Surfer(chiara.stack)
    for kept in (page, "", "x", page[:-8]):
        answer = stranger.http.post("/language?lang=en", data={"page": kept})
        assert answer.status_code == 422
        assert "cannot be shown in another language" in answer.text
    assert stranger.http.get("/language").url.path == "/"


def test_an_unknown_form_is_answered_in_both_languages(chiara: Surfer) -> None:
    """A page that is drawn because nothing else was."""
    chiara.page = chiara.http.post("/no-such-page", data={})
    assert "There is no such page" in chiara.page.text
    assert "没有这个页面" in chiara.switch("zh")
    chiara.switch("en")


def test_the_last_look_at_a_transfer_has_an_address(chiara: Surfer) -> None:
    """Switched, reloaded, and gone back to after it was sent: it is there, and sends once."""
    chiara.open("/me/pay/transfer")
    chiara.send("/me/pay/transfer", phone=cast("Taro").phone, amount="1.50", note="for tea")
    address = str(chiara.page.url)
    assert chiara.page.history[0].status_code == 303
    assert cast("Taro").phone[-8:] not in address
    assert "1.5" not in address
    english = chiara.page.text
    assert "*aro Y*****" in english
    chinese = chiara.switch("zh")
    assert "确认转账" in chinese
    for words in ("*aro Y*****", "¥1.50", "for tea"):
        assert words in chinese
    first = chiara.send("/me/pay/transfer/confirm", pin=PIN)
    assert "1.50" in first
    sent = chiara.path
    chiara.open(address)
    chiara.send("/me/pay/transfer/confirm", pin=PIN)
    assert chiara.path == sent
    chiara.open("/me/pay/transactions?lang=en")
    assert chiara.page.text.count("¥1.50") == 1


def test_the_pin_of_a_sign_in_has_an_address(seeded_stack: Stack) -> None:
    """Between code and PIN the page can be switched and reloaded, and holds no code."""
    anna = Surfer(seeded_stack)
    anna.open("/signup")
    seen = len(anna.messages(cast("Anna").phone))
    anna.send("/signup", phone=cast("Anna").phone)
    here, code = anna.path, anna.code(cast("Anna").phone, seen)
    anna.send(here, code=code)
    assert anna.path == f"{here}/pin"
    assert code not in anna.page.text
    assert code not in str(anna.page.url)
    chinese = anna.switch("zh")
    assert 'name="pin"' in chinese
    assert "重新输入" not in chinese
    anna.open(str(anna.page.url))
    assert 'name="pin"' in anna.page.text
    anna.send(f"{here}/pin", pin=PIN)
    assert anna.path == "/me/pay/wallet"
    anna.open("/me?lang=en")

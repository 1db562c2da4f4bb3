"""The other language is one tap away on every page, those that answer a form included; the tap
does nothing else."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar

from qianbao import advise, web
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

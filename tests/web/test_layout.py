"""How the screens look to a thumb and to tired eyes: nothing sticks out, nothing is too small to
tap, and all text stands out from its ground; in both languages, by day and by night."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize

from qianbao.cast import PIN, TWO_BANKS_ENFORCED
from tests.kit.browser import MakePage
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer
from tests.web.test_screens import SCREENS

pytestmark = [pytest.mark.browser, pytest.mark.stack]

LOOKS = Path(__file__).with_name("looks.js").read_text()
"""What a page tells about itself: a list of faults."""
ADVICE = "/advise?wallet=wechat&linked=ICBC&others=BOC&balance=3200&mandates=2&pay_score=1"
NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def deng(seeded_stack: Stack) -> Surfer:
    """Deng, with two cards of one bank, on the morning on which that no longer is enough."""
    seeded_stack.move_clock(TWO_BANKS_ENFORCED)
    surfer = Surfer(seeded_stack)
    surfer.sign_in(cast("Deng").phone)
    return surfer


def hand_over(page: Page, surfer: Surfer) -> None:
    """Gives the browser the session."""
    page.context.add_cookies(
        [{"name": "qianbao_session", "value": surfer.http.cookies["qianbao_session"],
          "url": surfer.stack.url}]
    )  # fmt: skip


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_every_screen_fits_and_can_be_read(
    deng: Surfer, make_page: MakePage, language: str, scheme: Literal["light", "dark"]
) -> None:
    page = make_page()
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme=scheme)
    hand_over(page, deng)
    page.goto(f"{deng.stack.url}/?lang={language}")
    faults = []
    for path in (*SCREENS, ADVICE):
        page.goto(deng.stack.url + path)
        faults += [f"{path}: {fault}" for fault in page.evaluate(LOOKS)]
    assert faults == []


def test_what_opens_and_what_comes_next_fits_too(deng: Surfer, make_page: MakePage) -> None:
    """The cast's passports on the first page; a refused card; the last look at a transfer."""
    page = make_page()
    page.set_viewport_size(NARROW)
    hand_over(page, deng)
    faults = []

    def look(name: str) -> None:
        faults.extend(f"{name}: {fault}" for fault in page.evaluate(LOOKS))

    page.goto(f"{deng.stack.url}/?lang=en")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.locator("pre", has_text="P<D<<MUELLER<<ANNA").bounding_box()["width"] < 360  # type: ignore[index]
    look("/")
    taro = Surfer(deng.stack)
    taro.sign_in(cast("Taro").phone)
    taro.open("/me/pay/cards/add")
    taro.send("/me/pay/cards/add", card_number=cast("Anna").cards[1].number)
    taro.send("/me/pay/cards/add/name")
    assert "under another name" in taro.page.text
    hand_over(page, taro)
    page.goto(f"{deng.stack.url}/me/pay/cards")
    assert "Refused by the bank" in page.inner_text("main")
    look("/me/pay/cards")
    page.goto(f"{deng.stack.url}/me/pay/transfer")
    page.fill("[name=phone]", cast("Deng").phone)
    page.fill("[name=amount]", "1")
    page.click("button:has-text('Next')")
    page.wait_for_selector("[name=pin]")
    page.wait_for_load_state()
    look("/me/pay/transfer/confirm")
    assert faults == []


def test_a_long_name_in_one_word_stays_on_its_card(
    seeded_stack: Stack, make_page: MakePage
) -> None:
    """Some banks print every name joined together, others with a space between any two parts."""
    page = make_page()
    page.set_viewport_size(NARROW)
    page.goto(f"{seeded_stack.url}/advise?lang=en")
    page.fill("[name=surname]", "von der Müller-Łukasiewicz")
    page.fill("[name=given]", "Jean-Luc Maximilian O'Neill")
    page.click("button:has-text('Show the spellings')")
    page.wait_for_selector("#spellings")
    page.wait_for_load_state()
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert "VONDERMUELLERLUKASIEWICZ" in page.inner_text("main")
    assert page.evaluate(LOOKS) == []
    sticking_out = """() => [...document.querySelectorAll(".printed__name, .form-name")]
        .filter(one => one.getBoundingClientRect().right
            > one.closest(".card").getBoundingClientRect().right)
        .map(one => one.textContent)"""
    assert page.evaluate(sticking_out) == []


def test_larger_type_fits_too(deng: Surfer, make_page: MakePage) -> None:
    page = make_page()
    page.set_viewport_size(NARROW)
    hand_over(page, deng)
    page.goto(f"{deng.stack.url}/me?lang=en")
    page.click("text=Turn on")
    page.wait_for_selector("text=Turn off")
    page.wait_for_selector("html.care")
    page.wait_for_load_state("load")  # of the stylesheet, too
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 18
    faults = []
    for path in ("/me/pay", "/me/pay/wallet", "/me/pay/wallet/withdraw", ADVICE):
        page.goto(deng.stack.url + path)
        faults += [f"{path}: {fault}" for fault in page.evaluate(LOOKS)]
    assert faults == []


def test_paying_works_without_script(seeded_stack: Stack, make_page: MakePage) -> None:
    """Taro has two banks; his browser runs no script."""
    browser = make_page().context.browser
    assert browser
    page = browser.new_context(java_script_enabled=False).new_page()
    taro = Surfer(seeded_stack)
    taro.sign_in(cast("Taro").phone)
    hand_over(page, taro)
    page.goto(f"{seeded_stack.url}/me/pay/transfer?lang=en")
    page.fill("[name=phone]", cast("Deng").phone)
    page.fill("[name=amount]", "3")
    page.click("button:has-text('Next')")
    assert "*eiming D***" in page.inner_text("main")
    page.fill("[name=pin]", PIN)
    page.click("button:has-text('Send')")
    assert "-¥3.00" in page.content()
    page.context.close()


def test_the_balance_keeps_itself_up_to_date(seeded_stack: Stack, make_page: MakePage) -> None:
    page = make_page()
    taro = Surfer(seeded_stack)
    taro.sign_in(cast("Taro").phone)
    hand_over(page, taro)
    page.goto(f"{seeded_stack.url}/me/pay/wallet?lang=en")
    before = page.inner_text(".balance__sum")
    taro.transfer(cast("Deng").phone, "1")
    page.wait_for_function(
        "before => document.querySelector('.balance__sum').innerText !== before", arg=before
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_way_to_a_closed_wallets_records_fits_too(
    deng: Surfer, make_page: MakePage, language: str
) -> None:
    """Signing in, the proof, a refusal, the choice between two, what is read."""
    phone = {"en": "+8613900000031", "zh": "+8613900000032"}[language]
    somebody, page, faults = Surfer(deng.stack), make_page(), []
    for _ in range(2):
        somebody.sign_in(phone)
        somebody.open("/me/pay/manage/cancel")
        somebody.send("/me/pay/manage/cancel", pin=PIN)
    page.set_viewport_size(NARROW)
    page.goto(f"{deng.stack.url}/signup?lang={language}&ended=1")

    def look() -> None:
        page.wait_for_load_state("networkidle")  # its style, too
        faults.extend(f"{page.url}: {fault}" for fault in page.evaluate(LOOKS))

    look()
    seen = len(somebody.messages(phone))
    page.fill("input[name=phone]", phone)
    page.click("main button[type=submit]")
    page.fill("input[name=code]", somebody.code(phone, seen))
    page.click("main form:first-of-type button[type=submit]")
    look()
    page.click("main a[href*='/closed']")
    look()
    for pin in ("918273", PIN):
        page.fill("input[name=pin]", pin)
        page.click("main button[type=submit]")
        look()
    page.click("main form button")
    page.wait_for_url("**/me/pay/manage/cancel")
    look()
    assert faults == []

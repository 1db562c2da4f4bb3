"""The browser's own Back and Reload, at a form that was refused: nothing is done twice, nothing is
counted twice, and the browser never puts up a page of its own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from qianbao.cast import PIN
from tests.kit.browser import MakePage
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def at_the_till(seeded_stack: Stack, make_page: MakePage) -> Page:
    """Taro's phone, before paying."""
    surfer, page = Surfer(seeded_stack), make_page()
    surfer.sign_in(cast("Taro").phone)
    session = surfer.http.cookies["qianbao_session"]
    page.context.add_cookies(
        [{"name": "qianbao_session", "value": session, "url": seeded_stack.url}]
    )
    page.goto(f"{seeded_stack.url}/sandbox/till")
    page.locator("form.person button").first.click()
    page.click("a[href*='/pay/mch_']")
    return page


def pay(page: Page, pin: str) -> None:
    page.fill("input[name=pin]", pin)
    page.click("main button[type=submit]")
    page.wait_for_load_state()


def test_back_from_paid_leads_to_the_form_and_reload_costs_no_try(
    seeded_stack: Stack, make_page: MakePage
) -> None:
    taro = at_the_till(seeded_stack, make_page)
    pay(taro, "918273")
    assert "Tries left: 4" in taro.content()
    taro.reload()
    assert "Tries left: 4" in taro.content()
    pay(taro, PIN)
    assert taro.locator("h2", has_text="Paid").count() == 1
    sent = []
    taro.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    taro.go_back()
    assert taro.evaluate("performance.getEntriesByType('navigation')[0].type") == "back_forward"
    assert sent == []
    assert taro.locator("h2", has_text="Paid").count() == 1  # it is, whatever was refused before

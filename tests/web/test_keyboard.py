"""From signing up to a linked card with the keyboard alone: every stop is seen, and in order."""

from __future__ import annotations

import re
from html import unescape

import pytest
from playwright.sync_api import Page

from qianbao.cast import PIN, Person
from tests.kit.browser import MakePage
from tests.kit.person import Holder
from tests.kit.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]

MOST_STOPS = 40
STOP = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const field = at.closest(".field");
  const ring = getComputedStyle(at).outlineStyle !== "none"
    || (field && getComputedStyle(field).boxShadow !== "none");
  const on = box.width > 0 && box.left >= 0 && box.bottom > 0 && box.top < innerHeight;
  return {what: at.outerHTML.slice(0, 120), seen: ring && on};
}"""
BEHIND = """() => {
  const at = document.activeElement, before = window.before;
  window.before = at;
  return before && before !== document.body && !!(
    before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_PRECEDING
  );
}"""


class Keyboard:
    """Somebody without mouse and finger."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, wanted: str) -> None:
        """Tabs until the focus is on what `wanted` selects. Each stop on the way has to be seen,
        and to stand behind the one before."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                continue  # past the end, and round again
            stop = self.page.evaluate(STOP)
            assert stop["seen"], stop["what"]
            assert not self.page.evaluate(BEHIND) or "skip" in stop["what"], stop["what"]
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                return
        raise AssertionError(f"no {wanted} by Tab on {self.page.url}")

    def type(self, wanted: str, text: str) -> None:
        """Writes into a field."""
        self.go_to(wanted)
        self.page.keyboard.type(text)

    def enter(self) -> None:
        """Sends the form, or follows the link, that has the focus."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def follow(self, address: str) -> None:
        """Goes to a link and follows it."""
        self.go_to(f"main a[href='{address}']")
        self.enter()


def test_a_newcomer_links_a_card_by_keyboard(seeded_stack: Stack, make_page: MakePage) -> None:
    phone = "+8613900000042"
    zoe = Holder(seeded_stack, Person("Zoe", phone, None, (), "", ""))
    form = {"surname": "Martin", "given": "Zoe", "phone": phone, "bank": "CMB"}
    taken = zoe.bank.post("/newcomer", data=form | {"document_number": ""}).text
    mrz = unescape(re.search(r"<pre[^>]*>(.*?)</pre>", taken, re.DOTALL)[1])  # type: ignore[index]
    card = re.search(r">(\d{16,19})<", taken)[1]  # type: ignore[index]
    page = make_page()
    keys = Keyboard(page)

    page.goto(f"{seeded_stack.url}/signup")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first stop leads past the bar
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "phone"
    page.keyboard.type(phone)
    seen = len(zoe.messages())
    keys.enter()
    keys.type("[name=code]", zoe.next_code(seen))
    keys.enter()
    keys.type("[name=pin]", PIN)
    keys.type("[name=pin_again]", PIN)
    keys.enter()

    keys.follow("/me/pay/manage/real-name/add")
    keys.type("[name=mrz]", mrz)
    keys.type("[name=occupation]", "baker")
    keys.type("[name=address]", "1 Wenhua Lu")
    keys.enter()
    assert "Zoe Martin" in page.inner_text("main")

    keys.follow("/me/pay/cards/add")
    keys.type("[name=card_number]", card)
    keys.enter()
    keys.go_to("summary")
    page.keyboard.press("Enter")
    keys.type("[name=name_typed]", "Martin Zoe")
    assert page.locator("[name=name_form][value='']").is_checked()  # typing chooses it
    seen = len(zoe.messages())
    keys.enter()
    keys.type("[name=code]", zoe.next_code(seen))
    keys.enter()
    assert "Linked" in page.inner_text("main")

"""The console in a browser: on a phone nothing makes a page scroll sideways, in either language;
what takes long says so and is sent once."""

from __future__ import annotations

import httpx
import pytest

from qianbao.cast import OPERATORS
from tests.kit.browser import MakePage
from tests.kit.person import cast
from tests.kit.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]

PAGES = (
    "", "/policies", "/policies/new", "/policies/two-banks", "/policies/two-banks/retirement",
    "/wallets", "/cases", "/audit",
)  # fmt: skip
WIDER = """() => [...document.querySelectorAll("body *")]
    .filter((one) => !one.closest(".c-scroll, .c-figure, .c-text, .skip"))
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((one) => one.outerHTML.slice(0, 80))"""


BEYOND = """() => [...document.querySelectorAll(".c-stack td")]
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((one) => one.textContent.trim().slice(0, 60))"""
"""What of the long tables would have to be scrolled to."""


def _sign_in(stack: Stack, operator: str) -> httpx.Client:
    client = httpx.Client(base_url=stack.url, headers={"Origin": stack.url})
    form = {"name": operator, "password": stack.operator_password}
    assert client.post("/console/sign-in", data=form).status_code == 303
    return client


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_scrolls_sideways(seeded_stack: Stack, make_page: MakePage, language: str) -> None:
    wei, lin = (_sign_in(seeded_stack, name) for name in OPERATORS)
    answer = wei.post("/console/wallets", data={"phone": cast("Deng").phone})
    wallet = answer.headers["location"]
    wei.post(f"{wallet}/legal-holds", data={"reference": "(2026) Jing 01 Zhi 17 / 2026-00412"})
    place = wei.get(wallet).text.split(f'action="{wallet}/legal-holds/')[1].split("/")[0]
    hold = f"{wallet}/legal-holds/{place}"
    lin.post(f"{hold}/approval")
    wei.post("/console/policies/two-banks/versions/1/simulations")
    page = make_page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.context.add_cookies(
        [{"name": "qianbao_console", "value": wei.cookies["qianbao_console"],
          "url": f"{seeded_stack.url}/console"},
         {"name": "qianbao_language", "value": language, "url": seeded_stack.url}]
    )  # fmt: skip
    faults = []
    for path in (*(f"/console{each}" for each in PAGES), wallet, f"{hold}/lifting"):
        answered = page.goto(seeded_stack.url + path)
        assert answered is not None
        assert answered.status == 200, path
        faults += [f"{path}: {each}" for each in page.evaluate(WIDER) + page.evaluate(BEYOND)]
    wei.post(f"{hold}/lifting/proposal")
    lin.post(f"{hold}/lifting")
    assert faults == []


def test_what_takes_long_says_so_and_is_sent_once(seeded_stack: Stack, make_page: MakePage) -> None:
    wei = _sign_in(seeded_stack, OPERATORS[0])
    page, sent = make_page(), []
    page.context.add_cookies(
        [{"name": "qianbao_console", "value": wei.cookies["qianbao_console"],
          "url": f"{seeded_stack.url}/console"}]
    )  # fmt: skip
    page.goto(f"{seeded_stack.url}/console/policies/two-banks")
    page.route("**/simulations", lambda route: (sent.append(route), route.fulfill(status=204)))
    twice = "document.querySelectorAll('form[data-working] button').forEach(one => {%s})"
    page.evaluate(twice % "one.click(); setTimeout(() => one.click())")
    button = page.locator("form[data-working] button")
    button.and_(page.locator("[aria-busy]")).wait_for()
    page.wait_for_timeout(200)
    assert button.text_content() == "Simulating …"
    assert len(sent) == 1

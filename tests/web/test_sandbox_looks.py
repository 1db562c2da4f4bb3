"""The sandbox's own screens, and the advisor's answers, on a narrow phone: nothing sticks out,
everything can be tapped and read, in both languages, by day and by night."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from qianbao.cast import CAST
from tests.kit.browser import MakePage
from tests.kit.stack import Stack
from tests.web.test_layout import LOOKS, NARROW

pytestmark = [pytest.mark.browser, pytest.mark.stack]

PHONE = CAST[0].phone
PLACES = ("/", "/phone", f"/phone/{PHONE}", "/counter", "/counter?bank=ICBC", "/counter?bank=SCB",
          "/newcomer", "/faults", "/phone/nonsense", "/counter?bank=XX")  # fmt: skip
ADVICE = (
    "/advise?wallet=wechat&message=two_banks&linked=ICBC&linked=BOC#answer",
    "/advise?wallet=wechat&message=name&linked=ICBC&others=BOC&others=HSBC&expiry=renewed#answer",
    "/advise?wallet=alipay&message=document&linked=ICBC&linked=BOC#answer",
    "/advise?wallet=wechat&linked=ICBC&balance=1e5&mandates=two#answer",
)
ENGLISH = re.compile(r"\b(?:the|of|and|no|not|card|bank|name|phone|document|save)\b", re.I)


def looked_at(make_page: MakePage, scheme: Literal["light", "dark"]) -> Page:
    page = make_page()
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme=scheme)
    return page


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_the_sandbox_fits_and_can_be_read(
    seeded_stack: Stack, make_page: MakePage, language: str, scheme: Literal["light", "dark"]
) -> None:
    page = looked_at(make_page, scheme)
    page.goto(f"{seeded_stack.sandbox_url}/?lang={language}")
    faults = []

    def look(where: str) -> None:
        faults.extend(f"{where}: {fault}" for fault in page.evaluate(LOOKS))
        if language == "zh" and where != f"/phone/{PHONE}":  # texts speak the holder's language
            text = page.inner_text("main")
            faults.extend(f"{where}: {found}" for found in ENGLISH.findall(text))

    for path in PLACES:
        page.goto(seeded_stack.sandbox_url + path)
        look(path)
    page.goto(f"{seeded_stack.sandbox_url}/counter?bank=ICBC")
    page.click("main li a")
    look("a customer")
    page.click("main button")
    look("a customer corrected")
    page.goto(f"{seeded_stack.sandbox_url}/newcomer")
    page.fill("[name=surname]", "Wolfeschlegelsteinhausen")
    page.fill("[name=given]", "Hubert Blaine Bartholomew")
    page.fill("[name=phone]", "139 0000 0077")
    page.click("main button")
    look("a newcomer")
    assert faults == []


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("zh", "light")])
def test_the_advisors_answers_fit_and_are_reached(
    seeded_stack: Stack, make_page: MakePage, language: str, scheme: Literal["light", "dark"]
) -> None:
    page = looked_at(make_page, scheme)
    page.goto(f"{seeded_stack.url}/?lang={language}")
    faults = []
    for path in ADVICE:
        page.goto(seeded_stack.url + path)
        faults += [f"{path}: {fault}" for fault in page.evaluate(LOOKS)]
        assert page.locator("#answer").bounding_box()["y"] < NARROW["height"], path  # type: ignore[index]
    assert faults == []


def test_the_answer_is_on_the_screen_after_sending(
    seeded_stack: Stack, make_page: MakePage
) -> None:
    page = looked_at(make_page, "light")
    page.goto(f"{seeded_stack.url}/advise?lang=en")
    page.check("[name=linked][value=ICBC]", force=True)
    page.click("text=Show me the ways out")
    assert page.url.endswith("#answer")
    page.wait_for_function("() => document.activeElement.id === 'answer'")
    bar = page.locator(".bar").bounding_box()
    heading = page.locator("#answer").bounding_box()
    assert bar
    assert heading
    assert bar["y"] + bar["height"] <= heading["y"] < NARROW["height"] / 2
    page.fill("[name=surname]", "Müller")
    page.fill("[name=given]", "Anna")
    page.click("text=Show the spellings")
    page.wait_for_function("() => document.activeElement.id === 'spellings'")
    assert Path(page.url.split("?")[0]).name == "advise"

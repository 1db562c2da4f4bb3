"""The demo's first page: whatever is needed to be one of its people, shops or operators."""

from __future__ import annotations

from html import unescape

import pytest

from qianbao.cast import CAST, OPERATOR_PASSWORD, OPERATORS, PIN, SHOPS
from qianbao.settings import Settings
from qianbao.web.landing import demo_of
from tests.kit.stack import Stack
from tests.web.surfing import Surfer


@pytest.mark.stack
@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_that_is_needed_is_shown(seeded_stack: Stack, language: str) -> None:
    page = unescape(Surfer(seeded_stack).open(f"/?lang={language}"))
    exact = {part.split("</pre>")[0].split(">", 1)[1] for part in page.split("<pre")[1:]}
    for person in CAST:
        assert {person.phone, person.passport.mrz, PIN} <= exact
        assert {card.number for card in person.cards} <= exact
        if person.earlier_passport:
            assert person.earlier_passport.mrz in exact
    assert {shop.api_key for shop in SHOPS} | {shop.merchant_id for shop in SHOPS} <= exact
    assert {*OPERATORS, OPERATOR_PASSWORD} <= exact


def test_none_of_it_is_shown_to_anybody_else() -> None:
    assert demo_of(Settings()) is None
    assert demo_of(Settings(sandbox=True)) is not None


def test_the_first_page_is_called_what_it_is(seeded_stack: Stack) -> None:
    page = Surfer(seeded_stack).open("/")
    assert "<title>Qianbao</title>" in page
    assert "<title>Advisor · Qianbao</title>" in Surfer(seeded_stack).open("/advise")


def test_where_the_code_went_is_told_after_a_wrong_one_too(seeded_stack: Stack) -> None:
    """Come back by the address alone, and with a code mistyped."""
    somebody = Surfer(seeded_stack)
    somebody.open("/signup")
    somebody.send("/signup", phone="+8613900004711")
    here = somebody.path
    assert "Sent to the phone ending in 4711." in somebody.open(here)
    assert "Sent to the phone ending in 4711." in somebody.send(here, code="000000")

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

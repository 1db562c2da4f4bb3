"""Amounts beyond a limit: the form stays with what was typed, and says how much goes."""

from __future__ import annotations

import pytest

from qianbao.cast import PIN
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def anna(seeded_stack: Stack) -> Surfer:
    """Anna on the demo's first morning: a German passport, and one bank for a rule of January."""
    surfer = Surfer(seeded_stack)
    surfer.sign_in(cast("Anna").phone)
    return surfer


def is_told_at_its_amount(page: str, most: str) -> bool:
    """The form is there with the amount, the limit beside it, and no other rule's way."""
    assert f"This is too much: {most} at most." in page
    assert f'id="amount-error">{most} at most' in page
    assert "With a foreign passport, one top-up or payment may be ¥35,000.00 at most." in page
    assert 'value="40000"' in page
    assert 'aria-invalid="true"' in page
    return not any(
        words in page
        for words in ("not possible now", "Link a card from another bank", "Holds until")
    )


def test_a_top_up_beyond_a_limit_stays_on_its_form(anna: Surfer) -> None:
    anna.open("/me/pay/wallet/top-up")
    page = anna.send("/me/pay/wallet/top-up", amount="40000", pin=PIN)
    assert is_told_at_its_amount(page, "¥35,000.00")
    assert anna.form("/me/pay/wallet/top-up")["amount"] == "40000"
    assert "金额过大：最多 ¥35,000.00。" in anna.switch("zh")
    anna.switch("en")


def test_a_transfer_beyond_a_limit_goes_back_to_its_amount(anna: Surfer) -> None:
    """Two limits at once: the day's lets less through."""
    anna.open("/me/pay/transfer")
    anna.send("/me/pay/transfer", phone=cast("Taro").phone, amount="1")
    page = anna.send("/me/pay/transfer/confirm", amount="40000", pin=PIN)
    assert is_told_at_its_amount(page, "¥5,000.00")
    assert anna.form("/me/pay/transfer")["phone"] == cast("Taro").phone

"""A holder completes and confirms their data at the screen, with the PIN, in both languages."""

from __future__ import annotations

import pytest

from qianbao.cast import PIN
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack


def test_data_is_completed_and_confirmed(seeded_stack: Stack) -> None:
    deng = Surfer(seeded_stack)
    deng.sign_in(cast("Deng").phone)
    assert 'href="/me/pay/manage/data"' in deng.open("/me/pay/manage")
    page = deng.open("/me/pay/manage/data")
    assert cast("Deng").address in page
    page = deng.send("/me/pay/manage/data", occupation="Teacher", address="x", pin=PIN)
    assert deng.page.status_code == 422
    assert "The address cannot be read" in page
    page = deng.send(
        "/me/pay/manage/data", occupation="Teacher", address="9 Hill Road", pin="111222"
    )
    assert "The payment PIN is wrong" in page
    page = deng.send("/me/pay/manage/data", occupation="Teacher", address="9 Hill Road", pin=PIN)
    assert "Your data is complete and confirmed." in page
    assert "9 Hill Road" in page


def test_a_newcomer_is_sent_to_show_a_document_first(seeded_stack: Stack) -> None:
    somebody, phone = Surfer(seeded_stack), "+8613900000088"
    somebody.open("/signup")
    somebody.send("/signup", phone=phone)
    here = somebody.path
    somebody.send(here, code=somebody.code(phone, 0))
    somebody.send(f"{here}/pin", pin=PIN, pin_again=PIN)
    assert "Show your document first" in somebody.open("/me/pay/manage/data")

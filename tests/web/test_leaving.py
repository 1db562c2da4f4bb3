"""Ben leaves and comes back, screen by screen: nothing is lost on the way."""

from __future__ import annotations

import re

import pytest

from qianbao.cast import PIN, TWO_BANKS_ENFORCED
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack

BEN = cast("Ben")
CANCEL = "/me/pay/manage/cancel"


@pytest.fixture(scope="module")
def ben(seeded_stack: Stack) -> Surfer:
    """Ben on the morning on which two-banks is in force."""
    seeded_stack.move_clock(TWO_BANKS_ENFORCED)
    surfer = Surfer(seeded_stack)
    surfer.sign_in(BEN.phone)
    return surfer


def links(page: str, start: str) -> list[str]:
    """The links of a page that begin so, in order."""
    return re.findall(rf'href="({start}[^"]*)"', page)


def test_all_that_is_in_the_way_is_listed_at_once(ben: Surfer) -> None:
    page = ben.open(CANCEL)
    assert "4 things are in the way" in page
    places = ["/me/pay/wallet/withdraw", "/me/pay/manage/auto-deduction",
              "/me/pay/manage/pay-score", "/me/pay/cards"]  # fmt: skip
    assert [page.index(f'<li><a href="{place}">') for place in places] == sorted(
        page.index(f'<li><a href="{place}">') for place in places
    )
    assert "Close my wallet" not in page


def test_each_is_resolved_from_its_link(ben: Surfer) -> None:
    page = ben.open("/me/pay/wallet/withdraw")
    leaves = re.search(r"(¥[0-9,.]+) can be withdrawn now: (¥[0-9,.]+) arrives", page)
    assert leaves
    assert leaves[2] == "¥1,499.50"
    assert leaves[1] > leaves[2]
    ben.send("/me/pay/wallet/withdraw", all="1", pin=PIN)
    assert ben.path.startswith("/me/pay/wallet/orders/ord_")
    ben.wait_for(ben.path, "Withdrawn")
    for item in links(ben.open("/me/pay/manage/auto-deduction"), "/me/pay/manage/auto-deduction/"):
        assert "关闭扣费服务" in ben.open(item)
        assert "Ended on" in ben.send(item)
    ben.open("/me/pay/manage/pay-score/settings")
    assert "Pay Score is off" in ben.send("/me/pay/manage/pay-score")
    settings = ben.open("/me/pay/manage/pay-score/settings")
    assert "Pay Score is off." in settings
    assert "Turn off" not in settings
    (card,) = links(ben.open("/me/pay/cards"), "/me/pay/cards/crd_")
    assert "your only card" in ben.open(f"{card}/unlink")
    assert "No card linked yet" in ben.send(f"{card}/unlink")


def test_a_wrong_pin_closes_nothing(ben: Surfer) -> None:
    assert "Nothing is in the way" in ben.open(CANCEL)
    page = ben.send(CANCEL, pin="918273")
    assert "The payment PIN is wrong" in page
    assert "Close my wallet" in page


def test_closing_hands_over_and_keeps_the_records(ben: Surfer) -> None:
    ben.open(CANCEL)
    page = ben.send(CANCEL, pin=PIN, reason="one bank only")
    assert "Your wallet is closed" in page
    assert "¥1,499.50" in page
    assert "¥0.00" in page
    ben.open("/me/pay/wallet")
    assert ben.path == CANCEL
    ben.open("/me/pay/statements/all.csv")
    assert ben.page.status_code == 200
    assert "Withdrawal" in ben.open("/me/pay/transactions")


def test_coming_back_finds_the_history(ben: Surfer) -> None:
    ben.open(CANCEL)
    ben.send("/signout", next="/signup")
    assert ben.path == "/signup"
    ben.sign_in(BEN.phone)
    assert ben.path == "/me/pay/manage/real-name"
    ben.open("/me/pay/manage/real-name/add")
    assert "•••• 0006" in ben.send("/me/pay/manage/real-name/add", mrz=BEN.passport.mrz)
    assert "We found" not in ben.open("/me/pay/wallet")  # a passport alone opens nobody's records
    link_card(ben, BEN.cards[0].number)
    assert "Those of the wallet you closed can be brought back" in ben.open("/me/pay/transactions")
    assert "We found the wallet you closed on 15 January 2027" in ben.open("/me/pay/wallet")
    page = ben.send("/me/pay/wallet/history")
    assert ben.path == "/me/pay/transactions"
    assert "Withdrawal" in page
    assert "We found" not in ben.open("/me/pay/wallet")


def test_he_is_told_until_when_this_lasts(ben: Surfer) -> None:
    page = ben.open("/me/pay/wallet")
    assert "Part of your wallet is blocked" not in page
    assert "Takes effect on 15 April 2027" in page


def test_the_payment_of_a_merchant_works_again(ben: Surfer) -> None:
    ben.open("/me/pay/wallet/top-up")
    ben.send("/me/pay/wallet/top-up", amount="50", pin=PIN)
    ben.wait_for(ben.path, "Topped up")
    page = ben.transfer(cast("Taro").phone, "5")
    assert "-¥5.00" in page
    assert "<h2>Sent</h2>" in page
    assert "*aro " in page
    assert 'href="/me/pay">Done</a>' in page
    again = ben.open(ben.path)
    assert "<h2>Sent</h2>" not in again
    assert "*aro " in again


def test_an_amount_out_of_bounds_is_told_the_bound(ben: Surfer) -> None:
    ben.open("/me/pay/transfer")
    page = ben.send("/me/pay/transfer", phone=cast("Taro").phone, amount="1" + "0" * 18)
    assert "is too much: an amount is at most ¥100,000,000,000.00" in page
    assert "is too little" in ben.send("/me/pay/transfer", phone=cast("Taro").phone, amount="-1")


def test_a_mistyped_line_is_told_by_its_place(ben: Surfer) -> None:
    ben.open("/me/pay/manage/real-name/add")
    first, second = BEN.passport.mrz.split("\n")
    wrong = second[:9] + str((int(second[9]) + 1) % 10) + second[10:]
    page = ben.send("/me/pay/manage/real-name/add", mrz=f"{first}\n{wrong}")
    assert ben.page.status_code == 422
    assert "character 10" in page.lower()
    assert f"<mark>{wrong[:10]}</mark>" in page
    assert wrong.replace("<", "&lt;") in page  # kept, to be corrected


def link_card(surfer: Surfer, number: str) -> None:
    """Links a card through the screens."""
    surfer.open("/me/pay/cards/add")
    surfer.send("/me/pay/cards/add", card_number=number)
    seen = len(surfer.messages(BEN.phone))
    surfer.send("/me/pay/cards/add/name")
    card = surfer.path
    assert "000000" not in surfer.page.text
    wrong = surfer.send(card, code="000000")
    assert "not the code" in wrong
    assert "Linked." in surfer.send(card, code=surfer.code(BEN.phone, seen))

"""Ben leaves and comes back, screen by screen: nothing is lost on the way."""

from __future__ import annotations

import html
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
    unlinking = ben.open(f"{card}/unlink")
    assert "your only card" in unlinking
    assert "Then this blocks part of your wallet" in unlinking  # he has moved more than 1,000
    assert "No card linked yet" in ben.send(f"{card}/unlink")


def test_a_wrong_pin_closes_nothing(ben: Surfer) -> None:
    assert "Nothing is in the way" in ben.open(CANCEL)
    page = ben.send(CANCEL, pin="918273", reason="one bank only")
    assert "The payment PIN is wrong" in page
    assert 'value="one bank only"' in page
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


def ask_for_records(somebody: Surfer) -> str:
    """With the code, to where the closed wallet's PIN or document number is asked for."""
    seen = len(somebody.messages(BEN.phone))
    somebody.open("/signup")
    somebody.send("/signup", phone=BEN.phone)
    here = somebody.path
    somebody.send(here, code=somebody.code(BEN.phone, seen))
    (link,) = links(somebody.page.text, f"{here}/closed")
    somebody.open(html.unescape(link))
    return f"{here}/closed"


@pytest.mark.parametrize(
    ("language", "proof", "closed", "withdrawal"),
    [
        ("en", {"pin": PIN}, "Your wallet is closed", "Withdrawal"),
        ("zh", {"document_number": BEN.passport.number.lower()}, "钱包已注销", "提现"),
    ],
)
def test_years_later_the_records_are_read_without_a_new_wallet(
    seeded_stack: Stack, ben: Surfer, language: str, proof: dict[str, str], closed: str,
    withdrawal: str,
) -> None:  # fmt: skip
    abroad = Surfer(seeded_stack)
    abroad.open(f"/?lang={language}")
    here = ask_for_records(abroad)
    assert abroad.send(here, **proof).count(closed)
    assert abroad.path == CANCEL
    abroad.open("/me/pay/statements")
    assert abroad.page.status_code == 200
    for kind in ("csv", "pdf", "camt053"):
        abroad.open(f"/me/pay/statements/all.{kind}")
        assert abroad.page.status_code == 200
    assert withdrawal in abroad.open("/me/pay/transactions")
    abroad.open("/me/pay/wallet")
    assert abroad.path == CANCEL


def test_coming_back_finds_the_history(ben: Surfer) -> None:
    ben.open(CANCEL)
    assert links(ben.page.text, "/signup") == ["/signup"]
    assert "Withdrawal" in ben.open("/me/pay/transactions")
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


def test_of_several_closed_wallets_one_is_chosen(seeded_stack: Stack) -> None:
    """Somebody who signed up twice to look around; the PIN was the same."""
    phone = "+8613900000088"
    somebody = Surfer(seeded_stack)
    for _ in range(2):
        somebody.sign_in(phone)
        somebody.open(CANCEL)
        assert "Your wallet is closed" in somebody.send(CANCEL, pin=PIN)
        somebody.open("/me")
        somebody.send("/signout")
    seen = len(somebody.messages(phone))
    somebody.open("/signup")
    somebody.send("/signup", phone=phone)
    here = somebody.path
    somebody.send(here, code=somebody.code(phone, seen))
    somebody.open(f"{here}/closed")
    page = somebody.send(f"{here}/closed", pin=PIN)
    assert somebody.path == f"{here}/closed/which"
    found = re.findall(r'name="wallet_id" value="(wal_[0-9a-z]{20})"', page)
    assert len(set(found)) == 2
    assert "Which of your closed wallets?" in somebody.open(somebody.path)
    assert "Your wallet is closed" in somebody.send(f"{here}/closed/which", wallet_id=found[1])
    somebody.open(f"{here}/closed/which")  # afterwards
    assert somebody.path == CANCEL


def test_the_phone_alone_reads_nothing(seeded_stack: Stack, ben: Surfer) -> None:
    stranger = Surfer(seeded_stack)
    here = ask_for_records(stranger)
    assert "asks for its payment PIN or document number" in stranger.send(here)
    page = stranger.send(here, pin="918273", document_number="P0000000")
    assert stranger.page.status_code == 403
    assert "opens no closed wallet of this phone. Tries left: 4" in page
    assert "918273" not in page
    assert "P0000000" in page  # to be corrected
    stranger.open("/me/pay/transactions")
    assert stranger.path == "/signup"

"""The article, end to end, through the screens: what Anna, Ben, Chiara and Deng see and tap.

With QIANBAO_PICTURES set to a folder, the pictures of the README are taken on the way.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from qianbao.cast import PIN, SHOPS, TWO_BANKS_ENFORCED
from tests.kit.person import Caller, Holder, cast

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def town(seeded_stack):
    """The seeded sandbox, on its first morning."""
    return seeded_stack


class Screen:
    """Somebody with a phone in their hand."""

    def __init__(self, page, town, first_name):
        self.page, self.town, self.person = page, town, cast(first_name)
        self.phone = Holder(town, self.person)  # where text messages arrive

    def open(self, path):
        """An address typed in."""
        self.page.goto(self.town.url + path)

    def tap(self, name):
        """A button or a link, by its words."""
        thing = self.page.get_by_role("link", name=name).or_(
            self.page.get_by_role("button", name=name)
        )
        thing.first.click()

    def send(self, **fields):
        """Fills fields by name and sends the form they are in."""
        for field, value in fields.items():
            self.page.fill(f"main [name={field}]", value)
        last = self.page.locator(f"main [name={[*fields][-1]}]")
        last.locator("xpath=ancestor::form").locator("button[type=submit]").first.click()

    def code_after(self, act):
        """Does something, and gives the code that the phone then gets."""
        seen = len(self.phone.messages())
        act()
        return self.phone.next_code(seen)

    def sign_in(self):
        """Phone, code, PIN."""
        self.open("/signup")
        code = self.code_after(lambda: self.send(phone=self.person.phone))
        self.send(code=code)
        self.send(pin=PIN)
        self.page.wait_for_url("**/me/**")

    def sees(self, *texts):
        """All of these are on the page."""
        shown = self.text()
        for text in texts:
            assert text in shown, f"{text!r} is not in:\n{shown}"

    def text(self):
        """What the page says."""
        return re.sub(r"\s+", " ", self.page.inner_text("main"))

    def picture(self, name):
        """A picture for the README, when asked for."""
        folder = os.environ.get("QIANBAO_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    def link(self, card, expects):
        """Links a card; `expects` is how the bank is said to print the name."""
        self.open("/me/pay/cards/add")
        self.send(card_number=card.number)
        self.sees(expects)
        code = self.code_after(lambda: self.tap("Send to the bank"))
        self.send(code=code)
        self.sees("Linked")

    def pay_tea(self, shop):
        """Pays at the tea house."""
        self.till(shop)
        self.send(pin=PIN)

    def till(self, shop):
        """Scans the tea house's code."""
        asked = shop.post(
            "/merchant/payments",
            {
                "amount": {"amount_minor": 28_00, "currency": "CNY"},
                "merchant_reference": "table 4",
                "description": "Green tea",
            },
        )
        self.page.goto(asked["url"])
        self.sees("Green Tea House", "¥28.00")


@pytest.fixture
def tea(town):
    """The tea house."""
    return Caller(town.url, SHOPS[-1].api_key)


def test_the_article(page, make_page, town, tea):
    """Warned, shut out, told, and both ways out."""
    anna = Screen(page, town, "Anna")
    anna.sign_in()
    anna.open("/me/pay/wallet")
    anna.sees("Coming up", "15 January 2027", "Cards from two banks are needed")
    anna.sees("Before then", "Link a card from another bank")
    anna.picture("1-warned")

    town.move_clock(TWO_BANKS_ENFORCED)
    anna.till(tea)
    anna.sees("Cards from two banks are needed", "Solution 1", "Solution 2")

    anna.open("/me/pay/wallet")
    anna.sees(
        "Part of your wallet is blocked",
        "¥3,200.00 can be withdrawn now",
        "Announced on 1 December 2026",
        "Until then it could have been prevented",
        "Solution 1",
        "Solution 2",
        "temporary",
    )
    anna.picture("2-blocked")
    anna.tap("中文")
    anna.sees("解决办法", "¥3,200.00")
    anna.picture("3-blocked-zh")
    anna.tap("English")

    anna.page.locator("article.way").first.get_by_role("link").first.click()
    assert anna.page.url.endswith("/me/pay/cards/add")
    anna.send(card_number=anna.person.cards[1].number)
    anna.sees("Bank of China", "ANNA MUELLER")
    anna.picture("4-name-at-the-bank")
    code = anna.code_after(lambda: anna.tap("Send to the bank"))
    anna.send(code=code)
    anna.sees("Linked")
    anna.open("/me/pay/cards")
    anna.sees("MUELLER ANNA", "ANNA MUELLER")
    anna.open("/me/pay/wallet")
    assert "blocked" not in anna.text()
    anna.pay_tea(tea)
    anna.sees("Paid", "¥28.00")

    ben_leaves_and_returns(Screen(make_page(), town, "Ben"), tea)
    chiara_goes_to_the_branch(Screen(make_page(), town, "Chiara"))
    deng_has_one_channel(Screen(make_page(), town, "Deng"), tea)


def ben_leaves_and_returns(ben, tea):
    """The second solution, by the article's own menus."""
    ben.sign_in()
    ben.open("/me")
    for menu in ("Pay", "Payment Management", "Cancel Qianbao Pay"):
        ben.tap(re.compile(f"^{menu}"))
    ben.sees("4 things are in the way", "¥1,500.00", "Auto-deduction", "Pay Score", "Cards still")
    ben.picture("5-in-the-way")

    first = ben.page.locator("ol.steps a")
    first.filter(has_text="¥1,500.00").click()
    ben.page.fill("main [name=pin]", PIN)
    ben.tap(re.compile("^Withdraw all"))
    ben.page.get_by_text("¥1,499.50").first.wait_for()

    for shop in SHOPS[:2]:
        ben.open("/me/pay/manage/cancel")
        ben.page.locator("ol.steps a").filter(has_text="Auto-deduction").click()
        ben.page.get_by_role("link").filter(has_text=shop.name_en).click()
        ben.sees("关闭扣费服务")
        ben.tap(re.compile("End auto-deduction"))

    ben.open("/me/pay/manage/cancel")
    ben.page.locator("ol.steps a").filter(has_text="Pay Score").click()
    if "Turn off Pay Score" not in ben.text():
        ben.page.locator("header a").last.click()
    ben.tap("Turn off Pay Score")

    ben.open("/me/pay/manage/cancel")
    ben.town.wait_for(lambda: ben.page.reload() and "1 thing is in the way" in ben.text())
    ben.page.locator("ol.steps a").filter(has_text="Cards still").click()
    ben.page.get_by_role("link").filter(has_text="2343").click()
    ben.tap("Unlink this card")
    ben.tap("Unlink this card")

    ben.open("/me/pay/manage/cancel")
    ben.sees("Nothing is in the way", "Statement of everything")
    with ben.page.expect_download() as statement:
        ben.page.get_by_role("link", name="PDF").click()
    assert Path(statement.value.path()).read_bytes().startswith(b"%PDF")
    ben.page.fill("main [name=pin]", PIN)
    ben.tap("Close my wallet")
    ben.sees("Your wallet is closed", "¥1,499.50", "¥0.00")
    ben.picture("6-closed")

    ben.tap("Register again")
    code = ben.code_after(lambda: ben.send(phone=ben.person.phone))
    ben.send(code=code)
    ben.send(pin=PIN, pin_again=PIN)
    ben.open("/me/pay/manage/real-name/add?kind=passport")
    ben.send(mrz=ben.person.passport.mrz)
    ben.link(ben.person.cards[0], "CARTER BEN")
    ben.open("/me/pay/wallet/top-up")
    ben.send(amount="100", pin=PIN)
    ben.open("/me/pay/wallet")
    ben.page.get_by_text("¥100.00").first.wait_for()
    ben.pay_tea(tea)
    ben.sees("Paid", "¥28.00")

    ben.open("/me/pay/wallet")
    ben.sees("Takes effect on 15 April 2027", "We found the wallet you closed")
    ben.picture("7-back")
    ben.tap("Bring back my history")
    ben.open("/me/pay/transactions")
    ben.sees("1,499.50")


def chiara_goes_to_the_branch(chiara):
    """Her passport was renewed and ICBC holds the old number: she is told, goes there, links."""
    old, new = chiara.person.earlier_passport.number, chiara.person.passport.number
    icbc = chiara.person.cards[1]
    chiara.sign_in()
    chiara.open("/me/pay/cards/add")
    chiara.send(card_number=icbc.number)
    chiara.tap("Send to the bank")
    told = (f"ending in {new[-4:]}", f"your number ended in {old[-4:]}")
    chiara.sees(*told, "the bank most likely still has that one")
    chiara.sees("Take the new passport", "to a branch of Industrial and Commercial Bank of China")
    chiara.tap("中文")
    chiara.sees("银行很可能仍保留旧号码", "护照")
    chiara.tap("English")
    chiara.sees(*told)
    chiara.picture("9-old-number")

    chiara.page.goto(f"{chiara.town.sandbox_url}/counter?bank=ICBC&find={icbc.number}")
    chiara.page.locator("li.entry a").click()
    assert chiara.page.input_value("[name=document_number]") == old
    chiara.page.fill("[name=document_number]", new)
    chiara.tap("Save")
    chiara.page.wait_for_url("**/counter/**done=true")
    chiara.link(icbc, "ROSSI CHIARA")

    chiara.open("/me/pay/transfer")
    chiara.send(phone=cast("Deng").phone, amount="1.50")
    chiara.send(pin=PIN)
    chiara.page.wait_for_url("**/transactions/**")
    sent = chiara.page.url
    chiara.page.go_back()
    chiara.sees("Send ¥1.50")  # the last look is still there, and sends once
    chiara.send(pin=PIN)
    chiara.page.wait_for_url("**/transactions/**")
    assert chiara.page.url == sent


def deng_has_one_channel(deng, tea):
    """Two cards, both ICBC's: one bank vouches for him, and he is told which."""
    deng.sign_in()
    deng.open("/me/pay/cards")
    icbc = "Industrial and Commercial Bank of China"
    assert deng.text().count("••••") == 2
    deng.sees(f"All your cards are of {icbc}", "Cards of one bank count as one")
    deng.till(tea)
    deng.sees("Cards from two banks are needed", icbc, "Solution 1")

"""Every screen, for somebody of the cast, in both languages; and what no screen may do."""

from __future__ import annotations

import re

import httpx
import pytest

from qianbao.cast import PIN, TWO_BANKS_ENFORCED
from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack

SCREENS = (
    "/", "/advise", "/signup", "/me", "/me/notices", "/me/help", "/me/pay", "/me/pay/scan",
    "/me/pay/code", "/me/pay/transfer", "/me/pay/wallet", "/me/pay/wallet/top-up",
    "/me/pay/wallet/withdraw", "/me/pay/transactions", "/me/pay/statements", "/me/pay/cards",
    "/me/pay/cards/add", "/me/pay/manage", "/me/pay/manage/real-name", "/me/pay/manage/data",
    "/me/pay/manage/real-name/add", "/me/pay/manage/real-name/add?kind=resident_id",
    "/me/pay/manage/real-name/add?kind=permanent_residence", "/me/pay/manage/auto-deduction",
    "/me/pay/manage/pay-score", "/me/pay/manage/pay-score/settings", "/me/pay/manage/cancel",
    "/me/pin", "/me/pin/card", "/pin/forgot", "/pin/forgot/sig_none", "/signup/sig_none",
    "/sandbox/clock", "/sandbox/till",
)  # fmt: skip


@pytest.fixture(scope="module")
def anna(seeded_stack: Stack) -> Surfer:
    """Anna, signed in; her wallet's language is English."""
    surfer = Surfer(seeded_stack)
    surfer.sign_in(cast("Anna").phone)
    assert surfer.path == "/me/pay/wallet"
    return surfer


@pytest.mark.parametrize("path", SCREENS)
def test_a_screen_opens_in_both_languages(anna: Surfer, path: str) -> None:
    mark = "&" if "?" in path else "?"
    english = anna.open(f"{path}{mark}lang=en")
    assert anna.page.status_code == 200, english
    assert '<html lang="en"' in english
    assert ">中文<" in english
    chinese = anna.open(f"{path}{mark}lang=zh")
    assert anna.page.status_code == 200, chinese
    assert '<html lang="zh-CN"' in chinese
    assert ">English<" in chinese
    assert heading(english) != heading(chinese)
    anna.open("/me?lang=en")


def heading(page: str) -> str:
    """What the bar on top says."""
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found
    return found.group(1).strip()


def test_a_language_once_chosen_stays(anna: Surfer) -> None:
    anna.open("/me?lang=zh")
    assert heading(anna.open("/me/pay")) == "支付"
    elsewhere = Surfer(anna.stack)
    elsewhere.sign_in(cast("Anna").phone)
    assert heading(elsewhere.open("/me/pay")) == "支付"  # kept with the wallet, not the browser
    anna.open("/me?lang=en")
    assert heading(anna.open("/me/pay")) == "Pay"


def test_larger_type_is_remembered(anna: Surfer) -> None:
    anna.open("/me")
    assert 'class="care"' in anna.send("/me/care")
    assert 'class="care"' in anna.open("/me/pay/wallet")
    anna.open("/me")
    assert 'class="care"' not in anna.send("/me/care")


@pytest.mark.parametrize("path", ["/", "/me/pay/wallet", "/advise", "/no/such/page"])
def test_pages_come_with_their_guards(anna: Surfer, path: str) -> None:
    anna.open(path)
    headers = anna.page.headers
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "<script>" not in anna.page.text
    assert not re.search(r"\son[a-z]+=|\sstyle=", anna.page.text)


def test_the_session_cookie_is_kept_from_script(seeded_stack: Stack) -> None:
    ben = Surfer(seeded_stack)
    ben.sign_in(cast("Ben").phone)
    cookie = next(
        one.headers["set-cookie"]
        for one in ben.page.history
        if "qianbao_session" in one.headers.get("set-cookie", "")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_nobody_without_a_session_gets_in(seeded_stack: Stack) -> None:
    stranger = Surfer(seeded_stack)
    stranger.open("/me/pay/wallet")
    assert stranger.path == "/signup"
    assert stranger.page.url.query == b"next=/me/pay/wallet"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_from_elsewhere_does_nothing(anna: Surfer, headers: dict[str, str]) -> None:
    anna.open("/me/pay/manage/pay-score/settings")
    answer = anna.http.post("/me/pay/manage/pay-score", data={"switch": "off"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert "Turn on Pay Score" not in anna.open("/me/pay/manage/pay-score")


def test_a_page_that_is_not_there_says_so(anna: Surfer) -> None:
    page = anna.open("/me/pay/nothing")
    assert anna.page.status_code == 404
    assert "There is no such page." in page


@pytest.mark.parametrize(
    "path",
    [
        "/me/pay/cards/%00", "/me/pay/cards/%ED%A0%80", "/me/pay/cards/%FF%FE",
        "/me/pay/cards/" + "x" * 3000, "/me/notices?after=%00", "/me/pay/transactions?page=%00",
        "/me/pay/transactions?page=bm90LWpzb24", "/me/pay/transfer?to=%C2%B2",
        "/pay/a/b", "/signup/%00", "/me/pay/wallet/orders/none", "/me/pay?lang=%FF",
        "/me/pay/manage/auto-deduction/none", "/me/pay/statements/2026-13.csv",
        "/me/pay/cards/x/unlink", "/sandbox/clock?back=//elsewhere.example", "/sandbox/till/a/b",
    ],
)  # fmt: skip
def test_a_strange_address_is_answered_not_tripped_over(anna: Surfer, path: str) -> None:
    anna.open(path)
    assert anna.page.status_code < 500


@pytest.mark.parametrize(
    ("page", "action", "typed"),
    [
        ("/me/pay/transfer", "/me/pay/transfer", {"key": "\x00", "amount": "1", "pin": PIN}),
        ("/me/pay/transfer", "/me/pay/transfer", {"phone": "x" * 5000}),
        ("/me/pay/transfer", "/me/pay/transfer",
         {"key": "", "phone": "+8613800138005", "amount": "1", "pin": PIN}),
        ("/me/help", "/me/help", {"case_id": "none", "subject": "a", "body": "b"}),
        ("/me/pay/wallet/top-up", "/me/pay/wallet/top-up", {"order_id": "", "amount": "1"}),
        ("/me/pay/wallet/top-up", "/me/pay/wallet/top-up",
         {"order_id": "ord_bad", "amount": "1", "pin": PIN}),
        ("/me/pay/wallet/withdraw", "/me/pay/wallet/withdraw",
         {"card_id": "none", "amount": "1", "pin": PIN}),
        ("/me/pay/manage/real-name/add", "/me/pay/manage/real-name/add",
         {"kind": "napkin", "mrz": "", "valid_until": "31.12.2030"}),
        ("/me/pay/cards/add", "/me/pay/cards/add", {"card_number": "\u0665" * 16}),
        ("/sandbox/till", "/sandbox/till", {"merchant_id": "none"}),
    ],
)  # fmt: skip
def test_a_strange_form_is_refused_not_tripped_over(
    anna: Surfer, page: str, action: str, typed: dict[str, str]
) -> None:
    anna.open(page)
    anna.send(action, **typed)
    assert 400 <= anna.page.status_code < 500, anna.page.text


def test_forms_do_not_repeat_pins_and_keep_the_rest(anna: Surfer) -> None:
    anna.open("/me/pay/transfer")
    page = anna.send("/me/pay/transfer", phone="+8613800138005", amount="12.345", note="for tea")
    assert anna.page.status_code == 422
    assert "CNY has at most two" in page
    assert "for tea" in page
    assert "12.345" in page
    page = anna.transfer("+8613800138005", "12.34", note="for tea", pin="918273")
    assert anna.page.status_code == 403
    assert "for tea" in page
    assert "918273" not in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": "0"}, "¥0.00 is too little"),
        ({"phone": "+8613912345678"}, "Nobody has a wallet"),
        ({"phone": "+8613800138001"}, "cannot be sent to where it already is"),
        ({"phone": "x"}, "not a mobile phone number"),
    ],
)
def test_a_transfer_that_cannot_be_is_told_before_the_pin(
    anna: Surfer, typed: dict[str, str], says: str
) -> None:
    anna.open("/me/pay/transfer")
    page = anna.send("/me/pay/transfer", **{"phone": "+8613800138005", "amount": "1"} | typed)
    assert says in page
    assert 'name="pin"' not in page


def test_whom_it_goes_to_is_shown_before_the_pin_is_asked(anna: Surfer) -> None:
    anna.open("/me/pay/transfer")
    assert 'name="pin"' not in anna.page.text
    page = anna.send("/me/pay/transfer", phone="138 0013 8005", amount="20", note="for tea")
    assert "*aro Y*****" in page
    assert "Yamada" not in page
    for words in ("Phone ending in 8005", "¥20.00", "¥0.00", "for tea", "Send ¥20.00"):
        assert words in page
    assert "¥3,200.00" in anna.open("/me/pay/wallet")
    anna.open("/me/pay/transfer/confirm")
    assert anna.path == "/me/pay/transfer"
    anna.send("/me/pay/transfer", phone="138 0013 8005", amount="3200.01")
    assert "This is ¥0.01 more than you have." in anna.page.text
    assert 'name="pin"' not in anna.page.text


def test_money_goes_to_whom_the_page_has_shown(anna: Surfer) -> None:
    """The number is swapped under the name that was shown: nothing is sent."""
    anna.open("/me/pay/transfer")
    anna.send("/me/pay/transfer", phone="138 0013 8005", amount="20")
    page = anna.send("/me/pay/transfer/confirm", phone=cast("Deng").phone, pin=PIN)
    assert "not the same person" in page
    assert "D***" in page
    assert "¥3,200.00" in anna.open("/me/pay/wallet")


def test_a_field_that_is_too_long_is_named(anna: Surfer) -> None:
    anna.open("/me/pay/transfer")
    assert "“Phone number” has 5000 characters" in anna.send("/me/pay/transfer", phone="1" * 5000)
    anna.open("/me/pay/transfer?lang=zh")
    assert "“备注”有 300 个字符" in anna.send("/me/pay/transfer", note="x" * 300)
    anna.open("/me?lang=en")


def test_a_card_number_is_in_no_page_and_no_address(anna: Surfer) -> None:
    number = cast("Anna").cards[1].number
    anna.open("/me/pay/cards/add")
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    page = anna.send("/me/pay/cards/add", card_number=wrong)
    assert "This is not a card number" in page
    assert wrong not in page
    page = anna.send("/me/pay/cards/add", card_number=number)
    assert anna.path == "/me/pay/cards/add/name"
    assert "ANNA MUELLER" in page
    assert number not in page
    assert all(number not in str(one.url) for one in anna.page.history)
    assert number not in str(anna.http.cookies)


def test_a_sealed_card_number_opens_for_its_holder_only(anna: Surfer) -> None:
    taro = Surfer(anna.stack)
    taro.sign_in(cast("Taro").phone)
    taro.http.cookies.set("qianbao_card", anna.http.cookies["qianbao_card"])
    taro.open("/me/pay/cards/add/name")
    assert taro.path == "/me/pay/cards/add"


def test_a_double_tap_sends_once(anna: Surfer) -> None:
    """The very same form twice: one transfer, and the same page. Nor does going back and confirming
    once more send twice: the key is the first form's."""
    anna.open("/me/pay/transfer")
    start = anna.form("/me/pay/transfer") | {"phone": cast("Taro").phone, "amount": "20"}
    answers = []
    for _ in range(2):
        anna.page = anna.http.post("/me/pay/transfer", data=start)
        form = anna.form("/me/pay/transfer/confirm") | {"pin": PIN}
        assert form["key"] == start["key"]
        answers += [anna.http.post("/me/pay/transfer/confirm", data=form) for _ in range(2)]
    first, *others = answers
    assert first.url.path.startswith("/me/pay/transactions/trf_")
    assert {one.url.path for one in others} == {first.url.path}
    assert "¥3,180.00" in anna.open("/me/pay/wallet")


def test_somebody_elses_things_are_not_there(anna: Surfer) -> None:
    taro = Surfer(anna.stack)
    taro.sign_in(cast("Taro").phone)
    taro.open("/me/pay/cards")
    card = re.search(r'href="(/me/pay/cards/crd_\w+)"', taro.page.text)
    assert card
    assert "has no such card" in anna.open(card.group(1))
    assert anna.page.status_code == 404


def test_a_shop_is_paid_by_its_code(anna: Surfer) -> None:
    anna.open("/sandbox/till")
    page = anna.send("/sandbox/till")
    assert "data:image/svg+xml" in page
    here = re.search(r'href="(/pay/mch_\w+/pay_\w+)"', page)
    assert here
    assert "¥28.00" in anna.open(here.group(1))
    form = anna.form(here.group(1)) | {"pin": PIN}
    for amount in ("x", "0", "-1", "9" * 30):
        page = refused(anna, here.group(1), form | {"amount_minor": amount})
        assert "¥0.00 is too little" in page
    assert "holds CNY" in refused(anna, here.group(1), form | {"currency": "EUR"})
    assert "asks for ¥28.00" in refused(anna, here.group(1), form | {"amount_minor": "1"})
    first = anna.http.post(here.group(1), data=form)
    assert ">Paid<" in first.text
    assert ">Paid<" in anna.http.post(here.group(1), data=form).text
    assert "¥3,152.00" in anna.open("/me/pay/wallet")
    page = refused(anna, here.group(1), form | {"key": "key_" + "0" * 20})
    assert ">Paid<" in page  # a fresh attempt finds it paid already


def test_a_stranger_is_asked_to_sign_in_before_paying(anna: Surfer) -> None:
    anna.open("/sandbox/till")
    anna.send("/sandbox/till")
    place = anna.path.replace("/sandbox/till", "/pay")
    stranger = Surfer(anna.stack)
    page = stranger.open(place)
    assert "¥28.00" in page
    assert f'href="/signup?next={place}"' in page
    assert 'name="pin"' not in page


def refused(surfer: Surfer, path: str, form: dict[str, str]) -> str:
    """The page that a form leads to, which pays nothing."""
    return surfer.http.post(path, data=form).text


@pytest.mark.parametrize(
    ("typed", "leads_to"),
    [
        ("https://pay.example/pay/mch_{}/pay_{}".format("0" * 20, "1" * 20), "/pay/mch_{}/pay_{}"),
        ("mch_{} pay_{}".format("0" * 20, "1" * 20), "/pay/mch_{}/pay_{}"),
        ("https://pay.example/me/pay/transfer?to=8613800138005", "/me/pay/transfer"),
    ],
)
def test_a_code_leads_where_it_says(anna: Surfer, typed: str, leads_to: str) -> None:
    anna.open("/me/pay/scan")
    anna.send("/me/pay/scan", code_text=typed)
    assert anna.path == leads_to.format("0" * 20, "1" * 20)


def test_a_code_that_is_none_is_refused(anna: Surfer) -> None:
    anna.open("/me/pay/scan")
    assert "not a code" in anna.send("/me/pay/scan", code_text="https://elsewhere.example/x")
    assert anna.page.status_code == 422


def test_statements_come_as_files(anna: Surfer) -> None:
    for kind, start in (("pdf", b"%PDF"), ("csv", b""), ("camt053", b"<?xml")):
        anna.open(f"/me/pay/statements/2026.{kind}")
        assert anna.page.status_code == 200
        assert anna.page.headers["content-disposition"].startswith("attachment")
        assert anna.page.content.startswith(start)
    assert "pdf, csv or camt053" in anna.open("/me/pay/statements/2026.exe")
    assert "is not a year" in anna.open("/me/pay/statements/20x6.csv")


@pytest.mark.parametrize("wish", ["https://elsewhere.example/", "//elsewhere.example", "/schema"])
def test_signing_in_never_leads_to_another_site(seeded_stack: Stack, wish: str) -> None:
    deng = Surfer(seeded_stack)
    deng.open(f"/signup?next={wish}")
    assert deng.form("/signup")["next"] == ""


def test_the_clock_moves_forward_only(seeded_stack: Stack) -> None:
    """Last in this file: afterwards two-banks is in force."""
    somebody = Surfer(seeded_stack)
    somebody.open("/sandbox/clock")
    page = somebody.send("/sandbox/clock", day="2026-01-01")
    assert "only moves forward" in page
    assert re.search(r"it stands at \d+ [A-Z][a-z]+ 202\d, \d\d:\d\d\.", page)
    chinese = somebody.switch("zh")
    assert re.search(r"现在是 202\d年\d+月\d+日 \d\d:\d\d。", chinese)
    somebody.switch("en")
    assert "is not a date" in somebody.send("/sandbox/clock", day="soon")
    page = somebody.send("/sandbox/clock", day=TWO_BANKS_ENFORCED.date().isoformat())
    assert "15 January 2027" in page
    somebody.open("/sandbox/clock?back=/advise")
    somebody.send("/sandbox/clock", day="2027-01-16")
    assert somebody.path == "/advise"
    somebody.open("/sandbox/clock?back=//elsewhere.example/x")
    somebody.send("/sandbox/clock", day="2027-01-17")
    assert str(somebody.page.url).startswith(seeded_stack.url)


@pytest.mark.parametrize("path", ["/me/pay/transfer", "/me/pay/wallet/top-up", "till"])
def test_what_is_blocked_shows_why_and_the_ways_out_instead_of_a_form(
    anna: Surfer, path: str
) -> None:
    if path == "till":
        anna.open("/sandbox/till")
        anna.send("/sandbox/till")
        path = anna.path.replace("/sandbox/till", "/pay")
    page = anna.open(path)
    assert 'name="amount"' not in page
    assert 'name="pin"' not in page
    assert 'href="/me/pay/wallet#standing"' in page
    assert "Link cards from two banks" in page
    assert "in force for you since 15 January 2027" in page
    assert page.index("Link a card from another bank") < page.index("Cancel the wallet, reg")
    assert 'href="/me/pay/cards/add"' in page
    assert "Holds until" in page


def test_what_was_sent_all_the_same_is_refused(anna: Surfer) -> None:
    """A page left open since yesterday."""
    form = {"key": "key_" + "0" * 20, "phone": cast("Taro").phone, "amount": "1", "pin": PIN}
    anna.page = anna.http.post("/me/pay/transfer", data=form)
    assert 'name="pin"' not in anna.page.text
    assert "Link cards from two banks" in anna.page.text
    order = {"order_id": "ord_" + "0" * 20, "card_id": "none", "amount": "1", "pin": PIN}
    anna.page = anna.http.post("/me/pay/wallet/top-up", data=order)
    assert 400 <= anna.page.status_code < 500


def test_money_can_leave_whatever_is_blocked(anna: Surfer) -> None:
    page = anna.open("/me/pay/wallet/withdraw")
    assert "Withdraw all" in page
    page = anna.send("/me/pay/wallet/withdraw", amount="999999", pin=PIN)
    assert "to spend" in page
    assert "Top up first" not in page  # topping up is blocked itself
    assert re.search(r"At most ¥[\d,.]+ can arrive: the fee of ¥[\d.]+ comes on top", page)
    anna.open("/me/pay/wallet/withdraw")
    anna.send("/me/pay/wallet/withdraw", all="1", pin=PIN)
    anna.wait_for(anna.path, "Withdrawn")
    page = anna.open("/me/pay/wallet/withdraw")
    assert "Your wallet is empty" in page
    assert "<form" not in page.split("<main", 1)[1]


def test_static_files_are_served(seeded_stack: Stack) -> None:
    for path in ("/static/qianbao.css", "/static/icon.svg", "/static/vendor/htmx.min.js"):
        assert httpx.get(seeded_stack.url + path).status_code == 200

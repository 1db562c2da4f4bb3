"""Above 1,000 a day a code is asked for: over the API, and on the screens without any script."""

from __future__ import annotations

import html
import re

import pytest

from qianbao.cast import PIN
from tests.kit.person import Holder, Refused, cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack


def money(minor: int) -> dict[str, object]:
    """CNY."""
    return {"amount_minor": minor, "currency": "CNY"}


@pytest.fixture(scope="module")
def anna(seeded_stack: Stack) -> Holder:
    """Anna, signed in at the API."""
    holder = Holder(seeded_stack, cast("Anna"))
    holder.sign_in()
    return holder


def test_over_the_api_the_same_request_goes_through_once_it_has_its_code(anna: Holder) -> None:
    wish = {"to_phone": cast("Taro").phone, "amount": money(600_00), "pin": PIN}
    small = anna.post("/transfers", wish)
    assert small["amount"] == money(600_00)

    before, seen = anna.get("/wallet"), len(anna.messages())
    with pytest.raises(Refused, match="step_up_required") as refused:
        anna.post("/transfers", wish, key="more")
    problem = refused.value.problem
    assert (problem["status"], problem["retry"]) == (403, False)
    assert [one["policy"] for one in problem["asks"]] == ["daily-one-factor"]
    assert problem["asks"][0]["headroom_minor"] == 400_00
    assert problem["values"]["factors"] == problem["step_up"]["factors"] == ["code"]
    assert "短信验证码" in problem["sentence"]["zh"]
    assert anna.get("/wallet") == before
    assert len(anna.messages()) == seen

    step_up = problem["step_up"]
    path = step_up["send_code"].removeprefix("/v1")
    with pytest.raises(Refused, match="code_for_other_request"):
        anna.post("/transfers", wish | {"code": "123456"}, key="more")
    sent = anna.post(path, key="code-1")
    assert (sent["step_up_id"], sent["phone_tail"]) == (
        step_up["step_up_id"], anna.person.phone[-4:],
    )  # fmt: skip
    assert anna.post(path, key="code-1") == sent
    code = anna.next_code(seen)
    assert len(anna.messages()) == seen + 1
    assert "sending ¥600.00 to the phone ending in" in anna.messages()[0]["text"]
    with pytest.raises(Refused, match="code_too_soon"):
        anna.post(path, key="code-2")
    with pytest.raises(Refused, match="code_for_other_request"):
        anna.post("/transfers", wish | {"amount": money(700_00), "code": code}, key="more")
    with pytest.raises(Refused, match="pin_wrong"):
        anna.post("/transfers", wish | {"code": code, "pin": "000001"}, key="more")
    wrong = "000000" if code != "000000" else "000001"
    with pytest.raises(Refused, match="code_wrong") as refused:
        anna.post("/transfers", wish | {"code": wrong}, key="more")
    assert refused.value.problem["values"] == {"left": 4}
    done = anna.post("/transfers", wish | {"code": code}, key="more")
    assert done == anna.post("/transfers", wish | {"code": code}, key="more")
    assert anna.get("/wallet")["balance"]["amount_minor"] == (
        before["balance"]["amount_minor"] - 600_00
    )


def test_nobody_else_has_a_code_sent_for_it(anna: Holder, seeded_stack: Stack) -> None:
    with pytest.raises(Refused, match="step_up_required") as refused:
        anna.post(
            "/transfers",
            {"to_phone": cast("Taro").phone, "amount": money(500_00), "pin": PIN},
        )
    path = refused.value.problem["step_up"]["send_code"].removeprefix("/v1")
    taro = Holder(seeded_stack, cast("Taro"))
    taro.sign_in()
    with pytest.raises(Refused, match="step_up_unknown"):
        taro.post(path)


def test_the_standing_says_beforehand_what_will_be_asked(anna: Holder) -> None:
    """Anna has paid 1,200 today."""
    found = anna.get("/wallet/standing")["capabilities"]
    assert (found["transfer"]["outcome"], found["transfer"]["asks"]) == ("allowed", ["pin", "code"])
    assert found["withdraw"]["asks"] == []


@pytest.fixture
def surfer(anna: Holder, seeded_stack: Stack) -> Surfer:
    """Anna in front of the pages, on a day on which she has paid 1,200 already."""
    surfer = Surfer(seeded_stack)
    surfer.sign_in(anna.person.phone)
    return surfer


def test_the_phone_says_why_asks_on_the_next_page_and_goes_on(surfer: Surfer) -> None:
    phone = cast("Anna").phone
    balance = _balance(surfer)
    seen = len(surfer.messages(phone))
    page = surfer.transfer(cast("Taro").phone, "20.00", note="for tea")
    assert surfer.path == "/me/pay/step-up"
    assert "Nothing has been moved yet" in page
    assert "With the payment PIN alone, ¥1,000.00 may be paid from the balance in one day" in page
    assert "¥20.00" in page
    code, address = surfer.code(phone, seen), str(surfer.page.url)
    assert PIN not in page

    chinese = surfer.switch("zh")
    assert "短信验证" in chinese
    assert "仅凭支付密码" in chinese
    surfer.switch("en")

    here = _action(surfer, "/me/pay/step-up?")
    wrong = surfer.send(here, code="000000" if code != "000000" else "111111")
    assert surfer.page.status_code == 403
    assert "Tries left: 4" in wrong
    assert "还可尝试 4 次" in surfer.switch("zh")
    surfer.switch("en")
    surfer.open(address)  # reloaded: nothing is sent, nothing is lost
    assert len(surfer.messages(phone)) == seen + 1
    here = _action(surfer, "/me/pay/step-up?")
    done = surfer.send(here, code=code)
    assert surfer.path.startswith("/me/pay/transactions/trf_")
    assert "for tea" in done
    receipt = surfer.path
    assert _balance(surfer) == balance - 20_00

    surfer.open(address)  # Back, and the button again: the same receipt
    surfer.send(_action(surfer, "/me/pay/step-up?"), code=code)
    assert surfer.path == receipt
    assert _balance(surfer) == balance - 20_00


def test_a_merchant_is_paid_with_a_code_too_and_a_new_one_can_be_had(
    surfer: Surfer, seeded_stack: Stack
) -> None:
    phone = cast("Anna").phone
    seen = len(surfer.messages(phone))
    surfer.open("/sandbox/till")
    surfer.send("/sandbox/till")
    link = re.search(r'href="[^"]*(/pay/mch_\w+/pay_\w+)"', surfer.page.text)
    assert link, surfer.page.text
    surfer.open(link[1])
    surfer.send(link[1], pin=PIN)
    assert surfer.path == "/me/pay/step-up"
    code = surfer.code(phone, seen)
    assert "paying ¥28.00 to" in surfer.messages(phone)[0]["text"]
    page = surfer.send(_action(surfer, "/me/pay/step-up/again?"))
    assert surfer.page.status_code == 429
    assert "Ask again in" in page
    done = surfer.send(_action(surfer, "/me/pay/step-up?"), code=code)
    assert surfer.path == link[1]
    assert "Paid" in done


def test_an_address_grown_old_or_somebody_elses_leads_back_to_the_start(surfer: Surfer) -> None:
    surfer.open("/me/pay/step-up?wish=nonsense")
    assert surfer.path == "/me/pay"
    surfer.open("/me/pay/step-up")
    assert surfer.path == "/me/pay"


def _action(surfer: Surfer, begins: str) -> str:
    """Where the form on this page goes that begins so."""
    found = re.search(f'action="({re.escape(begins)}[^"]*)"', surfer.page.text)
    assert found, surfer.page.text
    return html.unescape(found[1])


def _balance(surfer: Surfer) -> int:
    page = surfer.http.get("/me/pay/wallet/balance").text
    found = re.search(r"¥([\d,]+)\.(\d\d)", page)
    assert found, page
    return int(found[1].replace(",", "") + found[2])

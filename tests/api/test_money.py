"""Money over the API: a repeat whose PIN is locked by then, lists, and files."""

from __future__ import annotations

import pytest

from qianbao.cast import PIN, SHOPS
from tests.kit.person import Caller, Holder, Refused, cast

CNY = {"amount_minor": 1_00, "currency": "CNY"}


@pytest.fixture(scope="module")
def anna(seeded_stack):
    """Anna, signed in."""
    holder = Holder(seeded_stack, cast("Anna"))
    holder.sign_in()
    return holder


@pytest.fixture(scope="module")
def shop(seeded_stack):
    """A merchant."""
    return Caller(seeded_stack.url, SHOPS[0].api_key)


def test_a_statement_says_once_which_letters_it_is_written_in(anna):
    kinds = {
        "csv": "text/csv; charset=utf-8", "pdf": "application/pdf", "camt053": "application/xml",
    }  # fmt: skip
    for ending, kind in kinds.items():
        answer = anna.http.get(f"/v1/statements/all.{ending}")
        assert answer.headers.get_list("content-type") == [kind]


def test_a_merchants_payments_come_newest_first(shop):
    body = {"amount": CNY, "merchant_reference": "r", "description": "d"}
    asked = [shop.post("/merchant/payments", body)["payment"]["payment_id"] for _ in range(4)]
    seen, after = [], ""
    for _ in range(2):
        page = shop.get(f"/merchant/payments?limit=2{after}")
        seen += [one["payment_id"] for one in page["items"]]
        after = f"&after={page['next']}"
    assert seen == asked[::-1]
    with pytest.raises(Refused) as refused:
        shop.get("/merchant/payments?after=tea")
    assert refused.value.problem["code"] == "cursor_invalid"


def test_the_inbox_is_a_page_like_others(anna):
    everything = anna.get("/notices")["items"]
    first = anna.get("/notices?limit=1")
    assert first["items"] == everything[:1]
    if first["next"]:
        rest = anna.get(f"/notices?after={first['next']}")
        assert rest["items"] == everything[1:]


def test_a_repeat_finds_its_first_answer_whatever_the_pin_is_by_then(anna, shop):
    """The answer was lost; before it is asked for again the PIN is locked."""
    body = {"amount": CNY, "merchant_reference": "r", "description": "d"}
    asked = shop.post("/merchant/payments", body)["payment"]
    card = anna.get("/cards")[0]["card_id"]
    verbs = {
        "/payments": {"merchant_id": asked["merchant_id"], "payment_id": asked["payment_id"]},
        "/transfers": {"to_phone": cast("Taro").phone},
        "/withdrawals": {"card_id": card},
        "/top-ups": {"card_id": card},
    }
    sent = {path: {**body, "amount": CNY, "pin": PIN} for path, body in verbs.items()}
    first = {path: anna.post(path, body, key=f"lost{path}") for path, body in sent.items()}
    codes = set()
    for _ in range(6):
        with pytest.raises(Refused) as refused:
            anna.post("/transfers", {**sent["/transfers"], "pin": "000000"}, key="guess")
        codes.add(refused.value.problem["code"])
    assert codes == {"pin_wrong", "pin_locked"}
    for path, body in sent.items():
        assert anna.post(path, body, key=f"lost{path}") == first[path], path
        with pytest.raises(Refused) as refused:
            anna.post(path, body, key=f"new{path}")
        assert refused.value.problem["code"] == "pin_locked", path

"""Money over the API: a repeat whose PIN is locked by then, lists, and files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

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
def ben(seeded_stack):
    """Ben, signed in."""
    holder = Holder(seeded_stack, cast("Ben"))
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
    for guess in range(6):
        with pytest.raises(Refused) as refused:
            anna.post("/transfers", {**sent["/transfers"], "pin": f"00000{guess}"}, key="guess")
        codes.add(refused.value.problem["code"])
    assert codes == {"pin_wrong", "pin_locked"}
    for path, body in sent.items():
        assert anna.post(path, body, key=f"lost{path}") == first[path], path
        with pytest.raises(Refused) as refused:
            anna.post(path, body, key=f"new{path}")
        assert refused.value.problem["code"] == "pin_locked", path


def at_once(*acts):
    """What each gives, or the code it is refused with."""

    def outcome(act):
        try:
            return act()
        except Refused as refused:
            return refused.problem["code"]

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(outcome, acts))


def test_the_right_pin_sent_many_times_at_once_is_no_guessing(ben):
    """Under one key, all get the first answer; under eight, eight transfers are done."""
    body = {"to_phone": cast("Taro").phone, "amount": CNY, "pin": PIN}
    same = at_once(*[lambda: ben.post("/transfers", body, key="eight")] * 8)
    assert same == [same[0]] * 8
    assert "transfer_id" in same[0]
    others = at_once(*[lambda: ben.post("/transfers", body)] * 8)
    assert len({one["transfer_id"] for one in others}) == 8


def test_a_key_that_was_used_for_another_payment(shop):
    body = {"amount": CNY, "merchant_reference": "r", "description": "d"}
    shop.post("/merchant/payments", body, key="k")
    with pytest.raises(Refused) as refused:
        shop.post("/merchant/payments", body | {"description": "e"}, key="k")
    assert refused.value.problem["code"] == "same_key_other_request"


def test_another_amount_than_is_asked(ben, shop):
    body = {"amount": CNY, "merchant_reference": "r", "description": "d"}
    asked = shop.post("/merchant/payments", body)["payment"]
    place = {"merchant_id": asked["merchant_id"], "payment_id": asked["payment_id"]}
    with pytest.raises(Refused) as refused:
        ben.post("/payments", place | {"amount": CNY | {"amount_minor": 2_00}, "pin": PIN})
    assert refused.value.problem["code"] == "payment_amount_differs"
    assert "¥1.00" in refused.value.problem["sentence"]["en"]


def test_a_merchant_refunds_its_own_payments_only(seeded_stack, shop):
    body = {"amount": CNY, "merchant_reference": "r", "description": "d"}
    asked = shop.post("/merchant/payments", body)["payment"]
    other = Caller(seeded_stack.url, SHOPS[1].api_key)
    refund = {"payment_id": asked["payment_id"], "amount": CNY, "reason": "r"}
    with pytest.raises(Refused) as refused:
        other.post("/merchant/refunds", refund)
    assert refused.value.problem["code"] == "own_payment_unknown"

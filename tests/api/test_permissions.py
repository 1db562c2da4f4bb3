"""Every route of the API tried without a token, with somebody else's kind of token, and with
somebody else's ids: nothing is answered that is not the caller's."""

from __future__ import annotations

import re

import msgspec
import pytest

from qianbao.cast import OPERATORS, PIN, SHOPS
from tests.kit.person import Caller, Holder, Refused, cast

OPEN = {
    ("POST", "/v1/signups"),
    ("POST", "/v1/signups/{signup_id}/confirm"),
    ("POST", "/v1/pin-resets"),
    ("POST", "/v1/pin-resets/{signup_id}/confirm"),
    ("POST", "/v1/signups/{signup_id}/closed-wallets"),
    ("GET", "/v1/banks"),
    ("GET", "/v1/mandate-plans"),
    ("POST", "/v1/operator/session"),
}
PARAMETERS = {"phone": "13800138001", "version": "1", "wallet_id": "wal_any"}
COMPLETE = {"params": PARAMETERS, "headers": {"Idempotency-Key": "any"}}
"""So that nothing but the token is missing."""
CLOSED = ("wallet_closed", "document_for_no_wallet", "card_for_no_wallet")
CNY = {"amount_minor": 100, "currency": "CNY"}


@pytest.fixture(scope="module")
def routes(stack):
    """(method, path) of every operation that the API describes."""
    with stack.client() as client:
        paths = client.get("/schema/openapi.json").json()["paths"]
    return sorted(
        (method.upper(), path)
        for path, operations in paths.items()
        for method in operations
        if method in ("get", "post", "put", "patch", "delete")
    )


def kind(path):
    """Whom a route serves."""
    if path.startswith("/v1/merchant"):
        return "merchant"
    return "operator" if path.startswith("/v1/operator") else "holder"


@pytest.fixture(scope="module")
def tokens(seeded_stack):
    """A token of each kind."""
    taro = Holder(seeded_stack, cast("Taro"))
    operator = Caller(seeded_stack.url)
    signed_in = {"name": OPERATORS[0], "password": seeded_stack.operator_password}
    return {
        "holder": taro.sign_in()["token"],
        "merchant": SHOPS[0].api_key,
        "operator": operator.post("/operator/session", signed_in)["token"],
    }


def test_no_route_answers_without_a_token(stack, routes):
    assert len(routes) > 60
    with stack.client() as client:
        for method, path in routes:
            if (method, path) not in OPEN:
                answer = client.request(method, re.sub(r"{\w+}", "x", path), json={}, **COMPLETE)
                assert answer.status_code == 401, (method, path, answer.text)
                assert answer.json()["code"] == "token_missing"
                assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("given", ["holder", "merchant", "operator"])
def test_no_route_takes_anothers_kind_of_token(seeded_stack, routes, tokens, given):
    headers = {"Authorization": f"Bearer {tokens[given]}", "Idempotency-Key": "any"}
    with seeded_stack.client() as client:
        for method, path in routes:
            if (method, path) not in OPEN and kind(path) != given:
                address = re.sub(r"{\w+}", "x", path)
                answer = client.request(
                    method, address, json={}, params=PARAMETERS, headers=headers
                )
                assert answer.status_code == 401, (method, path, answer.text)


def test_nobody_reaches_what_is_anothers(seeded_stack):
    """Anna's card, mandate, order and payment, asked for by Taro, are simply not there."""
    anna, taro = Holder(seeded_stack, cast("Anna")), Holder(seeded_stack, cast("Taro"))
    anna.sign_in()
    taro.sign_in()
    card = anna.get("/cards")[0]["card_id"]
    order = anna.post("/withdrawals", {"card_id": card, "amount": CNY, "pin": PIN})["order_id"]
    mandate = next(one["mandate_id"] for one in anna.get("/mandates") if one["state"] == "active")
    line = anna.get("/transactions")["items"][0]["transaction_id"]
    score_order = "sco_00000000000000000000"
    for method, path, body in [
        ("GET", f"/cards/{card}/unlink-preview", None),
        ("DELETE", f"/cards/{card}", None),
        ("POST", f"/cards/{card}/confirm", {"code": "123456"}),
        ("POST", f"/cards/{card}/code", {}),
        ("POST", "/withdrawals", {"card_id": card, "amount": CNY, "pin": PIN}),
        ("POST", "/top-ups", {"card_id": card, "amount": CNY, "pin": PIN}),
        ("GET", f"/bank-orders/{order}", None),
        ("DELETE", f"/mandates/{mandate}", None),
        ("GET", f"/transactions/{line}", None),
        ("POST", f"/pay-score/orders/{score_order}/confirm", {}),
    ]:
        with pytest.raises(Refused) as refusal:
            taro.ask(method, path, body)
        assert refusal.value.problem["status"] == 404, (path, refusal.value.problem)
    assert {one["card_id"]: one["state"] for one in anna.get("/cards")}[card] == "linked"
    ended = {one["mandate_id"]: one["state"] for one in anna.get("/mandates")}
    assert ended[mandate] == "active"
    anna.settle({"order_id": order})


def test_no_merchant_reaches_what_is_anothers(seeded_stack):
    """A payment and a mandate of one shop, asked for by all the others."""
    anna = Holder(seeded_stack, cast("Anna"))
    anna.sign_in()
    mandate = next(one for one in anna.get("/mandates") if one["state"] == "active")
    owner = next(shop for shop in SHOPS if shop.merchant_id == mandate["merchant_id"])
    body = {"amount": CNY, "merchant_reference": "r", "description": "d"}
    payment = Caller(seeded_stack.url, owner.api_key).post("/merchant/payments", body)["payment"]
    payment_id, mandate_id = payment["payment_id"], mandate["mandate_id"]
    for shop in SHOPS:
        if shop is owner:
            continue
        caller = Caller(seeded_stack.url, shop.api_key)
        for method, path, asked in [
            ("GET", f"/merchant/payments/{payment_id}", None),
            ("DELETE", f"/merchant/payments/{payment_id}", None),
            ("POST", "/merchant/refunds", {"payment_id": payment_id, "amount": CNY, "reason": "r"}),
            ("DELETE", f"/merchant/mandates/{mandate_id}", None),
            ("POST", f"/merchant/mandates/{mandate_id}/charges", body),
        ]:
            with pytest.raises(Refused) as refusal:
                caller.ask(method, path, asked)
            assert refusal.value.problem["status"] == 404, (path, refusal.value.problem)
        pages = [caller.get("/merchant/payments"), caller.get("/merchant/mandates")]
        listed = [one for page in pages for one in page["items"]]
        assert {one["merchant_id"] for one in listed} <= {shop.merchant_id}


def test_a_closed_wallet_reads_and_does_nothing_else(seeded_stack):
    """The session outlives the wallet for its records; every act is refused."""
    newcomer = msgspec.structs.replace(cast("Ben"), phone="+8613800138999")
    stranger = Holder(seeded_stack, newcomer)
    stranger.sign_in()
    closure = stranger.post("/closure", {"pin": PIN})
    assert stranger.post("/closure", {"pin": PIN}) == closure
    assert stranger.get("/wallet")["status"] == "closed"
    plan = stranger.get("/mandate-plans")[0]
    chosen = {"merchant_id": plan["merchant_id"], "plan_id": plan["plan_id"]}
    passport = cast("Ben").passport
    card = cast("Ben").cards[0].number
    for method, path, body in [
        ("POST", "/documents", {"kind": "passport", "mrz": passport.mrz}),
        ("POST", "/cards", {"card_number": card, "phone": cast("Ben").phone}),
        ("POST", "/mandates", chosen | {"pin": PIN}),
        ("PUT", "/pay-score", None),
        ("POST", "/transfers", {"to_phone": cast("Anna").phone, "amount": CNY, "pin": PIN}),
        ("POST", "/reopenings", {}),
    ]:
        with pytest.raises(Refused) as refusal:
            stranger.ask(method, path, body)
        assert refusal.value.problem["code"] in CLOSED, (path, refusal.value.problem)

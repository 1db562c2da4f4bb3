"""Bad input at the API: each gets a clear error in both languages with a stable code, and changes
nothing. Taro is the one who mistypes."""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec
import psycopg
import pytest

from qianbao.cast import OPERATORS, PIN
from tests.kit.person import Caller, Holder, Refused, cast

CNY = {"currency": "CNY"}

# What is kept about attempts is meant to change: guesses are counted, refusals logged.
RECORDS_OF_ATTEMPTS = {
    "decisions", "signups", "sessions", "text_messages", "card_checks", "receiver_lookups",
    "procrastinate_jobs", "procrastinate_events", "procrastinate_workers",
    "procrastinate_periodic_defers", "operator_sessions", "audit",
}  # fmt: skip


@pytest.fixture(scope="module")
def taro(seeded_stack):
    """Taro, signed in."""
    holder = Holder(seeded_stack, cast("Taro"))
    holder.sign_in()
    return holder


@pytest.fixture
def unchanged(seeded_stack):
    """Holds a test to its promise: at its end every table is as it was."""
    before = picture(seeded_stack.settings.database_url)
    yield
    assert picture(seeded_stack.settings.database_url) == before


def picture(url):
    """A digest of every table's rows, by table."""
    with psycopg.connect(url) as conn:
        tables = conn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
        found = {}
        for (table,) in tables:
            if table not in RECORDS_OF_ATTEMPTS:
                rows = conn.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()
                found[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
        return found


def refused(act, code):
    """The problem that `act` is answered with: complete, in both languages."""
    with pytest.raises(Refused) as refusal:
        act()
    problem = refusal.value.problem
    assert problem["code"] == code, problem
    assert problem["type"] == f"/errors/{code}"
    for part in ("sentence", "next_step"):
        assert problem[part]["en"]
        assert any("一" <= letter <= "鿿" for letter in problem[part]["zh"]), problem[part]
        assert "{" not in problem[part]["en"] + problem[part]["zh"]
    return problem


def test_a_mistyped_passport_line(taro, unchanged):
    """The error names the line and the character."""
    first, second = cast("Taro").passport.mrz.splitlines()
    wrong = second[:2] + ("8" if second[2] != "8" else "7") + second[3:]
    problem = refused(
        lambda: taro.post("/documents", {"kind": "passport", "mrz": f"{first}\n{wrong}"}),
        "mrz_check_digit_wrong",
    )
    assert problem["values"]["line"] == 2
    assert problem["values"]["position"] == 10
    assert "line 2" in problem["sentence"]["en"]
    short = refused(
        lambda: taro.post("/documents", {"kind": "passport", "mrz": f"{first}\n{second[:-1]}"}),
        "mrz_line_length",
    )
    assert "2" in short["sentence"]["en"]


def test_an_expired_document(taro, unchanged):
    expired = msgspec.structs.replace(cast("Taro").passport, valid_until=date(2026, 12, 19))
    problem = refused(
        lambda: taro.post("/documents", {"kind": "passport", "mrz": expired.mrz}),
        "document_expired_already",
    )
    assert problem["sentence"]["en"] == "This document expired on 19 December 2026."
    assert problem["sentence"]["zh"] == "该证件已于2026年12月19日到期。"
    assert problem["values"]["valid_until"] == "2026-12-19"


def test_a_mistyped_card_number(taro, unchanged):
    number = cast("Taro").cards[0].number
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    refused(
        lambda: taro.post("/cards", {"card_number": wrong, "phone": cast("Taro").phone}),
        "card_number_invalid",
    )


def test_a_card_that_is_somebody_elses(taro):
    """Refused without a word about whose it is."""
    annas = cast("Anna").cards[0]
    problem = refused(
        lambda: taro.post("/cards", {"card_number": annas.number, "phone": cast("Taro").phone}),
        "card_not_yours",
    )
    for word in ("MUELLER", "ANNA", "0T47", "8001"):
        assert word not in str(problem)
    assert "ICBC" not in {card["bank"] for card in taro.get("/cards")}


def test_a_wrong_code_five_times(seeded_stack):
    """The count is told each time; then the code is void, the right one too."""
    anna = Holder(seeded_stack, cast("Anna"))
    seen = len(anna.messages())
    started = anna.post("/signups", {"phone": anna.person.phone})
    right = anna.next_code(seen)
    wrong = "000000" if right != "000000" else "000001"
    path = f"/signups/{started['signup_id']}/confirm"
    for left in (4, 3, 2, 1):
        problem = refused(lambda: anna.post(path, {"code": wrong, "pin": PIN}), "code_wrong")
        assert problem["values"]["left"] == left
    refused(lambda: anna.post(path, {"code": wrong, "pin": PIN}), "code_attempts_used_up")
    refused(lambda: anna.post(path, {"code": right, "pin": PIN}), "code_attempts_used_up")


def test_a_wrong_pin_five_times(seeded_stack):
    """It locks, says until when, and the right one waits, too."""
    deng = Holder(seeded_stack, cast("Deng"))
    deng.sign_in()
    [first, _] = deng.get("/cards")

    def withdraw(pin):
        return deng.post(
            "/withdrawals",
            {"card_id": first["card_id"], "pin": pin, "amount": {"amount_minor": 100, **CNY}},
        )

    for left in (4, 3, 2, 1):
        problem = refused(lambda pin=f"99999{left}": withdraw(pin), "pin_wrong")
        assert problem["values"]["left"] == left
    refused(lambda: withdraw("999990"), "pin_locked")
    refused(lambda: withdraw(PIN), "pin_locked")
    assert deng.get("/wallet")["held"]["amount_minor"] == 0


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ({"amount_minor": 0, **CNY}, "amount_out_of_range"),
        ({"amount_minor": -1, **CNY}, "amount_out_of_range"),
        ({"amount_minor": 10**18, **CNY}, "amount_out_of_range"),
        ({"amount_minor": 100, "currency": "EUR"}, "currency_unsupported"),
        ({"amount_minor": 1.5, **CNY}, "bad_request"),
        ({"amount_minor": 10**30, **CNY}, "amount_out_of_range"),
    ],
)
def test_amounts(taro, unchanged, amount, code):
    """In every request that moves money."""
    card = taro.get("/cards")[0]["card_id"]
    for path, body in {
        "/transfers": {"to_phone": cast("Anna").phone},
        "/top-ups": {"card_id": card},
        "/withdrawals": {"card_id": card},
    }.items():
        refused(
            lambda path=path, body=body: taro.post(path, {"amount": amount, "pin": PIN, **body}),
            code,
        )


def test_a_repeated_request(taro):
    """The same key and body: the first answer. Another body: its own error. No key: told so."""
    body = {"to_phone": cast("Anna").phone, "amount": {"amount_minor": 5_00, **CNY}, "pin": PIN}
    first = taro.post("/transfers", body, key="lunch")
    assert taro.post("/transfers", body, key="lunch") == first
    other = body | {"amount": {"amount_minor": 6_00, **CNY}}
    refused(lambda: taro.post("/transfers", other, key="lunch"), "same_key_other_request")
    answer = taro.http.post("/v1/transfers", json=body)
    assert answer.json()["code"] == "idempotency_key_missing"


@pytest.mark.parametrize("fault", ["silent_before", "silent_after"])
def test_a_bank_that_does_not_answer(seeded_stack, taro, fault):
    """Nothing is guessed: the order is unknown, the money held, until the bank says."""
    card = taro.get("/cards")[0]
    taro.bank.post("/sandbox/faults", json={"bank": card["bank"], "fault": fault})
    body = {"card_id": card["card_id"], "pin": PIN, "amount": {"amount_minor": 10_00, **CNY}}
    before = taro.get("/wallet")["balance"]["amount_minor"]
    order = taro.post("/withdrawals", body)
    path = f"/bank-orders/{order['order_id']}"
    seeded_stack.wait_for(lambda: taro.get(path)["state"] == "unknown", seconds=30)
    wallet = taro.get("/wallet")
    assert (wallet["balance"]["amount_minor"], wallet["held"]["amount_minor"]) == (before, 10_00)
    blockers = {one["code"] for one in taro.get("/closure")["blockers"]}
    assert "in_flight" in blockers
    taro.bank.post("/sandbox/faults", json={"bank": card["bank"], "fault": None})
    seeded_stack.wait_for(lambda: taro.get(path)["state"] == "settled", seconds=60)
    wallet = taro.get("/wallet")
    assert (wallet["balance"]["amount_minor"], wallet["held"]["amount_minor"]) == (
        before - 10_00,
        0,
    )


def test_a_policy_with_an_unknown_fact(seeded_stack, unchanged):
    """Refused when written, with the place and the nearest fact."""
    operator = Caller(seeded_stack.url)
    signed_in = {"name": OPERATORS[0], "password": seeded_stack.operator_password}
    token = operator.post("/operator/session", signed_in)["token"]
    operator.http.headers["Authorization"] = f"Bearer {token}"
    body = "\n".join(
        [
            "policy: three-banks",
            "version: 1",
            "title: {en: Three banks, zh: 三家银行}",
            "basis: none",
            "applies_to: residency = 'foreign'",
            "requires: linked_bank >= 3",
            "otherwise: {block: [pay]}",
        ]
    )
    problem = refused(
        lambda: operator.post("/operator/policies", {"body": body}), "policy_unknown_fact"
    )
    assert problem["values"]["line"] == 6
    assert "linked_banks" in problem["sentence"]["en"] + problem["next_step"]["en"]


@pytest.mark.parametrize(
    ("method", "path", "token", "code"),
    [
        ("GET", "/wallet", "", "token_missing"),
        ("GET", "/wallet", "nonsense", "not_signed_in"),
        ("GET", "/merchant/payments", "nonsense", "merchant_key_wrong"),
        ("GET", "/operator/policies", "nonsense", "operator_not_signed_in"),
        ("GET", "/nowhere", "", "no_such_route"),
        ("PUT", "/wallet", "", "method_unsupported"),
    ],
)
def test_who_may_not(seeded_stack, method, path, token, code):
    refused(lambda: Caller(seeded_stack.url, token).ask(method, path), code)

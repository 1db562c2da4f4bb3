"""The simulated banks: the protocol, the registers, the phones, and the pages."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianbao.banks.gateway import BankMisunderstood, BankSilent, Gateway
from qianbao.banks.sandbox.bank import Check, compare
from qianbao.banks.sandbox.customers import Customer
from qianbao.banks.sandbox.words import WORDS
from qianbao.db.pool import Pool
from qianbao.ids import new_id
from tests.banks.scene import NOW, Sandbox, new_number, new_phone


async def agree(gateway: Gateway, sandbox: Sandbox, balance_minor: int) -> tuple[str, str]:
    """An ICBC agreement over an account with that balance, and its card."""
    number, phone = new_number(), new_phone()
    [card] = await sandbox.account(
        "ICBC", "MUELLER ANNA", number, phone, balance_minor=balance_minor
    )
    body = {
        "request_id": new_id("crd", NOW), "card_number": card, "holder_name": "mueller anna",
        "document_kind": "passport", "document_number": number, "phone": phone,
    }  # fmt: skip
    asked = await sandbox.post("/banks/ICBC/verifications", body)
    assert asked["result"] == "MATCH"
    assert 0 < asked["expires_in_seconds"] <= 900
    confirmed = await gateway.confirm(
        "ICBC", asked["verification"], request_id="req_1", code=await sandbox.code(phone)
    )
    assert confirmed.agreement
    return confirmed.agreement, card


async def test_five_wrong_codes_and_the_right_one_comes_too_late(
    gateway: Gateway, sandbox: Sandbox
) -> None:
    """A repeated request is no further try; a sixth code is not looked at."""
    number, phone = new_number(), new_phone()
    [card] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    body = {
        "request_id": new_id("crd", NOW), "card_number": card, "holder_name": "MUELLER ANNA",
        "document_kind": "passport", "document_number": number, "phone": phone,
    }  # fmt: skip
    token = (await sandbox.post("/banks/ICBC/verifications", body))["verification"]
    right = await sandbox.code(phone)
    wrong = "000000" if right != "000000" else "111111"
    story = [("1", "OTP_WRONG"), ("1", "OTP_WRONG"), ("2", "OTP_WRONG"), ("3", "OTP_WRONG")]
    for request_id, result in [*story, ("4", "OTP_WRONG"), ("5", "OTP_TRIES")]:
        answer = await gateway.confirm("ICBC", token, request_id=request_id, code=wrong)
        assert answer.result == result
    late = await gateway.confirm("ICBC", token, request_id="6", code=right)
    assert (late.result, late.agreement) == ("OTP_TRIES", None)


async def test_money_moves_once_for_each_order(gateway: Gateway, sandbox: Sandbox) -> None:
    """What Anna's bank account is worth after each order of the table."""
    agreement, card = await agree(gateway, sandbox, 10_000)
    story = [
        ("a", "debit", 3_000, "SETTLED", "OK", 7_000),
        ("a", "debit", 3_000, "SETTLED", "OK", 7_000),
        ("b", "debit", 7_001, "REFUSED", "INSUFFICIENT_FUNDS", 7_000),
        ("c", "credit", 500, "SETTLED", "OK", 7_500),
        ("b", "debit", 7_001, "REFUSED", "INSUFFICIENT_FUNDS", 7_500),
        ("d", "debit", 7_500, "SETTLED", "OK", 0),
    ]
    run = new_id("ord", NOW)
    for name, direction, amount_minor, outcome, result, left in story:
        answer = await gateway.order(
            "ICBC", request_id=f"{run}{name}", agreement=agreement, direction=direction,
            amount_minor=amount_minor, currency="CNY",
        )  # fmt: skip
        assert (answer.outcome, answer.result) == (outcome, result)
        assert await gateway.ask_order("ICBC", f"{run}{name}") == answer
        assert await sandbox.balance_minor("ICBC", card) == left
    with pytest.raises(BankMisunderstood):
        await gateway.order(
            "ICBC", request_id=f"{run}a", agreement=agreement, direction="debit",
            amount_minor=2_999, currency="CNY",
        )  # fmt: skip
    assert (await gateway.ask_order("ICBC", f"{run}z")).outcome == "NOT_FOUND"


async def test_twenty_equal_orders_at_once_move_money_once(
    gateway: Gateway, sandbox: Sandbox
) -> None:
    agreement, card = await agree(gateway, sandbox, 1_000)
    request_id = new_id("ord", NOW)

    async def once() -> str:
        answer = await gateway.order(
            "ICBC", request_id=request_id, agreement=agreement, direction="debit",
            amount_minor=100, currency="CNY",
        )  # fmt: skip
        return answer.outcome

    assert set(await asyncio.gather(*(once() for _ in range(20)))) == {"SETTLED"}
    assert await sandbox.balance_minor("ICBC", card) == 900


@pytest.mark.parametrize(("fault", "arrived"), [("silent_before", False), ("silent_after", True)])
async def test_an_order_to_a_silent_bank_can_be_asked_about(
    fault: str, arrived: bool, gateway: Gateway, sandbox: Sandbox
) -> None:
    agreement, card = await agree(gateway, sandbox, 1_000)
    request_id = new_id("ord", NOW)
    await sandbox.fault("ICBC", fault)
    with pytest.raises(BankSilent):
        await gateway.order(
            "ICBC", request_id=request_id, agreement=agreement, direction="debit",
            amount_minor=100, currency="CNY",
        )  # fmt: skip
    await sandbox.fault("ICBC", None)
    known = await gateway.ask_order("ICBC", request_id)
    assert known.outcome == ("SETTLED" if arrived else "NOT_FOUND")
    assert await sandbox.balance_minor("ICBC", card) == (900 if arrived else 1_000)


async def test_a_refusing_bank_moves_nothing(gateway: Gateway, sandbox: Sandbox) -> None:
    agreement, card = await agree(gateway, sandbox, 1_000)
    await sandbox.fault("ICBC", "refuse")
    answer = await gateway.order(
        "ICBC", request_id=new_id("ord", NOW), agreement=agreement, direction="debit",
        amount_minor=100, currency="CNY",
    )  # fmt: skip
    assert (answer.outcome, answer.result) == ("REFUSED", "CARD_RESTRICTED")
    assert await sandbox.balance_minor("ICBC", card) == 1_000


@pytest.mark.parametrize("amount_minor", [0, -1, 10**18])
async def test_an_amount_that_is_none_is_refused(
    amount_minor: int, gateway: Gateway, sandbox: Sandbox
) -> None:
    agreement, card = await agree(gateway, sandbox, 1_000)
    with pytest.raises(BankMisunderstood):
        await gateway.order(
            "ICBC", request_id=new_id("ord", NOW), agreement=agreement, direction="debit",
            amount_minor=amount_minor, currency="CNY",
        )  # fmt: skip
    assert await sandbox.balance_minor("ICBC", card) == 1_000


CUSTOMER = Customer(
    bank="ICBC", customer_id="cus_1", printed_name="MUELLER ANNA", document_kind="passport",
    document_number="C01X00T47", phone="+8613800138001", balance_minor=0,
)  # fmt: skip
FIELDS = {"holder_name": "name", "document_number": "document_number", "phone": "phone"}


@given(
    st.sampled_from(["MUELLER ANNA", "Mueller Anna", "MUELLERANNA", "ANNA MUELLER"]),
    st.sampled_from(["C01X00T47", "c01x00t47", "C01X00T48"]),
    st.sampled_from(["+8613800138001", "+8613800138002"]),
)
def test_a_bank_names_exactly_what_differs(name: str, number: str, phone: str) -> None:
    """Strict as real banks are: order and spaces count, capitals do not."""
    check = Check(
        request_id="x", card_number="6222020000000012344", holder_name=name,
        document_kind="passport", document_number=number, phone=phone,
    )  # fmt: skip
    differing = {
        "name": name.upper() != "MUELLER ANNA",
        "document_number": number.upper() != "C01X00T47",
        "phone": phone != "+8613800138001",
    }
    result, fields = compare("ICBC", check, CUSTOMER)
    assert fields == [field for field, differs in differing.items() if differs]
    assert (result == "MATCH") == (not fields)
    plain, silent = compare("CCB", check, CUSTOMER)
    assert (plain, silent) == (("MATCH", []) if not fields else ("MISMATCH_UNSPECIFIED", None))


async def test_the_registers_answer_three_ways(sandbox: Sandbox) -> None:
    number, phone = new_number(), new_phone()
    entry = {"document_kind": "passport", "document_number": number, "names": ["MUELLER ANNA"]}
    await sandbox.post("/sandbox/registers/immigration", entry)
    owner = {"phone": phone, "document_number": number, "names": ["MUELLER ANNA"]}
    await sandbox.post("/sandbox/registers/mobile", owner)
    asked = {
        "request_id": "r1", "name": "Mueller  Anna", "document_kind": "passport",
        "document_number": number, "phone": phone,
    }  # fmt: skip
    for register in ("immigration", "mobile_operator"):
        path = f"/registers/{register}/checks"
        assert await sandbox.post(path, asked) == {"result": "MATCH"}
        assert await sandbox.post(path, asked | {"name": "YAMADA TARO"}) == {"result": "MISMATCH"}
        unknown = asked | {"document_number": new_number(), "phone": new_phone()}
        assert await sandbox.post(path, unknown) == {"result": "NOT_FOUND"}


async def test_a_text_message_arrives_once_and_harmless(sandbox: Sandbox) -> None:
    phone = new_phone()
    for _ in range(2):
        await sandbox.post("/sms", {
            "message_id": new_id("sms", NOW, lambda n: b"\1" * n) + phone, "sender": "Qianbao",
            "phone": phone, "text": "<script>alert(1)</script> code 123456",
        })  # fmt: skip
    assert len(await sandbox.texts(phone)) == 1
    page = (await sandbox.client.get(f"/phone/{phone}")).text
    assert "123456" in page
    assert "<script>" not in page
    assert 'http-equiv="refresh"' in page


async def test_every_page_speaks_both_languages(sandbox: Sandbox) -> None:
    """And needs no token: the phone page is for people."""
    async with httpx.AsyncClient(base_url=sandbox.url) as visitor:
        for path in ("/", "/phone", "/counter", "/faults", "/counter?bank=ICBC"):
            mark = "&" if "?" in path else "?"
            english = await visitor.get(f"{path}{mark}lang=en")
            chinese = await visitor.get(f"{path}{mark}lang=zh")
            assert (english.status_code, chinese.status_code) == (200, 200)
            assert '<html lang="en">' in english.text
            assert '<html lang="zh">' in chinese.text
            assert "模拟环境" in chinese.text
        assert '<html lang="zh">' in (await visitor.get("/")).text  # it remembers
    assert all(en and zh and en != zh for en, zh in WORDS.values())


async def test_programs_need_the_token(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url) as visitor:
        assert (await visitor.get("/readyz")).status_code == 200
        assert (await visitor.get("/banks/ICBC/orders/x")).status_code == 401
        assert (await visitor.get("/sandbox/phones/+8613800138001/messages")).status_code == 401
        assert (await visitor.post("/sms", json={})).status_code == 401
        mistyped = await visitor.get("/phone?number=abc", headers={"Accept": "text/html"})
        assert mistyped.status_code == 422
        assert 'role="alert"' in mistyped.text


async def test_the_fault_page_switches_a_bank_off_and_on(sandbox: Sandbox) -> None:
    sandbox.disturbed.add("CIB")
    for fault in ("refuse", ""):
        answer = await sandbox.client.post("/faults", data={"bank": "CIB", "fault": fault})
        assert answer.status_code == 303
        page = (await sandbox.client.get("/faults")).text
        form = page.partition('id="fault-CIB"')[2].partition("</select>")[0]
        assert f'value="{fault}" selected' in form


async def test_the_counter_by_json(sandbox: Sandbox, pool: Pool) -> None:
    number, phone = new_number(), new_phone()
    [card] = await sandbox.account("BOC", "ANNA MULLER", number, phone)
    changed = await sandbox.post(
        "/sandbox/counter", {"bank": "BOC", "card_number": card, "printed_name": "ANNA MUELLER"}
    )
    assert changed["printed_name"] == "ANNA MUELLER"
    assert (changed["document_number"], changed["phone"]) == (number, phone)
    by_phone = await sandbox.client.get("/counter", params={"bank": "BOC", "find": phone[3:]})
    assert "ANNA MUELLER" in by_phone.text
    foreign = {
        "bank": "BOC", "printed_name": "X", "document_kind": "passport", "document_number": "Y1",
        "phone": phone, "cards": ["6222020000000012344"],
    }  # fmt: skip
    refused = await sandbox.client.post("/sandbox/customers", json=foreign)
    assert refused.json()["code"] == "sandbox_card_of_other_bank"

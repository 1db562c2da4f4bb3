"""The article, end to end, through the API: Anna, Ben, Chiara and Deng."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from qianbao.cast import PIN, SHOPS, TWO_BANKS_ENFORCED
from tests.kit.person import Caller, Holder, Refused, cast


@pytest.fixture(scope="module")
def town(seeded_stack):
    """The seeded sandbox on the morning on which two-banks is in force."""
    seeded_stack.move_clock(TWO_BANKS_ENFORCED)
    return seeded_stack


@pytest.fixture(scope="module")
def tea(town):
    """The tea house."""
    return Caller(town.url, SHOPS[-1].api_key)


def actions(way):
    """The actions of a way out, in order."""
    return [step["action"] for step in way["steps"]]


def test_anna(town, tea):
    """Shut out, told everything, links a second bank without editing a name, pays again."""
    anna = Holder(town, cast("Anna"))
    assert anna.sign_in()["created"] is False

    with pytest.raises(Refused) as refusal:
        anna.pay_tea(tea)
    problem = refusal.value.problem
    assert problem["code"] == "blocked_by_policy"
    [reason] = problem["blockers"]
    assert reason["policy"] == "two-banks"
    assert reason["compared"]["combine"] == "any"
    needed = reason["compared"]["comparisons"][0]
    assert (needed["fact"], needed["expected"], needed["actual"]) == ("linked_banks", 2, 1)

    standing = anna.get("/wallet/standing")
    assert standing["capabilities"]["pay"]["outcome"] == "blocked"
    assert standing["capabilities"]["withdraw"]["outcome"] == "allowed"
    assert standing["withdrawable_now"]["amount"] == {"amount_minor": 3200_00, "currency": "CNY"}
    [blocker] = standing["blockers"]
    assert blocker["reason"]["deadline"].startswith("2027-01-14T16:00")  # midnight in Shanghai
    link, visit, start_over = standing["ways_out"][:3]
    assert actions(link) == ["link_card"]
    assert link["temporary_until"] is None
    assert (actions(visit), visit["visit"]) == (["open_account", "link_card"], True)
    assert actions(start_over)[-3:] == ["close_wallet", "reopen_wallet", "link_card"]
    assert set(actions(start_over)) >= {"withdraw_all", "disable_pay_score", "terminate_mandate"}
    assert start_over["temporary_until"] is not None

    forms = anna.get("/banks/BOC/name-forms")
    assert forms["forms"][0]["text"] == "ANNA MUELLER"
    assert anna.get("/banks/ICBC/name-forms")["forms"][0]["text"] == "MUELLER ANNA"
    card = anna.link(cast("Anna").cards[1])
    assert (card["state"], card["name_form"]) == ("linked", "ANNA MUELLER")

    paid = anna.pay_tea(tea)
    assert paid["amount"]["amount_minor"] == 28_00
    after = anna.get("/wallet/standing")
    assert after["blockers"] == []
    assert after["ways_out"] == []

    [then] = anna.get(f"/cards/{card['card_id']}/unlink-preview")["then_blocked"]
    assert (then["policy"], "pay" in then["capabilities"]) == ("two-banks", True)
    assert then["reason"]["compared"]["comparisons"][0]["actual"] == 1


def test_ben(town, tea):
    """Closes with everything in hand, comes back, pays, and is told until when."""
    ben = Holder(town, cast("Ben"))
    ben.sign_in()
    old_wallet = ben.wallet_id
    with pytest.raises(Refused, match="blocked_by_policy"):
        ben.pay_tea(tea)

    metro = Caller(town.url, SHOPS[0].api_key)  # may charge him: told that it cannot, not why
    [mandate] = [one for one in ben.get("/mandates") if one["merchant_id"] == SHOPS[0].merchant_id]
    with pytest.raises(Refused, match="holder_cannot_be_charged") as refusal:
        metro.post(
            f"/merchant/mandates/{mandate['mandate_id']}/charges",
            {
                "amount": {"amount_minor": 4_00, "currency": "CNY"},
                "merchant_reference": "ride 7",
                "description": "A ride",
            },
        )
    assert not {"blockers", "ways_out", "values", "asks"} & set(refusal.value.problem)

    blockers = ben.get("/closure")["blockers"]
    assert {"balance", "mandates", "pay_score", "cards"} == {one["code"] for one in blockers}
    assert all(one["screen"] and one["api"] and one["zh"] for one in blockers)
    with pytest.raises(Refused) as refusal:
        ben.post("/closure", {"pin": PIN})
    assert refusal.value.problem["code"] == "closing_blocked"
    assert len(refusal.value.problem["blockers"]) == 4

    for mandate in ben.get("/mandates"):
        assert ben.delete(f"/mandates/{mandate['mandate_id']}")["state"] == "ended"
    ben.delete("/pay-score")
    [card] = ben.get("/cards")
    order = ben.settle(ben.post("/withdrawals", {"card_id": card["card_id"], "pin": PIN}))
    assert order["state"] == "settled"
    assert order["amount"]["amount_minor"] + order["fee"]["amount_minor"] == 1500_00
    ben.delete(f"/cards/{card['card_id']}")
    assert ben.get("/closure")["can_close"] is True

    closure = ben.post("/closure", {"pin": PIN, "reason": "two banks"})
    assert closure["handed_over_minor"] == 1499_50
    assert ben.get("/wallet")["balance"]["amount_minor"] == 0
    statement = ben.http.get("/v1/statements/all.csv")
    assert statement.status_code == 200
    rows = list(csv.reader(io.StringIO(statement.content.decode("utf-8-sig"))))
    assert any("1499.50" in "".join(row) for row in rows)
    assert ben.http.get("/v1/statements/all.pdf").content.startswith(b"%PDF")
    assert b"camt.053" in ben.http.get("/v1/statements/all.camt053").content
    metro = SHOPS[0].merchant_id
    with pytest.raises(Refused, match="wallet_closed"):
        ben.post("/mandates", {"merchant_id": metro, "plan_id": SHOPS[0].plan_id, "pin": PIN})

    assert ben.sign_in()["created"] is True
    assert ben.wallet_id != old_wallet
    assert ben.get("/transactions")["items"] == []
    ben.post("/documents", {"kind": "passport", "mrz": cast("Ben").passport.mrz})
    again = ben.link(cast("Ben").cards[0])
    town.wait_for(lambda: len(ben.get("/wallet/standing")["blockers"]) == 0)
    ben.settle(
        ben.post(
            "/top-ups",
            {
                "card_id": again["card_id"],
                "amount": {"amount_minor": 100_00, "currency": "CNY"},
                "pin": PIN,
            },
        )
    )
    assert ben.pay_tea(tea)["amount"]["amount_minor"] == 28_00
    [coming] = [
        one for one in ben.get("/wallet/standing")["coming"] if one["policy"] == "two-banks"
    ]
    bites = TWO_BANKS_ENFORCED.date() + timedelta(days=90)
    assert coming["at"].startswith(str(bites - timedelta(days=1)))  # midnight there, in UTC

    assert [one["wallet_id"] for one in ben.get("/wallet")["earlier_wallets"]] == [old_wallet]
    ben.post("/reopenings")
    history = ben.get("/transactions")["items"]
    assert {"withdrawal", "payment", "top_up"} <= {one["kind"] for one in history}
    assert old_wallet in {one["wallet_id"] for one in history}


def test_chiara(town):
    """ICBC holds the number of her old passport: told so, and what to take there; then it links."""
    chiara = Holder(town, cast("Chiara"))
    chiara.sign_in()
    icbc = cast("Chiara").cards[1]
    with pytest.raises(Refused) as refusal:
        chiara.link(icbc)
    problem = refusal.value.problem
    assert problem["code"] == "bank_holds_old_document"
    old, new = cast("Chiara").earlier_passport.number, cast("Chiara").passport.number
    assert old[-4:] in problem["sentence"]["en"] + problem["next_step"]["en"]
    assert new[-4:] in problem["sentence"]["en"] + problem["next_step"]["en"]
    assert "passport" in problem["next_step"]["en"]
    assert "护照" in problem["next_step"]["zh"]
    standing = chiara.get("/wallet/standing")
    # BOC was told the old number when her card was linked; ICBC says itself that it has it.
    assert [one["bank"] for one in standing["stale_banks"]] == ["BOC", "ICBC"]
    to_the_bank = [
        way for way in standing["ways_out"] if actions(way) == ["update_id_at_bank", "link_card"]
    ]
    assert [step["argument"] for step in to_the_bank[0]["steps"]] == ["ICBC", "ICBC"]
    assert to_the_bank[0]["temporary_until"] is None

    counter = chiara.bank.post(
        "/sandbox/counter",
        json={"bank": "ICBC", "card_number": icbc.number, "document_number": new},
    )
    assert counter.is_success, counter.text
    assert chiara.link(icbc)["state"] == "linked"
    standing = chiara.get("/wallet/standing")
    assert [one["bank"] for one in standing["stale_banks"]] == ["BOC"]


def test_deng(town, tea):
    """Two ICBC cards are one channel, and he is told which."""
    deng = Holder(town, cast("Deng"))
    deng.sign_in()
    assert len(deng.get("/cards")) == 2
    with pytest.raises(Refused) as refusal:
        deng.pay_tea(tea)
    [reason] = refusal.value.problem["blockers"]
    assert reason["compared"]["comparisons"][0]["actual"] == 1
    assert "Industrial and Commercial Bank of China" in reason["sentence_en"]
    assert "中国工商银行" in reason["sentence_zh"]


def test_the_proof_holds_at_the_end(town):
    """After all that, every balance is what its entries say, and the banks agree."""
    operator = Caller(town.url)
    token = operator.post("/operator/session", {"name": "wei", "password": town.operator_password})
    operator.http.headers["Authorization"] = f"Bearer {token['token']}"
    assert operator.get("/operator/ledger-proof")["sound"] is True
    compared = operator.get("/operator/reconciliation?since=2026-01-01T00:00:00Z")
    assert compared["compared"] >= 7
    assert compared["differences"] == []

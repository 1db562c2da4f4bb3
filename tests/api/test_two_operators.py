"""Wei and Lin through the API: what takes a capability away or gives it back takes both of them."""

from __future__ import annotations

from datetime import date

import pytest

from qianbao.cast import OPERATORS
from qianbao.identity.mrz import read_mrz, write_td3
from qianbao.names import from_fields
from tests.kit.person import Caller, Holder, Refused, cast
from tests.kit.stack import Stack

pytestmark = pytest.mark.stack

REFERENCE = "(2026) Jing 01 Zhi 17"


@pytest.fixture(scope="module")
def desk(seeded_stack: Stack) -> tuple[Caller, Caller]:
    """The two of them, signed in."""
    wei, lin = (_operator(seeded_stack, name) for name in OPERATORS)
    return wei, lin


def _operator(stack: Stack, name: str) -> Caller:
    signed_in = {"name": name, "password": stack.operator_password}
    token = Caller(stack.url).post("/operator/session", signed_in)["token"]
    return Caller(stack.url, token)


def _code(caller: Caller, path: str, body: dict[str, str]) -> str:
    with pytest.raises(Refused) as refused:
        caller.post(path, body)
    return str(refused.value.problem["code"])


def test_a_hold_its_case_and_its_lifting(seeded_stack: Stack, desk: tuple[Caller, Caller]) -> None:
    wei, lin = desk
    deng = Holder(seeded_stack, cast("Deng"))
    deng.sign_in()
    (found,) = wei.post("/operator/wallet-searches", {"phone": deng.person.phone})
    whose = {"wallet_id": found["wallet_id"]}
    entered = wei.post("/operator/legal-holds", whose | {"reference": REFERENCE})
    hold = f"/operator/legal-holds/{entered['legal_hold_id']}"
    (waiting,) = lin.get("/operator/legal-holds")
    assert (waiting["asked"], waiting["asked_by"]) == ("approve", "wei")
    assert _code(wei, f"{hold}/approve", whose) == "legal_hold_needs_second_operator"
    lin.post(f"{hold}/approve", whose)

    (case,) = deng.get("/cases")
    assert case["legal_hold_id"] == entered["legal_hold_id"]
    assert deng.get("/wallet/standing")["legal_hold"]["case_ids"] == [case["case_id"]]
    assert _code(lin, "/operator/policies/legal-hold/propose-retirement", {}) == "legal_holds_stand"

    assert _code(lin, f"{hold}/lift", whose) == "legal_hold_lift_not_proposed"
    lin.post(f"{hold}/propose-lift", whose)
    assert _code(lin, f"{hold}/lift", whose) == "legal_hold_lift_needs_second_operator"
    wei.post(f"{hold}/lift", whose)
    assert deng.get("/wallet/standing")["legal_hold"] is None
    (case,) = deng.get("/cases")
    assert case["state"] == "answered"
    acts = wei.get(f"/operator/audit?kind=legal_hold&subject={found['wallet_id']}")
    assert [(act["action"], act["operator"]) for act in reversed(acts)] == [
        ("legal_hold.enter", "wei"), ("legal_hold.approve", "lin"),
        ("legal_hold.propose_lift", "lin"), ("legal_hold.lift", "wei"),
    ]  # fmt: skip


def test_an_exemption_takes_two(seeded_stack: Stack, desk: tuple[Caller, Caller]) -> None:
    wei, lin = desk
    deng = Holder(seeded_stack, cast("Deng"))
    deng.sign_in()
    (found,) = wei.post("/operator/wallet-searches", {"phone": deng.person.phone})
    place = f"/operator/wallets/{found['wallet_id']}/exemptions"
    until = deng.get("/wallet/standing")["at"][:4] + "-12-31"
    asked = {"policy": "two-banks", "until": until, "reason": "No second bank takes the passport"}
    assert _code(wei, place, asked | {"policy": "legal-hold"}) == "exemption_impossible"
    exemption = wei.post(place, asked)
    step = f"{place}/{exemption['exemption_id']}"
    assert [one["exemption_id"] for one in lin.get("/operator/exemptions")] == [
        exemption["exemption_id"]
    ]
    assert _code(wei, f"{step}/approve", {}) == "exemption_needs_second_operator"
    assert lin.post(f"{step}/approve")["approved_by"] == "lin"
    assert _code(wei, f"{step}/withdraw", {}) == "exemption_settled"
    assert any(notice["kind"] == "policy_exempted" for notice in deng.get("/notices")["items"])


def test_a_change_of_name_takes_two(seeded_stack: Stack, desk: tuple[Caller, Caller]) -> None:
    """Deng's passport is refused, he asks, it is allowed and taken once, and all is on record."""
    wei, lin = desk
    deng = Holder(seeded_stack, cast("Deng"))
    deng.sign_in()
    passport = {"kind": "passport", "mrz": _dengs("TAN", "K9999991A")}
    assert _code(deng, "/documents", passport) == "document_of_another_person"
    deng.post("/cases", {"subject": "My name", "body": "Deng before, Tan now"})
    (found,) = wei.post("/operator/wallet-searches", {"phone": deng.person.phone})
    place = f"/operator/wallets/{found['wallet_id']}/name-changes"
    change = wei.post(place, {"reason": "Deed poll of 3 May: Deng, now Tan"})
    step = f"{place}/{change['name_change_id']}"
    (waits,) = lin.get("/operator/name-changes")
    assert (waits["name_change_id"], waits["until"]) == (change["name_change_id"], None)
    assert _code(wei, f"{step}/approve", {}) == "name_change_needs_second_operator"
    assert _code(deng, "/documents", passport) == "document_of_another_person"
    assert lin.post(f"{step}/approve")["approved_by"] == "lin"
    assert any(notice["kind"] == "name_change_allowed" for notice in deng.get("/notices")["items"])

    taken = deng.post("/documents", passport)
    assert (taken["surname"], taken["confirmed"]) == ("TAN", False)
    other = {"kind": "passport", "mrz": _dengs("LIM", "K9999992A")}
    assert _code(deng, "/documents", other) == "document_of_another_person"
    assert _code(wei, f"{step}/withdraw", {}) == "name_change_settled"
    (used,) = wei.get(place)
    assert used["document_id"] == taken["document_id"]
    audit = f"/operator/audit?kind=name_change&subject={found['wallet_id']}"
    seeded_stack.wait_for(lambda: len(wei.get(audit)) == 3)
    acts = wei.get(audit)
    assert [(act["action"], act["operator"]) for act in reversed(acts)] == [
        ("name_change.propose", "wei"), ("name_change.approve", "lin"),
        ("name_change.use", "$ holder"),
    ]  # fmt: skip


def test_a_document_is_set_aside_by_one_until_a_bank_has_confirmed(
    seeded_stack: Stack, desk: tuple[Caller, Caller]
) -> None:
    wei, _ = desk
    (found,) = wei.post("/operator/wallet-searches", {"phone": cast("Anna").phone})
    number = read_mrz(cast("Anna").passport.mrz, date(2026, 11, 2)).number
    (shows,) = wei.post("/operator/document-searches", {"number": number})
    assert shows["wallet_id"] == found["wallet_id"]
    place = f"/operator/wallets/{found['wallet_id']}/document/set-aside"
    assert _code(wei, place, {"reason": " "}) == "set_aside_reason_needed"
    assert _code(wei, place, {"reason": "Case 7"}) == "set_aside_impossible"
    with pytest.raises(Refused) as refused:
        Caller(seeded_stack.url).post(place, {"reason": "Case 7"})
    assert refused.value.problem["status"] == 401


def _dengs(surname: str, number: str) -> str:
    """The lines of a passport that agrees with Deng's in all but name and number."""
    old = read_mrz(cast("Deng").passport.mrz, date(2026, 11, 2))
    lines = write_td3(
        from_fields(surname, "WEIMING"), number=number, issuing_country="SGP", nationality="SGP",
        birth_date=old.birth_date, sex=old.sex, valid_until=old.valid_until,
    )  # fmt: skip
    return "\n".join(lines)


def test_a_notice_is_previewed(seeded_stack: Stack, desk: tuple[Caller, Caller]) -> None:
    wei, _ = desk
    (found,) = wei.post("/operator/wallet-searches", {"phone": cast("Anna").phone})
    asked = f"version=1&wallet_id={found['wallet_id']}&step=week_before"
    shown = wei.get(f"/operator/policies/two-banks/notice-preview?{asked}")
    assert shown["words"]["title_en"].startswith("Less than a week left")
    assert "绑定" in shown["words"]["body_zh"]
    assert shown["words"]["ways_out"]


def test_enforcement_is_stopped_and_resumed(desk: tuple[Caller, Caller]) -> None:
    wei, lin = desk
    rule = "/operator/policies/two-banks"
    assert _code(wei, f"{rule}/resume", {}) == "enforcement_not_stopped"
    assert wei.post(f"{rule}/stop", {"reason": "A bank is down"})["stopped_by"] == "wei"
    always = lin.get("/operator/policies/real-name/enforcement")  # without dates
    assert always["steps"] == [{"percent": 100, "begins": None}]
    shown = lin.get(f"{rule}/enforcement")
    assert (shown["percent"], shown["steps"][0]["begins"]) == (0, None)
    assert lin.post(f"{rule}/resume")["resumed_by"] == "lin"
    (listed,) = [one for one in lin.get("/operator/rollouts") if one["policy"] == "two-banks"]
    assert (listed["percent"], listed["stopped_by"]) == (0, None)


def test_a_rule_is_taken_back_by_one(desk: tuple[Caller, Caller]) -> None:
    wei, _ = desk
    rule = "/operator/policies/document-expiry"
    done = wei.post(f"{rule}/rollback", {"reason": "It reads the wrong date"})
    assert (done["version"]["state"], done["returned"]) == ("rolled_back", None)
    assert _code(wei, f"{rule}/rollback", {"reason": "Again"}) == "policy_not_published"


def test_a_rule_is_retired_by_two(desk: tuple[Caller, Caller]) -> None:
    wei, lin = desk
    rule = "/operator/policies/two-banks"
    assert _code(lin, f"{rule}/retire", {}) == "retirement_not_proposed"
    wei.post(f"{rule}/propose-retirement")
    lin.post(f"{rule}/keep")
    assert wei.post(f"{rule}/propose-retirement")["retire_proposed_by"] == "wei"
    assert _code(wei, f"{rule}/retire", {}) == "retirement_needs_second_operator"
    retired = lin.post(f"{rule}/retire")
    assert (retired["state"], retired["retired_by"]) == ("retired", "lin")

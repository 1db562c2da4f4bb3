"""A confirmed wallet through the API: nothing that its holder alone says makes it another's."""

from __future__ import annotations

from typing import Any

import pytest

from qianbao.cast import PIN, Person
from qianbao.identity.mrz import write_td3
from qianbao.names import from_fields
from tests.banks.scene import new_card, new_number, new_phone
from tests.kit.person import Holder, Refused, cast
from tests.kit.stack import Stack

pytestmark = pytest.mark.stack

SHOWN: dict[str, Any] = {"surname": "LI", "given": "MING"}


def _passport(number: str, native: str = "", **changes: Any) -> dict[str, Any]:
    taro = cast("Taro").passport
    fields = {
        "number": number, "issuing_country": "SGP", "nationality": "SGP",
        "birth_date": taro.birth_date, "sex": "M", "valid_until": taro.valid_until,
    } | changes  # fmt: skip
    mrz = "\n".join(write_td3(from_fields("LI", "MING"), **fields))
    return {"kind": "passport", "mrz": mrz, "native": native}


def _permit(**name: str) -> dict[str, Any]:
    return {
        "kind": "travel_permit", "number": "H8765439901", "valid_until": "2030-01-01", "sex": "M",
    } | name  # fmt: skip


REISSUED = _permit(number="H8765449901")


class Li(Holder):
    """Li Ming with a fresh phone, a passport, and a card that his bank keeps under its letters."""

    def __init__(self, stack: Stack, native: str) -> None:
        taro = cast("Taro")
        li = Person(
            name="Li Ming", phone=new_phone(), passport=taro.passport, cards=(), story_en="",
            story_zh="",
        )  # fmt: skip
        super().__init__(stack, li)
        self.sign_in(PIN)
        number, self.card = new_number(), new_card("ICBC")
        self.post("/documents", _passport(number, native))
        body = {
            "bank": "ICBC", "printed_name": "LI MING", "document_kind": "passport",
            "document_number": number, "phone": li.phone, "cards": [self.card], "balance_minor": 0,
        }  # fmt: skip
        self.bank.post("/sandbox/customers", json=body).raise_for_status()
        seen = len(self.messages())
        asked = self.post(
            "/cards", {"card_number": self.card, "phone": li.phone, "name_form": "LI MING"}
        )
        self.post(f"/cards/{asked['card_id']}/confirm", {"code": self.next_code(seen)})

    def refused(self, document: dict[str, Any]) -> str:
        """The code with which the document is refused."""
        with pytest.raises(Refused) as refusal:
            self.post("/documents", document)
        return str(refusal.value.problem["code"])


@pytest.mark.parametrize(
    ("declared", "then"),
    [
        ("王伟", [_permit(native="王伟")]),
        ("王伟", [_permit(native="王伟", surname="WANG", given="WEI")]),
        ("", [_permit(**SHOWN), _permit(native="黎鸣")]),
        ("", [REISSUED | SHOWN, REISSUED | {"native": "黎鸣", "number": "H8765449902"}]),
        ("", [_passport("C77777771", "李明"), _permit(native="李明")]),
        ("李明", [_passport("C77777772", "黎鸣"), _permit(native="黎鸣")]),
        ("李明", [{"kind": "resident_id", "number": "110105198801090018", "native": "黎鸣"}]),
    ],
)
def test_no_chain_of_documents_makes_li_somebody_else(
    seeded_stack: Stack, declared: str, then: list[dict[str, Any]]
) -> None:
    """The last is refused, and he stays who he was."""
    li = Li(seeded_stack, declared)
    for document in then[:-1]:
        li.post("/documents", document)
    before = li.get("/documents")
    assert li.refused(then[-1]) == "document_of_another_person"
    assert li.get("/documents") == before


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (_permit(native="王伟", **SHOWN), "names_disagree"),
        (_passport("C77777773", "李明先生"), "name_title"),
        (_passport("C77777774") | {"number": "X1"}, "document_field_disagrees"),
        (_passport("C77777775") | {"sex": "F"}, "document_field_disagrees"),
    ],
)
def test_what_contradicts_itself_is_refused(
    seeded_stack: Stack, document: dict[str, Any], code: str
) -> None:
    assert Li(seeded_stack, "").refused(document) == code

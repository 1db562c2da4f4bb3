"""Ben typed BENJ, then BEN: each answer says which entry it was about."""

from __future__ import annotations

from datetime import timedelta

from qianbao.identity.documents import Document
from qianbao.identity.evidence import Evidence
from qianbao.names import from_fields
from qianbao.web.real_name import _answers, _entries
from tests.policy.cast import at

NOW = at(2027, 1, 15)


def entry(number: int, given: str) -> Document:
    return Document(
        document_id=f"doc_{number}", kind="passport", country="GBR", residency="foreign",
        number_cipher=b"", number_tail="4567", legal_name=from_fields("CARTER", given),
        also_written="", corrections=(), birth_date=None, sex=None, valid_until=None,
        supersedes=None, superseded_at=None, created_at=NOW, name_change_id=None, confirmed=False,
    )  # fmt: skip


def said(number: int, source: str, outcome: str, minute: int) -> Evidence:
    return Evidence(
        evidence_id=f"evi_{minute}", source=source, outcome=outcome, compared=[],
        document_id=f"doc_{number}", card_id=None, at=NOW + timedelta(minutes=minute),
    )  # fmt: skip


def test_what_is_said_now_is_about_what_stands_now() -> None:
    ben = [entry(3, "BEN"), entry(2, "BENJ"), entry(1, "BENJ")]
    before = [said(2, "immigration", "MISMATCH", 2), said(1, "immigration", "MISMATCH", 1)]
    asked = _answers(ben, before)
    assert (asked.present, asked.differs) == ((), False)
    assert [one.entry for one in asked.earlier] == ["Benj Carter •••• 4567"] * 2
    again = [said(3, "immigration", "MATCH", 4), said(3, "immigration", "MISMATCH", 3)]
    found = _answers(ben, again + before)
    assert [one.outcome.en for one in found.present] == ["confirmed"]
    assert not found.differs
    assert len(found.earlier) == 3


def test_a_source_that_differs_now_is_told_with_what_to_do() -> None:
    ben = [entry(1, "BENJ")]
    assert _answers(ben, [said(1, "immigration", "MISMATCH", 1)]).differs


def test_the_same_entry_is_listed_once() -> None:
    found = _entries([entry(4, "BEN"), entry(3, "BENJ"), entry(2, "BENJ"), entry(1, "BENJ")])
    assert [(name, times) for _, name, times in found] == [("Ben Carter", 1), ("Benj Carter", 3)]

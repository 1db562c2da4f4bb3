"""A field beside lines or a number that tell otherwise is not passed over."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.identity.beside import DocumentFieldDisagrees, check_beside
from qianbao.identity.documents import DocumentSubmission, add_document, list_documents
from qianbao.identity.identity_data import GivenData, confirm_data
from qianbao.identity.reading import read_submission
from qianbao.ids import new_id
from tests.identity.papers import KEYS, NOW, a_wallet, bring, passport

ANNA = passport()
RESIDENT = DocumentSubmission(kind="resident_id", number="11010519491231002X", native="王小明")
PERMIT = DocumentSubmission(
    kind="travel_permit", number="H12345678", native="陈大文", valid_until=date(2033, 1, 1)
)


@pytest.mark.parametrize(
    ("paper", "beside", "sex", "field"),
    [
        (ANNA, {"number": "X1"}, "", "number"),
        (ANNA, {"valid_until": date(2031, 5, 2)}, "", "valid_until"),
        (ANNA, {"country": "FRA"}, "", "country"),
        (ANNA, {"country": "CHN"}, "", "country"),
        (ANNA, {}, "M", "sex"),
        (RESIDENT, {}, "M", "sex"),
        (RESIDENT, {}, "X", "sex"),
        (RESIDENT, {"country": "HKG"}, "", "country"),
        (PERMIT, {"country": "TWN"}, "", "country"),
    ],
)
def test_what_says_otherwise_is_refused_by_its_field(
    paper: DocumentSubmission, beside: dict[str, Any], sex: str, field: str
) -> None:
    submission = msgspec.structs.replace(paper, **beside)
    with pytest.raises(DocumentFieldDisagrees) as refused:
        check_beside(submission, read_submission(submission, NOW.date()), sex)
    assert refused.value.detail["field"] == field


@pytest.mark.parametrize(
    ("paper", "beside", "sex"),
    [
        (ANNA, {"number": "c01 x00t47", "valid_until": date(2031, 5, 1), "country": "D"}, "F"),
        (ANNA, {"country": "deu"}, ""),
        (passport(sex="X"), {}, "F"),  # the lines leave it open
        (RESIDENT, {"country": "CHN"}, "F"),
        (PERMIT, {"country": "CHN"}, "X"),  # whose authority issues it
        (PERMIT, {"country": "HKG"}, "M"),
    ],
)
def test_what_says_the_same_is_taken(
    paper: DocumentSubmission, beside: dict[str, Any], sex: str
) -> None:
    submission = msgspec.structs.replace(paper, **beside)
    check_beside(submission, read_submission(submission, NOW.date()), sex)


async def test_nothing_is_kept_of_what_is_refused(pool: Pool) -> None:
    """With the document, or later with what no document shows."""
    annas = await a_wallet(pool)
    async with pool.connection() as conn:
        with pytest.raises(DocumentFieldDisagrees) as refused:
            await add_document(
                conn, KEYS, wallet_id=annas, document_id=new_id("doc", NOW), submission=ANNA,
                given=GivenData(sex="M"), now=NOW,
            )  # fmt: skip
        assert await list_documents(conn, annas) == []
    assert refused.value.sentence("en") == (
        "You entered “male” as the sex; the document says “female”."
    )
    assert "性别为“男”" in refused.value.sentence("zh")
    await bring(pool, annas, ANNA)
    stated = GivenData(sex="M", occupation="Engineer", address="12 Kejia Road, Chengdu")
    with pytest.raises(DocumentFieldDisagrees):
        async with pool.connection() as conn:
            await confirm_data(conn, KEYS, wallet_id=annas, given=stated, now=NOW)
    async with pool.connection() as conn:
        await confirm_data(
            conn, KEYS, wallet_id=annas, given=msgspec.structs.replace(stated, sex="F"), now=NOW
        )

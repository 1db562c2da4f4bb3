"""What is given beside a document's lines or number and they tell, too: it must be the same.

Whatever was read counts, so that a field beside it that says otherwise is a slip in one of the two:
it is refused by name instead of being passed over. Names are `typed_name`'s. Pure.
"""

from __future__ import annotations

from qianbao.errors import InvalidInput
from qianbao.identity.reading import DocumentSubmission, ReadDocument, printed_country

_FIELDS = {
    "number": ("the number", "证件号码"),
    "valid_until": ("the last day", "有效期截止日期"),
    "country": ("the country", "国家或地区"),
    "sex": ("the sex", "性别"),
}
_SEXES = {"F": ("female", "女"), "M": ("male", "男"), "X": ("other", "其他")}


class DocumentFieldDisagrees(InvalidInput):
    code = "document_field_disagrees"
    en = "You entered “{typed_en}” as {field_en}; the document says “{read_en}”."
    zh = "填写的{field_zh}为“{typed_zh}”，而证件上是“{read_zh}”。"
    next_en = (
        "Compare both with the document. What its lines or its number tell need not be entered."
    )
    next_zh = "请对照证件核对两者。机读码或证件号码已包含的信息无需另行填写。"


def check_beside(submission: DocumentSubmission, read: ReadDocument, stated_sex: str) -> None:
    """Holds number, last day and country of `submission`, and a sex that was stated with it,
    against the document as it was read. Raises `DocumentFieldDisagrees`."""
    if submission.mrz is not None:
        typed_number, number = _bare(submission.number or ""), _bare(read.number)
        if read.kind == "passport" and typed_number not in ("", number):
            raise _disagrees("number", typed_number, number)
        if submission.valid_until not in (None, read.valid_until):
            raise _disagrees("valid_until", str(submission.valid_until), str(read.valid_until))
    country = printed_country(submission.country.strip().upper())
    issued_in_china = {"CHN"} if read.kind != "passport" else set()
    if country and country not in {read.country} | issued_in_china:
        raise _disagrees("country", country, read.country)
    check_sex(stated_sex, read.sex)


def check_sex(stated: str, shown: str | None) -> None:
    """A sex that a document shows is not stated otherwise; one that it leaves open (X, or nothing)
    may be. Raises `DocumentFieldDisagrees`."""
    if stated and shown in ("F", "M") and stated != shown:
        raise _disagrees("sex", _SEXES[stated], _SEXES[shown])


def _bare(number: str) -> str:
    return "".join(one for one in number.upper() if one.isalnum())


def _disagrees(
    field: str, typed: str | tuple[str, str], read: str | tuple[str, str]
) -> DocumentFieldDisagrees:
    typed_en, typed_zh = (typed, typed) if isinstance(typed, str) else typed
    read_en, read_zh = (read, read) if isinstance(read, str) else read
    return DocumentFieldDisagrees(
        field=field,
        field_en=_FIELDS[field][0],
        field_zh=_FIELDS[field][1],
        typed_en=typed_en,
        typed_zh=typed_zh,
        read_en=read_en,
        read_zh=read_zh,
    )

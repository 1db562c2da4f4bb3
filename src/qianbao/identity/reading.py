"""What a holder submits, read: machine-readable zone or number, name, validity. Pure.

Whose document it is, and what the wallet makes of it, belongs to `documents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from qianbao.errors import InvalidInput
from qianbao.identity.countries import all_codes, country_name
from qianbao.identity.mrz import MrzDocument, read_mrz
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.numbers import KINDS, DocumentNumber, Residency, bare_number, read_number
from qianbao.identity.typed_name import name_of_zone
from qianbao.names import LegalName, compare, from_chinese, from_fields, in_characters, parted

FOREIGNERS = ("passport", "permanent_residence")
_REGION_COUNTRIES = {"81": "HKG", "82": "MAC", "83": "TWN"}
_PRINTED_COUNTRIES = {"D": "DEU"}
"""Machine-readable zones print Germany with one letter."""
_NO_COUNTRY = frozenset({"XXA", "XXB", "XXC", "XXX"})
"""Nationalities of who has none."""


class MrzNeeded(InvalidInput):
    code = "mrz_needed"
    en = "A passport is read from the two lines of letters and digits at its foot."
    zh = "护照信息须从资料页底部的两行机读码读取。"
    next_en = "Type both lines, fillers (<) included."
    next_zh = "请输入这两行，包括填充符“<”。"


class MrzOfAnotherKind(InvalidInput):
    code = "mrz_of_another_kind"
    en = "These lines are not those of a {kind_en}."
    zh = "这些机读行不属于{kind_zh}。"
    next_en = "Choose the kind of document that you hold in your hand."
    next_zh = "请选择与手中证件相符的类型。"


class NumberNeeded(InvalidInput):
    code = "number_needed"
    en = "The number of the {kind_en} is needed."
    zh = "请填写{kind_zh}号码。"
    next_en = "Enter it as the document shows it."
    next_zh = "请按证件填写。"


class ValidUntilNeeded(InvalidInput):
    code = "valid_until_needed"
    en = "The last day on which the {kind_en} is good is needed."
    zh = "请填写{kind_zh}的有效期截止日期。"
    next_en = "Enter the date of expiry as the document shows it."
    next_zh = "请按证件填写有效期截止日期。"


class NameTruncated(InvalidInput):
    code = "name_truncated"
    en = "The name is too long for the machine-readable lines and is cut off there."
    zh = "姓名过长，机读码中的姓名不完整。"
    next_en = (
        "Enter surname and given names too, in full, as the upper part of the page shows them."
    )
    next_zh = "请再按资料页上部填写完整的姓和名。"


class NumberDisagreesWithMrz(InvalidInput):
    code = "number_disagrees_with_mrz"
    en = (
        "The document number and the machine-readable lines do not agree on {field_en}: "
        "{number_en} in the number, {zone_en} in the lines."
    )
    zh = "证件号码与机读码的{field_zh}不一致：号码中为{number_zh}，机读码中为{zone_zh}。"
    next_en = "Compare both with the document."
    next_zh = "请对照证件核对两者。"


class NamesDisagree(InvalidInput):
    code = "names_disagree"
    en = "“{characters}” and “{letters}” are not, as far as this wallet can tell, one name."
    zh = "“{characters}”与“{letters}”无法认定为同一姓名。"
    next_en = (
        "Compare both with the document. If it shows them like this, enter one of them alone: the "
        "one under which your bank keeps you."
    )
    next_zh = "请对照证件核对两者。如证件确实如此，请只填写其中一种：银行登记您所用的那一种。"


class DocumentSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """What a holder enters: `kind` is a key of `numbers.KINDS`. A passport comes by `mrz`; a
    permanent-residence card by `mrz` or number; others by number, name and `valid_until` (None: a
    resident ID without end). Names go in `surname` and `given`; `native` is the name in characters,
    which a foreigner's document does not show: theirs is only kept beside the legal name."""

    kind: str
    mrz: str | None = None
    number: str | None = None
    surname: str = ""
    given: str = ""
    native: str = ""
    valid_until: date | None = None
    country: str = ""


class ReadDocument(msgspec.Struct, frozen=True):
    """A document as submitted, in one shape. `country` is the state whose rules spell the name: a
    passport's issuer; of a permanent-residence card, which takes the passport's letters over, the
    nationality. `holder_part` finds its holder again: the number with
    what makes it the only one of its kind, without what changes when it is issued again (a travel
    permit's last digits count its issues; domain.md 3.1). `also_written` is not on the document;
    `corrections` are the characters of its lines that were read otherwise than they were typed."""

    kind: str
    country: str
    residency: Residency
    number: str
    holder_part: str
    legal_name: LegalName
    birth_date: date | None
    sex: str | None
    valid_until: date | None
    also_written: str = ""
    corrections: tuple[Correction, ...] = ()


def read_submission(submission: DocumentSubmission, today: date) -> ReadDocument:
    """Raises the errors above, those of `mrz`, `numbers` and `names`."""
    if submission.mrz is not None and submission.kind in FOREIGNERS:
        zone = read_mrz(submission.mrz, today)
        if (zone.format == "TD3") != (submission.kind == "passport"):
            raise MrzOfAnotherKind(**_named(submission.kind))
        return _from_zone(submission, zone, today)
    if submission.kind == "passport":
        raise MrzNeeded
    return _from_number(submission, today)


def _from_zone(submission: DocumentSubmission, zone: MrzDocument, today: date) -> ReadDocument:
    kind = submission.kind
    number = zone.number
    if kind == "permanent_residence":
        checked = read_number(kind, submission.number or zone.number, today)
        number = checked.number
        _check_agrees(checked, zone)
    country = printed_country(
        zone.nationality if kind == "permanent_residence" else zone.issuing_country
    )
    return ReadDocument(
        kind=kind,
        country=country,
        residency="foreign",
        number=number,
        holder_part=f"{country}:{number}" if kind == "passport" else number,
        legal_name=parted(_name_of_zone(submission, zone.name), country),
        birth_date=zone.birth_date,
        sex=zone.sex,
        valid_until=zone.valid_until,
        also_written=_also_written(submission),
        corrections=zone.corrections,
    )


def printed_country(printed: str) -> str:
    """The code of a country as documents print it, as alpha-3."""
    return _PRINTED_COUNTRIES.get(printed, printed)


def _check_agrees(number: DocumentNumber, zone: MrzDocument) -> None:
    """What a card's number tells of its holder, its lines tell too, as far as they tell it. Raises
    `NumberDisagreesWithMrz`."""
    country = printed_country(zone.nationality)
    if number.country not in (None, country) and zone.nationality not in _NO_COUNTRY:
        names = [
            [country_name(code, to) for to in ("en", "zh")]
            for code in (number.country or "", country)
        ]
        raise _disagrees(("the country", "国籍"), *names)
    if {number.sex, zone.sex} == {"M", "F"}:
        raise _disagrees(("the sex", "性别"), [number.sex] * 2, [zone.sex] * 2)
    if number.birth_date not in (None, zone.birth_date):
        dates = [[str(born)] * 2 for born in (number.birth_date, zone.birth_date)]
        raise _disagrees(("the date of birth", "出生日期"), *dates)


def _disagrees(
    field: tuple[str, str], number: Sequence[str | None], zone: Sequence[str | None]
) -> NumberDisagreesWithMrz:
    return NumberDisagreesWithMrz(
        field_en=field[0],
        field_zh=field[1],
        number_en=number[0],
        number_zh=number[1],
        zone_en=zone[0],
        zone_zh=zone[1],
    )


def _from_number(submission: DocumentSubmission, today: date) -> ReadDocument:
    kind = submission.kind
    if kind in KINDS and not (submission.number or "").strip():
        raise NumberNeeded(**_named(kind))
    number = read_number(kind, submission.number or "", today)
    if submission.valid_until is None and kind != "resident_id":
        raise ValidUntilNeeded(**_named(kind))
    country = number.country or _REGION_COUNTRIES.get(number.region or "", submission.country[:3])
    return ReadDocument(
        kind=kind,
        country=country,
        residency=number.residency,
        number=number.number,
        holder_part=_holder_part(kind, number.number),
        legal_name=parted(_typed_name(submission), country),
        birth_date=number.birth_date,
        sex=number.sex,
        valid_until=submission.valid_until,
        also_written=_also_written(submission),
    )


def _holder_part(kind: str, number: str) -> str:
    if kind != "travel_permit":
        return number
    return number[: 9 if number[0].isalpha() else 8]


def possible_indexes(text: str) -> list[str]:
    """Under what a number may be indexed (`index_text`), whatever kind of document it is of, and
    whoever issued that."""
    number = bare_number(text)
    if not number:
        return []
    passports = [
        index_text("passport", f"{printed_country(code)}:{number}") for code in all_codes()
    ]
    others = [index_text(kind, _holder_part(kind, number)) for kind in KINDS if kind != "passport"]
    return passports + others


def index_text(kind: str, holder_part: str) -> str:
    """What the blind index of a document's number is made of."""
    return f"{kind}:{holder_part}"


def _also_written(submission: DocumentSubmission) -> str:
    """Nothing vouches for a name in characters that a foreigner types: their documents give the
    name in letters. Raises `NameTooLong`, `NameCharacter`, `NameTitle`."""
    if submission.kind not in FOREIGNERS or not submission.native.strip():
        return ""
    return _in_characters(submission.native) or from_fields("", "", submission.native).native


def _in_characters(native: str) -> str:
    """The name, where it has Chinese characters; else empty. Raises what `from_chinese` does."""
    if not in_characters(LegalName("", "", native)):
        return ""
    return from_chinese(native).native


def _typed_name(submission: DocumentSubmission) -> LegalName:
    """Resident IDs carry characters and nothing else; those of Hong Kong, Macao and Taiwan
    residents may carry both; foreigners' carry letters. Raises `NamesDisagree` where both are
    typed and are not one name: which of them a bank confirmed would be the holder's to say."""
    surname, given = submission.surname.strip(), submission.given.strip()
    if not submission.native.strip() and submission.kind == "resident_id":
        return from_chinese(surname + given)
    if not submission.native.strip() or submission.kind in FOREIGNERS:
        _in_characters(surname + given)  # a title is refused in these fields, too
        return from_fields(surname, given)
    name = from_chinese(submission.native)
    if not (surname or given):
        return name
    beside = from_fields(surname, given)
    if compare(beside, name).verdict == "no_match":
        raise NamesDisagree(characters=name.native, letters=f"{surname} {given}".strip())
    if submission.kind == "resident_id":
        return name
    return msgspec.structs.replace(beside, native=name.native)


def _name_of_zone(submission: DocumentSubmission, zone_name: LegalName) -> LegalName:
    """The name of the lines, or as the upper part of the page has it, where that was entered."""
    surname, given = submission.surname.strip(), submission.given.strip()
    if zone_name.truncated and not (surname and (given or not zone_name.given)):
        raise NameTruncated
    return name_of_zone(zone_name, surname, given) if surname or given else zone_name


def _named(kind: str) -> dict[str, str]:
    en, zh = KINDS[kind]
    return {"kind_en": en, "kind_zh": zh}

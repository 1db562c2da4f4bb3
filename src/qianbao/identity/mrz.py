"""Machine-readable zones of passports (TD3) and cards (TD1, TD2): read, checked, and written.

Layout and check digits are those of ICAO Doc 9303 parts 3 to 6 (domain.md 3.2). Pure: `today` comes
in. Errors say which character of which line. What becomes of a document belongs elsewhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

import msgspec

from qianbao.errors import InvalidInput
from qianbao.identity.countries import is_country
from qianbao.identity.mrz_checks import Correction, at, corrected, fits, rules, suspect
from qianbao.identity.mrz_layout import (
    CONFUSED,
    DIGITS,
    FIELDS,
    LAYOUTS,
    LETTERS,
    Checked,
    Format,
    Layout,
    Span,
    check_digit,
)
from qianbao.names import LegalName, from_mrz, mrz_field

MAX_TEXT_LENGTH = 500


class MrzFormatUnknown(InvalidInput):
    code = "mrz_format_unknown"
    en = (
        "This is not a machine-readable zone: a passport has 2 lines of 44 characters, a card 3 "
        "lines of 30 or 2 lines of 36."
    )
    zh = (
        "这不是有效的机读码：护照为 2 行、每行 44 个字符；"
        "证卡为 3 行、每行 30 个或 2 行、每行 36 个字符。"
    )
    next_en = "Copy all lines at the bottom of the document's data page, fillers (<) included."
    next_zh = "请抄录证件资料页底部的全部机读行，包括填充符“<”。"


class MrzLineLength(InvalidInput):
    code = "mrz_line_length"
    en = "Line {line} has {length} characters; it must have {expected}."
    zh = "第 {line} 行有 {length} 个字符，应为 {expected} 个。"
    next_en = "Count the fillers (<) in line {line}; one may be missing or doubled."
    next_zh = "请核对第 {line} 行的填充符“<”，可能漏抄或多抄。"


class MrzCharacter(InvalidInput):
    code = "mrz_character"
    en = "Line {line}, character {position} is “{character}”; expected there: {expected_en}."
    zh = "第 {line} 行第 {position} 个字符是“{character}”，此处应为{expected_zh}。"
    next_en = "Compare character {position} of line {line} with the document."
    next_zh = "请对照证件检查第 {line} 行第 {position} 个字符。"


class MrzCheckDigitWrong(InvalidInput):
    code = "mrz_check_digit_wrong"
    en = (
        "{field_en}: {span_en} do not agree with their check digit, “{found}” at character "
        "{position} of line {line}; they give “{expected}”.{suspect_en}"
    )
    zh = (
        "{field_zh}：{span_zh}与第 {line} 行第 {position} 个字符的校验码“{found}”不符，"
        "应为“{expected}”。{suspect_zh}"
    )
    next_en = "One of these characters, or the check digit, is mistyped: compare them all."
    next_zh = "其中某个字符或校验码填写有误，请对照证件逐一核对。"


class MrzDateWrong(InvalidInput):
    code = "mrz_date_wrong"
    en = "Line {line}, characters {first} to {last}: “{found}” is not a possible {field_en}."
    zh = "第 {line} 行第 {first} 至 {last} 个字符：“{found}”不是可能的{field_zh}。"
    next_en = "Compare these six digits (year, month, day) with the document."
    next_zh = "请对照证件检查这六位数字（年、月、日）。"


class MrzCountryUnknown(InvalidInput):
    code = "mrz_country_unknown"
    en = (
        "Line {line}, characters {first} to {last}: “{found}” is not the code of any country "
        "({field_en})."
    )
    zh = (
        "第 {line} 行第 {first} 至 {last} 个字符：“{found}”不是任何国家或地区的代码（{field_zh}）。"
    )
    next_en = "Compare these three letters with the document; Germany's is D and two fillers (D<<)."
    next_zh = "请对照证件检查这三个字母；德国的代码是 D 加两个填充符（D<<）。"


class MrzFieldEmpty(InvalidInput):
    code = "mrz_field_empty"
    en = "Line {line}, from character {position}: {field_en} is empty."
    zh = "第 {line} 行第 {position} 个字符起：{field_zh}为空。"
    next_en = "Copy line {line} again from the document."
    next_zh = "请重新抄录第 {line} 行。"


class MrzDocument(msgspec.Struct, frozen=True):
    """What the zone says. Country codes are as printed (three letters; Germany is `D`). `sex` is
    `M`, `F` or `X` (not stated). The words of `name` are told apart as the issuing state writes
    names: it is the one that spells them, whatever the nationality (ICAO 9303 part 3). The document
    is valid through `valid_until`. `corrections` are the characters that were read otherwise than
    they were given."""

    format: Format
    document_code: str
    issuing_country: str
    number: str
    nationality: str
    birth_date: date
    sex: str
    valid_until: date
    name: LegalName
    optional: str
    corrections: tuple[Correction, ...] = ()


class MrzFieldUnwritable(InvalidInput):
    code = "mrz_field_unwritable"
    en = "{field_en} cannot be written: it takes at most {maximum} of A to Z, 0 to 9."
    zh = "无法写入{field_zh}：最多 {maximum} 个字符，限 A 至 Z、0 至 9。"
    next_en = "Shorten it, or drop other characters."
    next_zh = "请缩短或去掉其他字符。"


# Reading


def read_mrz(lines: str | Sequence[str], today: date) -> MrzDocument:
    """Reads a zone: one text with line breaks, or its lines. Small letters and spaces are
    forgiven. Every check digit is verified; a look-alike is corrected only where they prove it, and
    told in `corrections`.

    A birth year after `today`'s is of the last century; expiry is always in this one. Raises
    `MrzFormatUnknown`, `MrzLineLength`, `MrzCharacter`, `MrzCheckDigitWrong`, `MrzDateWrong`,
    `MrzFieldEmpty`, `MrzCountryUnknown`.
    """
    given = zone_lines(lines)
    form = _format(given)
    layout = LAYOUTS[form]
    _check_letters(given, layout)
    zone, corrections = corrected(given, layout)
    _check_fields(zone, layout)
    checked = rules(zone, layout)
    for rule in checked:
        _check_digit(zone, rule, layout)
    for field in ("issuing_country", "nationality"):
        _check_country(zone, layout.fields[field], field)
    names = {field: at(zone, span) for field, span in layout.fields.items()}
    number = "".join(at(zone, span) for span in checked[0].spans)
    optional = "".join(at(zone, span) for span in layout.optional)
    return MrzDocument(
        format=form,
        document_code=names["document_code"].strip("<"),
        issuing_country=names["issuing_country"].strip("<"),
        number=number.replace("<", ""),
        nationality=names["nationality"].strip("<"),
        birth_date=_date(zone, layout.fields["birth_date"], "birth_date", today),
        sex=names["sex"].replace("<", "X"),
        valid_until=_date(zone, layout.fields["valid_until"], "valid_until", today),
        name=from_mrz(names["name"], names["issuing_country"].rstrip("<")),
        optional=("" if len(checked[0].spans) > 1 else optional).replace("<", " ").strip(),
        corrections=corrections,
    )


_LOOKALIKES = {"«": "<<", "《": "<<", "‹": "<", "〈": "<", "＜": "<"}


def zone_lines(given: str | Sequence[str]) -> list[str]:
    """The lines as they are counted: capitals, without spaces. Raises `MrzFormatUnknown`."""
    text = given if isinstance(given, str) else "\n".join(given)
    if len(text) > MAX_TEXT_LENGTH:
        raise MrzFormatUnknown()
    for look, meant in _LOOKALIKES.items():
        text = text.replace(look, meant)
    plain = unicodedata.normalize("NFKC", text)
    upper = "".join(c.upper() if c.isascii() else c for c in plain)
    found = ["".join(line.split()) for line in upper.splitlines()]
    found = [line for line in found if line]
    if len(found) != 1:
        return found
    count = {90: 3, 88: 2, 72: 2}.get(len(found[0]), 1)
    size = len(found[0]) // count
    return [found[0][at : at + size] for at in range(0, size * count, size)]


def _format(zone: list[str]) -> Format:
    longest = max(map(len, zone), default=0)
    if len(zone) == 3 and longest <= LAYOUTS["TD2"].length:
        form: Format = "TD1"
    elif len(zone) == 2 and longest > 30:
        form = "TD3" if zone[0].startswith("P") or longest > 40 else "TD2"
    else:
        raise MrzFormatUnknown()
    for line, text in enumerate(zone, start=1):
        if len(text) != LAYOUTS[form].length:
            raise MrzLineLength(line=line, length=len(text), expected=LAYOUTS[form].length)
    return form


def _check_letters(zone: list[str], layout: Layout) -> None:
    """What may stand in a zone at all; the first wrong character is named."""
    _only(zone, Span(0, 0, 1), layout.first_letters, " / ".join(layout.first_letters))
    for line in range(layout.lines):
        _only(zone, Span(line, 0, layout.length), LETTERS + DIGITS + "<", "A-Z, 0-9, <")


def _check_fields(zone: list[str], layout: Layout) -> None:
    """What may stand in each field; a wrong character, or an empty field, is named."""
    fields = layout.fields
    for field in ("name", "issuing_country", "nationality"):
        _only(zone, fields[field], LETTERS + "<", "A-Z, <")
    _only(zone, fields["sex"], "MF<", "M, F, <")
    digits = [fields["birth_date"], fields["valid_until"], *(rule.digit for rule in layout.checked)]
    for span in sorted(digits, key=lambda one: (one.line, one.start)):
        _only(zone, span, DIGITS + "<", "0-9, <")
    for field in ("name", "number", "issuing_country", "nationality"):
        span = fields[field]
        if not at(zone, span).strip("<"):
            en, zh = FIELDS[field]
            raise MrzFieldEmpty(
                line=span.line + 1, position=span.start + 1, field=field, field_en=en, field_zh=zh
            )


def _only(zone: list[str], span: Span, allowed: str, told: str) -> None:
    for position, character in enumerate(at(zone, span), start=span.start + 1):
        if character not in allowed:
            raise MrzCharacter(
                line=span.line + 1,
                position=position,
                character=character,
                expected_en=told,
                expected_zh=told.replace(", ", "、"),
            )


def _check_digit(zone: list[str], rule: Checked, layout: Layout) -> None:
    if fits(zone, rule):
        return
    text = "".join(at(zone, span) for span in rule.spans)
    field_en, field_zh = FIELDS[rule.field]
    raise MrzCheckDigitWrong(
        field=rule.field,
        field_en=field_en[:1].upper() + field_en[1:],
        field_zh=field_zh,
        line=rule.digit.line + 1,
        position=rule.digit.start + 1,
        found=at(zone, rule.digit),
        expected=check_digit(text),
        span_en=_spans_en(rule.spans),
        span_zh=_spans_zh(rule.spans),
        spans=[(span.line + 1, span.start + 1, span.end) for span in rule.spans],
        **_told(zone, suspect(zone, rule, layout)),
    )


def _check_country(zone: list[str], span: Span, field: str) -> None:
    """No check digit covers these letters, so a slip in them is found only by what they say."""
    found = at(zone, span)
    if is_country(found.rstrip("<")):
        return
    raise MrzCountryUnknown(found=found, **_place(span, field))


def _place(span: Span, field: str) -> dict[str, str | int]:
    """Where a field stands, and what it is called."""
    place = {"line": span.line + 1, "first": span.start + 1, "last": span.end}
    field_en, field_zh = FIELDS[field]
    return place | {"field": field, "field_en": field_en, "field_zh": field_zh}


def _by_line(spans: tuple[Span, ...]) -> dict[int, list[Span]]:
    lines: dict[int, list[Span]] = {}
    for span in spans:
        lines.setdefault(span.line + 1, []).append(span)
    return lines


def _spans_en(spans: tuple[Span, ...]) -> str:
    return " and ".join(
        "characters " + ", ".join(f"{s.start + 1} to {s.end}" for s in found) + f" of line {line}"
        for line, found in _by_line(spans).items()
    )


def _spans_zh(spans: tuple[Span, ...]) -> str:
    return "以及".join(
        f"第 {line} 行第 " + "、".join(f"{s.start + 1} 至 {s.end}" for s in found) + " 个字符"
        for line, found in _by_line(spans).items()
    )


def _told(zone: list[str], place: Span | None) -> dict[str, str | int]:
    if place is None:
        return {"suspect_line": 0, "suspect_position": 0, "suspect_en": "", "suspect_zh": ""}
    character = at(zone, place)
    line, position, other = place.line + 1, place.start + 1, CONFUSED[character]
    return {
        "suspect_line": line,
        "suspect_position": position,
        "suspect_en": f" Look at line {line}, character {position}: is “{character}” a “{other}”?",
        "suspect_zh": f"请看第 {line} 行第 {position} 个字符：“{character}”是否应为“{other}”？",
    }


def _date(zone: list[str], span: Span, field: str, today: date) -> date:
    """Six digits as a date. A date of birth that this century would put in the future is of the
    last one (domain.md 3.2); an expiry is always in this century."""
    text = at(zone, span)
    try:
        year, month, day = 2000 + int(text[:2]), int(text[2:4]), int(text[4:])
        if field == "birth_date" and (year, month, day) > (today.year, today.month, today.day):
            year -= 100
        return date(year, month, day)
    except ValueError:
        raise MrzDateWrong(found=text, **_place(span, field)) from None


# Writing


def write_td3(
    name: LegalName,
    *,
    number: str,
    issuing_country: str,
    nationality: str,
    birth_date: date,
    sex: str,
    valid_until: date,
    document_code: str = "P",
    optional: str = "",
) -> tuple[str, str]:
    """The two lines of a passport, check digits included. For specimens and tests. Raises
    `MrzFieldUnwritable` naming a field that does not fit."""
    head = _fit("document_code", document_code, 2) + _fit("issuing_country", issuing_country, 3)
    dates = _dated(birth_date, sex, valid_until)
    more = _digited(_fit("optional", optional, 14))
    first = _digited(_fit("number", number, 9))
    second = first + _fit("nationality", nationality, 3) + dates + more
    composite = check_digit(second[0:10] + second[13:20] + second[21:43])
    return head + mrz_field(name, 39), second + composite


def write_td1(
    name: LegalName,
    *,
    number: str,
    issuing_country: str,
    nationality: str,
    birth_date: date,
    sex: str,
    valid_until: date,
    document_code: str = "I",
    optional: str = "",
) -> tuple[str, str, str]:
    """The three lines of a card, as `write_td3`."""
    head = _fit("document_code", document_code, 2) + _fit("issuing_country", issuing_country, 3)
    first = head + _digited(_fit("number", number, 9)) + _fit("optional", optional, 15)
    dates = _dated(birth_date, sex, valid_until)
    second = dates + _fit("nationality", nationality, 3) + "<" * 11
    composite = check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29])
    return first, second + composite, mrz_field(name, 30)


def _dated(birth_date: date, sex: str, valid_until: date) -> str:
    letter = sex if sex in ("M", "F") else "<"
    return _digited(f"{birth_date:%y%m%d}") + letter + _digited(f"{valid_until:%y%m%d}")


def _digited(text: str) -> str:
    return text + check_digit(text)


def _fit(field: str, text: str, length: int) -> str:
    if len(text) > length or any(c not in LETTERS + DIGITS + "<" for c in text):
        en, zh = FIELDS[field]
        raise MrzFieldUnwritable(field=field, field_en=en, field_zh=zh, maximum=length)
    return text.ljust(length, "<")

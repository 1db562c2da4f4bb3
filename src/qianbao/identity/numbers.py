"""Document numbers: which are possible, and what they say about their holder.

PRC resident IDs and residence permits (GB 11643), foreign permanent-residence cards old and new,
travel permits and passport numbers (domain.md 3.1). Pure; whether such a document exists, and is
this person's, is evidence and belongs to the rest of `identity`. `python-stdnum`'s `cn.ric` is not
used: it refuses valid 81, 82, 83 and 9 numbers (domain.md 3.3).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec
from babel.core import get_global
from stdnum import numdb
from stdnum.iso7064 import mod_11_2

from qianbao.errors import InvalidInput
from qianbao.identity.countries import is_country
from qianbao.identity.mrz_layout import check_digit

Kind = Literal[
    "resident_id", "permanent_residence", "residence_permit", "travel_permit", "passport"
]
Residency = Literal["mainland", "hmt", "foreign"]

KINDS: dict[str, tuple[str, str]] = {
    "resident_id": ("resident ID", "居民身份证"),
    "permanent_residence": ("foreign permanent-residence card", "外国人永久居留身份证"),
    "residence_permit": ("Hong Kong, Macau or Taiwan residence permit", "港澳台居民居住证"),
    "travel_permit": ("Hong Kong, Macau or Taiwan travel permit", "港澳台居民来往内地通行证"),
    "passport": ("passport", "护照"),
}

REGIONS: dict[str, tuple[str, str]] = {
    "11": ("Beijing", "北京"), "12": ("Tianjin", "天津"), "13": ("Hebei", "河北"),
    "14": ("Shanxi", "山西"), "15": ("Inner Mongolia", "内蒙古"), "21": ("Liaoning", "辽宁"),
    "22": ("Jilin", "吉林"), "23": ("Heilongjiang", "黑龙江"), "31": ("Shanghai", "上海"),
    "32": ("Jiangsu", "江苏"), "33": ("Zhejiang", "浙江"), "34": ("Anhui", "安徽"),
    "35": ("Fujian", "福建"), "36": ("Jiangxi", "江西"), "37": ("Shandong", "山东"),
    "41": ("Henan", "河南"), "42": ("Hubei", "湖北"), "43": ("Hunan", "湖南"),
    "44": ("Guangdong", "广东"), "45": ("Guangxi", "广西"), "46": ("Hainan", "海南"),
    "50": ("Chongqing", "重庆"), "51": ("Sichuan", "四川"), "52": ("Guizhou", "贵州"),
    "53": ("Yunnan", "云南"), "54": ("Tibet", "西藏"), "61": ("Shaanxi", "陕西"),
    "62": ("Gansu", "甘肃"), "63": ("Qinghai", "青海"), "64": ("Ningxia", "宁夏"),
    "65": ("Xinjiang", "新疆"), "81": ("Hong Kong", "香港"), "82": ("Macau", "澳门"),
    "83": ("Taiwan", "台湾"),
}  # fmt: skip
"""First two digits of an area code (GB/T 2260), and the three that only permits use."""


class NumberKindUnknown(InvalidInput):
    code = "number_kind_unknown"
    en = "“{kind}” is not a kind of document that is known here."
    zh = "不支持的证件类型：“{kind}”。"
    next_en = "Use one of: {known}."
    next_zh = "可用类型：{known}。"


class NumberLength(InvalidInput):
    code = "number_length"
    en = "A {kind_en} number{which_en} has {expected} characters; this one has {length}."
    zh = "{kind_zh}号码{which_zh}应为 {expected} 位，填写了 {length} 位。"
    next_en = "Compare the number with the document."
    next_zh = "请对照证件核对号码。"


class NumberCharacter(InvalidInput):
    code = "number_character"
    en = "Character {position} is “{character}”; expected there: {expected}."
    zh = "第 {position} 个字符是“{character}”，此处应为：{expected}。"
    next_en = "Compare character {position} with the document."
    next_zh = "请对照证件检查第 {position} 个字符。"


class NumberCheckWrong(InvalidInput):
    code = "number_check_wrong"
    en = "Character {position}, the check character, is “{found}”; the others give “{expected}”."
    zh = "第 {position} 位是校验码，填写为“{found}”，但按其余各位计算应为“{expected}”。"
    next_en = "One character is mistyped. Compare the whole number with the document."
    next_zh = "有一位填写有误，请对照证件逐位核对。"


class NumberDistrictUnknown(InvalidInput):
    code = "number_district_unknown"
    en = (
        "Character {position}, the check character, is “{found}”; the others give “{expected}”. No "
        "district is known by the number “{district}”."
    )
    zh = (
        "第 {position} 位是校验码，填写为“{found}”，但按其余各位计算应为“{expected}”；"
        "未查到代码为“{district}”的区县。"
    )
    next_en = "Look at characters 1 to 6 first, then compare the whole number with the document."
    next_zh = "请先核对第 1 至 6 位，再对照证件逐位核对。"


class NumberDateWrong(InvalidInput):
    code = "number_date_wrong"
    en = "Characters {first} to {last}, “{found}”, are not a possible date of birth."
    zh = "第 {first} 至 {last} 位“{found}”不是可能的出生日期。"
    next_en = "Compare these digits (year, month, day) with the document."
    next_zh = "请对照证件检查这几位数字（年、月、日）。"


class NumberAreaUnknown(InvalidInput):
    code = "number_area_unknown"
    en = "Characters {first} to {last}, “{found}”, are not an area of a {kind_en} number."
    zh = "第 {first} 至 {last} 位“{found}”不是{kind_zh}号码的有效地区代码。"
    next_en = "Compare these characters with the document, and the kind of document chosen."
    next_zh = "请对照证件检查这几位以及所选的证件类型。"


class NumberCountryUnknown(InvalidInput):
    code = "number_country_unknown"
    en = "Characters {first} to {last}, “{found}”, are no country's code."
    zh = "第 {first} 至 {last} 位“{found}”不是有效的国家代码。"
    next_en = "Compare these characters with the document."
    next_zh = "请对照证件检查这几位字符。"


class DocumentNumber(msgspec.Struct, frozen=True):
    """A possible number. `number` is normalised: capitals, no spaces. `region` is a key of
    `REGIONS`; `country` an ISO 3166 alpha-3 code; `sex` `M` or `F`; each None where the number
    does not say. `name_required`: the number tells no name, so the name must be given beside it."""

    kind: Kind
    number: str
    residency: Residency
    birth_date: date | None = None
    sex: str | None = None
    region: str | None = None
    country: str | None = None
    name_required: bool = True


def read_number(kind: str, text: str, today: date) -> DocumentNumber:
    """Reads and checks a document number of `kind` (a key of `KINDS`). Raises the errors above,
    each naming the characters it is about, counted from 1."""
    reader = _READERS.get(kind)
    if reader is None:
        raise NumberKindUnknown(kind=kind[:30], known=", ".join(KINDS))
    return reader(bare_number(text), today)


def bare_number(text: str) -> str:
    """The number as it is kept, without what is written between its characters."""
    return re.sub(r"[\s\-‐‑–—·]", "", unicodedata.normalize("NFKC", text[:200])).upper()


def _resident_id(number: str, today: date) -> DocumentNumber:
    _check_shape("resident_id", number, "d" * 17 + "x")
    _check_region("resident_id", number, 0, lambda code: code < "80")
    _check_mod_11_2(number)
    return DocumentNumber(
        "resident_id",
        number,
        "mainland",
        birth_date=_birth(number, 6, 14, today),
        sex=_sex(number[16]),
        region=number[:2],
        country="CHN",
    )


def _residence_permit(number: str, today: date) -> DocumentNumber:
    _check_shape("residence_permit", number, "d" * 17 + "x")
    if number[:6] not in ("810000", "820000", "830000"):
        raise _area("residence_permit", 1, 6, number[:6])
    _check_mod_11_2(number)
    return DocumentNumber(
        "residence_permit",
        number,
        "hmt",
        birth_date=_birth(number, 6, 14, today),
        sex=_sex(number[16]),
        region=number[:2],
    )


def _permanent_residence(number: str, today: date) -> DocumentNumber:
    """New (from 2023-12) cards carry 18 characters beginning with 9, old ones 15 beginning with
    three letters; both stay valid."""
    if len(number) == 15 or number[:1].isalpha():
        return _old_permanent_residence(number, today)
    _check_shape("permanent_residence", number, "9" + "d" * 16 + "x")
    _check_region("permanent_residence", number, 1, lambda code: code < "80")
    _check_mod_11_2(number)
    return DocumentNumber(
        "permanent_residence",
        number,
        "foreign",
        birth_date=_birth(number, 6, 14, today),
        sex=_sex(number[16]),
        region=number[1:3],
        country=_country(number, 3),
    )


def _old_permanent_residence(number: str, today: date) -> DocumentNumber:
    """Country, four digits of area, birth date, one digit, and a check digit as in an MRZ."""
    _check_shape("permanent_residence", number, "aaa" + "d" * 12)
    _check_region("permanent_residence", number, 3, lambda code: code < "80")
    if number[14] != check_digit(number[:14]):
        raise NumberCheckWrong(position=15, found=number[14], expected=check_digit(number[:14]))
    return DocumentNumber(
        "permanent_residence",
        number,
        "foreign",
        birth_date=_birth(number, 7, 13, today),
        region=number[3:5],
        country=_country(number, 0),
    )


def _travel_permit(number: str, today: date) -> DocumentNumber:  # noqa: ARG001
    """Hong Kong H, Macau M, then 8 digits, or 10 of which the last two count reissues; Taiwan 8
    digits, or 10. No check digit."""
    if number[:1].isalpha() and number[0] not in "HM":
        raise NumberCharacter(position=1, character=number[0], expected="H, M, 0-9")
    lettered = number[:1] in ("H", "M")
    digits = 8 if len(number) <= 9 else 10
    lengths, which = ("9 / 11", _LETTERED) if lettered else ("8 / 10", _UNLETTERED)
    _check_shape("travel_permit", number, ("h" if lettered else "") + "d" * digits, lengths, which)
    region = {"H": "81", "M": "82"}.get(number[0], "83")
    return DocumentNumber("travel_permit", number, "hmt", region=region)


def _passport(number: str, today: date) -> DocumentNumber:  # noqa: ARG001
    """5 to 9 letters and digits; passports number as they please and have no check here."""
    _check_shape("passport", number, "n" * min(max(len(number), 5), 9), "5-9")
    return DocumentNumber("passport", number, "foreign")


_LETTERED = (" that begins with H or M", "（以 H 或 M 开头）")
_UNLETTERED = (" of digits alone", "（纯数字）")

_READERS: dict[str, Callable[[str, date], DocumentNumber]] = {
    "resident_id": _resident_id,
    "permanent_residence": _permanent_residence,
    "residence_permit": _residence_permit,
    "travel_permit": _travel_permit,
    "passport": _passport,
}

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHAPES = {
    "d": (_DIGITS, "0-9"),
    "x": (_DIGITS + "X", "0-9, X"),
    "9": ("9", "9"),
    "a": (_LETTERS, "A-Z"),
    "h": ("HM", "H, M"),
    "n": (_LETTERS + _DIGITS, "A-Z, 0-9"),
}


def _check_shape(
    kind: str, number: str, shape: str, lengths: str = "", which: tuple[str, str] = ("", "")
) -> None:
    """`shape` has a key of `_SHAPES` for each character; `lengths` is told where several do, and
    `which` numbers of the kind have them."""
    if len(number) != len(shape):
        raise NumberLength(
            kind_en=KINDS[kind][0],
            kind_zh=KINDS[kind][1],
            which_en=which[0],
            which_zh=which[1],
            length=len(number),
            expected=lengths or str(len(shape)),
        )
    for position, (character, key) in enumerate(zip(number, shape, strict=True), start=1):
        allowed, told = _SHAPES[key]
        if character not in allowed:
            raise NumberCharacter(position=position, character=character, expected=told)


def _check_region(kind: str, number: str, start: int, allowed: Callable[[str], bool]) -> None:
    code = number[start : start + 2]
    if code not in REGIONS or not allowed(code):
        raise _area(kind, start + 1, start + 2, code)


def _area(kind: str, first: int, last: int, found: str) -> NumberAreaUnknown:
    en, zh = KINDS[kind]
    return NumberAreaUnknown(kind_en=en, kind_zh=zh, first=first, last=last, found=found)


def _check_mod_11_2(number: str) -> None:
    """ISO 7064 MOD 11-2 over the first 17 digits. Where it fails and the district is unknown, the
    slip is likely there; by itself an unknown district refuses nothing, because tables of them
    have gaps and a number is for life."""
    expected = str(mod_11_2.calc_check_digit(number[:17]))
    if number[17] == expected:
        return
    if number[0] < "8" and not _is_district(number[:6]):
        raise NumberDistrictUnknown(
            position=18, found=number[17], expected=expected, district=number[:6]
        )
    raise NumberCheckWrong(position=18, found=number[17], expected=expected)


def _is_district(code: str) -> bool:
    """Whether python-stdnum's table has these six digits of GB/T 2260, today's or former ones."""
    return any("county" in found for _, found in numdb.get("cn/loc").info(code))


def _birth(number: str, start: int, end: int, today: date) -> date:
    """The date of birth in `number[start:end]`, with four digits of the year or two; two are of
    the last century where this one would put them in the future."""
    text = number[start:end]
    year = int(text[:-4]) + (2000 if len(text) == 6 else 0)
    month, day = int(text[-4:-2]), int(text[-2:])
    if len(text) == 6 and (year, month, day) > (today.year, today.month, today.day):
        year -= 100
    try:
        born = date(year, month, day)
    except ValueError:
        born = None
    if born is None or born > today or year < 1850:
        raise NumberDateWrong(first=start + 1, last=end, found=text)
    return born


def _sex(digit: str) -> str:
    return "M" if int(digit) % 2 else "F"


def _country(number: str, start: int) -> str:
    """Three letters, such as documents print, or three digits of ISO 3166 as alpha-3, by the CLDR
    data that Babel carries."""
    code = number[start : start + 3]
    if code.isalpha() and is_country(code):
        return code
    aliases: dict[str, list[str]] = get_global("territory_aliases")  # type: ignore[assignment]
    territory = aliases.get(code) if code.isdigit() else None
    for alias, meant in aliases.items():
        if territory is not None and meant == territory and len(alias) == 3 and is_country(alias):
            return alias
    raise NumberCountryUnknown(first=start + 1, last=start + 3, found=code)

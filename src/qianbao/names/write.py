"""A legal name the way one bank prints it, and the other ways it may be printed.

The forms are shown to the holder, to be compared with what the bank's app or counter says. They
are never tried on the bank one after another: banks allow 4 to 5 checks of a card a day
(domain.md 2.1). Which bank has which profile belongs to the bank directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from qianbao.names import han, korean
from qianbao.names.legal import LegalName, in_characters
from qianbao.names.letters import MRZ_LETTERS, PLAIN_LETTERS, is_pinyin, to_ascii, undouble
from qianbao.names.parts import own_names_at, words_at
from qianbao.names.sides import script_of

Confidence = Literal["sourced", "reported", "assumed"]
"""sourced: a page says so of this bank; reported: customers say so; assumed: we guess."""

MAX_FORMS = 12
OLD_FIELD_LENGTH = 20
"""Name fields of 20 characters are reported for older bank systems (domain.md 2.3)."""


class NameProfile(msgspec.Struct, frozen=True, kw_only=True):
    """How a bank prints a name (domain.md 2.3).

    `order`: SG is surname first, GS given name first. `separator` stands between all words.
    `max_length` counts printed characters; what is beyond is cut off the end. `middle`: what
    happens to given names after the first; `drop` leaves out a patronymic and a second surname
    too. `punctuation`: whether hyphens and dots stay, vanish, or
    become spaces; apostrophes vanish as in passports, unless all is left as it is. `accents`: Ü is
    doubled to UE as in passports, or dropped to U as SEPA banks do. `as_of` is the date of the
    source.
    """

    order: Literal["SG", "GS"]
    separator: Literal["", " "]
    case: Literal["upper", "title", "as_is"]
    max_length: int | None = None
    middle: Literal["keep", "drop", "initial"] = "keep"
    punctuation: Literal["keep", "strip", "space"] = "space"
    accents: Literal["double", "drop"] = "double"
    confidence: Confidence = "assumed"
    source: str = ""
    as_of: str = ""


class NameForm(msgspec.Struct, frozen=True):
    """One way the name may be printed, why, and how sure we are of it."""

    text: str
    reason_en: str
    reason_zh: str
    confidence: Confidence
    source: str


def write(name: LegalName, profile: NameProfile) -> str:
    """`name` as a bank with this profile prints it. Capitals and title case are plain ASCII, as in
    the passport's machine-readable zone (Ü is UE); `as_is` keeps the document's letters. A name in
    Chinese characters is those characters."""
    if in_characters(name):
        return _cut(_in_characters(name, profile), profile.max_length)
    surname = _cased(_without_spare(name) if profile.middle == "drop" else name.surname, profile)
    own = own_names_at(name.surname, name.given)
    printed = []
    for at, word in enumerate(name.given.split()):
        if at in own or profile.middle == "keep":
            printed.append(_cased(word, profile))
        elif profile.middle == "initial":
            printed.append(_initial(_cased(word, profile)))
    given = " ".join(printed)
    parts = (surname, given) if profile.order == "SG" else (given, surname)
    text = profile.separator.join(" ".join(parts).split())
    return _cut(text, profile.max_length)


def _without_spare(name: LegalName) -> str:
    """The surname without what a bank that drops middle names leaves out of it: the father's name,
    the second surname. What is left is never empty."""
    short = _less(name.surname, name.patronymic) if name.given else name.surname
    return _less(short, name.second_surname)


def _less(field: str, part: str) -> str:
    """The field without the words of a part; as it is, where nothing else would be left."""
    words = field.split()
    places = words_at(part.split(), words) if part else range(0)
    return " ".join(word for at, word in enumerate(words) if at not in places) or field


def _in_characters(name: LegalName, profile: NameProfile) -> str:
    text = "".join((name.native or name.surname + name.given).split())
    return text if profile.punctuation == "keep" else han.characters(text)


def _cut(text: str, max_length: int | None) -> str:
    return text if max_length is None else text[:max_length].rstrip()


def _initial(printed: str) -> str:
    """The first letter of a printed word: of Ö it is O, though the word begins OE."""
    return next((c for c in printed if c.isalnum()), "")


def _cased(text: str, profile: NameProfile) -> str:
    marked = _punctuated(text, profile)
    plain = profile.accents == "drop"
    if profile.case == "as_is":
        return marked
    words = to_ascii(marked, PLAIN_LETTERS if plain else MRZ_LETTERS).split()
    if plain and marked.isascii():
        words = [undouble(word) for word in words]  # an MRZ has already made Ü into UE
    return " ".join(w.capitalize() if profile.case == "title" else w.upper() for w in words)


def _punctuated(text: str, profile: NameProfile) -> str:
    if profile.punctuation == "keep" and profile.case == "as_is":
        return text
    without = re.sub("['’‘ʼ`´]", "", text)
    if profile.punctuation == "keep":
        return without
    return re.sub(r"[^\w\s]|_", " " if profile.punctuation == "space" else "", without)


def mrz_field(name: LegalName, length: int) -> str:
    """The name field of a machine-readable zone, `length` characters with fillers. A name that
    does not fit loses its end, but keeps at least one letter of the given name."""
    fitted = NameProfile(order="SG", separator=" ", case="upper")
    surname, given = (
        re.sub("[^A-Z]+", "<", _cased(part, fitted)).strip("<") for part in _latin_parts(name)
    )
    if given and len(surname) > length - 3:
        surname = surname[: length - 3].rstrip("<")
    text = "<<".join(filter(None, (surname, given)))
    return text[:length].ljust(length, "<")


def _latin_parts(name: LegalName) -> tuple[str, str]:
    if in_characters(name):
        return han.passport_pinyin(name.surname, name.given or name.native)
    return name.surname, name.given


def forms(name: LegalName, profile: NameProfile) -> tuple[NameForm, ...]:
    """The profile's own form first, then the other likely ones, at most `MAX_FORMS`, none twice.
    To be shown to the holder, never to be tried on the bank. A script that settles no Latin
    spelling (Arabic) has none: the only form is the name as typed, and says what is needed. A name
    that fills its document's field may be cut, so that nothing is put behind its given names."""
    script = script_of(name.surname + name.given)
    if script == "vague":
        typed = f"{name.surname} {name.given}".strip()
        return (NameForm(typed, *_WHY["letters_needed"], "assumed", ""),)
    if script == "hangul":
        name = msgspec.structs.replace(name, surname=korean.usual_surname(name.surname))
    if name.truncated:
        profile = _with(profile, order="SG")
    text = write(name, profile)
    if in_characters(name):  # what is known of a bank is how it prints Latin letters
        ways = _character_forms(name)
        own = NameForm(text, *_WHY["characters"], "assumed", _SOURCES["characters"])
    elif script == "hangul" or name.truncated:
        ways = _latin_forms(name, profile)
        why = "hangul" if script == "hangul" else "full_field"
        own = NameForm(text, *_WHY[why], "assumed", "")
    else:
        ways = _latin_forms(name, profile)
        own = NameForm(text, *_OWN[profile.confidence], profile.confidence, profile.source)
    found = {text: own}
    for text, why in ways:
        if text and text not in found:
            found[text] = NameForm(text, *_WHY[why], "assumed", _SOURCES[why])
    return tuple(found.values())[:MAX_FORMS]


_OWN: dict[Confidence, tuple[str, str]] = {
    "sourced": ("How this bank is documented to print it.", "有资料说明该银行这样登记。"),
    "reported": ("How customers say this bank prints it.", "有客户反映该银行这样登记。"),
    "assumed": (
        "The usual form; nothing is known of this bank.",
        "常见写法；暂无该银行的资料。",
    ),
}
_CUSTOMERS = "wechattip.blogspot.com/2017/01; familyfunshanghai.com/2017/02/23"
_SOURCES = {
    "order": _CUSTOMERS,
    "spacing": _CUSTOMERS,
    "middle_dropped": _CUSTOMERS,
    "middle_initial": "",
    "second_dropped": "",
    "father_dropped": "",
    "accents": "",
    "umlaut": "",
    "punctuation": "istudy-china.com/alipay",
    "cut": "sarajaaksola.com/chinese-bank-icbc",
    "title": "chengdu-expat.com/how-to-fix-the-wechat-pay-issue",
    "as_is": _CUSTOMERS,
    "characters": "",
    "dot": "",
    "other_characters": "",
    "pinyin": "",
}
_WHY = {
    "letters_needed": (
        "Enter the passport's Latin letters: this script does not settle how they are spelled.",
        "请填写护照上的拉丁字母姓名：该文字没有唯一的拉丁拼写。",
    ),
    "hangul": (
        "A usual spelling; the Latin letters of the passport decide.",
        "常见拼写；以护照上的拉丁字母为准。",
    ),
    "full_field": (
        "The name fills the document's field, so that it may be cut; the bank may have all of it.",
        "姓名占满证件字段，可能已被截断；银行登记的可能更长。",
    ),
    "order": ("Surname and given name in the other order.", "姓与名的顺序相反。"),
    "spacing": ("The words joined, or apart.", "各部分连写或分写。"),
    "middle_dropped": ("Without the middle names.", "省略中间名。"),
    "middle_initial": ("Middle names as initials.", "中间名只写首字母。"),
    "second_dropped": ("Without the second surname.", "省略第二姓氏。"),
    "father_dropped": ("Without the father's name.", "省略父名。"),
    "accents": ("Ü as U instead of UE, or the other way.", "Ü 写作 U 而非 UE，或相反。"),
    "umlaut": ("Ü of pinyin as V or U instead of YU.", "拼音 ü 写作 V 或 U，而非 YU。"),
    "punctuation": ("Hyphens and apostrophes as a sign, or left out.", "保留或省略连字符、撇号。"),
    "cut": ("Cut off after 20 characters.", "超过 20 个字符的部分被截去。"),
    "title": ("With small letters.", "首字母大写，其余小写。"),
    "as_is": ("Exactly as the document shows it.", "与证件上的写法完全一致。"),
    "characters": ("In Chinese characters.", "汉字写法。"),
    "dot": ("The middle dot written otherwise, or left out.", "间隔号写法不同或省略。"),
    "other_characters": ("In simplified or traditional characters.", "简体或繁体写法。"),
    "pinyin": ("In pinyin.", "拼音写法。"),
}


def _latin_forms(name: LegalName, profile: NameProfile) -> Iterator[tuple[str, str]]:
    turned = _with(profile, order="GS" if profile.order == "SG" else "SG")
    respaced = {"": " ", " ": ""}
    other_accents = "drop" if profile.accents == "double" else "double"
    both = (profile,) if name.truncated else (profile, turned)  # never a cut given name first
    for way in both:
        yield write(name, way), "order"
    for way in both:
        yield write(name, _with(way, separator=respaced[way.separator])), "spacing"
    for other_name in _umlauts(name):
        for way in both:
            yield write(other_name, way), "umlaut"
    for way in both:
        yield write(name, _with(way, accents=other_accents)), "accents"
    other = "space" if profile.punctuation == "keep" else "keep"
    for way in both:
        yield write(name, _with(way, punctuation=other)), "punctuation"
    for way in both:
        joined = _with(way, separator="", max_length=OLD_FIELD_LENGTH)
        yield write(name, joined), "cut"
    for way in both:
        short = _less(name.surname, name.second_surname)
        yield write(msgspec.structs.replace(name, surname=short), way), "second_dropped"
        yield write(_without_father(name), way), "father_dropped"
    for middle in ("drop", "initial"):
        for way in both:
            reason = "middle_dropped" if middle == "drop" else "middle_initial"
            yield write(name, _with(way, middle=middle)), reason
    yield write(name, _with(profile, case="title")), "title"
    yield write(name, _with(profile, case="as_is", punctuation="keep")), "as_is"
    if han.has_han(name.native):
        yield name.native, "characters"


def _without_father(name: LegalName) -> LegalName:
    """The name without its patronymic, in the given names after the first or in the surname."""
    first, *middle = name.given.split() or [""]
    places = words_at(name.patronymic.split(), middle) if name.patronymic else range(0)
    kept = [word for at, word in enumerate(middle) if at not in places]
    surname = name.surname if places or not first else _less(name.surname, name.patronymic)
    return msgspec.structs.replace(name, surname=surname, given=" ".join([first, *kept]).strip())


def _umlauts(name: LegalName) -> Iterator[LegalName]:
    """A name in pinyin with Ü as keyboards (LV) and most card systems (LU) have it."""
    parts = [name.surname.lower(), name.given.lower()]
    words = " ".join(parts).split()
    if not all(map(is_pinyin, words)):
        return
    for dots in ("v", "u"):
        other = [re.sub("(?<=[ln])yu", dots, part).upper() for part in parts]
        if [part.lower() for part in other] != parts:
            yield msgspec.structs.replace(name, surname=other[0], given=other[1])


def _with(profile: NameProfile, **changes: object) -> NameProfile:
    return msgspec.structs.replace(profile, **changes)


def _character_forms(name: LegalName) -> Iterator[tuple[str, str]]:
    text = "".join((name.native or name.surname + name.given).split())
    yield text, "characters"
    yield han.simplified(text), "other_characters"
    yield han.traditional(text), "other_characters"
    if han.characters(text) != text:
        parts = re.split(r"[^\w]+", text)
        yield from ((dot.join(parts), "dot") for dot in ("", "·", ".", "．"))
        if name.patronymic:
            yield han.before_dot(text), "father_dropped"
            yield han.passport_pinyin("", han.before_dot(text))[1], "father_dropped"
    surname, given = _latin_parts(name)
    pinyin = LegalName(surname=surname, given=given)
    for order in ("SG", "GS"):
        for separator in (" ", ""):
            way = NameProfile(order=order, separator=separator, case="upper")
            yield write(pinyin, way), "pinyin"
    for other in _umlauts(pinyin):
        yield f"{other.surname} {other.given}".strip(), "umlaut"

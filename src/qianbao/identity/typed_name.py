"""The name as the upper part of the page shows it, held against the machine-readable lines.

The lines lose accents, hyphens, apostrophes, another script and, of a long name, the end
(domain.md 3.2). Typed from the page, a name may be fuller by these and by nothing else: it is the
lines that say who somebody is. Pure.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from qianbao.errors import InvalidInput
from qianbao.identity.same_person import LONGEST_NAME_FIELD, compare_field
from qianbao.names import LegalName, compare, from_fields, in_characters, mrz_field

_FIELDS = {"surname": ("surname", "姓"), "given": ("given names", "名")}
_FULLER = frozenset({"exact", "case", "punctuation"})
"""Reasons of `compare` that leave every letter as it is."""


class NameDisagreesWithMrz(InvalidInput):
    code = "name_disagrees_with_mrz"
    en = (
        "You entered “{typed}” as the {field_en}; in the machine-readable lines they are “{zone}”: "
        "{reason_en}"
    )
    zh = "填写的{field_zh}是“{typed}”，机读码中为“{zone}”：{reason_zh}"
    next_en = (
        "Enter the name as this document shows it, with its accents and hyphens and no more; or "
        "leave both fields empty: it is read from the lines."
    )
    next_zh = "请按该证件填写（可保留变音符号和连字符，不得增减）；也可两栏都不填，由机读码读取。"


def name_of_zone(zone: LegalName, surname: str, given: str) -> LegalName:
    """The legal name of a document whose lines say `zone` and whose page, as typed, the rest; an
    empty field is the lines'. A name in another script whose letters the lines spell is kept beside
    it. Raises `NameDisagreesWithMrz` and what `from_fields` raises."""
    typed = from_fields(surname.strip() or zone.surname, given.strip() or zone.given)
    foreign = [field for field in _FIELDS if not _is_latin(getattr(typed, field))]
    if foreign:
        if not _is_original(typed, zone):
            raise _disagrees(foreign[0], typed, zone, *_ANOTHER_SCRIPT)
        return msgspec.structs.replace(zone, native=f"{typed.surname} {typed.given}".strip())
    surname_may_be_cut = zone.truncated and len(zone.given) <= 1
    for field, cut in (("surname", surname_may_be_cut), ("given", zone.truncated)):
        text, printed = getattr(typed, field), getattr(zone, field)
        if not (_is_fuller(text, printed) or (cut and _continues(text, printed))):
            raise _disagrees(field, typed, zone, *_why(text, printed))
    return msgspec.structs.replace(typed, mrz=zone.mrz)


def _is_fuller(text: str, printed: str) -> bool:
    """The same letters with case, hyphens and apostrophes, or with accents that the lines spell
    in one of their ways (Ü: UE, U or UXX)."""
    found = compare_field(text, printed)
    if found.verdict != "match":
        return text == printed
    return found.reason in _FULLER or (found.reason == "diacritic" and not text.isascii())


def _continues(text: str, printed: str) -> bool:
    """Whether the lines ran out of room in `text`: by the letters they print for it, with Ü as UE
    or as U."""
    start = printed.replace(" ", "")
    return any(_letters(way).startswith(start) for way in (text, _without_accents(text)))


def _letters(text: str) -> str:
    return mrz_field(LegalName(text, ""), LONGEST_NAME_FIELD).replace("<", "")


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(one, "LATIN") for one in text if one.isalpha())


def _is_original(typed: LegalName, zone: LegalName) -> bool:
    """Whether the lines spell this name, all of it in another script. Characters have many names
    for one spelling, so that the lines prove none of them."""
    if any(_is_latin(part) for part in (typed.surname, typed.given) if part) or in_characters(
        typed
    ):
        return False
    found = compare(typed, zone)
    return found.verdict == "match" and found.reason == "transliteration"


# What the refusal says

_ANOTHER_SCRIPT = (
    "it is in another script, and not, as far as this wallet can tell, the name that the lines "
    "spell.",
    "填写内容使用了其他文字，无法证明与机读码拼写的是同一姓名。",
)


def _why(text: str, printed: str) -> tuple[str, str]:
    """Which words differ; where none does, that they stand otherwise."""
    words, others = (re.split(r"[\s\-‐‑–]+", one) for one in (text, printed))
    added = [one for one in words if not _stands_in(one, others)]
    missing = [one for one in others if not _stands_in(one, words)]
    whole = "".join(words).casefold() == "".join(others).casefold()
    if not whole and added:
        return (
            f"{_quoted(added, ', ')} does not stand there.",
            f"其中没有{_quoted(added, '、')}。",
        )
    if not whole and missing:
        return f"{_quoted(missing, ', ')} is missing.", f"缺少{_quoted(missing, '、')}。"
    return (
        "the words are in another order, or joined or apart otherwise.",
        "各部分的顺序或分合不同。",
    )


def _stands_in(word: str, words: list[str]) -> bool:
    return any(_is_fuller(word, one) or _is_fuller(one, word) for one in words)


def _quoted(words: list[str], between: str) -> str:
    return between.join(f"“{one}”" for one in words)


def _disagrees(
    field: str, typed: LegalName, zone: LegalName, reason_en: str, reason_zh: str
) -> NameDisagreesWithMrz:
    field_en, field_zh = _FIELDS[field]
    return NameDisagreesWithMrz(
        field=field,
        field_en=field_en,
        field_zh=field_zh,
        typed=getattr(typed, field),
        zone=getattr(zone, field),
        reason_en=reason_en,
        reason_zh=reason_zh,
    )

"""A person's legal name as the document gives it: its parts, and the original beside them.

Here belongs taking a name apart by the document's fields; which words inside a field are what is
`parts`'. How a bank prints a name belongs to `write`; whether two names are one person's belongs to
`compare`.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from qianbao.errors import InvalidInput
from qianbao.names import han
from qianbao.names.affixes import HAN_TITLES
from qianbao.names.letters import MAX_NAME_LENGTH
from qianbao.names.parts import PORTUGUESE, find_parts

MRZ_NAME_LENGTHS = (30, 31, 39)
"""Name fields of TD1, TD2 and TD3 documents (ICAO 9303; domain.md 3.2)."""

_SIGNS = frozenset(" '’‘ʼʻ`´-‐‑–—.·•・‧．,，/@()（）〇\u200c\u200d")
"""What stands in names besides letters: hyphens, apostrophes, the dots of names written in Chinese,
S/O and D/O, the @ of aliases, and what tells letters of Persian and India whether to join."""


class NameEmpty(InvalidInput):
    code = "name_empty"
    en = "The name is empty."
    zh = "姓名为空。"
    next_en = "Enter the name exactly as the document shows it."
    next_zh = "请按证件上的姓名填写。"


class NameTooLong(InvalidInput):
    code = "name_too_long"
    en = "The name has {length} characters; at most {maximum} can be used."
    zh = "姓名有 {length} 个字符，最多 {maximum} 个。"
    next_en = "Enter only the name, as the document shows it."
    next_zh = "请只填写证件上的姓名。"


class NameNotChinese(InvalidInput):
    code = "name_not_chinese"
    en = "This document's name is written in Chinese characters; the entry has none."
    zh = "该证件的姓名应为汉字，填写内容中没有汉字。"
    next_en = "Enter the name in the characters that the document shows."
    next_zh = "请按证件填写汉字姓名。"


class NameTitle(InvalidInput):
    code = "name_title"
    en = "“{title}” at the end is a form of address, not part of a name."
    zh = "末尾的“{title}”是称谓，不是姓名的一部分。"
    next_en = "Enter only the name, as the document shows it."
    next_zh = "请只填写证件上的姓名。"


class NameFieldCharacter(InvalidInput):
    code = "name_field_character"
    en = (
        "Character {position} of the name line is “{character}”; only A to Z and < can stand there."
    )
    zh = "姓名行第 {position} 个字符是“{character}”；此处只能是 A 至 Z 或 <。"
    next_en = "Compare that character with the document."
    next_zh = "请对照证件检查该字符。"


class NameCharacter(InvalidInput):
    code = "name_character"
    en = "“{character}” cannot be part of a name."
    zh = "姓名中不能包含“{character}”。"
    next_en = "Enter only the name, as the document shows it."
    next_zh = "请只填写证件上的姓名。"


class LegalName(msgspec.Struct, frozen=True):
    """What the document says. `surname` or `given` may be empty where a person has one name.

    `native` is the name in its own script where the document shows it too; `mrz` is the name field
    as it was read, fillers included; `truncated` says that field was full, so letters may be
    missing (domain.md 3.2: such a name is not the full legal name).

    `surname` and `given` hold every word of the name. The last three say which of these words are
    the father's name (SERGEEVICH, BIN RASHID), the surname that may be left out (the mother's), and
    the surname's particles (DE LA); empty where neither the words nor the issuer say so.
    """

    surname: str
    given: str
    native: str = ""
    mrz: str = ""
    truncated: bool = False
    patronymic: str = ""
    second_surname: str = ""
    particles: tuple[str, ...] = ()


def from_fields(
    surname: str,
    given: str,
    native: str = "",
    *,
    patronymic: str = "",
    second_surname: str = "",
    country: str = "",
) -> LegalName:
    """A name typed in parts; a patronymic or a second surname may have fields of their own, or
    stand in the others. `country` is the document's issuer (ISO 3166 alpha-3). Spaces are tidied;
    letters, case and accents stay as typed. Raises `NameEmpty`, `NameTooLong`, `NameCharacter`."""
    parts = [_tidy(part) for part in (surname, given, native, patronymic, second_surname)]
    length = sum(map(len, parts))
    if length > MAX_NAME_LENGTH:
        raise NameTooLong(length=length, maximum=MAX_NAME_LENGTH)
    if not any(c.isalpha() for c in "".join(parts)):
        raise NameEmpty()
    _check_characters("".join(parts))
    family, own, native, father, second = parts
    name = LegalName(
        _with_words(family, second, first=country in PORTUGUESE),
        own if _holds(family, father) else _with_words(own, father),
        native,
    )
    return parted(name, country, patronymic=father, second_surname=second)


def parted(
    name: LegalName, country: str = "", *, patronymic: str = "", second_surname: str = ""
) -> LegalName:
    """`name` with its parts named: as given, else what its words and the issuer (ISO 3166 alpha-3)
    say. The words of its fields stay as they are. On a PRC resident ID (issuer CHN) a middle dot
    stands between one's own name and the father's: 阿卜来提·如则托合提."""
    if han.has_han(name.surname + name.given):
        father = han.after_dot(name.native) if country == "CHN" else ""
        return msgspec.structs.replace(name, patronymic=patronymic or father)
    found = find_parts(name.surname, name.given, country)
    return msgspec.structs.replace(
        name,
        patronymic=patronymic or found.patronymic,
        second_surname=second_surname or found.second_surname,
        particles=found.particles,
    )


def _holds(field: str, part: str) -> bool:
    return part != "" and f" {part} " in f" {field} "


def _with_words(field: str, part: str, *, first: bool = False) -> str:
    """The field with a part that has a field of its own, unless it stands there already."""
    if not part or _holds(field, part):
        return field
    return f"{part} {field}".strip() if first else f"{field} {part}".strip()


def from_mrz(name_field: str, country: str = "") -> LegalName:
    """A name from the name field of a machine-readable zone: `MUELLER<<ANNA<MARIA<<<…`, of a
    document that `country` (ISO 3166 alpha-3) has issued. Hyphens and apostrophes are already lost
    there. Raises `NameFieldCharacter` (position counted from 1), `NameTooLong`, `NameEmpty`."""
    field = name_field.strip().upper()
    if len(field) > MAX_NAME_LENGTH:
        raise NameTooLong(length=len(field), maximum=MAX_NAME_LENGTH)
    for position, character in enumerate(field, start=1):
        if not ("A" <= character <= "Z" or character == "<"):
            raise NameFieldCharacter(position=position, character=character)
    surname, _, given = field.strip("<").partition("<<")
    if not surname:
        raise NameEmpty()
    full = len(field) in MRZ_NAME_LENGTHS and not field.endswith("<")
    return parted(LegalName(_words(surname), _words(given), mrz=field, truncated=full), country)


def from_chinese(text: str, country: str = "") -> LegalName:
    """A name in Chinese characters; surname and given name come back in characters too, compound
    surnames (欧阳) whole. `country` is the document's issuer. Raises `NameNotChinese`,
    `NameTooLong`, `NameEmpty`, `NameCharacter`, and `NameTitle` for 王小明先生; 先生 alone may be
    a given name."""
    tidy = _tidy(text)
    if len(tidy) > MAX_NAME_LENGTH:
        raise NameTooLong(length=len(tidy), maximum=MAX_NAME_LENGTH)
    if not tidy:
        raise NameEmpty()
    if not han.has_han(tidy):
        raise NameNotChinese()
    _check_characters(tidy)
    _check_title(tidy)
    surname, given = han.split_surname(tidy)
    return parted(LegalName(surname=surname, given=given, native=tidy), country)


def in_characters(name: LegalName) -> bool:
    """Whether the document gives this name in Chinese characters only; a bank does too, then."""
    latin = name.surname + name.given
    return han.has_han(latin) or (not latin and han.has_han(name.native))


def display(name: LegalName) -> str:
    """The name as a person would read it: 王小明 in characters, “Anna Müller” given name first.
    A name known only in capitals is shown with small letters."""
    if han.has_han(name.native):
        return name.native
    if in_characters(name):
        return name.surname + name.given
    text = f"{name.given} {name.surname}".strip() or name.native
    return re.sub(r"[^\W\d_]+", _capitalised, text) if text.isupper() else text


def _capitalised(match: re.Match[str]) -> str:
    return match.group().capitalize()


def _check_title(text: str) -> None:
    """Raises `NameTitle` where a form of address follows a whole name."""
    given = han.split_surname("".join(text.split()))[1]
    for title in HAN_TITLES:
        if given.endswith(title) and given != title:
            raise NameTitle(title=title)


def _check_characters(text: str) -> None:
    """Letters of any script with their marks, and `_SIGNS`. Raises `NameCharacter`."""
    for character in text:
        if unicodedata.category(character)[0] not in "LM" and character not in _SIGNS:
            raise NameCharacter(character=character)


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text[: 4 * MAX_NAME_LENGTH]).split())


def _words(field: str) -> str:
    return " ".join(field.replace("<", " ").split())

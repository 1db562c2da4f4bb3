"""Names in Chinese characters: where the surname ends, other character sets, and pinyin.

The tables are in `readings`; everything else about characters in names belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import Literal

from opencc import OpenCC
from pypinyin import lazy_pinyin
from pypinyin.constants import PHRASES_DICT

from qianbao.names.japanese import has_kana
from qianbao.names.readings import (
    COMPOUND_SURNAMES,
    GIVEN_READINGS,
    STANDARD_CHARACTERS,
    SURNAME_READINGS,
    SURNAMES_SIMPLIFIED,
)

_HAN = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_LETTER = re.compile("[A-Za-z]")
_NAME_DOTS = re.compile("[·•‧・･.．。\u2022]")


def has_han(text: str) -> bool:
    """Whether any character of `text` is a Chinese character."""
    return _HAN.search(text) is not None


def characters(text: str) -> str:
    """The letters of `text` without spaces, dots and other marks."""
    return "".join(c for c in text if c.isalnum() or _HAN.match(c) or has_kana(c))


@cache
def _converter(direction: Literal["t2s", "s2t"]) -> OpenCC:
    return OpenCC(direction)


@lru_cache(maxsize=16384)
def _converted(character: str, direction: Literal["t2s", "s2t"]) -> str:
    return str(_converter(direction).convert(character))


_OTHER_GLYPHS, _USUAL_GLYPHS = (
    "衞靑淸髙﨑郞峩畧囯夀荘幷黃淨彥戶濵𠮷栁桒邉嵜",
    "衛青清高崎郎峨略国寿庄并黄净彦户濱吉柳桑邊崎",
)
"""Other shapes of a character in registers of Japan, Korea, Hong Kong and Taiwan: JIS X 0213,
compatibility ideographs of Unicode that normal forms leave alone, and what registers keep."""
_REGISTERED = str.maketrans(_OTHER_GLYPHS, _USUAL_GLYPHS)


_KINDRED = str.maketrans("嶋嶌冨浜", "島島富濱")
"""Characters that families of Japan keep apart and others often write for one another."""


def kindred(text: str) -> str:
    """`text` in simplified characters, those that are often written for one another as one."""
    return simplified(text.translate(_KINDRED))


def usual_glyphs(text: str) -> str:
    """`text` with the registers' shapes of a character as they are usually written: 髙 is 高."""
    return text.translate(_REGISTERED)


@cache
def _variants() -> dict[str, str]:
    """Characters that only Japan writes, and the traditional ones they stand for (OpenCC). One that
    Chinese writes too is left: 芸 is no 藝 there."""
    found = dict(zip(_OTHER_GLYPHS, _USUAL_GLYPHS, strict=True))
    for usual, others in _opencc_table("JPVariants.txt"):
        for character in others:
            if not _is_chinese(character):
                found.setdefault(character, usual)
    return found


@cache
def _shapes() -> dict[str, str]:
    """As `_variants`, with the shapes that Taiwan and Hong Kong prefer (OpenCC): 為 is 爲. Those
    that are simplified characters too are left to the simplifying."""
    found = dict(_variants())
    for name in ("TWVariants.txt", "HKVariants.txt"):
        for usual, others in _opencc_table(name):
            for character in others:
                if not _encodes(character, "gb2312"):
                    found.setdefault(character, usual)
    return found


def _opencc_table(name: str) -> Iterator[tuple[str, list[str]]]:
    text = files("opencc").joinpath("dictionary", name).read_text(encoding="utf-8")
    for line in text.splitlines():
        character, _, others = line.partition("\t")
        yield character, others.split()


def _is_chinese(character: str) -> bool:
    """Whether China's or Taiwan's first standard of characters has it."""
    return _encodes(character, "gb2312") or _encodes(character, "big5")


def _encodes(character: str, standard: str) -> bool:
    try:
        character.encode(standard)
    except UnicodeEncodeError:
        return False
    return True


def simplified(text: str) -> str:
    """`text` in simplified characters (OpenCC, Apache-2.0), one by one: names are no phrases."""
    return "".join(map(_simplified, text))


@lru_cache(maxsize=16384)
def _simplified(character: str) -> str:
    return _converted(_variants().get(character, character), "t2s")


def same_characters(
    a: str, b: str, surname_length: int, *, both_traditional: bool | None = None
) -> bool:
    """Whether two names are the same characters, where one of them differs each time only by being
    simplified: 陳復 is 陈复, but not 陳複. So many of the characters are the surname; one that both
    scripts write alike is no other surname simplified: 余 is not 餘; and where both names are
    `both_traditional` (None looks at these characters), none is: 陳志 is not 陳誌."""
    if len(a) != len(b):
        return False
    apart = [at for at in range(len(a)) if a[at] != b[at]]
    surname_at = 0 if surname_length == 1 else -1

    def fold(*, traditional: bool) -> bool:
        return all(
            _folds(a[at], b[at], surname=at == surname_at, traditional=traditional) for at in apart
        )

    if not fold(traditional=False):
        return False
    return fold(traditional=True) or not (
        share_traditional(a, b) if both_traditional is None else both_traditional
    )


def share_traditional(a: str, b: str) -> bool:
    """Whether two texts have, in the same place, a character that only traditional texts have."""
    return any(one == other and _only_traditional(one) for one, other in zip(a, b, strict=False))


def _only_traditional(character: str) -> bool:
    if character in STANDARD_CHARACTERS or character in _in_both_scripts():
        return False
    return _simplified(character) != character


def _folds(one: str, other: str, *, surname: bool, traditional: bool) -> bool:
    """Whether one of two characters is the simplified form of the other, or another shape of it."""
    shapes = _shapes()
    one, other = shapes.get(one, one), shapes.get(other, other)
    if one == other:
        return True
    simple = _simplified(one)
    if simple not in (one, other) or _simplified(other) != simple:
        return False
    if one in STANDARD_CHARACTERS or other in STANDARD_CHARACTERS:
        return False
    if simple not in _in_both_scripts():
        return True
    return simple in SURNAMES_SIMPLIFIED if surname else not traditional


@cache
def _in_both_scripts() -> frozenset[str]:
    """Simplified characters that traditional texts have as well (OpenCC)."""
    return frozenset(c for c, others in _opencc_table("STCharacters.txt") if c in others)


def traditional(text: str) -> str:
    """`text` in traditional characters. One of several possible ways for some characters."""
    return "".join(_converted(c, "s2t") for c in text)


def has_dot(text: str) -> bool:
    """Whether a middle dot divides the name: 阿卜来提·如则托合提."""
    return has_han(text) and _NAME_DOTS.search(text) is not None


def before_dot(text: str) -> str:
    """What stands before the first middle dot of a name: one's own name."""
    return _NAME_DOTS.split(text, maxsplit=1)[0]


def after_dot(text: str) -> str:
    """What follows the first middle dot of a name; nothing where there is none."""
    return "".join(_NAME_DOTS.split(text, maxsplit=1)[1:])


def split_surname(text: str) -> tuple[str, str]:
    """Surname and given name of a name in characters: 欧阳娜娜 → 欧阳, 娜娜. A space in the text
    decides. A name with a middle dot (阿卜来提·如则托合提) has no surname in the Chinese sense: its
    first half is the person's own name, so both halves come back as the given name."""
    if _NAME_DOTS.search(text):
        return "", text
    parts = text.split()
    if len(parts) > 1:
        return parts[0], "".join(parts[1:])
    if len(text) < 2:
        return "", text
    length = 2 if len(text) > 2 and simplified(text[:2]) in COMPOUND_SURNAMES else 1
    return text[:length], text[length:]


def passport_pinyin(surname: str, given: str) -> tuple[str, str]:
    """Surname and given name as a PRC passport prints them: capitals, ü as YU (LYU, NYU), and where
    there is no surname a space for a middle dot."""
    options = syllables(surname, given)
    read = iter([choices[0].replace("v", "yu").upper() for choices in options])
    family = _words_read(surname, read)
    halves = [_words_read(half, read) for half in _NAME_DOTS.split(given)]
    return family, ("" if family else " ").join(filter(None, halves))


def _words_read(text: str, read: Iterator[str]) -> str:
    """The next readings, a word for each run of characters or of other letters: 王 III is WANG
    III."""
    runs = re.split(r"\s+|(?<=[A-Za-z])(?![A-Za-z])|(?<![A-Za-z])(?=[A-Za-z])", text)
    words = ["".join(islice(read, len(characters(run)))) for run in runs]
    return (" " if _LETTER.search(text) else "").join(filter(None, words))


@lru_cache(maxsize=4096)
def syllables(surname: str, given: str) -> tuple[tuple[str, ...], ...]:
    """For each character, the pinyin spellings a name may use, usual reading first. Only usual
    readings count: with rare ones, 王明 would be Wang Meng as well."""
    family, own = characters(simplified(surname)), characters(simplified(given))
    usual = _usual_readings(family + own)
    options = [_spellings(reading) for reading in usual]
    for index, choices in enumerate(_surname_options(family)):
        if choices:
            options[index] = choices
    for index, character in enumerate(own, start=len(family)):
        known = GIVEN_READINGS.get(character)
        if known:
            in_phrase = usual[index] != _usual_reading(character)
            read = (usual[index], *known) if in_phrase else known
            options[index] = tuple(dict.fromkeys(read))
    return tuple(options)


def _surname_options(family: str) -> list[tuple[str, ...]]:
    known = SURNAME_READINGS.get(family, ())
    if len(family) > 1:
        return [(reading,) for reading in known]
    return [known]


def _usual_readings(text: str) -> list[str]:
    """Of each character alone, but for names that hold a word which is read otherwise as a whole
    (长春): only then are the words looked for, which takes a hundred times as long."""
    if _holds_phrase(text):
        read: list[str] = lazy_pinyin(text)
        if len(read) == len(text):
            return read
    return list(map(_usual_reading, text))


def _holds_phrase(text: str) -> bool:
    count = len(text)
    return any(
        text[start:end] in PHRASES_DICT
        for start in range(count - 1)
        for end in range(start + 2, count + 1)
    )


@lru_cache(maxsize=16384)
def _usual_reading(character: str) -> str:
    return str(lazy_pinyin(character)[0]).lower()


def _spellings(reading: str) -> tuple[str, ...]:
    """pypinyin writes lü as lv; names write it LU, LV or LYU."""
    if "v" in reading[1:]:
        return (reading, reading.replace("v", "u"), reading.replace("v", "yu"))
    return (reading,)

"""Letters of any script as plain ASCII letters: the way passports do it, and the way banks do it.

Here belong the letter tables. What a name is belongs to `legal`, Chinese characters to `han`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from anyascii import anyascii

MAX_NAME_LENGTH = 200
"""Longest name text that is looked at; no document or bank field comes near it."""

_DOUBLED = {"ä": "ae", "æ": "ae", "å": "aa", "ö": "oe", "ø": "oe", "œ": "oe", "ü": "ue"}
_SINGLE = {"ä": "a", "æ": "ae", "å": "a", "ö": "o", "ø": "o", "œ": "oe", "ü": "u"}
_OTHER = {
    "ß": "ss", "þ": "th", "ð": "d", "đ": "d", "ħ": "h", "ı": "i", "ĳ": "ij", "ł": "l", "ŋ": "n",
    "ŧ": "t", "ĸ": "q", "ŀ": "l", "ſ": "s", "ə": "e",
}  # fmt: skip
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "ђ": "d", "ѓ": "g", "е": "e",
    "ё": "e", "є": "ie", "ж": "zh", "з": "z", "ѕ": "dz", "и": "i", "і": "i", "ї": "i", "й": "i",
    "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "ћ": "c", "ќ": "k", "у": "u", "ў": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "џ": "dz", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "",
    "э": "e", "ю": "iu", "я": "ia",
}  # fmt: skip

MRZ_LETTERS: Mapping[str, str] = {**_DOUBLED, **_OTHER, **_CYRILLIC}
"""Transliterations that ICAO Doc 9303 part 3, section 6 recommends (domain.md 3.2); lower case."""
PLAIN_LETTERS: Mapping[str, str] = {**_SINGLE, **_OTHER, **_CYRILLIC}
"""What banks do that only drop the dots and accents."""

_OTHER_HABITS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("å", {**MRZ_LETTERS, "å": "a"}),
    ("ß", {**PLAIN_LETTERS, "ß": "s"}),
    ("ü", {**PLAIN_LETTERS, "ü": "yu"}),
    ("ü", {**PLAIN_LETTERS, "ü": "v"}),
    ("ъ", {**MRZ_LETTERS, "ъ": "a", "щ": "sht"}),
)
"""Further habits, each tried only where the letter occurs: å as A, ß as S (SEPA banks), ü as YU
(PRC passports) or V (PRC keyboards), Bulgarian letters."""

_APOSTROPHES = re.compile("['’‘‛ʼʻʹ`´′＇]")
_BREAKS = re.compile(r"[\s\-‐‑‒–—―−.,;:·•‧・･/\\_()\[\]<]+")


def tidy(text: str) -> str:
    """`text` in one Unicode form, without invisible characters, with single plain spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    visible = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(visible).replace("ı\u0301", "í").split())


def split_words(text: str) -> list[str]:
    """Words of a name: apostrophes vanish inside a word; hyphens, dots and commas end it."""
    return [word for word in _BREAKS.split(_APOSTROPHES.sub("", text)) if word]


def to_ascii(text: str, table: Mapping[str, str]) -> str:
    """`text` in lower-case ASCII by `table`; accents it does not name are dropped, other scripts
    are romanised. Spaces and punctuation stay."""
    if text.isascii():
        return text.lower()
    return "".join(_letter(c, table) for c in unicodedata.normalize("NFC", text).lower())


def _letter(character: str, table: Mapping[str, str]) -> str:
    if character.isascii():
        return character
    known = table.get(character)
    if known is not None:
        return known
    base = unicodedata.normalize("NFD", character)[0]
    if base.isascii():
        return base
    known = table.get(base)
    if known is not None:
        return known
    if unicodedata.category(character).startswith("M"):
        return ""
    return anyascii(character).lower()


def bare(text: str) -> str:
    """Only the ASCII letters and digits of `text`."""
    return text if text.isalnum() else "".join(c for c in text if c.isascii() and c.isalnum())


def readings(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Every habit of writing `words` in ASCII, the passport's first, each the same length as
    `words`. A name already in ASCII has one, or two where AE, OE, UE may stand for Ä, Ö, Ü."""
    if all(word.isascii() for word in words):
        found = [tuple(bare(word.lower()) for word in words)]
    else:
        text = "".join(words).lower()
        tables = [MRZ_LETTERS, PLAIN_LETTERS]
        tables += [table for letter, table in _OTHER_HABITS if letter in text]
        found = [tuple(bare(to_ascii(word, table)) for word in words) for table in tables]
    found.append(tuple(undouble(word) for word in found[0]))
    return tuple(dict.fromkeys(found))


_DOUBLE_VOWEL = re.compile(r"(?<![aeiougq])([aou])e(?=[b-df-hj-np-tv-xz])(?!l(?:[aeiouys]|$))")
_DOUBLE_X = re.compile(r"(?<=[un])xx")


def undouble(word: str) -> str:
    """`word` (lower-case ASCII) with AE, OE, UE read as Ä, Ö, Ü without dots, UXX and NXX as Ü and
    Ñ (both allowed by ICAO 9303): mueller → muller. Left alone where the letters are more likely
    their own: Samuel, Bauer, Miguel, Noemi, and pinyin such as XUEMING."""
    if len(word) < 4 or not ("e" in word or "xx" in word):
        return word
    single = _DOUBLE_VOWEL.sub(r"\1", _DOUBLE_X.sub("", word))
    if single == word or (len(single) < 5 and single[-1] in "aeiouy"):
        return word
    return word if is_pinyin(word) else single


_FINALS = {
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve ue yu",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu ong ou u uan un uo v ve ue yu",
    "[gkh]": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "[jqx]": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "[zc]h|sh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u ua uan ui un uo",
    "[zcs]": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "w": "a ai an ang ei en eng o u",
    "": "a ai an ang ao e ei en eng er o ou",
}
_SYLLABLE = "|".join(f"(?:{i})(?:{f.replace(' ', '|')})" for i, f in _FINALS.items())
_PINYIN = re.compile(f"(?:{_SYLLABLE})+")
_LONGEST_PINYIN = 24


def is_pinyin(word: str) -> bool:
    """Whether `word` (lower-case ASCII) could be one to four syllables of Mandarin pinyin."""
    return len(word) <= _LONGEST_PINYIN and _PINYIN.fullmatch(word) is not None

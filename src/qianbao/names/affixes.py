"""What stands beside a name without being part of it: titles, fillers, a mark of father or son.

Only words; what they make of a comparison belongs to `beside`. Written for this project; any style
guide of names lists them (facts, free of licence).
"""

from __future__ import annotations

from collections.abc import Container

from qianbao.names.letters import Words
from qianbao.names.parts import VIETNAMESE_SURNAMES

TITLES_OR_NAMES = frozenset({
    "don", "fr", "gen", "ing", "ir", "kumari", "mag", "md", "mh", "mp", "se", "sh", "sri", "tan",
    "tun",
})  # fmt: skip
"""Titles that are names too: 陈 is TAN, 세 is SE, Muhammad is MD."""
TITLES = TITLES_OR_NAMES | {
    "mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "dame", "hon", "rev", "general",
    "herr", "frau", "mme", "mlle", "monsieur", "madame", "sr", "sra", "dona", "shri",
    "dipl", "drs", "haji", "hajji", "hajj", "mullah", "sheikh", "shaykh", "sheik",
    "smt", "shrimati", "datuk", "dato", "puan", "encik", "bapak",
    "phd", "msc", "mba", "esq", "col", "capt",
    "मा", "माननीय", "डा", "डॉ", "श्री", "श्रीमती", "د", "دكتور", "الدكتور", "الشيخ", "السيد", "ගරු",
    "先生", "女士", "小姐", "博士", "教授", "さん", "様", "氏", "씨", "님",
}  # fmt: skip

HAN_TITLES = ("先生", "女士", "小姐", "博士", "教授")
"""Titles that follow a Chinese name without a space."""

FILLERS = frozenset({"fnu", "lnu", "nfn", "nln"})
"""Stand for a first or last name that the person does not have: first, last name unknown."""

PORTUGUESE_MARK = "filho"
_ALWAYS = {
    "jr": "younger", "junior": "younger", "jnr": "younger", "snr": "elder", "senior": "elder",
    PORTUGUESE_MARK: "younger", "ii": "second", "iii": "third", "iv": "fourth", "vii": "seventh",
    "viii": "eighth", "ix": "ninth", "2nd": "second", "3rd": "third", "4th": "fourth",
}  # fmt: skip
_LAST = {"ml": "younger", "mladsi": "younger", "starsi": "elder", "st": "elder"}
"""Marks only where they stand last."""
_SIX = "vi"
"""Six, but a given name behind a Vietnamese surname."""
_BESIDE_A_MARK = {"i": "first", "v": "fifth", "x": "tenth"}
"""Mostly initials, but marks where the other name has one."""

BESIDE = TITLES | FILLERS | _ALWAYS.keys() | _LAST.keys() | {_SIX}
"""Words that may stand beside a name."""


def without(words: Words, beside: Container[str], *, least: int) -> Words:
    """`words` without those of `beside`, or as they are when fewer than `least` would be left."""
    kept = tuple(word for word in words if word not in beside)
    return words if len(kept) in (len(words), *range(least)) else kept


def generation(words: Words, *, beside_another: bool = False, least: int = 2) -> tuple[str, int]:
    """What a mark of generation says (elder, younger, second …) and its place; nothing, and -1
    where there is none. SR, which may be Señor, is read as elder only behind a word. Where the
    other name has such a mark, I and V at the end are marks too. At least so many words are the
    name: in characters one may be the whole."""
    last = len(words) - 1
    if last < least:
        return "", -1
    if words[last] == _SIX and VIETNAMESE_SURNAMES.isdisjoint(words):
        return "sixth", last
    at_end = _LAST.get(words[last]) or (_BESIDE_A_MARK.get(words[last]) if beside_another else None)
    if at_end:
        return at_end, last
    return mark_in(words, range(last, 0, -1))


def is_mark(word: str) -> bool:
    """Whether `word`, behind a name, says which of father and son is meant."""
    return word in _ALWAYS or word in ("sr", _SIX)


def mark_at(words: Words, at: int, *, beside_another: bool = False) -> str:
    """What the word that ends a field of a document says of a generation; nothing where it is a
    name, or an initial."""
    if words[at] == _SIX and VIETNAMESE_SURNAMES.isdisjoint(words):
        return "sixth"
    if beside_another and words[at] in _BESIDE_A_MARK:
        return _BESIDE_A_MARK[words[at]]
    return mark_in(words, range(at, at + 1))[0]


def mark_in(words: Words, places: range) -> tuple[str, int]:
    """The first mark of generation at these places, and where; nothing, and -1."""
    for at in places:
        found = "elder" if words[at] == "sr" else _ALWAYS.get(words[at], "")
        if found:
            return found, at
    return "", -1

"""Which words of a legal name are what: second surname, patronymic, particles.

A document shows a surname field and a field of given names; what stands inside them depends on
where it was issued. Here belong the words and endings that say so, written for this project (facts,
free of licence). Whatever is not said by the words or by the issuer is left unsaid: nothing here
ever makes two names match, it only says what a bank may leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, starmap

import msgspec

from qianbao.names.letters import PLAIN_LETTERS, is_pinyin, to_ascii
from qianbao.names.syllables import is_one_in_two

PARTICLES = frozenset({
    "de", "la", "las", "le", "los", "del", "da", "das", "do", "dos", "di", "du", "des", "della",
    "dello", "delle", "dei", "degli", "dal", "dalla", "van", "von", "der", "den", "dem", "ten",
    "ter", "te", "het", "op", "zu", "zum", "zur", "vom", "af", "av", "al", "el", "ul", "y", "e",
    "i", "san", "santa", "santo",
})  # fmt: skip
"""Words that stand before a family name and belong to it."""
_JOINING = frozenset({"y", "e", "i"})
"""Stand between two surnames."""

SPANISH = frozenset({
    "ARG", "BOL", "CHL", "COL", "CRI", "CUB", "DOM", "ECU", "ESP", "GNQ", "GTM", "HND", "MEX",
    "NIC", "PAN", "PER", "PRI", "PRY", "SLV", "URY", "VEN",
})  # fmt: skip
"""Whose documents print the father's surname and then the mother's, which may be left out."""
PORTUGUESE = frozenset({"AGO", "BRA", "CPV", "GNB", "MOZ", "PRT", "STP", "TLS"})
"""Whose documents print the mother's surname first; it is the one that may be left out."""

_CHILD_OF = frozenset({
    "bin", "ibn", "bn", "ibni", "bint", "binti", "binte", "bte", "ap", "ferch", "verch", "anak",
    "s/o", "d/o", "a/l", "a/p",
})  # fmt: skip
"""Begin the father's name: son or daughter of."""
_CHILD_OF_OR_NAMES = frozenset({
    "ben", "bat", "ab", "ould", "wuld", "oulad", "walad", "wold", "weld", "mint", "ag", "ult",
    "ait", "son", "daughter", "of",
})  # fmt: skip
"""The same, but for words that are also names (BEN): no part of a document rests on them."""
_CHILD_OF_PAIRS = frozenset({("s", "o"), ("d", "o"), ("a", "l"), ("a", "p")})
"""The same in a machine-readable line, which has no stroke."""
_INDIAN_ABROAD = frozenset({"IND", "LKA", "MYS", "SGP"})
_AFTER_FATHER = frozenset({
    "oglu", "ogly", "oglou", "oghlu", "ogli", "ugli", "uly", "uulu", "qizi", "kizi", "kyzy", "qyzy",
    "gyzy", "kyz", "ugly", "qiz", "gizi", "kiz",
})  # fmt: skip
"""Follow the father's name: son or daughter of, in Turkic languages."""
DESCENT = _CHILD_OF | _CHILD_OF_OR_NAMES | _AFTER_FATHER
"""Words that say whose child one is. Their order is never a habit of printing."""
_CHILD_OF_BETWEEN = frozenset({
    "mac", "mc", "nic", "mhic", "ni", "fitz", "ak", "pour", "nejad", "nezhad", "zade", "zadeh",
    "zada", "putra", "putri", "datter", "dotter", "dottir", "sin", "sen", "zoon", "dochter",
    "janszoon", "ua", "ui", "kyzi", "oghli", "ougly", "wa", "arap", "abu", "abou", "umm",
})  # fmt: skip
"""The same where they stand between two words; elsewhere most are names of their own."""
_CYRILLIC_ENDINGS = (
    "ович", "евич", "йович", "ьич", "мич", "кич", "тич", "овна", "евна", "івна", "ївна", "ична",
    "авіч", "евіч", "овіч", "аўна", "еўна", "оўна", "ёвич",
)  # fmt: skip
_LATIN_ENDINGS = (
    "ovich", "evich", "yovich", "iovich", "ovitch", "evitch", "ovych", "evych", "yovych", "ovna",
    "evna", "yovna", "ivna", "yivna", "iivna", "inichna", "inishna", "lichna",
)  # fmt: skip
_WHOLE = frozenset({
    "ilich", "ilyich", "ilyitch", "illich", "kuzmich", "lukich", "fomich", "nikitich", "ilinichna",
    "ilyinichna",
})  # fmt: skip
_BULGARIAN = ("ov", "ev", "ski", "ska", "ova", "eva", "ов", "ев", "ски", "ова", "ева", "ска")
_ICELANDIC = ("son", "dottir")
_BETWEEN = re.compile(r"[\s-]+")


def is_child_of(letter: str, other: str) -> bool:
    """Whether two words of one letter are S/O, D/O, A/L or A/P without the stroke."""
    return (letter, other) in _CHILD_OF_PAIRS


def says_whose_child(words: Sequence[str]) -> bool:
    """Whether a word says whose son or daughter: then another order is another person."""
    if not DESCENT.isdisjoint(words) or any(starmap(is_child_of, pairwise(words))):
        return True
    return not _CHILD_OF_BETWEEN.isdisjoint(words[1:-1])


class NameParts(msgspec.Struct, frozen=True):
    """Words of a name as they stand in it; empty where it is not known. `second_surname` is the
    surname that may be left out, the mother's; `patronymic` is the father's name with what says
    so; `particles` are the runs of small words in the surname."""

    patronymic: str = ""
    second_surname: str = ""
    particles: tuple[str, ...] = ()


def find_parts(surname: str, given: str, country: str = "") -> NameParts:
    """What the words themselves say, and the document's issuer (ISO 3166 alpha-3) where known."""
    family, own = surname.split(), given.split()
    patronymic = _patronymic(family, own, country)
    rest = [] if patronymic and patronymic == surname else family
    second = ""
    if own and not (patronymic and _stands_in(patronymic.split(), family)):
        second = _second_surname(rest, country)
    return NameParts(patronymic, second, _particles(family, country))


def words_at(words: Sequence[str], inside: Sequence[str]) -> range:
    """Where `words` stand in `inside`, the last time; an empty range where they do not."""
    for start in range(len(inside) - len(words), -1, -1):
        if list(inside[start : start + len(words)]) == list(words):
            return range(start, start + len(words))
    return range(0)


def _stands_in(words: Sequence[str], inside: Sequence[str]) -> bool:
    return bool(words) and len(words_at(words, inside)) > 0


def _plain(words: Sequence[str]) -> list[str]:
    """The words in small letters, Latin ones without accents and apostrophes."""
    return [re.sub("['’‘ʼʻ`´.]", "", to_ascii(w, PLAIN_LETTERS)) for w in words]


# The name one is called by

VIETNAMESE_SURNAMES = frozenset({
    "nguyen", "tran", "pham", "huynh", "hoang", "phan", "dang", "bui", "ngo", "duong", "trinh",
    "dinh", "truong", "luong", "doan", "phung", "quach", "khuat", "thach", "nghiem", "giang",
})  # fmt: skip
_SHARED_SURNAMES = frozenset({
    "le", "vu", "vo", "do", "ho", "ly", "mai", "cao", "to", "chu", "tang", "thai", "ta", "luu",
    "lam", "ha", "la", "dao", "kieu", "ton", "vuong", "trieu",
})  # fmt: skip
"""Family names that others have too: only with a Vietnamese middle name."""
_VIETNAMESE_MIDDLE = frozenset({
    "van", "thi", "huu", "duc", "dinh", "xuan", "ngoc", "quang", "thanh", "minh", "hong", "thuy",
    "kim", "phuong", "thu", "bich", "hoai", "cong", "trong", "viet", "quoc", "tuan", "hoang", "bao",
    "gia", "nhat", "khanh", "dang", "anh", "tien", "phuoc", "tan", "the", "ba", "si", "sy", "manh",
})  # fmt: skip
_VIETNAMESE_SYLLABLE = re.compile(
    "(?:ngh?|nh|gi|gh|kh|ph|th|tr|ch|qu|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?"
)


def may_be_vietnamese_surname(word: str) -> bool:
    """Whether `word` (lower-case ASCII) is a family name of Vietnam, there or elsewhere too."""
    return word in VIETNAMESE_SURNAMES or word in _SHARED_SURNAMES


def is_vietnamese_syllable(word: str) -> bool:
    """Whether `word` (lower-case ASCII) is spelled as one syllable of Vietnamese."""
    return _VIETNAMESE_SYLLABLE.fullmatch(word) is not None


def own_names_at(surname: str, given: str) -> range:
    """Which words of the given names are one's own, that no bank leaves out: the first; of a
    Vietnamese name the last (NGUYEN VAN AN is An; Van only says that he is a man); of another East
    Asian name of two syllables both (KIM CHOL HO)."""
    family, own = _plain(surname.split()), _plain(given.split())
    if len(own) < 2 or len(family) != 1:
        return range(1)
    if all(map(_VIETNAMESE_SYLLABLE.fullmatch, own)):
        shared = own[0] in _VIETNAMESE_MIDDLE and family[0] in _SHARED_SURNAMES
        if shared or family[0] in VIETNAMESE_SURNAMES:
            return range(len(own) - 1, len(own))
    return range(2 if is_one_in_two(family, own) else 1)


# The father's name


def _patronymic(family: Sequence[str], own: Sequence[str], country: str) -> str:
    """The words that name the father, in the given names or else in the surname."""
    for words, first in ((own, 1), (family, 0 if own else 1)):
        found = _after_child_of(words, first, country)
        if found:
            return " ".join(found)
    if len(own) > 2 and _plain(own[-1:])[0] in _AFTER_FATHER:
        return " ".join(own[-2:])
    if len(own) > 1 and _ends_as_patronymic(own[-1], country):
        return own[-1]
    if country == "ISL" and len(family) == 1 and _plain(family)[0].endswith(_ICELANDIC):
        return family[0]
    return ""


def _after_child_of(words: Sequence[str], first: int, country: str) -> Sequence[str]:
    """From the first word that says whose child, to the family's particle or the end."""
    plain = _plain(words)
    if len(words) < 2 or all(map(is_pinyin, plain)):
        return ()  # BIN is a given name in pinyin
    for start in range(first, len(words) - 1):
        pair = (plain[start], plain[start + 1])
        paired = country in _INDIAN_ABROAD and pair in _CHILD_OF_PAIRS
        if paired or plain[start] in _CHILD_OF:
            name = start + (2 if paired else 1)
            end = next((i for i in range(name + 1, len(words)) if plain[i] in ("al", "el")), None)
            return words[start:end] if name < len(words) else ()
    return ()


def _ends_as_patronymic(word: str, country: str) -> bool:
    small = word.lower()
    if country == "BGR" and small.endswith(_BULGARIAN):
        return True  # names there are one's own, the father's, the family's
    if not small.isascii() and small.endswith(_CYRILLIC_ENDINGS):
        return True
    plain = _plain([word])[0]
    return plain in _WHOLE or (len(plain) > 6 and plain.endswith(_LATIN_ENDINGS))


# Two surnames


def _second_surname(family: Sequence[str], country: str) -> str:
    """Of two surnames the one that may be left out. Of more it is not known where one ends."""
    if country not in SPANISH and country not in PORTUGUESE:
        return ""
    units = list(_units(family))
    if len(units) != 2:
        return ""
    return " ".join(units[0] if country in PORTUGUESE else units[1])


def _units(family: Sequence[str]) -> Iterator[list[str]]:
    """Surnames with the particles before them."""
    unit: list[str] = []
    for word, plain in zip(family, _plain(family), strict=True):
        unit.append(word)
        if plain not in PARTICLES:
            yield unit
            unit = []
    if unit:
        yield unit


# Particles

_NO_PARTICLES = frozenset({"CHN", "HKG", "KOR", "MAC", "PRK", "TWN", "VNM"})
"""Where LE, DO, DU, AN, EL are family names."""
_SAINTS = frozenset({"san", "santa", "santo"})


def _particles(family: Sequence[str], country: str) -> tuple[str, ...]:
    """Runs of particles that a word follows; hyphenated ones too (AL-KALDANI)."""
    if country in _NO_PARTICLES:
        return ()
    words = [word for word in _BETWEEN.split(" ".join(family)) if word]
    found: list[str] = []
    run: list[str] = []
    for at, (word, plain) in enumerate(zip(words, _plain(words), strict=True)):
        if plain in PARTICLES - _SAINTS and not (at == 0 and plain in _JOINING):
            run.append(word)
        else:
            if run:
                found.append(" ".join(run))
            run = []
    return tuple(found)

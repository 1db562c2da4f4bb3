"""Korean names: the many Latin spellings of a Hangul syllable, and the Hangul of a character.

A spelling does not settle the syllable (KIM JONGHOON is 김종훈 or 김정훈), nor a syllable the
character, so that both only ever make two names close. The tables of spellings are written for this
project from the Revised, McCune-Reischauer and North Korean romanisations and from how Korean
passports are spelled; those of characters are Unihan's (`tables`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from qianbao.names import tables
from qianbao.names.spelled import Options, Words
from qianbao.names.syllables import KOREAN_SURNAMES, is_korean

_FIRST, _LAST = "가", "힣"
_INITIALS = (
    "g k gh kh", "kk k g", "n", "d t", "tt dd t", "r l n", "m", "b p v", "pp bb p", "s sh",
    "ss s", "", "j ch z jh c", "jj ch j", "ch c tch j", "k kh", "t th", "p ph", "h",
)  # fmt: skip
_VOWELS = (
    "a ah aa", "ae ai e a ay", "ya ia yah", "yae", "eo u o uh ou eu eoh er oe", "e eh ae",
    "yeo yu yo you eo yeu yuh ye ou", "ye e yae yea yeh ie", "o oh oo", "wa oa ua", "wae wai oe",
    "oe oi we oy", "yo yoh io", "u oo wu ou woo uh", "wo weo uo wu", "we wee", "wi wee ui wie",
    "yu yoo you ew iu u yuh", "eu u e oo", "ui eui ee i yi ey", "i ee ie y yi ih e ea",
)  # fmt: skip
_FINALS = (
    "", "k g ck c", "k g", "k", "n", "n", "n nh", "t d", "l r ll", "k g", "m", "l p", "l", "l", "p",
    "l", "m", "p b", "p", "t s", "t s", "ng", "t j", "t", "k", "t", "p", "t h",
)  # fmt: skip
_SURNAMES = {
    "이": "lee yi rhee rhie rhi ree rii ri li leigh", "박": "park bark",
    "임": "lim rim yim rhim leem", "류": "ryu yoo yu you rhyu lyu ryoo",
    "유": "ryu yoo yu you rhyu lyu ryoo", "노": "roh noh rho ro", "나": "ra rah nah",
    "라": "na ra rah", "양": "ryang liang", "여": "yuh lyuh ryeo lyeo", "최": "choi choe choy chey",
    "백": "paik back beck paek", "허": "hur huh her heo hu", "우": "woo wu", "오": "oh",
    "조": "cho joh", "심": "shim sim", "권": "kwon gwon kweon", "길": "gil kil ghil",
    "엄": "um uhm eom", "배": "bae pai pae", "선": "sun sunwoo", "부": "boo bu",
    "주": "joo chu ju choo", "구": "koo gu ku goo", "문": "moon mun", "윤": "yoon yun youn",
    "신": "shin sin", "진": "jin chin", "천": "chun cheon chon", "전": "jun chun jeon chon",
}  # fmt: skip
"""Spellings of surnames beyond what their sounds give."""

_USUAL_SURNAMES = {
    "김": "kim", "이": "lee", "박": "park", "최": "choi", "정": "jung", "강": "kang", "조": "cho",
    "윤": "yoon", "임": "lim", "오": "oh", "신": "shin", "권": "kwon", "안": "ahn", "류": "ryu",
    "유": "yoo", "고": "ko", "문": "moon", "허": "hur", "심": "shim", "노": "noh", "곽": "kwak",
    "성": "sung", "주": "joo", "우": "woo", "구": "koo", "공": "kong", "현": "hyun", "변": "byun",
    "추": "choo", "명": "myung", "기": "ki", "금": "keum", "육": "yook", "국": "kook",
}  # fmt: skip


def usual_surname(hangul: str) -> str:
    """The Latin spelling that most passports with this surname have, in lower case; a surname that
    is not known so comes back as it is. 김 is KIM, though the official romanisation has GIM."""
    return _USUAL_SURNAMES.get(hangul, hangul)


_L, _N, _NONE = 5, 2, 11
"""Places of ㄹ, ㄴ and ㅇ among the initials."""
_BRIGHT = frozenset({2, 3, 6, 7, 12, 17, 20})
"""Vowels that begin with a Y or an I. Before them South Korea writes no ㄹ or ㄴ at the head of a
name, and before the others ㄴ for ㄹ: 리 and 이 are one surname, 로 and 노 another."""


@lru_cache(maxsize=4096)
def spellings(syllable: str) -> frozenset[str]:
    """The Latin spellings of one Hangul syllable; another character spells nothing."""
    if not _FIRST <= syllable <= _LAST:
        return frozenset()
    initial, vowel, final = _letters(syllable)
    heads = _INITIALS[initial].split() or [""]
    if initial == _NONE and vowel in _BRIGHT:
        heads += ["r", "l", "n"]
    tails = _FINALS[final].split() or [""]
    found = {h + v + t for h in heads for v in _VOWELS[vowel].split() for t in tails}
    return frozenset(found | {"wh" + text[2:] for text in found if text.startswith("hw")})


def _letters(syllable: str) -> tuple[int, int, int]:
    number = ord(syllable) - ord(_FIRST)
    return number // 588, number % 588 // 28, number % 28


def spelling_options(hangul: str) -> Options:
    """The Latin spellings of each syllable, the surname in front."""
    options = [spellings(syllable) for syllable in hangul]
    if hangul:
        options[0] |= frozenset(_SURNAMES.get(hangul[0], "").split())
    return tuple(options)


def _folded(syllable: str) -> tuple[int, int, int]:
    initial, vowel, final = _letters(syllable)
    if initial in (_L, _N) and vowel in _BRIGHT:
        initial = _NONE
    elif initial == _L:
        initial = _N
    return initial, vowel, final


@cache
def _readings() -> dict[str, str]:
    """The Hangul syllables of each character (Unihan kHangul)."""
    return {character: korean for character, korean, _ in tables.rows("characters.tsv") if korean}


def reads(hangul: str, characters: str) -> bool:
    """Whether `hangul` is a Korean reading of `characters`."""
    known = _readings()
    return len(hangul) == len(characters) and all(
        _folded(syllable) in map(_folded, known.get(character, ""))
        for syllable, character in zip(hangul, characters, strict=True)
    )


@lru_cache(maxsize=4096)
def _of_character(character: str, *, surname: bool) -> frozenset[str]:
    found: set[str] = set()
    for syllable in _readings().get(character, ""):
        found |= spellings(syllable)
        found.update(_SURNAMES.get(syllable, "").split() if surname else ())
    return frozenset(found)


def character_options(characters: str) -> Options:
    """The Latin spellings of each character's Korean readings, the surname in front."""
    return tuple(_of_character(c, surname=at == 0) for at, c in enumerate(characters))


# Two Latin spellings of one name

_SURNAME_SYLLABLES = (
    "김이박최정강조윤장임오한신서권황안송류유홍전고문손양배백허남심노하곽성차주우구민진지엄원채천방공현변추명기"
    "금육국선부길라나여리로림양연염왕용위은인제표함피탁석설"
)
_OFTEN_SPELLED = KOREAN_SURNAMES | frozenset(
    {"gim", "bak", "gang", "gwon", "go", "gu", "ju", "rim"}
)
_RESPELLED = tuple(
    (re.compile(other), usual)
    for other, usual in (
        ("oung", "eong"),  # YOUNG, KYOUNG
        ("(?<=[hkgmbpn])yun", "yeon"),  # HYUN, KYUNG, BYUNG
        ("(?<=[sj])ung", "eong"),  # SUNG, JUNG; not SEUNG, JOONG
        ("chul", "cheol"),
        ("hee|heui", "hui"),
        ("weon", "won"),
        ("wh", "hw"),
        ("sh(?=i)", "s"),
        ("wo?o(?!n)|oo|eu", "u"),  # WOO, SOO, EUN
        ("ee", "i"),
        ("k", "g"),
    )
)
"""Other spellings of given names beside the official ones of 2000, each of one sound in most names.
O and EO stay two, as J and CH, D and T, B and P do: Kim Jong-un is not Kim Jeong-un."""


@cache
def _latin_surnames() -> dict[str, set[str]]:
    """Which surnames each Latin spelling may be."""
    found: dict[str, set[str]] = {}
    for syllable in _SURNAME_SYLLABLES:
        for spelling in _OFTEN_SPELLED.intersection(spelling_options(syllable)[0]):
            found.setdefault(spelling, set()).add(syllable)
    return found


def may_be_one(words: Words, others: Words) -> bool:
    """Whether two Latin names (lower-case ASCII), surname first or last, may spell one Korean name:
    LEE YOUNG-HEE and YI YEONG-HUI."""
    ends, other_ends = (words[0], words[-1]), (others[0], others[-1])
    if _OFTEN_SPELLED.isdisjoint(ends) or _OFTEN_SPELLED.isdisjoint(other_ends):
        return False
    return any(
        not surnames.isdisjoint(other_surnames)
        and _respelled(own) == _respelled(other_own)
        and is_korean(own + other_own)
        for surnames, own in _cuts(words)
        for other_surnames, other_own in _cuts(others)
    )


def _cuts(words: Words) -> list[tuple[set[str], Words]]:
    """The surnames that the first or the last word may be, and the other words."""
    known = _latin_surnames()
    found = []
    if len(words) > 1 and words[0] in known:
        found.append((known[words[0]], words[1:]))
    if len(words) > 1 and words[-1] in known:
        found.append((known[words[-1]], words[:-1]))
    return found


@lru_cache(maxsize=4096)
def _respelled(own: Words) -> str:
    text = "".join(own)
    for other, usual in _RESPELLED:
        text = other.sub(usual, text)
    return text

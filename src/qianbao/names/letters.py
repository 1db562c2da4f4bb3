"""Letters of any script as plain ASCII letters: the way passports do it, and the way banks do it.

Here belong the letter tables. What a name is belongs to `legal`, Chinese characters to `han`, how a
word sounds to `sounds`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise

from anyascii import anyascii

from qianbao.names.japanese import kana_to_latin

Words = tuple[str, ...]

MAX_NAME_LENGTH = 200
"""Longest name text that is looked at; no document or bank field comes near it."""

# Words

_BREAKS = ' \t\n\r\v\f-‐‑‒–—―−.,;:·•‧・･/\\_()[]<>{}"!?*+=&%$#@^~|。．、，'
_APOSTROPHES = "'’‘‛ʼʻʹ`´′＇ʾʿ"
_CUT: dict[int, str | None] = dict.fromkeys(map(ord, _BREAKS), " ")
_CUT.update(dict.fromkeys(map(ord, _APOSTROPHES)))
_CUT_ASCII = bytes(ord(" ") if _CUT.get(c) else c for c in range(256)).lower()
_CUT_AWAY = bytes(c for c in range(128) if _CUT.get(c, "") is None)
"""The same, and small letters, for the bytes of an ASCII text: three times as fast."""
_MARK = re.compile(f"[{re.escape(_BREAKS.strip() + _APOSTROPHES)}]")
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")


def tidy(text: str) -> str:
    """`text` in one Unicode form, without invisible characters, with single plain spaces."""
    if text.isascii():
        return " ".join(text.split())
    if not text.isprintable() or not unicodedata.is_normalized("NFKC", text):
        text = "".join(
            c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf"
        )
    return " ".join(text.replace("ı\u0301", "í").split())


def split_words(text: str) -> tuple[str, ...]:
    """The words of a name in lower case: apostrophes vanish inside a word; hyphens, dots, commas
    and other marks end it."""
    if text.isascii():
        return ascii_words(text)[0]
    text = text.lower()
    words = tuple((text.translate(_CUT) if _MARK.search(text) else text).split())
    if all(map(str.isalnum, words)):
        return words
    return tuple(word for word in words if any(map(str.isalnum, word)))


def ascii_words(text: str) -> tuple[Words, Words]:
    """`split_words` and `plain` of an ASCII text at once."""
    text = text.encode().translate(_CUT_ASCII, _CUT_AWAY).decode()
    words = tuple(text.split())
    return words, tuple(map(_plain, words)) if _may_double(text) else words


def _may_double(text: str) -> bool:
    return "ae" in text or "oe" in text or "ue" in text or "aa" in text or "xx" in text


# Letters

_DOUBLED = {"ä": "ae", "å": "aa", "ö": "oe", "ø": "oe", "ü": "ue"}
DOUBLED_VOWELS = _DOUBLED.keys() | {"æ"}
"""Letters for which AE, AA, OE or UE may stand."""
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "þ": "th", "ð": "d", "đ": "d", "ħ": "h", "ı": "i",
    "ĳ": "ij", "ł": "l", "ŋ": "n", "ŧ": "t", "ĸ": "q", "ŀ": "l", "ſ": "s", "ə": "e",
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "ђ": "d", "ѓ": "g", "е": "e",
    "ё": "e", "є": "ie", "ж": "zh", "з": "z", "ѕ": "dz", "и": "i", "і": "i", "ї": "i", "й": "i",
    "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "ћ": "c", "ќ": "k", "у": "u", "ў": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "џ": "dz", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "",
    "э": "e", "ю": "iu", "я": "ia",
    "ғ": "gh", "қ": "q", "ҳ": "h", "ҷ": "j", "ӣ": "i", "ӯ": "u", "ә": "a", "ө": "o", "ү": "u",
    "ұ": "u", "ң": "n", "һ": "h",
    "η": "i", "θ": "th", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o", "ξ": "x", "β": "v",
    "ς": "s", "ζ": "z",
}  # fmt: skip
"""Latin, Cyrillic (with Central Asia's letters as passports there spell them) and Greek."""
_PAIRS = (
    ("ου", "ou"), ("ού", "ou"), ("αυ", "av"), ("αύ", "av"), ("ευ", "ev"), ("εύ", "ev"),
    ("μπ", "mp"), ("γγ", "ng"), ("γχ", "nch"), ("ու", "u"),
)  # fmt: skip
"""Greek letters that are read together (ELOT 743), and Armenian ու."""
_INITIAL_B = "μπ"
"""B at the beginning of a word, in most passports (ELOT 743); MP in others."""
_BLOCKS = (range(0x80, 0x600), range(0x10A0, 0x1100), range(0x1E00, 0x2000))


def _letter(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0]
    known = _LETTERS.get(character, _LETTERS.get(base))
    if known is not None:
        return known
    if base.isascii():
        return base
    if unicodedata.category(character).startswith("M"):
        return ""
    return anyascii(character).lower()


PLAIN_LETTERS: Mapping[int, str] = {code: _letter(chr(code)) for block in _BLOCKS for code in block}
"""What banks do that only drop the dots and accents."""


def _with(letters: Mapping[str, str]) -> Mapping[int, str]:
    return {**PLAIN_LETTERS, **{ord(character): latin for character, latin in letters.items()}}


MRZ_LETTERS = _with(_DOUBLED)
"""Transliterations that ICAO Doc 9303 part 3, section 6 recommends (domain.md 3.2)."""

_OTHER_HABITS: tuple[tuple[str, Mapping[int, str]], ...] = (
    ("å", _with({**_DOUBLED, "å": "a"})),
    ("ß", _with({"ß": "s"})),
    ("ü", _with({"ü": "yu"})),
    ("ü", _with({"ü": "v"})),
    ("ə", _with({"ə": "a"})),
    ("ъ", _with({"ъ": "a", "щ": "sht"})),
    ("щ", _with({"ъ": "a", "щ": "sht"})),
    ("đ", _with({"đ": "dj"})),
)
"""Further habits, each tried only where the letter occurs: å as A, ß as S (SEPA banks), ü as YU
(PRC passports) or V (PRC keyboards), Azerbaijani ə as A, Bulgarian letters, Serbian đ as DJ."""


ELASTIC_LETTERS = frozenset("".join(letter for letter, _ in _OTHER_HABITS)) | _DOUBLED.keys()
"""Letters that some habits write with more letters than others."""


def to_ascii(text: str, table: Mapping[int, str]) -> str:
    """`text` in lower-case ASCII by `table`; accents it does not name are dropped, other scripts
    are romanised. Spaces and punctuation stay."""
    if text.isascii():
        return text.lower()
    return _romanised(unicodedata.normalize("NFC", text).lower(), table)


def _romanised(text: str, table: Mapping[int, str]) -> str:
    if text.isascii():
        return text
    if not "\u1e00" <= max(text) <= "\u1eff" and max(text) > "\u036f":
        for pair, latin in _PAIRS:
            text = text.replace(pair, latin)
        text = kana_to_latin(text)
    text = text.translate(table)
    return text if text.isascii() else "".join(map(_ascii, text))


@lru_cache(maxsize=4096)
def _ascii(character: str) -> str:
    return character if character.isascii() else _letter(character)


def bare(text: str) -> str:
    """Only the ASCII letters and digits of `text`."""
    return text if text.isalnum() else "".join(filter(str.isalnum, text))


def plain(words: Words) -> Words:
    """`words` (lower case) in ASCII the one way in which most habits meet: accents dropped, and AE,
    OE, UE for Ä, Ö, Ü undone."""
    text = " ".join(words)
    if text.isascii() and not _may_double(text):
        return words
    return tuple(map(_plain, words))


@lru_cache(maxsize=16384)
def _plain(word: str) -> str:
    return undouble(word if word.isascii() else bare(_romanised(word, PLAIN_LETTERS)))


def in_ascii(words: Words, table: Mapping[int, str] = PLAIN_LETTERS) -> Words:
    """`words` (lower case) in ASCII by one table; without one, accents are dropped."""
    return tuple(bare(_romanised(word, table)) for word in words)


def readings(words: Words) -> tuple[Words, ...]:
    """Every habit of writing `words` (lower case) in ASCII, the passport's first, each the same
    length as `words`. A name already in ASCII has one, or two where AE, OE, UE may stand for Ä, Ö,
    Ü."""
    text = "".join(words)
    if text.isascii():
        return tuple(dict.fromkeys((words, plain(words))))
    found = [in_ascii(words)]
    if not _DOUBLED.keys().isdisjoint(text):
        found.insert(0, in_ascii(words, MRZ_LETTERS))
    found += [in_ascii(words, table) for letter, table in _OTHER_HABITS if letter in text]
    if _INITIAL_B in text:
        found.append(in_ascii(tuple(re.sub(f"^{_INITIAL_B}", "b", word) for word in words)))
    found.append(tuple(map(undouble, found[0])))
    return tuple(dict.fromkeys(found))


_E_OF_DOTS = re.compile(r"(?<=(?<![aeiougq])[aou])e(?=[b-df-hj-np-tv-xz])(?!l(?:[aeiouys]|$))")
_AA_FOR_A_RING = re.compile(
    "^aa(?=s(?:e|en|mund|land|ne|ulv|hild)?$|ge$|berg|gaard|kre|kerlund|kesson|modt|nes|land|"
    "str|gren|lund)|(?<=[delmrs]g)aa(?=rd)|(?<=^b)aa(?=rd$)|(?<=^h)aa(?=kon|kan|land|vard)|"
    "(?<=^p)aa(?=l$)|(?<=^m)aa(?=nss)"
)
"""Å where Scandinavian names have it; elsewhere AA is as often two letters: ISAAC, AARON, SAAD."""
_DOUBLE_X = re.compile(r"(?<=[un])xx")


def undouble(word: str) -> str:
    """`word` (lower-case ASCII) with AE, OE, UE read as Ä, Ö, Ü without dots, UXX and NXX as Ü and
    Ñ (both allowed by ICAO 9303): mueller → muller. Left alone where the letters are more likely
    their own: Samuel, Bauer, Miguel, Noemi, and pinyin such as XUEMING."""
    if "aa" in word:
        word = _AA_FOR_A_RING.sub("a", word)
    if len(word) < 4 or not ("e" in word or "xx" in word):
        return word
    word = _DOUBLE_X.sub("", word)
    single = _E_OF_DOTS.sub("", word)
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
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve ue yu yue",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu ong ou u uan un uo v ve ue yu yue",
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
_ONE_SYLLABLE = re.compile(_SYLLABLE)
_LONGEST_PINYIN = 24


_PINYIN_ENDS = frozenset("aeiouvngr")


def is_pinyin(word: str) -> bool:
    """Whether `word` (lower-case ASCII) could be one to four syllables of Mandarin pinyin."""
    if word[-1:] not in _PINYIN_ENDS or len(word) > _LONGEST_PINYIN:
        return False
    return _PINYIN.fullmatch(word) is not None


@lru_cache(maxsize=16384)
def all_pinyin(words: Words) -> bool:
    """Whether all of `words` (lower-case ASCII) are pinyin."""
    return all(map(is_pinyin, words))


def is_syllable(word: str) -> bool:
    """Whether `word` (lower-case ASCII) is one syllable of Mandarin pinyin."""
    return _ONE_SYLLABLE.fullmatch(word) is not None


def cut_otherwise(syllables: Words, rule: Callable[[str], bool] = is_syllable) -> bool:
    """Whether syllables (lower-case ASCII) by the `rule` of a language, joined, may be others: two
    are one (XI AN, XIAN), or as many begin elsewhere (FANG AN, FAN GAN)."""
    if not all(map(rule, syllables)):
        return False
    if any(rule(one + other) for one, other in pairwise(syllables)):
        return True
    return _ways("".join(syllables), len(syllables), rule) > 1


def _ways(text: str, count: int, rule: Callable[[str], bool]) -> int:
    """In how many ways a text is so many syllables."""
    if count == 1:
        return int(rule(text))
    ends = range(1, min(_LONGEST_SYLLABLE, len(text) - 1) + 1)
    return sum(_ways(text[end:], count - 1, rule) for end in ends if rule(text[:end]))


_LONGEST_SYLLABLE = 7

_UMLAUT = re.compile("(?<=[ln])(?:v|yu)")


def umlauts_of_pinyin(words: Words) -> tuple[Words, Words]:
    """A name in pinyin with every Ü that its letters say (lower-case ASCII): as passports have it
    (LV is LYU), and without its dots (LYU is LU, as 陆 is). Both are `words` where no letter says
    so, or where a word is no pinyin. NV is left alone where N may end the syllable before it."""
    text = " ".join(words)
    if not ("v" in text or "yu" in text) or not _UMLAUT.search(text):
        return words, words
    if not all_pinyin(words):
        return words, words
    return tuple(map(_as_in_passports, words)), tuple(_UMLAUT.sub("u", word) for word in words)


def _as_in_passports(word: str) -> str:
    before = word.partition("nv")[0]
    if before and "nv" in word and is_pinyin(before + "n"):
        return word
    return word.replace("v", "yu")


def pinyin_cuts(text: str) -> dict[str, str]:
    """The words of `text` in which an apostrophe says where a syllable of pinyin begins, in small
    ASCII letters, and the same with a space there: XI'AN is not XIAN. Pinyin sets it only before A,
    E and O, so that the one of Wade-Giles (CH'EN) says nothing here."""
    if (text.isascii() and "'" not in text and "`" not in text) or not _APOSTROPHE.search(text):
        return {}
    runs = (run for run in text.lower().translate(_SPACED).split() if _APOSTROPHE.search(run))
    cuts = {}
    for run in runs:
        pieces = in_ascii(tuple(filter(None, _APOSTROPHE.split(run))))
        begins = all(piece[:1] in _AFTER_APOSTROPHE for piece in pieces[1:])
        if len(pieces) > 1 and begins and all(map(is_pinyin, pieces)):
            cuts["".join(pieces)] = " ".join(pieces)
    return cuts


_SPACED = dict.fromkeys(map(ord, _BREAKS), " ")
_AFTER_APOSTROPHE = ("a", "e", "o")

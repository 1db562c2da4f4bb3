"""How a word of a name sounds, roughly, so that spellings of one sound meet: MOHAMMED and MUHAMAD.

Nothing here makes a match: different names may sound alike. Written for this project; the classes
are those of the common romanisations of Arabic, Persian, Cyrillic, Greek, Turkish and Indian names.
"""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

from qianbao.names.letters import Words, bare

_CLUSTERS = (
    ("tsch", "C"), ("tch", "C"), ("sch", "s"), ("dzh", "j"), ("dj", "j"), ("zh", "z"), ("sh", "s"),
    ("ch", "C"), ("kh", "k"), ("gh", "g"), ("ph", "f"), ("th", "t"), ("dh", "d"), ("bh", "b"),
    ("jh", "j"), ("ck", "k"), ("ts", "C"), ("tz", "C"), ("cz", "C"), ("sz", "s"), ("ce", "se"),
    ("ci", "si"), ("x", "ks"), ("ou", "u"), ("h", ""),
)  # fmt: skip
_FIRST_LETTERS = frozenset("chsdkgptbjxo")
"""Letters without which no cluster occurs."""
_CLASSES = str.maketrans("qwyjeozc", "kviiiusk")
_DOUBLE = re.compile(r"(.)\1+")
_VOWELS = str.maketrans("", "", "aiu")


_SPELLED_APART = {
    other: group.split()[0]
    for group in (
        "sheikh shaikh shaik sheik shaykh cheikh shekh",
        "abubakar abubakr abubaker aboubakar aboubacar aboubaker abubakir aboubakr",
        "chaudhary chaudhry chaudhri choudhary choudhury choudhry chowdhury chowdhary chaudhury",
        "sayyid syed sayed sayyed sayid seyed seyyed saiyed saiyad",
        "hussein hussain hossain hossein husain husein hosain hussen",
        "muhammad mohammed mohammad mohamed mohamad muhammed muhamad muhamed mohamud",
        "qureshi quraishi qurashi koreshi kureshi",
    )
    for other in group.split()
}
"""Names of South Asia and the Arab world whose spellings the rules below do not bring together."""


@lru_cache(maxsize=16384)
def sound(word: str) -> str:
    """`word` (lower-case ASCII) by its sound; of the vowels A, I and U are left. A word of silent
    letters only sounds as it is written."""
    heard = word = _SPELLED_APART.get(word, word)
    if not _FIRST_LETTERS.isdisjoint(word):
        for cluster, one in _CLUSTERS:
            if cluster in heard:
                heard = heard.replace(cluster, one)
    return _DOUBLE.sub(r"\1", heard.translate(_CLASSES)) or word


@lru_cache(maxsize=16384)
def consonants(heard: str) -> str:
    """The consonants of a sound."""
    return _DOUBLE.sub(r"\1", heard.translate(_VOWELS))


# Scripts that leave vowels out, or write what Latin letters cannot keep apart

_MERGED = str.maketrans("gdbzCjv", "ktpsssf", "wy'aiueo")
_ARTICLE = "ال"
_PARTICLES = frozenset({"al", "el", "ul", "bin", "ibn", "ben", "bn"})


@lru_cache(maxsize=4096)
def bones(word: str) -> str:
    """The consonants that a spelling of `word` in any script keeps, voiced and unvoiced ones as
    one: محمد and MOHAMED are both MMT."""
    latin = word if word.isascii() else bare(anyascii(word).lower())
    return _DOUBLE.sub(r"\1", sound(latin).translate(_MERGED).translate(_VOWELS))


def skeleton(word: str) -> str:
    """The consonants of a word that is the whole name, and whether a vowel begins it: more is kept
    than in `bones`, so that محمد is MOHAMMED and neither أحمد nor حميد is."""
    latin = word if word.isascii() else anyascii(word).lower()
    head = "a" if latin[:1] in _NO_CONSONANTS else ""
    kept = _DOUBLE.sub(r"\1", "".join(c for c in latin if c not in _NO_CONSONANTS))
    return head + (kept[:-1] if kept.endswith("h") else kept)


_NO_CONSONANTS = frozenset("aeiouyw'`")
_PERSIAN = str.maketrans("ضظذ", "ززز")
_ROUND = str.maketrans("", "", "وוw")
"""Behind the first letter as often a vowel, which bones leave out: محمود is MAHMOUD."""
_JOINED_ARTICLE = re.compile("^[ae]l(?=[a-z]{4})")


def frames(words: Words) -> tuple[Words, ...]:
    """`frame` of a name, and as Persian sounds its letters, and with W as a vowel, and with the
    article that Latin letters join to a word left out: ALOTAIBI is العتيبي."""
    found = [frame(words)]
    if not _PERSIAN.keys().isdisjoint(map(ord, "".join(words))):
        found.append(frame(tuple(word.translate(_PERSIAN) for word in words)))
    rounded = tuple(word[:1] + word[1:].translate(_ROUND) for word in words)
    if rounded != words:
        found.append(frame(rounded))
    if any(map(_JOINED_ARTICLE.match, words)):
        found.append(frame(tuple(_JOINED_ARTICLE.sub("", word, count=1) for word in words)))
    return tuple(found)


def frame(words: Words) -> Words:
    """The bones of each word, without articles and particles, the servant's ABD and what follows
    as one word."""
    kept: list[str] = []
    servant = False
    for word in words:
        if word in _PARTICLES:
            continue
        if servant:
            kept[-1] += word
        else:
            plain = word[2:] if word.startswith(_ARTICLE) and len(word) > 4 else word
            kept.append(plain)
        servant = not servant and word in _SERVANTS
    return tuple(found for word in kept if (found := bones(word)))


_SERVANTS = frozenset({"abd", "abdul", "abdel", "abdal", "abdol", "abdur", "abdu", "عبد"})


_FATHERS = frozenset({"abu", "abou", "aboo"})
BEGIN_A_NAME = _SERVANTS | _FATHERS
"""Words that are one name with the word behind them."""


def served(words: Words) -> Words:
    """`words` with ABDUL or ABU and the name that follows it as one: ABD AL-RAHMAN is ABDULRAHMAN,
    ABU BAKR is ABUBAKR."""
    if BEGIN_A_NAME.isdisjoint(words):
        return words
    kept: list[str] = []
    begun = ""
    for word in words:
        if begun == "abdul" and word in _PARTICLES:
            continue
        if begun:
            kept[-1] = begun + word
            begun = ""
            continue
        kept.append(word)
        begun = "abdul" if word in _SERVANTS else "abu" if word in _FATHERS else ""
    return tuple(kept)

"""Names whose words pair off, each with one that is equal, sounds alike or stands for it.

Here belongs the pairing of words for names that are at most close; how a word sounds belongs to
`sounds`, the order of the rules to `closeness`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import OSA

from qianbao.names import cyrillic, nicknames
from qianbao.names.letters import Words, all_pinyin
from qianbao.names.reasons import ReasonCode
from qianbao.names.sides import Side, groups, spelled_perhaps, spelled_same, tonal, with_words
from qianbao.names.sounds import BEGIN_A_NAME, consonants, frames, served, skeleton, sound
from qianbao.names.syllables import KOREAN_SURNAMES

EQUAL, SOUND, SLIP, NICKNAME, INITIAL, NONE = range(6)
"""How two words agree, best first."""
_cost_of = (0, 1, 2, 1, 0).__getitem__
_SHORTEST_SLIP = 4
"""In a word of fewer letters another letter makes another word."""
_SHORTEST_ALONE = 6
"""A name of one word has nothing beside it that agrees."""
_SLIGHT = frozenset({"al", "el", "bin", "ibn", "de", "la", "van", "von", "del", "di", "da", "dos"})
"""Particles that may be left out of a hyphenated name: AL-KALDANI, KALDANI."""
Partners = list[dict[int, int]]
"""For each word of the shorter name, the words of the longer one that it agrees with (by place, in
their order), and how. Most words agree with one or none."""


def spelled_alike(left: Side, right: Side) -> ReasonCode | None:
    """Why two alphabetic names are close: each word of the one with fewer words pairs with one of
    the other, in the same order (turned round). None when they are not."""
    short, long = _shorter_first(left, right)
    if len(long.plain) == 1:
        return "spelling" if _one_word_alike(short, long) else None
    partners = _partners(short, long) if len(short.plain) > 1 else None
    if partners is not None and _rests_on_sound(partners) and not _slips_happen(short, long):
        partners = _without_sound(partners)
    if partners is None:
        return _joined_alike(short, long)
    found = {
        _judge(short, long, pairs, grades) for pairs, grades in _pairings(partners, len(long.plain))
    }
    if len(found) < 2:
        return found.pop() if found else None
    return next(reason for reason in _LIKELIEST if reason in found)


def _one_word_alike(left: Side, right: Side) -> bool:
    """Whether two names of one word sound alike, as SOEKARNO and SUKARNO do: long ones only."""
    if min(len(left.plain[0]), len(right.plain[0])) < _SHORTEST_ALONE:
        return False
    if not _slips_happen(left, right):
        return False
    return _by_sound(left, 0, right, 0) in (EQUAL, SOUND)


def _shorter_first(left: Side, right: Side) -> tuple[Side, Side]:
    """By the number of words; of two with as many, always the same one first."""
    a, b = left.plain, right.plain
    if len(a) != len(b):
        return (left, right) if len(a) < len(b) else (right, left)
    return (left, right) if a <= b else (right, left)


_LIKELIEST: tuple[ReasonCode, ...] = (
    "middle_missing", "middle_initial", "typo", "nickname", "spelling",
)  # fmt: skip


def _rests_on_sound(partners: Partners) -> bool:
    for agreed in partners:
        for grade in agreed.values():
            if grade in (SOUND, SLIP):
                return True
    return False


def _without_sound(partners: Partners) -> Partners | None:
    """The same for names in which another sound is another name."""
    strict = [
        {at: grade for at, grade in agreed.items() if grade not in (SOUND, SLIP)}
        for agreed in partners
    ]
    return strict if all(strict) else None


def _slips_happen(left: Side, right: Side) -> bool:
    """Not where words are short and alike: pinyin, Korean and Vietnamese names, whose given names
    are often one letter from another."""
    if left.own_last or right.own_last or tonal(left) or tonal(right):
        return False
    if all_pinyin(left.plain) and all_pinyin(right.plain):
        return False
    if KOREAN_SURNAMES.isdisjoint(_outer(left) & _outer(right)):
        return True
    return _has_first_name(left) and _has_first_name(right)


def _has_first_name(side: Side) -> bool:
    """Whether a first name of elsewhere stands behind a surname of Korea: JENNIFER KIM."""
    known = nicknames.table()
    return any(len(word) >= _SHORTEST_SLIP and word in known for word in side.plain)


def _outer(side: Side) -> set[str]:
    return {side.plain[0], side.plain[-1]}


def _partners(short: Side, long: Side) -> Partners | None:
    """The partners of each word of one name in the other; None as soon as one has none. Words that
    the other does not have are looked at first."""
    others = long.plain
    found: Partners = []
    for i, word in enumerate(short.plain):
        agreed = {} if word in others and len(word) > 1 else _agreeing(short, i, long)
        if agreed is None:
            return None
        found.append(agreed)
    for i, agreed in enumerate(found):
        if not agreed:
            for at, other in enumerate(others):
                if other == short.plain[i]:
                    agreed[at] = EQUAL
    return found


def _agreeing(short: Side, i: int, long: Side) -> dict[int, int] | None:
    word = short.plain[i]
    first, initial = word[:1], len(word) < 2
    heads = _HEADS.get(first, first)
    others_of_name = nicknames.table().get(word, ())
    agreed = {}
    for at, other in enumerate(long.plain):
        if word == other:
            agreed[at] = EQUAL
        elif initial or len(other) < 2:
            if first == other[:1]:
                agreed[at] = INITIAL
        elif other in others_of_name:
            agreed[at] = NICKNAME
        elif other[0] in heads:
            grade = _by_sound(short, i, long, at)
            if grade != NONE:
                agreed[at] = grade
    return agreed or None


_SAME_HEADS = ("ckqgxh", "sczxt", "dtjzg", "vwfpub", "aeiouyjhw")
_HEADS = {
    letter: "".join(group for group in _SAME_HEADS if letter in group)
    for letter in "".join(_SAME_HEADS)
}
"""With which letters a word may begin that sounds like one with this letter: a cheap look before
the sounds themselves."""


def _by_sound(short: Side, i: int, long: Side, j: int) -> int:
    if short.script != long.script:
        if spelled_same(short, i, long, j):
            return EQUAL
        if spelled_perhaps(short, i, long, j):
            return SOUND
    word, other = short.plain[i], long.plain[j]
    heard, others = sound(word), sound(other)
    if (heard == others and len(heard) > 1) or cyrillic.same_first_name(word, other):
        return SOUND
    if short.script == "latin" == long.script and _spelled_from_cyrillic(short, i, long, j):
        return SOUND
    if (word[0] == other[0] or heard[0] == others[0]) and _slip(word, other, heard, others):
        return SLIP
    return NONE


def _spelled_from_cyrillic(short: Side, i: int, long: Side, j: int) -> bool:
    """Of the words as they stand: in JUMABAEVA the AE is no Ä."""
    word, other = short.words[i], long.words[j]
    if len(word) < _SHORTEST_SLIP or len(other) < _SHORTEST_SLIP:
        return False
    if not (cyrillic.looks_cyrillic(short.words) and cyrillic.looks_cyrillic(long.words)):
        return False
    return cyrillic.may_be_one(word, other)


def _slip(a: str, b: str, heard: str, other: str) -> bool:
    """One letter, or one sound, or the vowels of a word that is otherwise the same."""
    near = -2 < len(a) - len(b) < 2 and len(a) >= _SHORTEST_SLIP <= len(b)
    if near and OSA.distance(a, b, score_cutoff=1) <= 1:
        return True
    if heard[0] != other[0] or not len(heard) >= _SHORTEST_SLIP <= len(other):
        return False
    if not -3 < len(heard) - len(other) < 3:
        return False
    apart = OSA.distance(heard, other, score_cutoff=2)
    if apart == 1:
        return True
    bones = consonants(heard)
    return apart == 2 and len(bones) > 2 and bones == consonants(other)


def _pairings(partners: Partners, count: int) -> Iterator[tuple[list[int], list[int]]]:
    """For each word of the longer side to begin with, the partners found by walking through it
    once: the partner of each word, and how they agree."""
    for start, first in partners[0].items():
        pairs, grades = [start], [first]
        for at in (*range(start + 1, count), *range(start)):
            grade = partners[len(pairs)].get(at)
            if grade is not None:
                pairs.append(at)
                grades.append(grade)
                if len(pairs) == len(partners):
                    yield pairs, grades
                    break


def _judge(short: Side, long: Side, pairs: list[int], found: list[int]) -> ReasonCode | None:
    """Whether what agrees is enough, and what to call it."""
    full = [grade for grade in found if grade != INITIAL] if INITIAL in found else found
    cost = sum(map(_cost_of, found))
    if not full or cost > len(full) + 1:
        return None
    if len(full) == 1 and (cost > 1 or len(short.plain[found.index(full[0])]) < 2):
        return None
    if SLIP in found and _another_name(short, long, pairs, found):
        return None
    if "-" in long.texts[0] and _halved(long, pairs, found):
        return None
    known = short.surname_words or long.surname_words
    if known and not _structure_kept(short, long, pairs, found):
        return None
    if NICKNAME in full:
        return "nickname"
    if max(full) > EQUAL:
        alone = len(pairs) == len(long.plain) and full.count(EQUAL) == len(found) - 1
        return "typo" if alone and SLIP in full else "spelling"
    return "middle_initial" if INITIAL in found else "middle_missing"


def _another_name(short: Side, long: Side, pairs: list[int], found: list[int]) -> bool:
    """Whether a word is left out, and words that differ by a slip have other consonants as well:
    then MARTA is not MARIA. W and V may be vowels."""
    left_out = (word for at, word in enumerate(long.plain) if at not in pairs)
    if _SLIGHT.issuperset(left_out):
        return False
    return any(
        grade == SLIP
        and consonants(sound(word).replace("v", "u"))
        != consonants(sound(long.plain[at]).replace("v", "u"))
        for word, at, grade in zip(short.plain, pairs, found, strict=True)
    )


def _halved(long: Side, taken: list[int], found: list[int]) -> bool:
    """Whether half of a hyphenated name is left out: Kim Chol is not Kim Chol-ho. Initials and
    particles may be, and the second half of a name like Hans-Peter."""
    if INITIAL in found:
        return False
    group = groups(long)
    whole = [i for i, word in enumerate(long.plain) if len(word) > 1 and word not in _SLIGHT]
    kept = {group[i] for i in whole if i in taken}
    for i in whole:
        if i not in taken and group[i] in kept:
            run = [at for at in whole if group[at] == group[i]]
            if not (is_double([long.plain[at] for at in run]) and run[0] in taken):
                return True
    return False


def _structure_kept(short: Side, long: Side, pairs: list[int], found: list[int]) -> bool:
    """Where it is known which words are the surname, they agree in full and by sound at least, and
    the first given name at least by its initial."""
    if long.surname_words:
        by_word = dict(zip(pairs, found, strict=True))
        spare = frozenset[int]().union(*(places for _, places in long.spare))
        left_out = spare.difference(pairs)
        family = range(long.surname_words)
        if any(i not in left_out and by_word.get(i, NONE) > SOUND for i in family):
            return False
        if any(i not in by_word for i in long.first):
            return False
    return not short.surname_words or max(found[: short.surname_words]) <= SOUND


def _joined_alike(short: Side, long: Side) -> ReasonCode | None:
    """As `spelled_alike`, with words joined that the other has joined: ABDUL RAHMAN of any name,
    ABDOLLAHI FARD of a text."""
    a, b = short, long
    if not BEGIN_A_NAME.isdisjoint(short.plain + long.plain):
        a, b = _served(short), _served(long)
    changed = a is not short or b is not long
    if len(a.plain) != len(b.plain) and not (a.surname_words or b.surname_words):
        a, b = (a, b) if len(a.plain) < len(b.plain) else (b, a)
        joined = _join(b.plain, a.plain)
        b, changed = with_words(b, joined) if joined else b, changed or joined is not None
    if not changed or min(len(a.plain), len(b.plain)) < 2:
        return None
    return "spelling" if spelled_alike(a, b) else None


def _served(side: Side) -> Side:
    """A name with ABDUL and what follows as one word, in the surname or in the given names."""
    count = side.surname_words
    family, own = served(side.plain[:count]), served(side.plain[count:])
    words = family + own
    if len(words) == len(side.plain):
        return side
    return with_words(side, words, surname_words=len(family))


def _join(words: Words, others: Words) -> Words | None:
    """`words` with two neighbours joined where `others` has a word that sounds like both."""
    long = [other for other in others if len(other) > _SHORTEST_SLIP]
    for i in range(len(words) - 1 if long else 0):
        joined = words[i] + words[i + 1]
        for other in long:
            near = other[0] == joined[0] and -3 < len(other) - len(joined) < 3
            if near and sound(other) == sound(joined):
                return (*words[:i], joined, *words[i + 2 :])
    return None


_VOWELS_APART = re.compile("[aeiouy][^aeiouy]+[aeiouy]")


def is_double(halves: Sequence[str]) -> bool:
    """Whether a hyphenated name is two names, of which one may do: Hans-Peter, Müller-Schmidt. Of
    East Asia's, each half is one syllable (Chol-ho), and both together are the name."""
    if len(halves) != _TWO or min(map(len, halves)) < _SHORTEST_HALF:
        return False
    known = nicknames.table()
    return any(
        _VOWELS_APART.search(half) or (len(half) >= _SHORTEST_SLIP and half in known)
        for half in halves
    )


_TWO = 2
_SHORTEST_HALF = 3

# Scripts that leave vowels out

_FEWEST_BONES = 3
"""With fewer consonants in all, too many names would be alike."""


def framed_alike(left: Side, right: Side) -> bool:
    """Whether the consonants of two names agree word by word, in the order of both (turned round);
    the longer name may have more words."""
    if len(left.words) == len(right.words) == 1 and skeleton(left.words[0]) == skeleton(
        right.words[0]
    ):
        return True
    return any(_frames_agree(a, b) for a in frames(left.words) for b in frames(right.words))


def _frames_agree(one: Words, other: Words) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) < 2:  # one name, of a person who has no other
        return short == long and len("".join(short)) >= _FEWEST_BONES
    for start in range(len(long)):
        turned = long[start:] + long[:start]
        if _framed(short, turned):
            return True
    return False


def _framed(short: Words, long: Words) -> bool:
    at = slips = 0
    for word in long:
        if at == len(short):
            break
        apart = OSA.distance(short[at], word, score_cutoff=1)
        if apart == 0 or (apart == 1 and min(len(short[at]), len(word)) > 2):
            slips += apart
            at += 1
    return at == len(short) and len("".join(short)) >= _FEWEST_BONES and slips <= len(short) // 2

"""Two names whose letters agree, and what that leaves open: the order, where syllables are cut.

Here belong the looks at a full agreement that make it close instead; the rules that find the
agreement belong to `compare`, names without a surname to `chains`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

from qianbao.names.affixes import is_mark
from qianbao.names.chains import is_given_name
from qianbao.names.letters import (
    Words,
    all_pinyin,
    cut_otherwise,
    is_syllable,
    pinyin_cuts,
)
from qianbao.names.parts import (
    PARTICLES,
    is_child_of,
    is_vietnamese_syllable,
    may_be_vietnamese_surname,
)
from qianbao.names.sides import Script, Side, divided_alike, groups
from qianbao.names.syllables import (
    KOREAN_SURNAMES,
    is_east_asian_surname,
    is_korean_syllable,
    is_one_in_two,
)


def one_in_characters(left: Side, right: Side) -> bool:
    """Characters turned against letters only where a middle dot divides them."""
    return left.script != right.script and "han" in (left.script, right.script)


def turned_within(left: Side, right: Side) -> bool:
    """Where only one name tells its surname: whether the other begins inside the surname or the
    given names, as neither order does. A surname's particles may stand last: BERG JAN VAN DER."""
    known, other = (left, right) if left.surname_words else (right, left)
    words, count = known.plain, known.surname_words
    if other.surname_words or len(words) != len(other.plain):
        return False
    turned = {words[at:] + words[:at] for at in range(len(words))}
    particles = next((p for reason, p in known.spare if reason == "particle_missing"), frozenset())
    usual = {0, count} | {at for at in range(count) if particles.issuperset(range(at))}
    return other.plain in turned - {words[at:] + words[:at] for at in usual}


def syllable_split(left: Side, right: Side) -> bool:
    """Whether one name has as several words, or with an apostrophe, what the other has as one word
    of pinyin that may be cut otherwise: XIAN may be XI AN or one syllable, FANGAN may be FANG AN or
    FAN GAN. Korean and Vietnamese are as open: HANA is HA NA or HAN A, HOAN is HO AN. A whole name
    in one word is open only where it may be one syllable."""
    a, b = left.plain, right.plain
    if (left.script, right.script) != ("latin", "latin"):
        return False
    if len(a) == len(b):
        if left.texts[0].replace(" ", "").isalpha() and right.texts[0].replace(" ", "").isalpha():
            return False
        cut, other = (pinyin_cuts(side.texts[0]) for side in (left, right))
        return any(is_syllable(word) for word in cut.keys() ^ other.keys())
    few, many = (a, b) if len(a) < len(b) else (b, a)
    if len(few) == 1:
        return is_syllable(few[0])
    rules = [*_syllables_of(many), is_syllable]
    return any(
        cut_otherwise(pieces, rule)
        for word in few
        for pieces in _pieces(word, many)
        for rule in rules
    )


def _syllables_of(words: Words) -> Iterator[Callable[[str], bool]]:
    """What a syllable is in the languages, beside Mandarin, whose surname stands first or last."""
    ends = (words[0], words[-1])
    if not KOREAN_SURNAMES.isdisjoint(ends):
        yield is_korean_syllable
    if any(map(may_be_vietnamese_surname, ends)):
        yield is_vietnamese_syllable


def _pieces(word: str, many: Words) -> Iterator[Words]:
    """The neighbours among `many`, turned round too, that together are `word`."""
    if word in many:
        return
    turned = many + many
    for start in range(len(many)):
        for end in range(start + 2, start + len(many) + 1):
            if "".join(turned[start:end]) == word:
                yield turned[start:end]


def torn(left: Side, right: Side) -> bool:
    """Whether two names of the same letters, one perhaps turned round, meet only where a hyphenated
    name of the one is cut in two: of ANNA MUELLER-SCHMIDT, SCHMIDT ANNA MUELLER is none, and of
    HANS-PETER KARL neither is HANS PETER-KARL."""
    if "-" not in left.texts[0] + right.texts[0]:
        return False
    a, b = "".join(left.plain), "".join(right.plain)
    if len(a) != len(b):
        return False
    runs, others = _hyphenated(left), _hyphenated(right)
    turns = [at for at in range(len(a)) if a[at:] + a[:at] == b]
    return bool(turns) and all(
        _cut(_shifted(runs, -at, len(a)), others, len(a))
        or _cut(_shifted(others, at, len(a)), runs, len(a))
        for at in turns
    )


Spans = list[tuple[int, int]]
"""Where pieces of a name begin and end, in letters."""


def _hyphenated(side: Side) -> Spans:
    group, ends = groups(side), [0, *accumulate(map(len, side.plain))]
    found = []
    for run in sorted(set(group)):
        places = [at for at, of in enumerate(group) if of == run]
        if 1 < len(places) < len(group):
            found.append((ends[places[0]], ends[places[-1] + 1]))
    return found


def _shifted(spans: Spans, by: int, length: int) -> Spans:
    return [((start + by) % length, (start + by) % length + end - start) for start, end in spans]


def _cut(spans: Spans, others: Spans, length: int) -> bool:
    """Whether a span goes beyond the end of the name, or begins inside another one and goes beyond
    it."""
    return any(
        end > length or any(other < start < other_end < end for other, other_end in others)
        for start, end in spans
    )


def joined_to_given(left: Side, right: Side) -> bool:
    """Whether a particle joined to the word behind it is a first name: DI ANA may be Ana Di, and is
    not surely DIANA."""
    if len(left.words) == len(right.words):
        return False
    many, few = (left, right) if len(left.words) > len(right.words) else (right, left)
    return any(
        len(word) > 1
        and word in PARTICLES
        and word + behind in few.plain
        and is_given_name(word + behind)
        for word, behind in pairwise(many.plain)
    )


# Initials


_LETTER_BY_LETTER: frozenset[Script] = frozenset({"han", "hangul", "kana"})
"""Scripts in which one sign is a syllable, never an initial."""
_BEFORE_AN_APOSTROPHE = frozenset("odl")
"""What O'BRIEN, D'ANGELO, L'HOMME leave standing alone where the apostrophe becomes a space."""
_BEFORE_A_CONSONANT = re.compile("[mn][bcdfgjkpqstvz]")
"""M'BAYE, N'DIAYE."""
_JOINING = frozenset("yei")
"""Stand between two surnames: SAYOS I MOTILLA."""
_VOWELS = frozenset("aeiou")
_SHORTEST_RUN = 3


def initial_joined(left: Side, right: Side) -> bool:
    """Whether names of the same letters agree only because one joins a word of one letter, which is
    an initial, with the word before or behind it: JUAN A PEREZ is not JUANA PEREZ. What an
    apostrophe left (O BRIEN) belongs to the word behind it, and initials may stand together (APJ);
    of pinyin, E is a syllable of its own where the words show that they are pinyin."""
    if len(left.words) == len(right.words) or not _LETTER_BY_LETTER.isdisjoint(
        (left.script, right.script)
    ):
        return False
    many, few = (left, right) if len(left.words) > len(right.words) else (right, left)
    alone = [at for at, word in enumerate(many.words) if len(word) == 1]
    kept = sum(len(word) == 1 for word in few.words)
    if len(alone) <= kept:
        return False
    joined = [at for at in alone if not _belongs(many, at, few)]
    return len(joined) > kept and not _last_syllable(many, joined)


def _belongs(many: Side, at: int, few: Side) -> bool:
    """Whether the one-letter word at this place may be joined as `few` joins it."""
    words = many.plain
    start = at
    while start and len(many.words[start - 1]) == 1:
        start -= 1
    end = at + 1
    while end < len(words) and len(many.words[end]) == 1:
        end += 1
    run = "".join(words[start:end])
    if end - start > 1 and is_child_of(words[start], words[end - 1]):
        return run in few.plain or any(run + "".join(words[end : end + 1]) in w for w in few.plain)
    if end - start > 1 and run in few.plain:
        if _may_be_a_mark(run, few):
            return False
        long = end - start >= _SHORTEST_RUN or _VOWELS.isdisjoint(run)
        return long or _in_capitals(run, few)
    if words[at] in _JOINING and at < many.surname_words:
        around = "".join(words[max(at - 1, 0) : at + 2])
        return any(around in word for word in few.plain + few.words)  # in SILVAEMELO the AE is no Ä
    if at + 1 != end or end == len(words):
        return False
    whole = words[at] + words[end]
    if at < many.surname_words:
        joined = any(whole in word for word in few.plain)
    else:
        joined = any(word.startswith(whole) for word in few.plain)
    return joined and _was_apostrophe(many, at, few)


def _may_be_a_mark(run: str, side: Side) -> bool:
    """Whether joined initials may say which of father and son is meant: John Smith II is not surely
    John Smith I. I. In Smith JR they are initials."""
    if not is_mark(run) or run == side.plain[0]:
        return False
    return len(side.plain) > 2 or not _in_capitals(run, side)


def _in_capitals(run: str, side: Side) -> bool:
    """Whether initials stand together in capitals where the rest of the name has small letters:
    Christopher HE Imray."""
    return run.upper() in side.texts[0].split() and not side.texts[0].isupper()


def _was_apostrophe(many: Side, at: int, few: Side) -> bool:
    """Whether an apostrophe, which one of the names may still show, stood behind this letter. One
    with a dot is an initial."""
    letter, whole = many.words[at], many.plain[at] + many.plain[at + 1]
    if re.search(rf"(?i)(?<!\w){re.escape(letter)}\.", many.texts[0]):
        return False
    shown = rf"(?i)(?<!\w)(?:{re.escape(letter)}['’]\w|['’]{re.escape(letter)}(?!\w))"
    if any(re.search(shown, side.texts[0]) for side in (many, few)):
        return True
    if not (letter in _BEFORE_AN_APOSTROPHE or _BEFORE_A_CONSONANT.match(whole)):
        return False
    if _of_given_names(many, at, few, whole):
        return False
    if at < many.surname_words:
        return not is_given_name(whole)
    behind = many.plain[at + 1]
    initial = behind.endswith("a") and behind != "andrea" and is_given_name(behind)
    return not (initial or is_given_name(whole))  # D EMMA is D. Emma, L ISA is no LISA


def _of_given_names(many: Side, at: int, few: Side, whole: str) -> bool:
    """Whether a document says that this letter, or the word it is joined to, is a given name."""
    if many.surname_words:
        return at >= many.surname_words
    own = few.plain[few.surname_words :] if few.surname_words else ()
    return any(word.startswith(whole) for word in own)


_ONLY_PINYIN = re.compile("x|q|zh|[yln](?:ue|yu)")
"""Beginnings of words that no other spelling of given names has."""


def _last_syllable(many: Side, joined: list[int]) -> bool:
    """Whether E, as in XIAO E (小娥), is the last syllable of a name in pinyin. A and O are not;
    behind a word that is a name elsewhere (JUAN) E may be an initial."""
    words = many.plain
    if len(joined) != 1 or words[joined[0]] != "e" or joined[0] == 0 or not all_pinyin(words):
        return False
    before = words[joined[0] - 1]
    if joined[0] > 1 or many.surname_words:
        return is_syllable(before) and _ONLY_PINYIN.match(before) is not None
    return False


def joined_perhaps(left: Side, right: Side) -> bool:
    """Whether names that agree only with an initial joined may still be one: a document's, one
    printed without spaces, syllables of pinyin or Korean. Of any two texts they are other names."""
    if left.document or right.document or min(len(left.words), len(right.words)) == 1:
        return True
    return all_pinyin(left.plain) or all_pinyin(right.plain) or syllable_split(left, right)


# Where the surname ends, and which word it is


def divided_otherwise(left: Side, right: Side) -> bool:
    """Whether two names of the same characters, in one order, divide them otherwise: 高橋|健 and
    高|橋健. Without spaces or fields they are not divided."""
    return left.script == right.script == "han" and not divided_alike(left.words, right.words)


def ends_may_be_given(left: Side, right: Side) -> bool:
    """Whether the first and the last of three or more words have changed places and may both be
    given names, so that the two may be other persons: HANS PETER KARL. Of KOKA FRANCIS SILVESTRY
    one is the surname, wherever it stands. Syllables of pinyin and Korean keep their order."""
    a, b = left.plain, right.plain
    if len(a) != len(b) or len(a) < _FEWEST_AROUND or a[0] != b[-1] or a[-1] != b[0]:
        return False
    if b in (a[1:] + a[:1], a[-1:] + a[:-1]):
        return False  # one turned round, whichever is looked at first
    if any(_is_small(word, left.texts[0], right.texts[0]) for word in a[1:-1]):
        return True
    if all_pinyin(a) or is_one_in_two(a[:1], a[1:]) or is_one_in_two(b[:1], b[1:]):
        return True
    if may_be_vietnamese_surname(a[0]) and may_be_vietnamese_surname(a[-1]):
        return True  # LE VAN HOANG is not HOANG VAN LE
    if is_given_name(a[0]) and is_given_name(a[-1]):
        return True
    return not _OF_EITHER_SEX.isdisjoint(a) and sum(map(is_given_name, a)) > 1


_OF_EITHER_SEX = frozenset({"maria", "marie", "mary"})
"""Beside another given name its place says the sex: JOSE MARIA is a man, MARIA JOSE a woman."""


_FEWEST_AROUND = 3
_LONGEST_SMALL = 3


def _is_small(word: str, *texts: str) -> bool:
    """Whether a word between two others may say whose child one is, though no list has it: a short
    one that is no first name, or one in small letters (wa, arap, ole)."""
    if len(word) <= _LONGEST_SMALL and not is_given_name(word):
        return True
    return any(word in text.split() and text != text.lower() for text in texts)


def turned_inside(left: Side, right: Side) -> bool:
    """Whether three syllables are turned round such that a word that is no surname of East Asia
    would be the surname, though another one is: LI XIAO MING and MING LI XIAO."""
    a, b = left.plain, right.plain
    if len(a) != 3 or len(b) != 3:
        return False
    if b == a[1:] + a[:1]:
        a, b = b, a
    if b != a[-1:] + a[:-1] or is_east_asian_surname(b[0]):
        return False
    return is_one_in_two(a[:1], a[1:]) or is_one_in_two(b[-1:], b[:-1])

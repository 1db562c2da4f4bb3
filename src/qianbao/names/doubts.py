"""Two names whose letters agree, and what that leaves open: the order, where syllables are cut.

Here belong the looks at a full agreement that make it close instead; the rules that find the
agreement belong to `compare`, names without a surname to `chains`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from qianbao.names.letters import Words, cut_otherwise, is_pinyin, is_syllable, pinyin_cuts
from qianbao.names.sides import Side, groups


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
    FAN GAN. Words of Korean that would be pinyin are as open: HANA is HA NA or HAN A."""
    a, b = left.plain, right.plain
    if (left.script, right.script) != ("latin", "latin"):
        return False
    if len(a) == len(b):
        if left.texts[0].replace(" ", "").isalpha() and right.texts[0].replace(" ", "").isalpha():
            return False
        cut, other = (pinyin_cuts(side.texts[0]) for side in (left, right))
        return any(is_syllable(word) for word in cut.keys() ^ other.keys())
    few, many = (a, b) if len(a) < len(b) else (b, a)
    if len(few) < 2:
        return False
    return any(cut_otherwise(pieces) for word in few for pieces in _pieces(word, many))


def _pieces(word: str, many: Words) -> Iterator[Words]:
    """The neighbours among `many`, turned round too, that together are `word`."""
    if word in many or not is_pinyin(word):
        return
    turned = many + many
    for start in range(len(many)):
        for end in range(start + 2, start + len(many) + 1):
            if "".join(turned[start:end]) == word:
                yield turned[start:end]


def torn(left: Side, right: Side) -> bool:
    """Whether two texts are one turned round only where the turn cuts a hyphenated name in two: of
    ANNA MUELLER-SCHMIDT, SCHMIDT ANNA MUELLER is none."""
    if "-" not in left.texts[0] + right.texts[0] or left.surname_words or right.surname_words:
        return False
    a, b = "".join(left.plain), "".join(right.plain)
    if a == b or len(a) != len(b):
        return False
    turns = [at for at in range(len(a)) if a[at:] + a[:at] == b]
    inside, other_inside = _at_hyphens(left), _at_hyphens(right)
    return bool(turns) and all(
        at in inside or (len(a) - at) % len(a) in other_inside for at in turns
    )


def _at_hyphens(side: Side) -> set[int]:
    """After how many letters of a name a hyphen stands."""
    group, ends = groups(side), list(accumulate(map(len, side.plain)))
    return {ends[at - 1] for at in range(1, len(group)) if group[at] == group[at - 1]}

"""Which words of a name are its surname, as the name itself tells: by fields, comma, capitals.

Here belongs what two names tell, and whether it agrees; what follows belongs to `compare`.
"""

from __future__ import annotations

from qianbao.names import cyrillic, han
from qianbao.names.affixes import BESIDE, is_mark
from qianbao.names.letters import Words, plain, split_words
from qianbao.names.parts import PARTICLES
from qianbao.names.reasons import ReasonCode
from qianbao.names.sides import Script, Side

Halves = tuple[Words, Words]
"""The words of the surname, and the others."""
_LONGEST_INITIALS = 3
_BEHIND_A_NAME = frozenset({"phd", "msc", "mba", "esq"})


def told_otherwise(left: Side, right: Side) -> ReasonCode | None:
    """Why two names of the same letters do not tell the same surname: it is the other's given name
    (Smith, John and John, Smith), or ends elsewhere (LEE ROY, JEAN and LEE, ROY JEAN). None where
    it agrees, or one of them tells nothing. A surname's particles may stand elsewhere."""
    if not (_may_tell(left) and _may_tell(right) and _comparable(left.script, right.script)):
        return None
    one, other = _halves(left, right), _halves(right, left)
    if one is None or other is None:
        return None
    family, own = (_without_particles(words) for words in one)
    other_family, other_own = (_without_particles(words) for words in other)
    if _agree(family, other_family) or _agree(own, other_own):
        return None
    return "order" if _agree(family, other_own) else "surname_end"


def _comparable(script: Script, other: Script) -> bool:
    """Whether words of two scripts can be held against each other one by one."""
    return script == other or {script, other} == {"latin", "cyrillic"}


def tells_order(side: Side) -> bool:
    """Whether a name tells that its words begin with the surname."""
    return side.structured or _by_comma(side) is not None


def capitals(side: Side) -> list[str]:
    """The words in capitals, as they stand, of a name that has small letters in others; initials
    and JR tell nothing."""
    text = side.texts[0]
    if text.istitle() or text.isupper():  # as most names are
        return []
    words = text.replace(",", " ").split()
    if not any(map(str.isupper, words)):
        return []
    told = [w for w in words if len(w) > 1 and "." not in w and w.lower() not in BESIDE]
    found = [word for word in told if word.isupper()]
    return found if len(found) < len(told) else []


def _may_tell(side: Side) -> bool:
    """A cheap look, as most names tell nothing."""
    return side.document or "," in side.texts[0] or bool(capitals(side))


def _halves(side: Side, other: Side) -> Halves | None:
    if side.document:
        return side.words[: side.surname_words], side.words[side.surname_words :]
    return _by_comma(side) or _by_capitals(side, other)


def _by_comma(side: Side) -> Halves | None:
    """What stands before the first comma, and behind it: a name, and not only JR or PHD."""
    if side.document or "," not in side.texts[0]:
        return None
    family, own = map(split_words, side.texts[0].split(",", maxsplit=1))
    only_beside = all(is_mark(word) or word in _BEHIND_A_NAME for word in own)
    return None if not family or only_beside else (family, own)


def _by_capitals(side: Side, other: Side) -> Halves | None:
    """The words in capitals, but for initials that the other name has apart (APJ)."""
    found = [split_words(word) for word in capitals(side)]
    family = tuple(word for words in found for word in words)
    if not family or any(len(w) <= _LONGEST_INITIALS and w not in other.words for w in family):
        return None
    return family, tuple(word for word in side.words if word not in family)


def _without_particles(words: Words) -> Words:
    return tuple(word for word in words if word not in PARTICLES) or words


def _letters(words: Words) -> str:
    text = "".join(words)
    return han.simplified(text) if han.has_han(text) else "".join(plain(words))


def _agree(words: Words, others: Words) -> bool:
    """Whether two runs of words have the same letters, simplified or not, or are spelled so in
    another alphabet."""
    if _letters(words) == _letters(others):
        return True
    if "".join(words + others).isascii() or len(words) != len(others):
        return False
    return all(
        cyrillic.spells(a, b) or cyrillic.spells(b, a) for a, b in zip(words, others, strict=True)
    )

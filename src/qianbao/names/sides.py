"""Two names made ready for comparing: their words, ASCII spellings and script.

Here belongs everything the rules look at; the rules themselves are in `compare`, `closeness` and
`alike`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from typing import Literal

import msgspec

from qianbao.names import cyrillic, han
from qianbao.names.japanese import ways_in_latin
from qianbao.names.legal import LegalName
from qianbao.names.letters import (
    Words,
    all_pinyin,
    ascii_words,
    in_ascii,
    plain,
    readings,
    split_words,
    tidy,
)
from qianbao.names.parts import own_names_at, words_at
from qianbao.names.reasons import ReasonCode
from qianbao.names.spelled import turns

MAX_WORDS = 24
"""A text of more words is no name."""

Script = Literal["latin", "cyrillic", "han", "hangul", "kana", "settled", "vague"]
"""settled: scripts whose letters say how they sound (Greek, Armenian, Georgian); vague: those that
do not settle a Latin spelling, so at most close."""


class Side(msgspec.Struct, frozen=True, gc=False):
    """One name made ready: `texts` as it may be written (surname first, given first), `words` in
    lower case, `plain` the same in ASCII; `surname_words` and `first_words` count the words of the
    surname, which then come first, and of the given name that is never left out (0 when unknown),
    which stands at `first_at`; `accented`: not all is ASCII. `spare`: places of words that may be
    left out, and what that is called; `one_name`: a document says that the person has one only;
    `document`: the fields of a document say where the surname ends."""

    texts: tuple[str, ...]
    words: Words
    plain: Words
    script: Script
    surname_words: int = 0
    first_words: int = 0
    accented: bool = False
    truncated: bool = False
    characters: tuple[str, str] = ("", "")
    spare: tuple[tuple[ReasonCode, frozenset[int]], ...] = ()
    one_name: bool = False
    first_at: int = 0
    document: bool = False

    @property
    def structured(self) -> bool:
        """Whether it is known which words are the surname."""
        return self.surname_words > 0

    @property
    def first(self) -> range:
        """Places of the given name that is never left out: the first, of a Vietnamese name the
        last, of East Asia's two syllables both."""
        return range(self.first_at, self.first_at + self.first_words)

    @property
    def own_last(self) -> bool:
        """Whether one's own name is the last of several, as Vietnamese names have it."""
        return self.first_at > self.surname_words

    @property
    def middle(self) -> frozenset[int]:
        """Places of the other given names."""
        return frozenset(range(self.surname_words, len(self.words))).difference(self.first)

    @property
    def one_spelling(self) -> bool:
        """Whether no other habit of writing the same letters is known."""
        return self.plain is self.words


def length(name: str | LegalName) -> int:
    if isinstance(name, str):
        return len(name)
    return max(len(name.surname) + len(name.given), len(name.native))


def sides_of(name: str | LegalName) -> list[Side]:
    """A text is one side; a legal name with its native form is two."""
    if isinstance(name, str):
        return [text_side(name)]
    found = []
    if name.surname or name.given:
        found.append(_legal_side(name))
    if name.native and (not found or found[0].script != script_of(name.native)):
        found.append(text_side(name.native))
    return found or [text_side("")]


def pair(left: list[Side], right: list[Side]) -> tuple[Side, Side]:
    """The two sides in the same script where there are such, characters before letters."""
    pairs = [(a, b) for a in left for b in right]
    same = [(a, b) for a, b in pairs if a.script == b.script]
    characters = [(a, b) for a, b in same if a.script == "han"]
    return (characters or same or pairs)[0]


_LATIN = re.compile("[\\0-\u036f\u1e00-\u1eff]*")
_SCRIPTS: tuple[tuple[Script, re.Pattern[str]], ...] = (
    ("hangul", re.compile("[\uac00-\ud7a3]")),
    ("vague", re.compile(
        "[\u0590-\u109f\u1100-\u1dff\u2c00-\u2fdf\ua000-\uabff\ufb1d-\ufdff\ufe70-\ufefc"
        "\U00010000-\U0001fbff]"
    )),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("kana", re.compile("[\u3041-\u30fa\u30fc-\u30ff]")),
    ("settled", re.compile("[\u0370-\u03ff\u0530-\u058f\u10a0-\u10ff\u1f00-\u1fff]")),
)  # fmt: skip


def script_of(text: str) -> Script:
    """The script of a name; where there are several, characters before all others."""
    if text.isascii() or _LATIN.fullmatch(text):
        return "latin"
    if han.has_han(text):
        return "han"
    return next((script for script, letters in _SCRIPTS if letters.search(text)), "latin")


def text_side(name: str) -> Side:
    """A name whose parts are not known."""
    text = " ".join(name.split()) if name.isascii() else tidy(name)
    if text.isascii():
        words, unaccented = ascii_words(text)
        return Side((text,), words, unaccented, "latin")
    words = split_words(text)
    script = script_of(text)
    cut = han.split_surname(text) if script == "han" else ("", "")
    return Side((text,), words, plain(words), script, 0, 0, True, False, cut)


def _legal_side(name: LegalName) -> Side:
    surname, given = tidy(name.surname), tidy(name.given)
    family, own = split_words(surname), split_words(given)
    texts = tuple(dict.fromkeys((f"{surname} {given}".strip(), f"{given} {surname}".strip())))
    script = script_of(surname + given)
    runs = [split_words(run) for run in given.split()]
    at = own_names_at(surname, given)
    before = sum(map(len, runs[: at.start]))
    return Side(
        texts=(surname + given,) if script == "han" else texts,
        words=family + own,
        plain=plain(family + own),
        script=script,
        surname_words=len(family) if own else 0,
        first_words=sum(map(len, runs[at.start : at.stop])) if own and family else 0,
        accented=not (surname + given).isascii(),
        truncated=name.truncated,
        characters=(surname, given),
        spare=_spare(name, family, own) if own and (family or script == "han") else (),
        one_name=len(family + own) == 1,
        first_at=len(family) + before if own and family else 0,
        document=True,
    )


def _spare(
    name: LegalName, family: Words, own: Words
) -> tuple[tuple[ReasonCode, frozenset[int]], ...]:
    """The parts that may be left out, each with what that is called; never all of the surname, nor
    the first given name."""
    parts: tuple[tuple[ReasonCode, str], ...] = (
        ("patronymic_missing", name.patronymic),
        ("second_surname_missing", name.second_surname),
        *(("particle_missing", particle) for particle in name.particles),
    )
    found: dict[ReasonCode, frozenset[int]] = {}
    kept = set(range(len(family)))
    for reason, part in parts:
        words = split_words(tidy(part)) if part else ()
        places = _places(words, family, own, given=reason == "patronymic_missing")
        if kept - places or not family:
            kept -= places
            found[reason] = found.get(reason, frozenset()) | places
    return tuple((reason, places) for reason, places in found.items() if places)


def _places(words: Words, family: Words, own: Words, *, given: bool) -> frozenset[int]:
    """Where the words stand among those of a name: in the surname, or, where `given` says they may,
    in the given names after the first."""
    places = words_at(words, own[1:]) if words and given else range(0)
    if places:
        return frozenset(at + 1 + len(family) for at in places)
    return frozenset(words_at(words, family)) if words else frozenset()


def with_words(side: Side, words: Words, surname_words: int = 0) -> Side:
    """A name with other words, of which as many are the surname; the next is the first given. Of
    characters and letters mixed, either may be all that is left."""
    text = " ".join(words)
    script = script_of(text) if side.script == "han" else side.script
    return Side(
        texts=(text,),
        words=words,
        plain=plain(words),
        script=script,
        surname_words=surname_words,
        first_words=1 if surname_words else 0,
        accented=not text.isascii(),
        characters=han.split_surname(text) if script == "han" else ("", ""),
        first_at=surname_words,
    )


def without_places(side: Side, gone: frozenset[int]) -> Side:
    """A name without the words at these places; what is known of the others stays known."""
    kept = [at for at in range(len(side.words)) if at not in gone]
    words = tuple(side.words[at] for at in kept)
    family = sum(at < side.surname_words for at in kept)
    if not 0 < family < len(words):
        return with_words(side, words)
    now = {at: index for index, at in enumerate(kept)}
    spare = ((why, frozenset(now[at] for at in places - gone)) for why, places in side.spare)
    surname, given = " ".join(words[:family]), " ".join(words[family:])
    if side.script == "han":
        if not han.has_han(surname + given):
            return with_words(side, words, family)
        texts: tuple[str, ...] = (surname + given,)
    else:
        texts = (f"{surname} {given}", f"{given} {surname}")
    return msgspec.structs.replace(
        side,
        texts=texts,
        words=words,
        plain=plain(words),
        surname_words=family,
        first_words=sum(at in now for at in side.first) or 1,
        first_at=min((now[at] for at in side.first if at in now), default=family),
        characters=(surname, given) if side.script == "han" else side.characters,
        spare=tuple((why, places) for why, places in spare if places),
    )


def groups(side: Side) -> tuple[int, ...]:
    """For each word the number of the unspaced run that it came from: Anna-Maria is one."""
    found: list[int] = []
    for group, run in enumerate(side.texts[0].split()):
        found += [group] * len(split_words(run))
    return tuple(found) if len(found) == len(side.words) else tuple(range(len(side.words)))


# What is the same


def all_readings(side: Side) -> tuple[Words, ...]:
    """Every ASCII spelling of a name's words, of kana also those with short vowels."""
    if side.one_spelling:
        return (side.words,)
    found = readings(side.words)
    if side.script != "kana":
        return found
    return found + tuple(way for reading in found for way in ways_in_latin(reading))


def _ends(words: Words) -> set[int]:
    return set(accumulate(map(len, words)))


def fits(a: Words, b: Words) -> bool:
    """Same letters, and one side only joins words of the other: XIAO MING and XIAOMING fit, ANN
    ALEE and ANNA LEE do not."""
    if a == b:
        return True
    return "".join(a) == "".join(b) and divided_alike(a, b)


def divided_alike(a: Words, b: Words) -> bool:
    """Whether the words of the one only join words of the other, by how long they are."""
    ends, other_ends = _ends(a), _ends(b)
    return ends <= other_ends or other_ends <= ends


def arranged(a: Words, b: Words) -> bool:
    """As `fits`, with the words of one side turned round: given name first or last."""
    if a == b:
        return True
    if sum(map(len, a)) != sum(map(len, b)):
        return False
    if len(a) == len(b):
        return a[0] in b and a in turns(b)
    return any(fits(turn, b) for turn in turns(a)) or any(fits(a, turn) for turn in turns(b))


def any_reading(left: Side, right: Side, rule: Callable[[Words, Words], bool]) -> bool:
    """Whether the rule holds for some spelling of both."""
    if left.script == right.script == "kana":  # which tell long vowels from short ones
        return any(rule(a, b) for a in readings(left.words) for b in readings(right.words))
    others = all_readings(right)
    return any(rule(a, b) for a in all_readings(left) for b in others)


def accents_conflict(left: Side, right: Side) -> bool:
    """Both carry accents that tell tones or vowels apart, and not the same ones: Hùng is not Hưng,
    and Thành not Thanh. In other languages an accent more or elsewhere is a slip of the pen."""
    if not (left.accented and right.accented and left.script == right.script == "latin"):
        return False
    if not (tonal(left) or tonal(right)):
        return False
    a, b = ({c for c in "".join(side.words) if not c.isascii()} for side in (left, right))
    return bool(a and b) and a != b


def tonal(side: Side) -> bool:
    """Whether accents make other words of the same letters: Vietnamese, and pinyin with tones."""
    if not side.accented:
        return False
    text = "".join(side.words)
    if not (_VIETNAMESE.isdisjoint(text) and _VIETNAMESE_WORDS.isdisjoint(side.words)):
        return True
    return not _TONES.isdisjoint(text) and all_pinyin(side.plain)


_VIETNAMESE = frozenset("ơưđũĩ") | frozenset(map(chr, range(0x1EA0, 0x1EFA)))
_VIETNAMESE_WORDS = frozenset({"văn", "lê", "võ", "lý", "tôn", "lâm", "hà", "hoàng", "phùng"})
_TONES = frozenset("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ")


def spelled_same(left: Side, i: int, right: Side, j: int) -> bool:
    """Whether word i of a Cyrillic side is spelled as word j of a Latin one, or the other way."""
    return _spelled_by(cyrillic.spells, left, i, right, j)


def spelled_perhaps(left: Side, i: int, right: Side, j: int) -> bool:
    """As `spelled_same`, by a system that nothing in the word shows."""
    return _spelled_by(cyrillic.may_spell, left, i, right, j)


def _spelled_by(rule: Callable[[str, str], bool], left: Side, i: int, right: Side, j: int) -> bool:
    """Of a Latin word as it stands too: in GULYAEV the AE is no Ä."""
    if (left.script, right.script) == ("latin", "cyrillic"):
        left, i, right, j = right, j, left, i
    elif (left.script, right.script) != ("cyrillic", "latin"):
        return False
    word, latin = left.words[i], right.plain[j]
    if rule(word, latin):
        return True
    (whole,) = in_ascii((right.words[j].translate(cyrillic.SCHOLARLY),))
    return whole != latin and rule(word, whole)


def same_word(left: Side, i: int, right: Side, j: int) -> bool:
    """Whether word i of one side and word j of the other are one word in two spellings."""
    if left.plain[i] == right.plain[j]:
        return True
    if left.script == right.script == "latin":
        return cyrillic.same_first_name(left.plain[i], right.plain[j])
    return spelled_same(left, i, right, j)

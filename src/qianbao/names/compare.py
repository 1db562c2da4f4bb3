"""Whether two names are written forms of one person's name, why, and what was compared.

Rules decide, in the order of domain.md 4.3; no rule looks at a score. Here belong the rules that
make a match and the order of all; letters and readings belong to `letters`, `han` and `cyrillic`.
Match and close are said of *names*: two persons may share one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

import msgspec

from qianbao.names import cyrillic, han
from qianbao.names.beside import bare, nothing_beside, repeated
from qianbao.names.closeness import close
from qianbao.names.doubts import doubt
from qianbao.names.initials import initial_joined, joined_perhaps
from qianbao.names.japanese import has_kana
from qianbao.names.legal import LegalName
from qianbao.names.letters import (
    ELASTIC_LETTERS,
    MAX_NAME_LENGTH,
    Words,
    in_ascii,
    pinyin_cuts,
    umlauts_of_pinyin,
)
from qianbao.names.parts import PARTICLES, VIETNAMESE_SURNAMES, says_whose_child
from qianbao.names.reasons import REASONS, ReasonCode, Verdict
from qianbao.names.sides import (
    MAX_WORDS,
    Script,
    Side,
    accents_conflict,
    all_readings,
    any_reading,
    arranged,
    fits,
    length,
    pair,
    same_word,
    sides_of,
    text_side,
)
from qianbao.names.spelled import spelled, spelled_anyhow, turns
from qianbao.names.told import tells_order


class NameComparison(msgspec.Struct, frozen=True):
    """`reason` is the machine code, `en` and `zh` the sentence, `compared` which parts the verdict
    rests on. The result never holds either name."""

    verdict: Verdict
    score: float
    reason: ReasonCode
    en: str
    zh: str
    compared: tuple[str, ...]


def compare(a: str | LegalName, b: str | LegalName) -> NameComparison:
    """Compares two names; symmetric; never raises. A `LegalName` says which part is the surname,
    so less is guessed than with two plain texts. Texts beyond 200 characters are refused."""
    if isinstance(a, str) and isinstance(b, str):
        if len(a) > MAX_NAME_LENGTH or len(b) > MAX_NAME_LENGTH:
            return _result("no_match", "too_long", ())
        left, right = text_side(a), text_side(b)
    elif max(length(a), length(b)) > MAX_NAME_LENGTH:
        return _result("no_match", "too_long", ())
    else:
        left, right = pair(sides_of(a), sides_of(b))
    if not (left.words and right.words):
        return _result("no_match", "empty", ())
    if len(left.words) > MAX_WORDS or len(right.words) > MAX_WORDS:
        return _result("no_match", "too_long", ())
    return _compare(left, right)


def _compare(left: Side, right: Side) -> NameComparison:
    parts: tuple[str, ...] = ("words",)
    if left.surname_words or right.surname_words:
        parts = ("surname", "given")
    found = _match(left, right)
    if found is not None:
        if not initial_joined(left, right):
            return _matched(found, left, right, parts)
        perhaps: ReasonCode | None = found if joined_perhaps(left, right) else None
        reason = close(left, right) or perhaps
        return _result("close" if reason else "no_match", reason or "different", parts)
    if not nothing_beside(left, right):
        beside = _beside(left, right)
        if beside is not None:
            return beside
    reason = close(left, right)
    if reason is None:
        return _result("no_match", "different", parts)
    return _result("close", reason, _COMPARED.get(reason, parts))


_COMPARED: dict[ReasonCode, tuple[str, ...]] = {
    "truncated": ("first_letters",),
    "middle_missing": ("surname", "first_given"),
    "middle_initial": ("surname", "first_given", "initials"),
    "second_surname_missing": ("first_surname", "given"),
    "patronymic_missing": ("surname", "given"),
    "particle_missing": ("surname", "given"),
    "reading": ("readings",),
}


@cache
def _result(verdict: Verdict, reason: ReasonCode, compared: tuple[str, ...]) -> NameComparison:
    row = REASONS[reason]
    return NameComparison(verdict, row.score, reason, row.en, row.zh, compared)


def _matched(reason: ReasonCode, left: Side, right: Side, parts: tuple[str, ...]) -> NameComparison:
    """Full agreement is only as good as what agreed: a cut name or a vague script is close."""
    if doubted := doubt(reason, left, right):
        return _result("close", doubted, _COMPARED.get(doubted, parts))
    if "han" in (left.script, right.script):
        return _result(
            "match", reason, ("characters" if reason != "transliteration" else "pinyin",)
        )
    return _result("match", reason, parts)


def _beside(left: Side, right: Side) -> NameComparison | None:
    """What is beside a name decides at most that two names are close: a title says nothing, a mark
    of generation on one side only leaves open which of father and son is meant; two marks that
    differ are two persons. The same mark of both leaves what the rest is."""
    if (left.one_name or right.one_name) and repeated(left, right):
        return _result("close", "one_name", ("words",))
    found = bare(left, right)
    if found is None:
        return None
    if found.apart:
        return _result("no_match", "generation", ("words",))
    rest = _compare(found.left, found.right)
    if rest.verdict == "match":
        return _result("match" if found.same else "close", found.reason, rest.compared)
    if rest.verdict == "no_match" or found.same or found.reason == "title":
        return _closest(left, right, rest) if found.unsure else rest if rest.score else None
    return _result("close", found.reason, rest.compared)


def _closest(left: Side, right: Side, rest: NameComparison) -> NameComparison | None:
    """Where a word left out may be a name: what the names are with it, else without it."""
    reason = close(left, right)
    if reason:
        return _result("close", reason, _COMPARED.get(reason, rest.compared))
    return rest if rest.verdict == "close" else None


# Rules that make a match


def _match(left: Side, right: Side) -> ReasonCode | None:
    """The first rung at which both names are equal, or None."""
    if left.script == "han" or right.script == "han":
        return _match_characters(left, right)
    if left.script != right.script and "hangul" in (left.script, right.script):
        return None
    if left.plain != right.plain and not _may_match(left, right):
        return None
    alike = left.accented == right.accented
    if alike and len("".join(left.words)) == len("".join(right.words)):
        found = _match_text(left, right)
        if found:
            return found
    return _match_words(left, right)


_FROM_KEYBOARDS = re.compile("[ln]v")
"""Ü of pinyin."""
_STEADY = frozenset("bdlmnr")
"""Letters that no habit of spelling adds or leaves out, in any script."""
_TWO_WAYS: frozenset[Script] = frozenset({"kana", "settled"})
"""Scripts of which some letters are spelled with quite other ones: んば NAMBA, ΜΠ B or MP."""
_LOOSE = frozenset("aejuvxy")
"""The only letters that a habit of spelling Latin names adds or leaves out."""
_LOOSE_OR_S = b"aejuvxys"


def _may_match(left: Side, right: Side) -> bool:
    """A cheap look before the rules: names of which one is much longer, or has other letters that
    no habit of spelling explains, are not the same."""
    a, b = "".join(left.plain), "".join(right.plain)
    if left.plain is left.words and right.plain is right.words:
        if len(a) == len(b):
            return a in b + b or _first_names_differ(left, right)
        if ("v" in a or "v" in b) and _FROM_KEYBOARDS.search(a + " " + b):
            return True
        return _first_names_differ(left, right)
    if not _TWO_WAYS.isdisjoint((left.script, right.script)):
        return True
    other_letters = set(a).symmetric_difference(b)
    if not _STEADY.isdisjoint(other_letters):
        return False
    if left.script != right.script:
        return True
    apart = abs(len(a) - len(b))
    if apart > 5 and apart > _slack(left) + _slack(right):
        return False
    if left.script != "latin":
        return True
    if other_letters <= _LOOSE and _without_loose(a) == _without_loose(b):
        return True
    return _first_names_differ(left, right)


def _without_loose(text: str) -> list[int]:
    """The letters that no habit of spelling Latin names adds or leaves out, in alphabetical
    order; S may be more where ß is."""
    return sorted(text.encode().translate(None, _LOOSE_OR_S))


def _first_names_differ(left: Side, right: Side) -> bool:
    """Whether two Latin names differ in common Cyrillic first names only, as ALEKSANDR IVANOV and
    ALEXANDER IVANOV do; the names of a DUPONT need not be two spellings of one."""
    a, b = left.plain, right.plain
    if len(a) != len(b):
        return False
    apart = set(a).symmetric_difference(b)
    if not cyrillic.first_names_only(apart):
        return False
    return not apart or any(map(cyrillic.is_surely_cyrillic, a))


def _match_text(left: Side, right: Side) -> ReasonCode | None:
    both = left.structured and right.structured
    texts, others = (left.texts[:1], right.texts[:1]) if both else (left.texts, right.texts)
    if _share_one(texts, others):
        return "exact"
    small, other_small = [t.lower() for t in texts], [t.lower() for t in others]
    if _share_one(small, other_small):
        return "case"
    if len(small[0].replace(" ", "")) != len(other_small[0].replace(" ", "")):
        return None  # both texts of a side have the same letters and marks
    runs, other_runs = [tuple(t.split()) for t in small], [tuple(t.split()) for t in other_small]
    if any(fits(a, b) for a in runs for b in other_runs):
        return "spacing"
    if any(arranged(a, b) for a in runs for b in other_runs):
        return "order"
    return None


def _share_one(texts: Sequence[str], others: Sequence[str]) -> bool:
    return texts[0] in others or texts[-1] in others


def _match_words(left: Side, right: Side) -> ReasonCode | None:
    both = left.structured and right.structured
    rule = fits if both else arranged
    if rule(left.words, right.words):
        return "punctuation"
    reason: ReasonCode = (
        "diacritic" if left.script == right.script == "latin" else "transliteration"
    )
    if _reads_same(left, right, rule) and not accents_conflict(left, right):
        return reason
    if _same_words(left, right, turn=not both):
        return "transliteration"
    if reason == "diacritic" and "v" in "".join(left.plain + right.plain):
        a, b = umlauts_of_pinyin(left.plain)[0], umlauts_of_pinyin(right.plain)[0]
        if (a is not left.plain or b is not right.plain) and rule(a, b):
            return "diacritic"
    if not (left.surname_words or right.surname_words) and _ends_swapped(left, right):
        return "order"
    return "order" if both and _reads_same(left, right, arranged) else None


def _reads_same(left: Side, right: Side, rule: Callable[[Words, Words], bool]) -> bool:
    """Whether some spelling of both is the same by `rule`; only looked for where letters that have
    several could make up for the difference in length."""
    a, b = len("".join(left.plain)), len("".join(right.plain))
    if a == b and rule(left.plain, right.plain):
        return True
    if left.one_spelling and right.one_spelling:
        return False
    if left.script == right.script == "latin" and abs(a - b) > _slack(left) + _slack(right):
        return False
    return any_reading(left, right, rule)


def _slack(side: Side) -> int:
    """At most so many letters may be more or fewer in another spelling of this name."""
    text = "".join(side.words)
    if not side.accented:
        return len(text) - len("".join(side.plain))
    undone = len("".join(in_ascii(side.words))) - len("".join(side.plain))
    return undone + sum(map(text.count, ELASTIC_LETTERS.intersection(text)))


def _ends_swapped(left: Side, right: Side) -> bool:
    """Surname and first given name have changed places around a middle name: KOKA Francis
    Silvestry. Not where the words say who is whose child, nor where a particle or an initial stands
    among them; the VAN of Vietnam is a middle name."""
    a, b = left.plain, right.plain
    if len(a) != len(b) or len(a) < 3 or (b[-1], *b[1:-1], b[0]) != a:
        return False
    if says_whose_child(a) or min(map(len, a)) == 1:
        return False
    if not PARTICLES.isdisjoint(a) and VIETNAMESE_SURNAMES.isdisjoint(a):
        return False
    return not accents_conflict(left, right)


def _same_words(left: Side, right: Side, *, turn: bool) -> bool:
    count = len(left.words)
    if count != len(right.words):
        return False
    if left.script == right.script == "latin" and not _first_names_differ(left, right):
        return False
    for start in range(count if turn else 1):
        if all(same_word(left, (i + start) % count, right, i) for i in range(count)):
            return not accents_conflict(left, right)
    return False


def _match_characters(left: Side, right: Side) -> ReasonCode | None:
    """Characters with characters as characters; characters with letters by their pinyin."""
    if left.script == right.script:
        return _same_characters(left, right)
    written, letters = (left, right) if left.script == "han" else (right, left)
    if letters.script != "latin" or has_kana(written.texts[0]):
        return None
    options = han.syllables(*written.characters)
    cut = len(han.characters(written.characters[0]))
    cuts, turn = pinyin_cuts(letters.texts[0]), not letters.structured
    told = han.has_dot(written.texts[0]) or tells_order(letters)
    for reading in all_readings(letters):
        words = tuple(cuts.get(word, word) for word in reading) if cuts else reading
        if spelled_anyhow(options, cut, words, turn=turn):
            turned = told and not spelled(options, " ".join(words))
            return "order" if turned else "transliteration"
    return None


def _same_characters(left: Side, right: Side) -> ReasonCode | None:
    if left.texts == right.texts:
        return "exact"
    a, b = han.characters(left.texts[0]), han.characters(right.texts[0])
    if a == b:
        unspaced = ["".join(side.texts[0].split()) for side in (left, right)]
        return "spacing" if unspaced[0] == unspaced[1] else "punctuation"
    cuts = [len(han.characters(side.characters[0])) for side in (left, right)]
    if han.same_characters(a, b, min(cuts)):
        return "script"
    if left.structured and right.structured:
        return None
    return "order" if any(_words_in(left.words, turn) for turn in turns(right.words)) else None


def _words_in(words: Words, others: Words) -> bool:
    if list(map(len, words)) != list(map(len, others)):
        return False
    traditional = han.share_traditional("".join(words), "".join(others))
    return all(
        han.same_characters(word, other, 1, both_traditional=traditional)
        for word, other in zip(words, others, strict=True)
    )

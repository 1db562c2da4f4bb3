"""Rules that make two names close: the holder is asked, and the answer kept as evidence.

Each rule takes both names made ready and says why they are close, or None. Rules that make a match
are in `compare`; the pairing of words is in `alike`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

from qianbao.names import han, japanese, korean, sinitic
from qianbao.names.alike import framed_alike, is_double, spelled_alike
from qianbao.names.letters import (
    ELASTIC_LETTERS,
    Words,
    all_pinyin,
    readings,
    umlauts_of_pinyin,
)
from qianbao.names.parts import says_whose_child
from qianbao.names.reasons import ReasonCode
from qianbao.names.sides import (
    Side,
    accents_conflict,
    all_readings,
    arranged,
    groups,
)
from qianbao.names.spelled import Options, spelled, spelled_anyhow, spelled_beside, turns
from qianbao.names.write import OLD_FIELD_LENGTH


def close(left: Side, right: Side) -> ReasonCode | None:
    """The first rule that says two names are close."""
    if left.script != right.script:
        scripts = {left.script, right.script}
        if "han" in scripts or "hangul" in scripts:
            return _by_characters(left, right)
        if "vague" in scripts:
            return "spelling" if framed_alike(left, right) else None
    elif left.script in ("han", "hangul"):
        if left.script == "han" and _simplified_alike(left, right):
            return "script"
        return _father_missing(left, right) or _father_missing(right, left)
    if left.accented and right.accented and _accented_otherwise(left, right):
        return "diacritic"
    one, other = all_pinyin(left.plain), all_pinyin(right.plain)
    if (one or other) and left.script == right.script == "latin":
        found = _as_pinyin(left, right, both=one and other)
        if found:
            return found
    if len(left.texts[0]) >= _SHORTEST_FIELD and _truncated(left, right):
        return "truncated"
    if len(right.texts[0]) >= _SHORTEST_FIELD and _truncated(right, left):
        return "truncated"
    if left.surname_words or right.surname_words:
        found = _shortened(left, right) or _shortened(right, left)
        if found:
            return found
        if _given_turned(left, right):
            return "given_order"
    found = spelled_alike(left, right)
    if not found and not (one and other) and korean.may_be_one(left.plain, right.plain):
        return "spelling"
    return found


def _accented_otherwise(left: Side, right: Side) -> bool:
    """The same letters under other accents: a slip, or another name."""
    return arranged(left.plain, right.plain) and accents_conflict(left, right)


def _as_pinyin(left: Side, right: Side, *, both: bool) -> ReasonCode | None:
    """Latin names of which one is pinyin, or both are."""
    if both:
        return "diacritic" if _dots_lost(left, right) else None
    written, other = (left, right) if all_pinyin(left.plain) else (right, left)
    if not _NOT_WADE_GILES.isdisjoint("".join(other.plain)):
        return None
    return "spelling" if _by_wade_giles(written, other) else None


def _dots_lost(left: Side, right: Side) -> bool:
    """Whether two names in pinyin differ in Ü and U only: LYU is 吕, LU may be 吕 or 陆."""
    a, b = umlauts_of_pinyin(left.plain)[1], umlauts_of_pinyin(right.plain)[1]
    return (a is not left.plain or b is not right.plain) and arranged(a, b)


_NOT_WADE_GILES = frozenset("bdqrvxz")


def _by_wade_giles(written: Side, other: Side) -> bool:
    """Whether the other name is in Wade-Giles, of which some word is no pinyin: both in pinyin,
    CHANG and ZHANG are two."""
    count = other.surname_words
    if count and written.surname_words:
        orders = [other.plain]
    elif count:
        orders = [other.plain, other.plain[count:] + other.plain[:count]]
    else:
        orders = turns(other.plain)
    text = " ".join(written.plain)
    return any(sinitic.pinyin_in_wade_giles(text, " ".join(order)) for order in orders)


# Cut off, or with fewer given names


_SHORTEST_FIELD = OLD_FIELD_LENGTH - 1
"""A name cut before a space shows one character less (domain.md 4.3)."""


def _truncated(short: Side, long: Side) -> bool:
    """The one, as long as a bank's or an MRZ's field, is the beginning of the other."""
    if not (long.surname_words or short.truncated or _begins(short, long)):
        return False
    wholes = [shape for reading in all_readings(long) for _, shape in _shapes(long, reading)]
    starts = {"".join(reading) for reading in all_readings(short)}
    return any(_is_beginning(start, whole) for start in starts for whole in wholes)


def _is_beginning(start: str, whole: Words) -> bool:
    """Whether `start` is less than all the letters of `whole`, turned round somehow."""
    letters = "".join(whole)
    if len(start) >= len(letters):
        return False
    letters += letters
    at = 0
    for word in whole:
        if letters.startswith(start, at):
            return True
        at += len(word)
    return False


def _begins(short: Side, long: Side) -> bool:
    """A cheap look before the search: the cut name is shorter, and begins as some word does; of
    plain letters it stands in the other."""
    if long.accented and not ELASTIC_LETTERS.isdisjoint(long.texts[0].lower()):
        return True
    if len(short.texts[0]) >= len(long.texts[0]):
        return False
    if short.plain is short.words and long.plain is long.words:
        whole = "".join(long.plain)
        return "".join(short.plain) in whole + whole
    head = short.plain[0][:4]
    return any(word.startswith(head) or head.startswith(word) for word in long.plain)


def _shapes(side: Side, reading: Words) -> list[tuple[ReasonCode, Words]]:
    """The whole name and, where its parts are known, without those that may be left out, in full
    or with initials for what is left of the other given names. An initial may be one letter of a
    reading or the letter of the document (Œ is O, or OE)."""
    found: list[tuple[ReasonCode, Words]] = [("truncated", reading)]
    if not side.first_words or len(reading) != len(side.words):
        return found
    for reason, gone in _left_out(side):
        if gone:
            found.append((reason, tuple(w for i, w in enumerate(reading) if i not in gone)))
        if side.middle - gone:
            found += _with_initials(side, reading, gone, side.middle - gone)
    return found


def _left_out(side: Side) -> Iterator[tuple[ReasonCode, frozenset[int]]]:
    """Each way of leaving out parts, and what it is called; first nothing."""
    parts = _parts(side)
    halves = list(product(*_halves(side)))
    for count in range(len(parts) + 1):
        for chosen in combinations(parts, count):
            gone = frozenset[int]().union(*(places for _, places in chosen))
            for lost in halves:
                reason = chosen[0][0] if count == 1 and not any(lost) else "middle_missing"
                yield reason, gone.union(*lost)


def _parts(side: Side) -> list[tuple[ReasonCode, frozenset[int]]]:
    """What may be left out: the parts with a name, and the other given names."""
    named = frozenset[int]().union(*(places for _, places in side.spare))
    middle = side.middle - named
    return [*side.spare, ("middle_missing", middle)] if middle else [*side.spare]


def _halves(side: Side) -> list[tuple[frozenset[int], ...]]:
    """Of each double name (Müller-Schmidt, Hans-Peter) what may be left out: nothing, or a half."""
    if "-" not in side.texts[0]:
        return []
    group = groups(side)
    runs = [[i for i, at in enumerate(group) if at == run] for run in sorted(set(group))]
    doubles = [run for run in runs if is_double([side.plain[i] for i in run])]
    return [(frozenset(), *(frozenset({half}) for half in run)) for run in doubles[:_MOST_DOUBLES]]


_MOST_DOUBLES = 2


def _with_initials(
    side: Side, reading: Words, gone: frozenset[int], shortened: frozenset[int]
) -> list[tuple[ReasonCode, Words]]:
    group = groups(side)
    begins = sorted(i for i in shortened if group[i] != group[i - 1])
    letters = {tuple(reading[i][:1] for i in begins)}
    letters.update(readings(tuple(side.words[i][0] for i in begins)))
    kept = [i for i in range(len(reading)) if i in begins or i not in gone | shortened]
    found: list[tuple[ReasonCode, Words]] = []
    for initials in letters:
        initial = dict(zip(begins, initials, strict=True))
        found.append(("middle_initial", tuple(initial.get(i, reading[i]) for i in kept)))
    return found


def _shortened(full: Side, other: Side) -> ReasonCode | None:
    """Whether `other` is `full`, whose parts are known, without some of its given names or with
    initials for them, its words joined or apart."""
    if not full.surname_words:
        return None
    for reading in all_readings(full):
        for reason, shape in _shapes(full, reading)[1:]:
            for words in all_readings(other):
                if arranged(shape, words) and not _misread(full, reading, shape, words):
                    return reason
    return None


def _misread(full: Side, reading: Words, shape: Words, words: Words) -> bool:
    """Whether V AN, with the initial of a Vietnamese middle name, was read into VAN, the whole of
    it."""
    if not full.own_last or len(words) == len(shape):
        return False
    return any(reading[i] in words and reading[i] not in shape for i in full.middle)


def _given_turned(left: Side, right: Side) -> bool:
    """Whether two names whose surname agrees have the same given names in another order: JOHN PAUL
    may be PAUL JOHN's brother, or the clerk's slip. Not where they say whose child one is."""
    if says_whose_child(left.plain) or says_whose_child(right.plain):
        return False
    if len(left.plain) != len(right.plain) or sorted(left.plain) != sorted(right.plain):
        return False
    known, other = (left, right) if left.surname_words else (right, left)
    count = known.surname_words
    family, own = known.plain[:count], known.plain[count:]
    if other.surname_words:
        same = other.surname_words == count and other.plain[:count] == family
        rests = [other.plain[count:]] if same else []
    else:
        rests = [other.plain[count:]] if other.plain[:count] == family else []
        rests += [other.plain[:-count]] if other.plain[-count:] == family else []
    return any(rest != own and sorted(rest) == sorted(own) for rest in rests)


# Characters with letters, and with other characters


def _by_characters(left: Side, right: Side) -> ReasonCode | None:
    if left.script not in ("han", "hangul") or (left.script, right.script) == ("hangul", "han"):
        left, right = right, left
    if left.script == "hangul":
        return _read_as(korean.spelling_options(_signs(left)), 1, right)
    if right.script == "hangul":
        written = han.characters(han.traditional(_signs(left)))
        known = korean.reads(_signs(right), written) or korean.reads(_signs(right), _signs(left))
        return "reading" if known else None
    return _by_reading(left, right)


def _simplified_alike(left: Side, right: Side) -> bool:
    """Whether two names in characters become one when simplified, though neither is the other
    simplified: 陳復 and 陳複, 於明 and 于明. Some registers take one for the other, as
    they do 中嶋 for 中島."""
    a, b = (han.kindred(_signs(side)) for side in (left, right))
    return a == b


def _father_missing(full: Side, other: Side) -> ReasonCode | None:
    """Whether `other` is only what stands before the middle dot of `full`: one's own name, without
    the father's."""
    text = full.texts[0]
    if not han.has_dot(text) or han.has_dot(other.texts[0]):
        return None
    own = han.characters(han.before_dot(text))
    if other.script == "han":
        same = han.simplified(own) == han.simplified(_signs(other))
    else:
        same = spelled_anyhow(han.syllables("", own), 0, other.plain, turn=True)
    said = any(reason == "patronymic_missing" for reason, _ in full.spare)
    return ("patronymic_missing" if said else "middle_missing") if same else None


def _signs(side: Side) -> str:
    return han.characters(side.texts[0])


def _by_reading(written: Side, letters: Side) -> ReasonCode | None:
    """Characters with letters, by each language that reads them."""
    if found := _father_missing(written, letters):
        return found
    signs = _signs(written)
    cut = len(han.characters(written.characters[0]))
    options: list[Options] = []
    if not japanese.has_kana(signs):
        pinyin = han.syllables(*written.characters)
        simple, other = han.simplified(signs), han.traditional(signs)
        if not _other_pinyin(pinyin, cut, letters.plain):
            options.append(sinitic.character_options(simple, other, pinyin))
        options.append(korean.character_options(signs))
    for spellings in options:
        if all(spellings) and (found := _read_as(spellings, cut, letters)):
            return found
    kanji = japanese.character_options(han.usual_glyphs(signs))
    return _read_as(kanji, 0, letters) if all(kanji) and len(letters.plain) > 1 else None


def _other_pinyin(options: Options, cut: int, words: Words) -> bool:
    """Whether the letters are pinyin with this surname, so that another given name is another
    person's: 王明 is not WANG MENG, though Cantonese may spell 明 so."""
    family = [word for word in words if cut and spelled(options[:cut], word)]
    return bool(family) and all_pinyin(words)


def _read_as(options: Options, cut: int, letters: Side) -> ReasonCode | None:
    turn = not letters.structured
    if spelled_anyhow(options, cut, letters.plain, turn=turn):
        return "reading"
    return "middle_missing" if spelled_beside(options, cut, letters.plain, turn=turn) else None

"""Whether a new document is of the person of one before it, as far as the documents tell.

Here belongs the rule for two documents; which earlier ones a wallet's next document is held
against, and what a refusal says, is `documents`'. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from qianbao.identity.romanized import rewritten
from qianbao.names import LegalName, NameComparison, compare, in_characters, mrz_field

Part = Literal["number", "birth_date", "sex", "place", "name"]

FOR_LIFE = frozenset({"resident_id", "residence_permit", "travel_permit"})
"""Kinds whose number stays when the document is issued again (domain.md 3.1; of a travel permit's,
all but the count of issues)."""

ENOUGH: frozenset[str] = frozenset(
    {
        "diacritic",
        "truncated",
        "middle_missing",
        "middle_initial",
        "second_surname_missing",
        "patronymic_missing",
        "particle_missing",
    }
)
"""Close names that an authority may write for one person, where the first given name is the same:
with other accents, shortened or in full. Not given names in another order, one letter other, a name
that sounds alike or a short form: twins are often named so."""
LONGEST_NAME_FIELD = 200


class Shown(msgspec.Struct, frozen=True):
    """What a document tells of its holder. `number_index` is the blind index of what of its number
    stays when it is issued again; `declared` a name in characters that no document shows, where it
    counts as the holder's (`counts`); `stated_sex` a sex that no document shows and the holder
    tells."""

    kind: str
    country: str
    number_index: bytes
    legal_name: LegalName
    birth_date: date | None
    sex: str | None
    declared: str = ""
    stated_sex: str | None = None


def counts(declared: str, name: LegalName, confirmed_as: Sequence[str]) -> bool:
    """Whether characters that a holder declares beside a document in letters are theirs: they may
    be read as its name, or a bank has confirmed the holder under them (`confirmed_as`: what banks
    said yes to). Others are for a bank's spelling alone: a name chosen in China, or anybody's."""
    if not declared:
        return False
    if _bare(declared) in {_bare(one) for one in confirmed_as}:
        return True
    letters = msgspec.structs.replace(name, native="")
    return compare(letters, declared).verdict != "no_match"


def differing(old: Shown, new: Shown) -> Part | None:
    """What says that the two are not one person's; None where nothing does. Of the same person:
    born on the same day, of the same sex, with a name that is the same or written as an authority
    may write it anew. Where a document tells no birth date, and no number for life binds the two,
    so much rests on the name that it must be the same as it is written: a million people are
    called Wang Xiaoming, and each writes it in one of many ways. One number with two sexes is one
    document, copied wrongly: no check digit covers the sex."""
    births_known = old.birth_date is not None and new.birth_date is not None
    if births_known and old.birth_date != new.birth_date:
        return "birth_date"
    if {old.sex, new.sex} == {"M", "F"} and old.number_index != new.number_index:
        return "sex"
    if not births_known and not _is_same_number(old, new):
        return _differing_undated(old, new)
    if _contradicts_declared(old, new):
        return "name"
    if _is_same_name(old.legal_name, new.legal_name):
        return None
    if births_known and (
        _is_written_anew(old.legal_name, new.legal_name) or _is_rewritten(old, new)
    ):
        return None
    return "name"


def number_contradicts(old: Shown, new: Shown) -> bool:
    """Whether both have a number for life, and not the same one."""
    return _both_for_life(old, new) and old.number_index != new.number_index


def _both_for_life(old: Shown, new: Shown) -> bool:
    """Whether each has a number for life, of one kind."""
    return old.kind == new.kind and new.kind in FOR_LIFE


def _is_same_number(old: Shown, new: Shown) -> bool:
    return _both_for_life(old, new) and old.number_index == new.number_index


def _differing_undated(old: Shown, new: Shown) -> Part | None:
    """Where the birthdays cannot be compared. Nobody is at home in two places whose residents have
    documents of their own."""
    if {old.sex or old.stated_sex, new.sex or new.stated_sex} == {"M", "F"}:
        return "sex"
    homes = {one.country for one in (old, new) if one.kind in FOR_LIFE and one.country}
    if len(homes) > 1:
        return "place"
    return None if _is_written_same(old, new) else "name"


def _is_written_same(old: Shown, new: Shown) -> bool:
    """In the same characters, or, where neither document has any, in the same letters. A name in
    characters that was declared beside the earlier document counts: not one beside the new, which
    anybody can fit to it."""
    before, after = _characters(old.legal_name), _characters(new.legal_name)
    if before or after:
        return after == (before or _bare(old.declared))
    fields = [mrz_field(one.legal_name, LONGEST_NAME_FIELD) for one in (old, new)]
    return fields[0] == fields[1]


def _contradicts_declared(old: Shown, new: Shown) -> bool:
    """Whether the new document's characters are others than those declared beside the earlier one:
    李明 and 黎鸣 are both LI MING."""
    names = (old.declared, _characters(new.legal_name))
    if not all(in_characters(LegalName("", "", name)) for name in names):
        return False
    return compare(*names).verdict != "match"


def _characters(name: LegalName) -> str:
    written = name.native or (name.surname + name.given if in_characters(name) else "")
    return _bare(written)


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)).casefold()


def is_tied(old: Shown, new: Shown) -> bool:
    """Whether the two are bound to one person by something else than the name: the same number for
    life, or the same birthday. Twins share a birthday: it binds where people have looked, too."""
    if _both_for_life(old, new):
        return old.number_index == new.number_index
    return old.birth_date is not None and old.birth_date == new.birth_date


def compare_field(a: str, b: str) -> NameComparison:
    """Compares one field of two names, word for word in their order: as given names beside one
    surname, since the words of a name whose surname is not known may be turned round."""
    return compare(LegalName("X", a), LegalName("X", b))


def _is_same_name(old: LegalName, new: LegalName) -> bool:
    found = compare(old, new)
    if old.given or new.given:
        return found.verdict == "match"
    return found.verdict == "match" and compare_field(old.surname, new.surname).verdict == "match"


def _is_written_anew(old: LegalName, new: LegalName) -> bool:
    found = compare(old, new)
    if found.verdict != "close":
        return False
    if found.reason == "order":  # surname and given names have changed places
        return old.given != "" and new.given != ""
    return found.reason in ENOUGH and _is_first_given_same(old, new)


def _is_first_given_same(old: LegalName, new: LegalName) -> bool:
    """In full: an initial may be anybody's."""
    first, other = (re.split(r"[\s\-‐‑–.]+", one.given.strip())[0] for one in (old, new))
    return min(len(first), len(other)) > 1 and compare_field(first, other).verdict == "match"


def _is_rewritten(old: Shown, new: Shown) -> bool:
    """Whether the state that issued both has changed its rules of spelling in between."""
    if old.country != new.country:
        return False
    (family, own), (other_family, other_own) = (
        mrz_field(one.legal_name, LONGEST_NAME_FIELD).strip("<").partition("<<")[::2]
        for one in (old, new)
    )
    if not own and not other_own:
        return rewritten(family, other_family, new.country)
    return rewritten(family, other_family, new.country) and rewritten(own, other_own, new.country)

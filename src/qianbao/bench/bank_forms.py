"""Names as banks print them: whether each printed form is expected, and recognised.

Reads cases (columns surname, given, native, rule, printed_form): a document's name and what a named
rule prints of it. Ours are `tests/names/bankforms.tsv`; real names are not ours to ship.
"""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from qianbao import names
from qianbao.banks.directory import get_bank
from qianbao.names import NameProfile, compare

_JOINED = NameProfile(order="SG", separator="", case="upper", punctuation="strip")
_CUT_AT_20 = msgspec.structs.replace(_JOINED, max_length=20)
_SEPA = NameProfile(order="GS", separator=" ", case="upper")

PROFILES: dict[str, NameProfile] = {
    "R-BOC": get_bank("BOC").name,
    "R-CCB": get_bank("CCB").name,
    "R-TYPED-MRZ": get_bank("ICBC").name,
    "R-JOINED-SG": _JOINED,
    "R-JOINED-GS": msgspec.structs.replace(_JOINED, order="GS"),
    "R-ICBC20": _CUT_AT_20,
    "R-EPC": msgspec.structs.replace(_SEPA, accents="drop"),
    "R-EPC-ALT": _SEPA,
}
"""How the bank of each rule prints. The other rules are of documents, or of characters, which no
bank prints in a way of its own."""
_ANY_BANK = get_bank("ICBC").name
_CUT = ("R-ICBC20", "R-MRZ-TRUNC")
MRZ_LENGTH = 39


class PrintedForm(msgspec.Struct, frozen=True):
    """One case and what became of it. `expected`: among the forms shown to the holder, or for a
    machine-readable line, written alike; `first`: first among them, None where the rule is no
    bank's. `recognised`: compared as match, a cut one as close because it is cut."""

    rule: str
    printed: str
    expected: bool
    first: bool | None
    recognised: bool


def read_printed_forms(path: Path) -> list[PrintedForm]:
    """Every case of a tab-separated file with a head. Raises `KeyError` when a column is
    missing."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_judge(row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _judge(row: dict[str, str]) -> PrintedForm:
    name = names.from_fields(row["surname"], row["given"], row["native"])
    rule, printed = row["rule"], row["printed_form"]
    found = compare(name, printed)
    recognised = found.reason == "truncated" if rule in _CUT else found.verdict == "match"
    if rule == "R-MRZ-XX":  # another spelling that documents may use and we do not write
        return PrintedForm(rule, printed, True, None, recognised)
    if rule.startswith("R-MRZ"):
        same = names.mrz_field(name, MRZ_LENGTH) == printed
        return PrintedForm(rule, printed, same, None, recognised)
    texts = [form.text for form in names.forms(name, PROFILES.get(rule, _ANY_BANK))]
    first = printed == texts[0] if rule in PROFILES else None
    return PrintedForm(rule, printed, printed in texts, first, recognised)

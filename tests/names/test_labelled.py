"""Real pairs and printed forms, kept outside this repository: they are not ours to ship.

Skipped where no folder has them; `QIANBAO_NAMES_DATA` names one.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from qianbao import names
from qianbao.banks.directory import get_bank
from qianbao.bench.names import EXTRA_KINDS
from qianbao.names import NameProfile, compare

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "names"

JOINED = NameProfile(order="SG", separator="", case="upper", punctuation="strip")
PROFILES = {
    "R-BOC": get_bank("BOC").name,
    "R-CCB": get_bank("CCB").name,
    "R-TYPED-MRZ": get_bank("ICBC").name,
    "R-JOINED-SG": JOINED,
    "R-JOINED-GS": NameProfile(order="GS", separator="", case="upper", punctuation="strip"),
    "R-ICBC20": NameProfile(
        order="SG", separator="", case="upper", punctuation="strip", max_length=20
    ),
    "R-EPC": NameProfile(order="GS", separator=" ", case="upper", accents="drop"),
    "R-EPC-ALT": NameProfile(order="GS", separator=" ", case="upper"),
}
"""How each rule of the printed forms prints; the other rules are of documents and characters."""


def rows(name: str) -> list[dict[str, str]]:
    path = Path(os.environ.get("QIANBAO_NAMES_DATA", BESIDE)) / name
    if not path.is_file():
        pytest.skip(f"QIANBAO_NAMES_DATA names no folder with {name}")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_labelled_pairs_hold_no_false_match_and_few_false_alarms():
    core = [row for row in rows("dev.tsv") if not row["kind"].startswith(EXTRA_KINDS)]
    verdicts = [(row, compare(row["name_a"], row["name_b"]).verdict) for row in core]
    different = [(row, found) for row, found in verdicts if row["label"] == "different"]
    assert [row for row, found in different if found == "match"] == []
    assert sum(found == "close" for _, found in different) <= 0.05 * len(different)
    same = [found for row, found in verdicts if row["label"] == "same"]
    assert sum(found != "no_match" for found in same) >= 0.9 * len(same)


@pytest.mark.parametrize(
    ("kinds", "least"),
    [
        (("case", "punct", "digraph", "spacing_hyphen", "order", "diacritics"), 1.0),
        (("xs_Hani_Latn",), 0.95),
        (("hani_trad_simp",), 0.97),
        (("xs_Cyrl_Latn",), 0.84),
        (("xs_Kana_Latn",), 0.9),
    ],
)
def test_spellings_that_leave_nothing_open_match(kinds, least):
    same = [r for r in rows("dev.tsv") if r["kind"] in kinds and r["label"] == "same"]
    found = [compare(row["name_a"], row["name_b"]).verdict for row in same]
    assert found.count("match") >= least * len(found)


def test_every_printed_form_is_expected_and_recognised():
    wrong = []
    for row in rows("bankforms.tsv"):
        name, printed = (
            names.from_fields(row["surname"], row["given"], row["native"]),
            row["printed_form"],
        )
        found = compare(name, printed)
        fits = "truncated" if row["rule"] in ("R-ICBC20", "R-MRZ-TRUNC") else "match"
        if fits not in (found.verdict, found.reason):
            wrong.append((row["rule"], printed, found.verdict, found.reason))
        if not row["rule"].startswith("R-MRZ"):
            profile = PROFILES.get(row["rule"], get_bank("ICBC").name)
            texts = [form.text for form in names.forms(name, profile)]
            first = row["rule"] in PROFILES
            if printed not in texts or (first and printed != texts[0]):
                wrong.append((row["rule"], printed, texts))
        elif row["rule"] != "R-MRZ-XX" and names.mrz_field(name, 39) != printed:
            wrong.append((row["rule"], printed, names.mrz_field(name, 39)))
    assert wrong == []

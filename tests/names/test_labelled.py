"""Real pairs and printed forms, kept outside this repository: they are not ours to ship.

Skipped where no folder has them; `QIANBAO_NAMES_DATA` names one.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from qianbao.bench.bank_forms import read_printed_forms
from qianbao.bench.names import EXTRA_KINDS
from qianbao.names import compare

OURS = Path(__file__).with_name("bankforms.tsv")
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "names"


def found(name: str) -> Path:
    path = Path(os.environ.get("QIANBAO_NAMES_DATA", BESIDE)) / name
    if not path.is_file():
        pytest.skip(f"QIANBAO_NAMES_DATA names no folder with {name}")
    return path


def rows(name: str) -> list[dict[str, str]]:
    with found(name).open(encoding="utf-8") as file:
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


@pytest.mark.parametrize("path", [OURS, BESIDE / "bankforms.tsv"], ids=["ours", "real"])
def test_every_printed_form_is_expected_and_recognised(path):
    if path != OURS:
        path = found(path.name)
    printed = read_printed_forms(path)
    assert printed
    wrong = [f for f in printed if not (f.expected and f.recognised and f.first is not False)]
    assert wrong == []

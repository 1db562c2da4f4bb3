"""`qianbao bench names`: how well and how fast names are compared, beside other scorers.

Reads labelled pairs (columns name_a, name_b, label `same` or `different`, kind): ours in
`tests/names/pairs.tsv`, or real ones, which are not ours to ship; and names as banks print them,
from the file `bankforms.tsv` beside the pairs (`bank_forms`). A scorer's best threshold is chosen
on the very pairs it is measured on, which flatters it; our own verdicts have no threshold.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from qianbao.bench.bank_forms import PrintedForm, read_printed_forms
from qianbao.bench.name_scorers import opensanctions, rapidfuzz_scorers
from qianbao.names import compare

EXTRA_KINDS = (
    "foreign_", "alias_or_changed", "xs_Hani_Latn_nonpinyin", "nk_", "indic_diff_undecidable",
    "indic_same_undecidable", "neg_swapped",
)  # fmt: skip
"""Kinds that no comparison of two names can decide; reported, not counted."""
WARM_PAIRS = 200
"""Pairs compared before the clock runs, so that no table is read while it does."""


class LabelledPair(msgspec.Struct, frozen=True):
    name_a: str
    name_b: str
    same: bool
    kind: str


class Kind(msgspec.Struct, frozen=True):
    """What became of the pairs of one kind."""

    kind: str
    same: bool
    pairs: int
    match: int
    close: int


class Scorer(msgspec.Struct, frozen=True):
    """A scorer at its best: shares of 1. `recall_without_false` is what it finds before the first
    pair of different persons passes."""

    scorer: str
    f1: float
    precision: float
    recall: float
    recall_without_false: float
    pairs_per_second: int


class Asked(msgspec.Struct, frozen=True):
    """A measure, what is wanted of it, and what it is; shares of 1 or counts."""

    measure: str
    wanted: str
    found: float
    of_pairs: int


class NameFigures(msgspec.Struct, frozen=True):
    """Shares of 1 over the kinds that count; times of one core."""

    asked: list[Asked]
    pairs_same: int
    pairs_different: int
    false_matches: int
    different_close: float
    recall_match: float
    recall: float
    precision: float
    f1: float
    pairs_per_second: int
    latin_pairs_per_second: int
    p50_ms: float
    p99_ms: float
    scorers: list[Scorer]
    kinds: list[Kind]


def command(
    pairs: Annotated[Path, typer.Argument(help="Labelled pairs: name_a, name_b, label, kind.")],
    bank_forms: Annotated[
        Path | None,
        typer.Option(help="Names as banks print them; else bankforms.tsv beside the pairs."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """How well and how fast names are compared, beside rapidfuzz's scorers and, where it is
    installed, OpenSanctions' on the same pairs."""
    if not pairs.is_file():
        raise typer.BadParameter(f"there is no file {pairs}")
    beside = bank_forms or pairs.with_name("bankforms.tsv")
    if bank_forms and not beside.is_file():
        raise typer.BadParameter(f"there is no file {beside}")
    try:
        labelled = read_pairs(pairs)
        printed = read_printed_forms(beside) if beside.is_file() else []
    except KeyError as missing:
        raise typer.BadParameter(f"a file has no column {missing}") from None
    with Console(stderr=True, quiet=as_json).status("Comparing names") as status:
        figures = measure(labelled, printed, lambda what: status.update(f"Measuring {what}"))
    if as_json:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    else:
        show(figures)


def read_pairs(path: Path) -> list[LabelledPair]:
    """The pairs of a tab-separated file with a head. Raises `KeyError` when a column is missing."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            LabelledPair(row["name_a"], row["name_b"], row["label"] == "same", row["kind"])
            for row in rows
        ]


def measure(
    pairs: list[LabelledPair], printed: list[PrintedForm], tell: Callable[[str], object]
) -> NameFigures:
    """Everything the table shows; `tell` hears what is being measured."""
    _one_core()
    core = [pair for pair in pairs if not pair.kind.startswith(EXTRA_KINDS)]
    tell("our own verdicts")
    verdicts = [compare(pair.name_a, pair.name_b).verdict for pair in core]
    scorers = _all_at_best(core, tell)
    tell("times")
    times = sorted(_times(core))
    latin = [pair for pair in core if _is_latin(pair)]
    same = sum(pair.same for pair in core)
    found = [pair for pair, verdict in zip(core, verdicts, strict=True) if verdict != "no_match"]
    right = sum(pair.same for pair in found)
    matched = [pair for pair, verdict in zip(core, verdicts, strict=True) if verdict == "match"]
    false = sum(not pair.same for pair in matched)
    figures = NameFigures(
        asked=[],
        pairs_same=same,
        pairs_different=len(core) - same,
        false_matches=false,
        different_close=_share(len(found) - right - false, len(core) - same),
        recall_match=_share(len(matched) - false, same),
        recall=_share(right, same),
        precision=_share(right, len(found)),
        f1=_share(2 * right, len(found) + same),
        pairs_per_second=_speed(lambda a, b: compare(a, b), core),
        latin_pairs_per_second=_speed(lambda a, b: compare(a, b), latin),
        p50_ms=round(times[len(times) // 2] * 1000, 4),
        p99_ms=round(times[len(times) * 99 // 100] * 1000, 4),
        scorers=scorers,
        kinds=_by_kind(pairs),
    )
    asked = _asked(figures, printed, len(latin))
    return msgspec.structs.replace(figures, asked=asked)


_MATCHING = (
    ("case, punctuation, accents, ue, spacing, order: match", "all",
     ("case", "punct", "diacritics", "digraph", "spacing_hyphen", "order")),
    ("pinyin with characters: match", ">= 0.95", ("xs_Hani_Latn",)),
    ("traditional with simplified: match", ">= 0.97", ("hani_trad_simp",)),
    ("Cyrillic with Latin: match", ">= 0.85", ("xs_Cyrl_Latn",)),
    ("kana with Latin: match", ">= 0.90", ("xs_Kana_Latn",)),
)  # fmt: skip
"""Kinds of one person that leave nothing open, and what is wanted of them."""


def _asked(figures: NameFigures, printed: list[PrintedForm], latin: int) -> list[Asked]:
    """What is wanted of comparing names, beside what was found."""
    same, different = figures.pairs_same, figures.pairs_different
    rows = [Asked("different persons called match", "0", figures.false_matches, different)]
    for measure, wanted, names in _MATCHING:
        kinds = [kind for kind in figures.kinds if kind.same and kind.kind in names]
        count = sum(kind.pairs for kind in kinds)
        rows.append(Asked(measure, wanted, _share(sum(kind.match for kind in kinds), count), count))
    both = same + different
    return [
        *rows,
        Asked("same person called match or close", ">= 0.85", figures.recall, same),
        Asked("different persons called close", "<= 0.05", figures.different_close, different),
        Asked("F1 of match or close", ">= 0.90", figures.f1, both),
        *_asked_of_forms(printed),
        Asked("Latin pairs a second", ">= 50,000", figures.latin_pairs_per_second, latin),
        Asked("pairs a second", ">= 20,000", figures.pairs_per_second, both),
        Asked("99 of 100 calls within, milliseconds", "< 0.5", figures.p99_ms, both),
    ]


def _asked_of_forms(printed: list[PrintedForm]) -> list[Asked]:
    """Nothing where there are no printed forms."""
    answers: dict[str, list[bool]] = {
        "printed bank forms that are among the forms shown": [form.expected for form in printed],
        "printed bank forms that are first for their bank": [
            form.first for form in printed if form.first is not None
        ],
        "printed bank forms: match, cut ones close (truncated)": [
            form.recognised for form in printed
        ],
    }
    return [
        Asked(measure, "all", _share(sum(found), len(found)), len(found))
        for measure, found in answers.items()
        if found
    ]


def _one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _is_latin(pair: LabelledPair) -> bool:
    letters = [c for c in pair.name_a + pair.name_b if c.isalpha()]
    return all(c < "\u0250" or "\u1e00" <= c < "\u1f00" for c in letters)


def _speed(rate: Callable[[str, str], object], pairs: list[LabelledPair]) -> int:
    """Pairs a second of processor time, the best of three passes."""
    named = [(pair.name_a, pair.name_b) for pair in pairs]
    for a, b in named[:WARM_PAIRS]:
        rate(a, b)
    seconds = []
    for _ in range(3):
        started = time.process_time()
        for a, b in named:
            rate(a, b)
        seconds.append(time.process_time() - started)
    return round(len(named) / max(min(seconds), 1e-9))


def _times(pairs: list[LabelledPair]) -> list[float]:
    found = []
    for pair in pairs:
        started = time.perf_counter()
        compare(pair.name_a, pair.name_b)
        found.append(time.perf_counter() - started)
    return found


def _by_kind(pairs: list[LabelledPair]) -> list[Kind]:
    verdicts: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for pair in pairs:
        verdicts[pair.same, pair.kind].append(compare(pair.name_a, pair.name_b).verdict)
    return [
        Kind(kind, same, len(found), found.count("match"), found.count("close"))
        for (same, kind), found in sorted(verdicts.items())
    ]


def _all_at_best(pairs: list[LabelledPair], tell: Callable[[str], object]) -> list[Scorer]:
    found = []
    for name, score in {**rapidfuzz_scorers(), **opensanctions()}.items():
        tell(name)
        found.append(_at_best(name, score, pairs))
    return found


def _at_best(name: str, score: Callable[[str, str], float], pairs: list[LabelledPair]) -> Scorer:
    """The threshold with the best F1, over all thresholds there are."""
    scored = sorted(((score(p.name_a, p.name_b), p.same) for p in pairs), reverse=True)
    same = sum(label for _, label in scored)
    best, sure, right = (0.0, 0.0, 0.0), 0.0, 0
    for count, (value, label) in enumerate(scored, start=1):
        if value <= 0:
            break
        right += label
        if count < len(scored) and scored[count][0] == value:
            continue  # pairs with one score pass together
        if right == count:
            sure = _share(right, same)
        best = max(
            best, (_share(2 * right, count + same), _share(right, count), _share(right, same))
        )
    return Scorer(name, *best, sure, _speed(score, pairs))


def show(figures: NameFigures) -> None:
    """The tables of figures on standard output."""
    write = sys.stdout.write
    write(f"{'measure':58}{'wanted':>12}{'found':>12}{'pairs':>8}\n")
    for asked in figures.asked:
        found = f"{asked.found:,.4g}" if asked.found < 1000 else f"{asked.found:,.0f}"
        write(f"{asked.measure:58}{asked.wanted:>12}{found:>12}{asked.of_pairs:>8,}\n")
    write(f"\n{'beside':34}{'F1':>8}{'prec.':>8}{'recall':>8}{'no false':>10}{'pairs/s':>12}\n")
    ours = (figures.f1, figures.precision, figures.recall)
    rows = [Scorer("qianbao", *ours, figures.recall_match, figures.pairs_per_second)]
    for row in rows + figures.scorers:
        write(f"{row.scorer:34}{row.f1:8.3f}{row.precision:8.3f}{row.recall:8.3f}")
        write(f"{row.recall_without_false:10.3f}{row.pairs_per_second:12,}\n")
    if not any(asked.measure.startswith("printed") for asked in figures.asked):
        write("no bankforms.tsv beside the pairs: printed bank forms were not looked at\n")
    if not any(row.scorer.startswith("nomenklatura") for row in figures.scorers):
        write("nomenklatura (OpenSanctions) is not installed; docs/names.md says how\n")
    write(f"\n{'kind':34}{'':10}{'pairs':>8}{'match':>8}{'close':>8}\n")
    for kind in figures.kinds:
        label = "same" if kind.same else "different"
        write(f"{kind.kind:34}{label:10}{kind.pairs:8}{kind.match:8}{kind.close:8}\n")

"""A mistyped line of a passport comes back with the place marked, under a ruler to count by."""

from __future__ import annotations

from datetime import date

import pytest

from qianbao.errors import QianbaoError
from qianbao.identity.mrz import read_mrz
from qianbao.web.marked import MarkedLine, marked_lines
from tests.kit.person import cast

FIRST, SECOND = cast("Ben").passport.mrz.split("\n")


def shown(typed: str) -> tuple[MarkedLine, ...]:
    with pytest.raises(QianbaoError) as refused:
        read_mrz(typed, date(2026, 11, 22))
    return marked_lines(typed, refused.value)


def test_a_number_that_does_not_fit_is_marked_with_its_check_digit() -> None:
    wrong = SECOND[:9] + str((int(SECOND[9]) + 1) % 10) + SECOND[10:]
    (line,) = shown(f"{FIRST}\n{wrong}")
    assert line.number == 2
    assert line.pieces == ((wrong[:10], True), (wrong[10:], False))
    assert len(line.ruler) == 44
    assert line.ruler[:20] == "····+····1····+····2"


def test_a_character_that_cannot_stand_there_is_marked_alone() -> None:
    wrong = FIRST[:6] + "7" + FIRST[7:]
    (line,) = shown(f"{wrong.lower()}\n{SECOND}")
    assert line.number == 1
    assert line.pieces == ((FIRST[:6], False), ("7", True), (FIRST[7:], False))


def test_a_line_too_short_is_shown_to_be_counted() -> None:
    """Where a character is missing nobody knows; most often it is one of a run of fillers."""
    (line,) = shown(f"{FIRST[:-2]}\n{SECOND}")
    name = FIRST.rstrip("<")
    assert line.pieces == ((name, False), (FIRST[len(name) : -2], True))
    assert (line.off, len(line.ruler)) == (-2, 42)
    (line,) = shown(f"{FIRST}<\n{SECOND}")
    assert line.off == 1


def test_a_check_digit_over_everything_does_not_mark_everything() -> None:
    wrong = SECOND[:43] + str((int(SECOND[43]) + 1) % 10)
    (line,) = shown(f"{FIRST}\n{wrong}")
    assert ("".join(text for text, mark in line.pieces if mark)) == wrong[43]


def test_nothing_is_shown_of_what_has_no_line() -> None:
    assert marked_lines("", None) == ()
    assert shown("nonsense") == ()

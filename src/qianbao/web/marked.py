"""A mistyped machine-readable zone as it is shown again: its lines with the places marked.

Here belongs turning an error's places into marks; what is wrong is `identity.mrz`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

import msgspec

from qianbao.errors import QianbaoError
from qianbao.identity.mrz import MAX_TEXT_LENGTH, zone_lines

_FILLERS = re.compile("<+")

Mark = tuple[int, int, int]
"""Line, first and last place, all counted from 1."""


class MarkedLine(msgspec.Struct, frozen=True):
    """One line, cut into pieces of text that are marked or not; `number` counts from 1."""

    number: int
    pieces: tuple[tuple[str, bool], ...]
    off: int = 0
    """By how many characters the line is too long; below 0, too short."""

    @property
    def ruler(self) -> str:
        """Under the line, to count by: every tenth place is named, every fifth has a mark."""
        length = sum(len(text) for text, _ in self.pieces)
        places = range(1, length + 1)
        return "".join(
            str(at // 10) if at % 10 == 0 else "+" if at % 5 == 0 else "·" for at in places
        )


def marked_lines(typed: str, error: QianbaoError | None) -> tuple[MarkedLine, ...]:
    """The lines that `error` speaks of; none when it speaks of no line."""
    if error is None or "line" not in error.detail or len(typed) > MAX_TEXT_LENGTH:
        return ()
    lines = zone_lines(typed)
    marks = _marks(error, lines)
    return tuple(
        MarkedLine(number, _cut(number, text, marks), _off(error))
        for number, text in enumerate(lines, start=1)
        if number == error.detail["line"] or any(line == number for line, _, _ in marks)
    )


def _off(error: QianbaoError) -> int:
    told = error.detail
    return int(told["length"] - told["expected"]) if "expected" in told and "length" in told else 0


def _longest_fillers(line: int, text: str) -> list[Mark]:
    runs = max(_FILLERS.finditer(text), key=lambda run: run.end() - run.start(), default=None)
    return [(line, runs.start() + 1, runs.end())] if runs else []


def _marks(error: QianbaoError, lines: Sequence[str]) -> tuple[Mark, ...]:
    """The field that does not fit with its check digit, or the one place. A check digit over all
    fields would mark everything: then it alone is marked, with the character suspected."""
    told = error.detail
    marks: list[Mark] = []
    if "position" in told:
        marks.append((told["line"], told["position"], told["position"]))
    if "first" in told:
        marks.append((told["line"], told["first"], told["last"]))
    if told.get("suspect_line"):
        marks.append((told["suspect_line"], told["suspect_position"], told["suspect_position"]))
    if "expected" in told and "length" in told:  # nobody knows where: a run of fillers is likeliest
        marks += _longest_fillers(told["line"], lines[told["line"] - 1])
    if told.get("field") != "composite":
        marks.extend(told.get("spans", ()))
    return tuple(marks)


def _cut(number: int, text: str, marks: tuple[Mark, ...]) -> tuple[tuple[str, bool], ...]:
    def marked(place: int) -> bool:
        return any(line == number and first <= place <= last for line, first, last in marks)

    pieces = groupby(enumerate(text, start=1), key=lambda one: marked(one[0]))
    return tuple(("".join(letter for _, letter in piece), mark) for mark, piece in pieces)

"""From the lines of text that were seen in a picture to a machine-readable zone. Pure.

A camera drops fillers and takes letters for digits. Here belongs what the layout alone puts right;
what only check digits can prove is `mrz_checks`', and what the fields say is `mrz`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from qianbao.identity.mrz_checks import Correction, Zone, corrected, fits, rules
from qianbao.identity.mrz_layout import CONFUSED, DIGITS, LAYOUTS, LETTERS, Layout

FILLERS_LOST = 8
"""So many fillers may be missing or too many in a line, all in one run of them."""
FILLERS_LOST_UNPROVEN = 2
"""The same where no check digit vouches that these lines are a zone of this format."""
SEEN_AS = str.maketrans(dict.fromkeys("‹〈＜くㄑ∠", "<") | {"«": "<<", "《": "<<", "|": "I"})
LETTERED = ("document_code", "issuing_country", "name", "nationality")
"""Fields in which no digit can stand."""


class PhotoZone(msgspec.Struct, frozen=True):
    """The lines of a zone, each as long as its format has it. `proven`: every check digit fits,
    look-alikes that they prove taken for what they are. `corrections` were digits among letters,
    and are made in `lines` already."""

    lines: tuple[str, ...]
    corrections: tuple[Correction, ...]
    proven: bool


def find_zone(seen: Sequence[str]) -> PhotoZone | None:
    """The zone among lines of text, given from the top of the picture to its foot: the lowest whose
    check digits fit, else the lowest that has a zone's shape. None where nothing has."""
    rows = [re.sub(r"[^A-Z0-9<]", "", text.upper().translate(SEEN_AS)) for text in seen]
    shaped = None
    for first in range(len(rows) - 1, -1, -1):
        for layout in LAYOUTS.values():
            lines = _fitted(rows[first : first + layout.lines], layout)
            if lines is None:
                continue
            zone, corrections = _lettered(lines, layout)
            trial = corrected(zone, layout)[0]
            proven = all(fits(trial, rule) for rule in rules(trial, layout))
            found = PhotoZone(tuple(zone), corrections, proven)
            if proven:
                return found
            lost = max(abs(len(row) - layout.length) for row in rows[first : first + layout.lines])
            if lost <= FILLERS_LOST_UNPROVEN:
                shaped = shaped or found
    return shaped


def _fitted(rows: Sequence[str], layout: Layout) -> Zone | None:
    """The rows at the length of the format, or None when they cannot be its lines."""
    if len(rows) < layout.lines or not _begins(rows[0], layout):
        return None
    name_line = layout.fields["name"].line
    zone = [_padded(row, layout.length, at_end=line == name_line) for line, row in enumerate(rows)]
    return zone if all(len(row) == layout.length for row in zone) else None


def _begins(row: str, layout: Layout) -> bool:
    """A zone's first line has the letter of its format, and a filler somewhere."""
    letter = CONFUSED.get(row[:1], row[:1]) if row[:1] in DIGITS else row[:1]
    return letter != "" and letter in layout.first_letters and "<" in row


def _padded(row: str, length: int, *, at_end: bool) -> str:
    """The row with fillers put in or taken out: at its end, or in its longest run of them."""
    more = length - len(row)
    if abs(more) > FILLERS_LOST or "<" not in row:
        return row
    if at_end:
        return row.ljust(length, "<") if more > 0 else row[:length] + row[length:].strip("<")
    start, end = max(_runs(row), key=lambda run: run[1] - run[0])
    return row[:start] + "<" * max(0, end - start + more) + row[end:]


def _runs(row: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in re.finditer("<+", row))


def _lettered(zone: Zone, layout: Layout) -> tuple[Zone, tuple[Correction, ...]]:
    """Digits where only letters stand are the letters they look like."""
    done, corrections = [[*line] for line in zone], []
    for field in LETTERED:
        span = layout.fields[field]
        for at in range(span.start, span.end):
            found = done[span.line][at]
            if found in DIGITS and CONFUSED.get(found, "") in LETTERS and found in CONFUSED:
                done[span.line][at] = CONFUSED[found]
                corrections.append(Correction(span.line + 1, at + 1, found, CONFUSED[found]))
    corrections.sort(key=lambda one: (one.line, one.position))
    return ["".join(line) for line in done], tuple(corrections)

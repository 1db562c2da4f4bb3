"""Where the lines of the console's pictures go. Pure; the templates draw them as SVG.

Units are SVG user units: a picture is as wide as `WIDTH` and scales with its column. Words on a
picture come from the templates, apart from the months, which are digits in both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import msgspec

WIDTH = 960
LABELS = 250
"""The column left of the pictures' lines, for the names."""
ROW = 30
TOP = 28
PADDING_DAYS = 30
FAR = timedelta(days=100 * 365)
"""Days further from today than this stand at the picture's edge: YAML takes the year 9999, too."""
TICKS_MOST = 12

_Place = Callable[[date], float]
"""Where a day is."""


class Dates(msgspec.Struct, frozen=True):
    """What a timeline shows of one policy; `enforce` None: stopped, or without
    any date in force always."""

    key: str
    label: str
    phase: str
    announce: date | None
    warn: date | None
    enforce: date | None
    retire: date | None = None


class Span(msgspec.Struct, frozen=True):
    """One phase's line: from `x`, `width` long."""

    phase: str
    x: float
    width: float
    starts: date | None


class Row(msgspec.Struct, frozen=True):
    """One policy's line, `y` being its middle."""

    key: str
    label: str
    phase: str
    y: int
    spans: tuple[Span, ...]


class Tick(msgspec.Struct, frozen=True):
    """The first day of a month."""

    x: float
    label: str


class Timeline(msgspec.Struct, frozen=True):
    """Policies' phases from left to right, with a line at today."""

    width: int
    height: int
    left: int
    today: date
    today_x: float
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]


def timeline(policies: Sequence[Dates], today: date) -> Timeline:
    """Lays out `policies` in the order given, over the days that any of them names and today."""
    named = [
        day
        for each in policies
        for day in (each.announce, each.warn, each.enforce, each.retire)
        if day
    ]
    earliest, latest = today - FAR, today + FAR
    first = max(min([today, *named]), earliest) - timedelta(days=PADDING_DAYS)
    last = min(max([today, *named]), latest) + timedelta(days=PADDING_DAYS)

    def x(day: date) -> float:
        share = (min(max(day, earliest), latest) - first).days / (last - first).days
        return round(LABELS + share * (WIDTH - LABELS), 1)

    rows = tuple(
        Row(
            key=each.key,
            label=each.label,
            phase=each.phase,
            y=TOP + ROW * number + ROW // 2,
            spans=_spans(each, float(LABELS), x),
        )
        for number, each in enumerate(policies)
    )
    height = TOP + ROW * len(rows) + 8
    return Timeline(WIDTH, height, LABELS, today, x(today), _ticks(first, last, x), rows)


def _spans(dates: Dates, start: float, x: _Place) -> tuple[Span, ...]:
    """The announced, warned and enforced stretches; the last runs to the
    day of retirement or the right edge."""
    named = [
        (phase, day)
        for phase, day in (
            ("announced", dates.announce),
            ("warning", dates.warn),
            ("enforced", dates.enforce),
        )
        if day is not None
    ]
    if not named:
        return (Span("enforced", start, WIDTH - start, None),)
    last = x(dates.retire) if dates.retire else float(WIDTH)
    ends = [x(day) for _, day in named[1:]] + [last]
    return tuple(
        Span(phase, x(day), round(end - x(day), 1), day)
        for (phase, day), end in zip(named, ends, strict=True)
    )


def _ticks(first: date, last: date, x: _Place) -> tuple[Tick, ...]:
    """Firsts of months, so far apart that there are at most `TICKS_MOST`."""
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if _fits(len(months), step))
    days = [date(month // 12, month % 12 + 1, 1) for month in months if month % step == 0]
    return tuple(Tick(x(day), f"{day:%Y-%m}") for day in days)


def _fits(months: int, step: int) -> bool:
    return months <= TICKS_MOST * step


class Bar(msgspec.Struct, frozen=True):
    """One line of a bar picture: `share` of the whole and `part` of it that is marked."""

    label: str
    count: int
    marked: int
    y: int
    width: float
    marked_width: float


class Bars(msgspec.Struct, frozen=True):
    """Horizontal bars under each other, as long as their counts."""

    width: int
    height: int
    left: int
    rows: tuple[Bar, ...]


BAR_ROW = 30
COUNTS = 150
"""The column right of the bars, for the figures."""


def bars(counted: Sequence[tuple[str, int, int]]) -> Bars:
    """`(label, count, marked)` each, in the order given; `marked` of the `count` are drawn dark.
    The longest bar fills the picture; anything that is not 0 is drawn at least 2 wide."""
    most = max((count for _, count, _ in counted), default=0)
    room = WIDTH - LABELS - COUNTS

    def length(count: int) -> float:
        return 0.0 if count == 0 else max(2.0, round(room * count / most, 1))

    rows = tuple(
        Bar(label, count, marked, BAR_ROW * number, length(count), length(marked))
        for number, (label, count, marked) in enumerate(counted)
    )
    return Bars(WIDTH, BAR_ROW * len(rows), LABELS, rows)

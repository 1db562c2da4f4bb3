"""Check digits of a machine-readable zone: which fit, and what a look-alike would mend.

Here belongs everything that a check digit can prove. Which characters may stand where, and what the
fields say, belongs to `mrz`.
"""

from __future__ import annotations

import msgspec

from qianbao.identity.mrz_layout import CONFUSED, DIGITS, Checked, Layout, Span, check_digit

Zone = list[str]


class Correction(msgspec.Struct, frozen=True):
    """One character that was taken for the one it looks like, because only so every check digit
    fits: `found` stood at character `position` of line `line` (both from 1), `read_as` was read."""

    line: int
    position: int
    found: str
    read_as: str


def at(zone: Zone, span: Span) -> str:
    """The characters of `span`."""
    return zone[span.line][span.start : span.end]


def rules(zone: Zone, layout: Layout) -> tuple[Checked, ...]:
    """The fields to check. A number longer than nine characters goes on in the optional data, with
    its digit behind it and a filler in the digit's usual place (ICAO 9303 part 5)."""
    number, *rest = layout.checked
    if layout.overflow is None or at(zone, number.digit) != "<":
        return layout.checked
    more = at(zone, layout.overflow).partition("<")[0]
    if len(more) < 2:
        return layout.checked
    line, start = layout.overflow.line, layout.overflow.start
    end = start + len(more) - 1
    spans = (*number.spans, Span(line, start, end))
    return (Checked("number", spans, Span(line, end, end + 1)), *rest)


def fits(zone: Zone, rule: Checked) -> bool:
    """Whether the field agrees with its check digit; an unused one may have a filler for it."""
    text = "".join(at(zone, span) for span in rule.spans)
    found = at(zone, rule.digit)
    unused = rule.field == "optional" and not text.strip("<")
    return found == check_digit(text) or (unused and found == "<")


def corrected(zone: Zone, layout: Layout) -> tuple[Zone, tuple[Correction, ...]]:
    """The zone with look-alikes (O and 0, I and 1, B and 8, S and 5) put right, and each that was;
    the zone as it came when that would not make every check digit fit.

    A letter where only digits stand is the digit it looks like. Elsewhere one letter of a field is
    taken for a digit when it is the only change of its kind with which the digit fits, and when it
    stands among digits: a letter that begins a number is as likely meant, and a slip elsewhere in
    the field would make one in ten of them look wrong.
    """
    if all(fits(zone, rule) for rule in rules(zone, layout)):
        return zone, ()
    trial = [*zone]
    for span in _digits_only(layout):
        letter = at(trial, span)
        if letter in CONFUSED and letter not in DIGITS:
            trial = _swapped(trial, span)
    for rule in rules(trial, layout):
        place = None if fits(trial, rule) else suspect(trial, rule, layout)
        if place is not None and _among_digits(trial, place):
            trial = _swapped(trial, place)
    if all(fits(trial, rule) for rule in rules(trial, layout)):
        return trial, _differences(zone, trial)
    return zone, ()


def suspect(zone: Zone, rule: Checked, layout: Layout) -> Span | None:
    """The one letter that, taken for the digit it looks like, would make the check digit fit. None
    when there is none, or when taking any other character for its look-alike would do as well. A
    digit is never suspected: of ten slips made elsewhere, one is mended by chance by each 0, 1, 5
    and 8 of the field."""
    where = rule.spans if rule.field != "composite" else layout.optional
    places = [Span(s.line, at, at + 1) for s in where for at in range(s.start, s.end)]
    mended = [
        place
        for place in places
        if at(zone, place) in CONFUSED and fits(_swapped(zone, place), rule)
    ]
    alone = len(mended) == 1 and CONFUSED[at(zone, mended[0])] in DIGITS
    return mended[0] if alone else None


def _digits_only(layout: Layout) -> list[Span]:
    fields = [layout.fields["birth_date"], layout.fields["valid_until"]]
    spans = [*fields, *(rule.digit for rule in layout.checked)]
    return [Span(s.line, at, at + 1) for s in spans for at in range(s.start, s.end)]


def _among_digits(zone: Zone, place: Span) -> bool:
    """A digit stands before it, and behind it a digit or nothing."""
    line = zone[place.line]
    before, behind = line[place.start - 1 : place.start], line[place.end : place.end + 1]
    return before != "" and before in DIGITS and behind in DIGITS + "<"


def _swapped(zone: Zone, place: Span) -> Zone:
    line = zone[place.line]
    other = CONFUSED[line[place.start : place.end]]
    return [
        line[: place.start] + other + line[place.end :] if number == place.line else text
        for number, text in enumerate(zone)
    ]


def _differences(before: Zone, after: Zone) -> tuple[Correction, ...]:
    return tuple(
        Correction(line, position, found, read_as)
        for line, texts in enumerate(zip(before, after, strict=True), start=1)
        for position, (found, read_as) in enumerate(zip(*texts, strict=True), start=1)
        if found != read_as
    )

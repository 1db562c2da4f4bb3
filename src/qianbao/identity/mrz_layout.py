"""Where machine-readable zones keep their fields, and how a check digit is made.

Only the layouts of ICAO Doc 9303 parts 3 to 6 (domain.md 3.2); reading and writing are in `mrz`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Format = Literal["TD1", "TD2", "TD3"]
LETTERS, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


class Span(msgspec.Struct, frozen=True):
    """Characters `start` to `end` of line `line`, counted from 0, `end` not included."""

    line: int
    start: int
    end: int


class Checked(msgspec.Struct, frozen=True):
    """A field with a check digit: what the digit covers, and where it stands."""

    field: str
    spans: tuple[Span, ...]
    digit: Span


class Layout(msgspec.Struct, frozen=True):
    """Where one format keeps its fields. `first_letters` may begin it; `overflow` takes the rest
    of a document number longer than nine characters; `checked` ends with the composite."""

    lines: int
    length: int
    first_letters: str
    fields: dict[str, Span]
    optional: tuple[Span, ...]
    overflow: Span | None
    checked: tuple[Checked, ...]


def _checked(field: str, span: Span) -> Checked:
    """A field whose digit follows it."""
    return Checked(field, (span,), Span(span.line, span.end, span.end + 1))


def _booklet(length: int, first_letters: str) -> Layout:
    """TD3 and TD2: two lines; they differ in length, and only TD3's optional data has a digit."""
    long = length == 44
    number, birth, valid = Span(1, 0, 9), Span(1, 13, 19), Span(1, 21, 27)
    optional = Span(1, 28, 42 if long else 35)
    covered = (Span(1, 0, 10), Span(1, 13, 20), Span(1, 21, length - 1))
    checked = [_checked("number", number), _checked("birth_date", birth)]
    checked.append(_checked("valid_until", valid))
    if long:
        checked.append(_checked("optional", optional))
    checked.append(Checked("composite", covered, Span(1, length - 1, length)))
    fields = {
        "document_code": Span(0, 0, 2), "issuing_country": Span(0, 2, 5),
        "name": Span(0, 5, length), "number": number, "nationality": Span(1, 10, 13),
        "birth_date": birth, "sex": Span(1, 20, 21), "valid_until": valid,
    }  # fmt: skip
    overflow = None if long else optional
    return Layout(2, length, first_letters, fields, (optional,), overflow, tuple(checked))


def _card() -> Layout:
    """TD1: three lines of 30."""
    number, birth, valid = Span(0, 5, 14), Span(1, 0, 6), Span(1, 8, 14)
    optional = (Span(0, 15, 30), Span(1, 18, 29))
    covered = (Span(0, 5, 30), Span(1, 0, 7), Span(1, 8, 15), Span(1, 18, 29))
    checked = (
        _checked("number", number),
        _checked("birth_date", birth),
        _checked("valid_until", valid),
        Checked("composite", covered, Span(1, 29, 30)),
    )
    fields = {
        "document_code": Span(0, 0, 2), "issuing_country": Span(0, 2, 5), "name": Span(2, 0, 30),
        "number": number, "nationality": Span(1, 15, 18), "birth_date": birth,
        "sex": Span(1, 7, 8), "valid_until": valid,
    }  # fmt: skip
    return Layout(3, 30, "ACI", fields, optional, optional[0], checked)


LAYOUTS: dict[Format, Layout] = {
    "TD1": _card(), "TD2": _booklet(36, "ACI"), "TD3": _booklet(44, "P"),
}  # fmt: skip

FIELDS = {
    "document_code": ("the document code", "证件类型"),
    "issuing_country": ("the issuing country", "签发国"),
    "name": ("the name", "姓名"),
    "number": ("the document number", "证件号码"),
    "nationality": ("the nationality", "国籍"),
    "birth_date": ("date of birth", "出生日期"),
    "sex": ("the sex", "性别"),
    "valid_until": ("date of expiry", "有效期截止日期"),
    "optional": ("the optional data", "可选数据"),
    "composite": ("the whole zone", "整个机读码"),
}
"""Each field in both languages."""

CONFUSED = {
    "O": "0", "0": "O", "I": "1", "1": "I", "B": "8", "8": "B", "S": "5", "5": "S",
}  # fmt: skip
"""Characters that people and cameras take for each other."""


def check_digit(text: str) -> str:
    """The check digit of `text`: values 0-9, A=10 to Z=35, < = 0; weights 7, 3, 1; sum modulo 10
    (ICAO 9303 part 3, 4.9)."""
    values = (0 if c == "<" else int(c, 36) for c in text)
    return str(sum(v * (7, 3, 1)[i % 3] for i, v in enumerate(values)) % 10)

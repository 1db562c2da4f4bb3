"""A statement as PDF, A4, English and Chinese side by side.

Rows have one height, so the number of pages is known from the start. Text too long for its column
is cut with an ellipsis; the CSV has all of it. Latin text is set in Helvetica, everything else in
STSong-Light, which PDF readers bring themselves. Same statement, same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from qianbao.leaving.history import Transaction
from qianbao.leaving.statements import Statement, StatementTooLong
from qianbao.money import show

MAX_LINES = 20_000
"""Most lines of a PDF, some 800 pages; the CSV takes more."""

LATIN, LATIN_BOLD, HAN = "Helvetica", "Helvetica-Bold", "STSong-Light"
INK, GREY, RULE, BAND, GREEN = (
    HexColor(code) for code in ("#1f2328", "#6b7280", "#e3e6ea", "#f4f6f8", "#07884a")
)

WIDTH, HEIGHT = A4
LEFT, RIGHT = 44.0, WIDTH - 44.0
DETAILS, AMOUNT, BALANCE = LEFT + 92, RIGHT - 100, RIGHT - 8
ROW = 30.0
FIRST_TOP, NEXT_TOP, BOTTOM = HEIGHT - 240, HEIGHT - 84, 56.0
"""Where the table's heading begins on the first page and on the others, and where rows end."""


class Style(msgspec.Struct, frozen=True):
    """How a piece of text is set."""

    size: float
    colour: HexColor = INK
    bold: bool = False


PLAIN, SMALL, STRONG = Style(9), Style(7.5, GREY), Style(9, INK, bold=True)
TITLE, FIGURE = Style(19, INK, bold=True), Style(12, INK, bold=True)


def write_pdf(statement: Statement) -> bytes:
    """The whole file. Thousands of lines take seconds: call it in a thread. Raises
    `StatementTooLong` above `MAX_LINES`."""
    if len(statement.lines) > MAX_LINES:
        raise StatementTooLong(lines=len(statement.lines), most=MAX_LINES)
    pdfmetrics.registerFont(UnicodeCIDFont(HAN))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(f"Qianbao {statement.statement_id}")
    canvas.setAuthor("Qianbao 钱包")
    pages = list(_pages(statement))
    for number, lines in enumerate(pages, start=1):
        _page(canvas, statement, lines, number)
        _footer(canvas, statement, number, len(pages))
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _pages(statement: Statement) -> Iterator[tuple[Transaction, ...]]:
    """The lines of each page; a statement without lines has one page."""
    first = int((FIRST_TOP - 22 - BOTTOM) // ROW)
    other = int((NEXT_TOP - 22 - BOTTOM) // ROW)
    yield statement.lines[:first]
    for start in range(first, len(statement.lines), other):
        yield statement.lines[start : start + other]


def _page(
    canvas: Canvas, statement: Statement, lines: tuple[Transaction, ...], number: int
) -> None:
    if number == 1:
        _letterhead(canvas, statement)
        _figures(canvas, statement)
        top = FIRST_TOP
    else:
        _text(canvas, LEFT, HEIGHT - 52, "Qianbao 钱包", STRONG)
        _text(canvas, RIGHT, HEIGHT - 52, _period(statement), SMALL, align="right")
        top = NEXT_TOP
    _table_heading(canvas, top)
    zone = ZoneInfo(statement.time_zone)
    for index, line in enumerate(lines):
        _row(canvas, top - 22 - index * ROW, line, zone)
    if not statement.lines:
        words = "No transactions in this period. 本账期无交易。"
        _text(canvas, LEFT + 8, top - 44, words, SMALL)


def _letterhead(canvas: Canvas, statement: Statement) -> None:
    canvas.setFillColor(GREEN)
    canvas.rect(0, HEIGHT - 6, WIDTH, 6, stroke=0, fill=1)
    _text(canvas, LEFT, HEIGHT - 62, "Account statement 账户对账单", TITLE)
    _text(canvas, RIGHT, HEIGHT - 62, "Qianbao 钱包", STRONG, align="right")
    zone = ZoneInfo(statement.time_zone)
    made = statement.created_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    left = [
        ("Holder 户主", statement.holder_name or "–"),
        ("Phone 手机号", f"••••{statement.phone_tail}"),
        ("Wallet 钱包编号", statement.wallet_id),
    ]
    right = [
        ("Period 账期", _period(statement)),
        ("Time zone 时区", statement.time_zone),
        ("Made 生成时间", made),
    ]
    if len(statement.wallet_ids) > 1:
        others = ", ".join(statement.wallet_ids[1:])
        left.append(("With 并入钱包", others))
    for x, facts in ((LEFT, left), (LEFT + 268, right)):
        for index, (label, value) in enumerate(facts):
            y = HEIGHT - 92 - index * 16
            _text(canvas, x, y, label, SMALL)
            _text(canvas, x + 74, y, value, PLAIN, room=180)


def _figures(canvas: Canvas, statement: Statement) -> None:
    """Opening, in, out, closing, in a band."""
    top, height = HEIGHT - 166, 58
    canvas.setFillColor(BAND)
    canvas.roundRect(LEFT, top - height, RIGHT - LEFT, height, 6, stroke=0, fill=1)
    figures = (
        ("Opening balance 期初余额", statement.opening_minor),
        ("Money in 收入", statement.in_minor),
        ("Money out 支出", -statement.out_minor),
        ("Closing balance 期末余额", statement.closing_minor),
    )
    width = (RIGHT - LEFT) / len(figures)
    for index, (label, amount_minor) in enumerate(figures):
        x = LEFT + index * width + 12
        _text(canvas, x, top - 22, label, SMALL)
        _text(canvas, x, top - 42, show(amount_minor, statement.currency), FIGURE, room=width - 16)


def _table_heading(canvas: Canvas, top: float) -> None:
    y = top - 14
    _text(canvas, LEFT + 8, y, "Time 时间", SMALL)
    _text(canvas, DETAILS, y, "Details 明细", SMALL)
    _text(canvas, AMOUNT, y, "Amount 金额", SMALL, align="right")
    _text(canvas, BALANCE, y, "Balance 余额", SMALL, align="right")
    _rule(canvas, top - 22)


def _row(canvas: Canvas, top: float, line: Transaction, zone: ZoneInfo) -> None:
    upper, lower = top - 12, top - 23
    at = line.booked_at.astimezone(zone)
    _text(canvas, LEFT + 8, upper, at.strftime("%Y-%m-%d"), PLAIN)
    _text(canvas, LEFT + 8, lower, at.strftime("%H:%M:%S"), SMALL)
    room = AMOUNT - 84 - DETAILS
    other = line.counterparty
    names = other.en if other.en == other.zh else f"{other.en} {other.zh}"
    _text(canvas, DETAILS, upper, names, PLAIN, room=room)
    kind = f"{line.kind_words.en} {line.kind_words.zh}"
    about = " · ".join(part for part in (kind, line.note.strip()) if part)
    _text(canvas, DETAILS, lower, about, SMALL, room=room)
    came = line.amount_minor > 0
    amount = ("+" if came else "") + show(line.amount_minor, line.currency)
    _text(canvas, AMOUNT, upper, amount, Style(9, GREEN) if came else PLAIN, align="right")
    _text(canvas, AMOUNT, lower, line.transaction_id, Style(5, GREY), align="right")
    balance = line.balance_after_minor
    if balance is not None:
        _text(canvas, BALANCE, upper, show(balance, line.currency), PLAIN, align="right")
    _rule(canvas, top - ROW)


def _footer(canvas: Canvas, statement: Statement, number: int, pages: int) -> None:
    _text(canvas, LEFT, 32, statement.statement_id, SMALL)
    words = f"Page {number} of {pages} · 第 {number} 页，共 {pages} 页"
    _text(canvas, RIGHT, 32, words, SMALL, align="right")


def _period(statement: Statement) -> str:
    zone = ZoneInfo(statement.time_zone)
    begins = statement.starts_at.astimezone(zone).date()
    # The end is exclusive: midnight after the last day still means that day.
    last = (statement.ends_at - timedelta(milliseconds=1)).astimezone(zone).date()
    return f"{begins} – {last}"


def _rule(canvas: Canvas, y: float) -> None:
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.6)
    canvas.line(LEFT, y, RIGHT, y)


def _text(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    style: Style,
    *,
    align: str = "left",
    room: float = 0,
) -> None:
    """Sets one line at `x`, its left or right end; cut to `room` points when that is given."""
    runs = _runs(_printable(text), style)
    if room:
        runs = _fit(runs, style.size, room)
    if align == "right":
        x -= sum(_width(run, font, style.size) for font, run in runs)
    canvas.setFillColor(style.colour)
    for font, run in runs:
        canvas.setFont(font, style.size)
        canvas.drawString(x, y, run)
        x += _width(run, font, style.size)


def _printable(text: str) -> str:
    """Line breaks become spaces; what neither font has becomes a box."""
    return "".join(_glyph(letter) for letter in " ".join(text.split()))


@cache
def _glyph(letter: str) -> str:
    for encoding in ("cp1252", "gbk"):
        try:
            letter.encode(encoding)
        except UnicodeEncodeError:
            continue
        return letter if letter.isprintable() else "□"
    return "□"


def _runs(text: str, style: Style) -> list[tuple[str, str]]:
    """(font, piece) in order."""
    latin = LATIN_BOLD if style.bold else LATIN
    return [
        (latin if is_latin else HAN, "".join(letters))
        for is_latin, letters in groupby(text, key=_is_latin)
    ]


@cache
def _is_latin(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _fit(runs: list[tuple[str, str]], size: float, room: float) -> list[tuple[str, str]]:
    """The runs, cut with an ellipsis where they would be wider than `room`."""
    if sum(_width(run, font, size) for font, run in runs) <= room:
        return runs
    room -= _width("…", LATIN, size)
    kept: list[tuple[str, str]] = []
    for font, run in runs:
        fits = run
        while fits and _width(fits, font, size) > room:
            fits = fits[:-1]
        kept.append((font, fits))
        room -= _width(fits, font, size)
        if fits != run:
            break
    return [*kept, (LATIN, "…")]


def _width(text: str, font: str, size: float) -> float:
    width: float = pdfmetrics.stringWidth(text, font, size)
    return width

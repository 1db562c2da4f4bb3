"""`qianbao names`: compare names line by line, and the ways a bank may print one.

A door: it reads lines, calls `names`, writes lines. What the verdicts mean is in docs/names.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from qianbao import names
from qianbao.banks import directory
from qianbao.identity.countries import is_country
from qianbao.terminal import spoken

app = typer.Typer(help="Compare names; show how banks print them.", no_args_is_help=True)

READ_BYTES = 65_536
"""At most so much is read at once; what there is goes through and out before more is waited for."""
LINE_BYTES = 65_536
"""A longer line goes out as it comes in; names that do not end within it are too long to be any."""


@app.command(epilog="Example: qianbao names compare pairs.tsv")
def compare(
    file: Annotated[
        Path | None,
        typer.Argument(help="Lines of name_a TAB name_b; standard input when left out or -."),
    ] = None,
) -> None:
    """Write verdict, score and reason behind each line. More columns are kept as they are, and a
    line of headings is compared like any other: leave it out."""
    if file is None or str(file) == "-":
        _compare_all(sys.stdin.buffer)
        return
    if file.is_dir():
        raise typer.BadParameter(f"{file} is a folder: name a file of lines, or - for a pipe")
    if not file.exists():
        raise typer.BadParameter(f"there is no file {file}")
    with file.open("rb") as lines:
        _compare_all(lines)


def _compare_all(source: BinaryIO) -> None:
    """Writes as it reads: a file of any size needs no more memory than a small one, and whoever
    sends one line gets its answer."""
    blocks = iter(lambda: source.read1(READ_BYTES), b"")  # type: ignore[attr-defined]
    try:
        for answer in answers(blocks):
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        sys.stderr.close()  # the reader has seen enough


def answers(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """For each block read, the lines that end in it as they came, whatever their bytes, with the
    answer behind them; of a line beyond `LINE_BYTES` what there is of it."""
    line = _Line()
    for block in blocks:
        *ends, rest = block.split(b"\n")
        out = []
        for piece in ends:
            out.append(_finished(_longer(line, piece)))
            line = _Line()
        line = _longer(line, rest)
        if line.size > LINE_BYTES:
            passed, line = _passed_on(line)
            out.append(passed)
        yield b"".join(out)
    if line.size:
        yield _finished(line)


class _Line(msgspec.Struct, frozen=True):
    """A line being read: its pieces not yet written, how long it is, whether it has a second cell,
    and the answer, where it was so long that its beginning has been judged."""

    pieces: list[bytes] = []
    size: int = 0
    cells: bool = False
    answer: bytes = b""


def _longer(line: _Line, piece: bytes) -> _Line:
    pieces = line.pieces
    pieces.append(piece)
    return _Line(pieces, line.size + len(piece), line.cells or b"\t" in piece, line.answer)


def _finished(line: _Line) -> bytes:
    text = b"".join(line.pieces).removesuffix(b"\r")
    return text + (b"" if line.cells else b"\t") + (line.answer or _answer(text))


def _passed_on(line: _Line) -> tuple[bytes, _Line]:
    """What can be written of a line that goes on: all but a return that may belong to its end."""
    text = b"".join(line.pieces)
    kept = text[-1:] if text.endswith(b"\r") else b""
    answer = line.answer or _answer(text)
    return text.removesuffix(b"\r"), _Line([kept], line.size, line.cells, answer)


def _answer(text: bytes) -> bytes:
    cells = text.decode("utf-8", errors="replace").split("\t", 2)
    found = names.compare(cells[0], cells[1] if len(cells) > 1 else "")
    return f"\t{found.verdict}\t{found.score}\t{found.reason}\n".encode()


Mrz = Annotated[str, typer.Option(help="The name field: MUELLER<<ANNA<MARIA.")]
Surname = Annotated[str, typer.Option(help="Or the surname as printed.")]
Given = Annotated[str, typer.Option(help="And the given names.")]
Native = Annotated[str, typer.Option(help="Or the name in Chinese characters.")]
Country = Annotated[
    str, typer.Option(help="Who issued the document, such as ESP: it tells two surnames apart.")
]


@app.command(epilog="Example: qianbao names forms --mrz 'MUELLER<<ANNA' --bank icbc")
def forms(
    bank: Annotated[str, typer.Option(help="A bank's code, such as icbc.")],
    mrz: Mrz = "",
    surname: Surname = "",
    given: Given = "",
    native: Native = "",
    country: Country = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Show how the bank may print a name, the likeliest first, and why. Nothing is sent."""
    name = _name(mrz, surname, given, native, country)
    found = directory.get_bank(bank.upper())
    likely = names.forms(name, found.name)
    if as_json:
        typer.echo(msgspec.json.encode(likely))
        return
    chinese = spoken() == "zh"
    for form in likely:
        typer.echo(form.text)
        why = form.reason_zh if chinese else form.reason_en
        typer.echo(f"    {why} [{form.confidence}] {form.source}".rstrip())


@app.command(epilog="Example: qianbao names parse --mrz 'GARCIA<LOPEZ<<JUAN' --country ESP")
def parse(
    mrz: Mrz = "",
    surname: Surname = "",
    given: Given = "",
    native: Native = "",
    country: Country = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show which words of a name are what; empty parts are left out."""
    name = _name(mrz, surname, given, native, country)
    if as_json:
        typer.echo(msgspec.json.encode(name))
        return
    labels = _PARTS[spoken()]
    for field, label in zip(_SHOWN, labels, strict=True):
        value = getattr(name, field)
        if value:
            typer.echo(f"{label}: {', '.join(value) if isinstance(value, tuple) else value}")


_SHOWN = ("surname", "second_surname", "particles", "given", "patronymic", "native")
_PARTS = {
    "en": ("surname", "second surname", "particles", "given names", "father's name", "characters"),
    "zh": ("姓", "第二姓氏", "姓氏小词", "名", "父名", "汉字"),
}


def _name(mrz: str, surname: str, given: str, native: str, country: str) -> names.LegalName:
    """Raises what the parsers raise; `BadParameter` where no name is given, or two are."""
    code = country.upper()
    if mrz:
        given_too = {"--surname": surname, "--given": given, "--native": native}
        others = [option for option, typed in given_too.items() if typed]
        if others:
            raise typer.BadParameter(f"--mrz holds the whole name: leave out {', '.join(others)}")
        field, issuer = _name_field(mrz.strip().upper())
        return names.from_mrz(field, code or issuer)
    if surname or given:
        return names.from_fields(surname, given, native, country=code)
    if native:
        return names.from_chinese(native, code)
    raise typer.BadParameter("give --mrz, --surname and --given, or --native")


def _name_field(typed: str) -> tuple[str, str]:
    """The name field, and the issuer where a document's whole first line is given. Raises
    `BadParameter` for a part of such a line."""
    issuer = typed[2:5].rstrip("<")
    line = (len(typed), typed[:1]) in _WHOLE_LINES
    if line:
        return typed[5:], issuer
    if typed.startswith("P<") and is_country(issuer):
        raise typer.BadParameter(
            f"this begins like a passport's line ({typed[:5]}): give all its 44 characters, or the "
            f"name field only ({typed[5:].strip('<')[:20]}...), or --surname and --given"
        )
    return typed, ""


_WHOLE_LINES = {(44, "P"), (36, "P"), (36, "I"), (36, "A"), (36, "C")}
"""Length and first letter of the line that holds the name, of TD3 and TD2 documents (ICAO 9303)."""

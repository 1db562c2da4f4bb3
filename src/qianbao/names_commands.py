"""`qianbao names`: compare names line by line, and the ways a bank may print one.

A door: it reads lines, calls `names`, writes lines. What the verdicts mean is in docs/names.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from qianbao import names
from qianbao.banks import directory
from qianbao.terminal import spoken

app = typer.Typer(help="Compare names; show how banks print them.", no_args_is_help=True)

READ_BYTES = 65_536
"""At most so much is read at once; what there is goes through and out before more is waited for."""


@app.command(epilog="Example: qianbao names compare pairs.tsv")
def compare(
    file: Annotated[
        Path | None,
        typer.Argument(help="Lines of name_a TAB name_b; standard input when left out or -."),
    ] = None,
) -> None:
    """Write verdict, score and reason behind each line. More columns are kept as they are."""
    if file is None or str(file) == "-":
        _compare_all(sys.stdin.buffer)
        return
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    with file.open("rb") as lines:
        _compare_all(lines)


def _compare_all(source: BinaryIO) -> None:
    """Writes as it reads: a file of any size needs no more memory than a small one, and whoever
    sends one line gets its answer."""
    rest = b""
    try:
        while block := source.read1(READ_BYTES):  # type: ignore[attr-defined]
            *lines, rest = (rest + block).split(b"\n")
            _write(lines)
        _write([rest] if rest else [])
    except BrokenPipeError:
        sys.stderr.close()  # the reader has seen enough


def _write(lines: list[bytes]) -> None:
    """The lines as they came, whatever their bytes, with the answer behind them."""
    sys.stdout.buffer.write(b"".join(map(_compared, lines)))
    sys.stdout.buffer.flush()


def _compared(line: bytes) -> bytes:
    line = line.removesuffix(b"\r")
    cells = line.decode("utf-8", errors="replace").split("\t")
    found = names.compare(cells[0], cells[1] if len(cells) > 1 else "")
    return line + f"\t{found.verdict}\t{found.score}\t{found.reason}\n".encode()


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
    """Raises what the parsers raise; `BadParameter` where no name is given."""
    code = country.upper()
    if mrz:
        return names.from_mrz(mrz, code)
    if surname or given:
        return names.from_fields(surname, given, native, country=code)
    if native:
        return names.from_chinese(native, code)
    raise typer.BadParameter("give --mrz, --surname and --given, or --native")

"""`qianbao names`: compare names line by line, and the ways a bank may print one.

A door: it reads lines, calls `names`, writes lines. What the verdicts mean is in docs/names.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from qianbao import names
from qianbao.banks import directory
from qianbao.terminal import spoken

app = typer.Typer(help="Compare names; show how banks print them.", no_args_is_help=True)

FLUSH_LINES = 500
"""So many lines go out at once; the last ones when the input ends."""


@app.command(epilog="Example: qianbao names compare pairs.tsv")
def compare(
    file: Annotated[
        Path | None,
        typer.Argument(help="Lines of name_a TAB name_b; standard input when left out or -."),
    ] = None,
) -> None:
    """Write verdict, score and reason behind each line. More columns are kept as they are."""
    if file is None or str(file) == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        _write(_compared(sys.stdin))
        return
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        _write(_compared(lines))


def _compared(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        text = line.rstrip("\r\n")
        cells = text.split("\t")
        found = names.compare(cells[0], cells[1] if len(cells) > 1 else "")
        yield f"{text}\t{found.verdict}\t{found.score}\t{found.reason}\n"


def _write(lines: Iterator[str]) -> None:
    """Writes as it reads, so that a file of any size needs no more memory than a small one."""
    waiting: list[str] = []
    try:
        for line in lines:
            waiting.append(line)
            if len(waiting) == FLUSH_LINES:
                sys.stdout.write("".join(waiting))
                waiting.clear()
        sys.stdout.write("".join(waiting))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()  # the reader has seen enough


@app.command(epilog="Example: qianbao names forms --mrz 'MUELLER<<ANNA' --bank icbc")
def forms(
    bank: Annotated[str, typer.Option(help="A bank's code, such as icbc.")],
    mrz: Annotated[str, typer.Option(help="The name field: MUELLER<<ANNA<MARIA.")] = "",
    surname: Annotated[str, typer.Option(help="Or the surname as printed.")] = "",
    given: Annotated[str, typer.Option(help="And the given names.")] = "",
    native: Annotated[str, typer.Option(help="Or the name in Chinese characters.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Show how the bank may print a name, the likeliest first, and why. Nothing is sent."""
    if mrz:
        name = names.from_mrz(mrz)
    elif surname or given:
        name = names.from_fields(surname, given, native)
    elif native:
        name = names.from_chinese(native)
    else:
        raise typer.BadParameter("give --mrz, --surname and --given, or --native")
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

"""`qianbao mrz PHOTO`: the machine-readable lines of a photo, and what they say.

A door: it reads a file, calls `identity`, prints. Nothing is stored or sent.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
import typer

from qianbao.clock import local_date, system_clock
from qianbao.errors import QianbaoError
from qianbao.identity.mrz import MrzDocument, read_mrz
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.photo import PHOTO_BYTES, read_photo
from qianbao.names import display
from qianbao.terminal import refused


def main(photo: Path, *, as_json: bool) -> None:
    """Prints the lines of the photo (`-`: of standard input), what they say, and what was read
    otherwise than it was seen. Leaves with code 3 where they cannot be found or read."""
    zone = asyncio.run(read_photo(_content(photo)))
    document, problem = None, None
    try:
        document = read_mrz(zone.lines, local_date(system_clock()))
    except QianbaoError as error:
        problem = error
    corrections = zone.corrections + (document.corrections if document else ())
    if as_json:
        shown = {
            "lines": zone.lines,
            "corrections": corrections,
            "document": document,
            "problem": problem.code if problem else None,
        }
        typer.echo(msgspec.json.encode(shown))
    else:
        typer.echo("\n".join(zone.lines))
        _show(document, corrections)
    if problem is not None:
        refused(problem)


def _content(photo: Path) -> bytes:
    """No more of the file than shows that it is too large."""
    if str(photo) == "-":
        found, name = sys.stdin.buffer.read(PHOTO_BYTES + 1), "standard input"
    else:
        found, name = _read(photo), str(photo)
    if not found:
        raise typer.BadParameter(f"{name} is empty")
    return found


def _read(photo: Path) -> bytes:
    if photo.is_dir():
        raise typer.BadParameter(f"{photo} is a folder, not a photo")
    try:
        with photo.open("rb") as file:
            return file.read(PHOTO_BYTES + 1)
    except FileNotFoundError:
        raise typer.BadParameter(f"there is no file {photo}") from None
    except OSError as error:
        raise typer.BadParameter(f"{photo} cannot be read: {error.strerror}") from None


def _show(document: MrzDocument | None, corrections: tuple[Correction, ...]) -> None:
    for one in corrections:
        place = f"line {one.line}, character {one.position}"
        typer.echo(f"    {place}: seen as {one.found}, read as {one.read_as}")
    if document is None:
        return
    typer.echo(f"    {display(document.name)}, born {document.birth_date}")
    typer.echo(
        f"    {document.format} {document.issuing_country} {document.number}, "
        f"valid through {document.valid_until}"
    )

"""`qianbao bench photos`: how photos of documents are read, by what a camera does to them.

Specimen documents are drawn here and then spoiled, each kind in its own way and by a stated seed:
no photo of anybody's is needed, and anyone can run it again. Needs the extra `photos`. Drawn pages
are kinder than real ones (no security print, one face of letters), so the figures rank kinds of
trouble; they promise nothing of real photos.
"""

from __future__ import annotations

import asyncio
import io
import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from qianbao.errors import QianbaoError
from qianbao.identity.mrz import read_mrz, write_td1, write_td3
from qianbao.identity.photo import PhotosUnread, photos_are_read, read_photo
from qianbao.names import LegalName

TODAY = date(2026, 11, 1)
WIDTH, HEIGHT, PITCH, SIZE, MARGIN = 1100, 760, 22, 32, 66
PAPER, INK, TABLE = "#f1ecdf", "#1c1c1c", "#6d6258"
TIMEOUT_SECONDS = 120.0
"""A bench may share its core; a request may not wait so long."""
_SURNAMES = (
    "Müller", "Yamada", "Okafor", "D'Angelo-Rossi", "Nguyen", "Wiśniewska", "Haddad", "Smith",
    "Ivanova", "Oğuz",
)  # fmt: skip
_GIVEN = (
    "Anna", "Taro", "Chidi", "Chiara", "Minh", "Zofia", "Samir", "Olga", "John", "Emre", "Maria",
    "Paul", "Lena",
)  # fmt: skip
_COUNTRIES = ("DEU", "JPN", "NGA", "ITA", "VNM", "POL", "LBN", "USA", "RUS", "TUR")

Picture = Any
"""A PIL image; the extra brings it."""


class Spoiled(msgspec.Struct, frozen=True):
    """What became of the photos of one kind. `right`: every line as printed; `wrong`: taken for
    good with something misread (a name: no check digit covers it); `refused`: told why."""

    kind: str
    photos: int
    right: int
    wrong: int
    refused: int
    median_seconds: float


def command(
    each: Annotated[int, typer.Option(help="Photos of each kind.", min=1)] = 8,
    seed: Annotated[int, typer.Option(help="The same seed draws the same photos.")] = 4,
    kind: Annotated[list[str] | None, typer.Option(help="Only these kinds.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON array and nothing else.")
    ] = False,
) -> None:
    """How photos of documents are read: drawn pages, spoiled as cameras do."""
    if not photos_are_read():
        raise PhotosUnread()
    unknown = set(kind or ()) - KINDS.keys()
    if unknown:
        raise typer.BadParameter(f"no such kind: {', '.join(sorted(unknown))}")
    found = []
    with Console(stderr=True, quiet=as_json).status("Reading photos") as status:
        for name in kind or KINDS:
            status.update(f"Reading photos: {name}")
            found.append(asyncio.run(measure(name, each, seed)))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        show(found)


def show(found: list[Spoiled]) -> None:
    """The table on standard output."""
    sys.stdout.write(f"{'photo':28}{'photos':>8}{'right':>8}{'wrong':>8}{'refused':>9}{'s':>8}\n")
    for row in found:
        sys.stdout.write(f"{row.kind:28}{row.photos:8}{row.right:8}{row.wrong:8}{row.refused:9}")
        sys.stdout.write(f"{row.median_seconds:8.1f}\n")


async def measure(kind: str, each: int, seed: int) -> Spoiled:
    """Draws, spoils and reads `each` photos of one kind."""
    chance = random.Random(f"{seed} {kind}")  # noqa: S311 - nothing secret
    outcomes, seconds = [], []
    for at in range(each):
        lines = specimen(chance, card=at % 4 == 3)
        content = photo(lines, kind, chance)
        started = time.perf_counter()
        outcomes.append(await _outcome(content, lines))
        seconds.append(time.perf_counter() - started)
    return Spoiled(
        kind=kind,
        photos=each,
        right=outcomes.count("right"),
        wrong=outcomes.count("wrong"),
        refused=outcomes.count("refused"),
        median_seconds=round(statistics.median(seconds), 1),
    )


async def _outcome(content: bytes, lines: tuple[str, ...]) -> str:
    """As the page would take it: what is read is what the check digits let pass."""
    try:
        zone = await read_photo(content, timeout_seconds=TIMEOUT_SECONDS)
        read = read_mrz(zone.lines, TODAY)
    except QianbaoError:
        return "refused"
    return "right" if read == read_mrz(lines, TODAY) or zone.lines == lines else "wrong"


def specimen(chance: random.Random, *, card: bool) -> tuple[str, ...]:
    """The lines of a passport, or of a card, that nobody holds."""
    country = chance.choice(_COUNTRIES)
    name = LegalName(chance.choice(_SURNAMES), " ".join(chance.sample(_GIVEN, 2)))
    number = "".join(chance.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(9))
    born = date(chance.randint(1950, 2005), chance.randint(1, 12), chance.randint(1, 28))
    until = date(chance.randint(2027, 2036), chance.randint(1, 12), chance.randint(1, 28))
    write: Callable[..., tuple[str, ...]] = write_td1 if card else write_td3
    return write(
        name, number=number, issuing_country=country, nationality=country,
        birth_date=born, sex=chance.choice("MF"), valid_until=until,
    )  # fmt: skip


# Drawing


def page(lines: tuple[str, ...] | list[str]) -> Picture:
    """A data page with some print above, and the lines at its foot at the pitch of OCR-B."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(picture)
    for y in range(0, HEIGHT, 14):  # a weak background print
        draw.line([(0, y), (WIDTH, y + 40)], fill="#e6dfcc", width=2)
    font: Any = ImageFont.load_default(SIZE)
    draw.text((MARGIN, 50), "UTOPIA  PASSPORT", font=font, fill=INK)
    draw.rectangle((MARGIN, 130, MARGIN + 220, 420), fill="#b9b2a4")
    for row, text in enumerate(("SURNAME", "GIVEN NAMES", "NATIONALITY", "DATE OF BIRTH")):
        draw.text((MARGIN + 270, 130 + 75 * row), text, font=font, fill="#4a4a55")
    for line, text in enumerate(lines):
        top = HEIGHT - 60 * len(lines) - 40 + 60 * line
        for place, character in enumerate(text):
            at = (MARGIN + place * PITCH + PITCH / 2, top)
            draw.text(at, character, font=font, fill=INK, anchor="ma")
    return picture


def photo(lines: tuple[str, ...], kind: str, chance: random.Random) -> bytes:
    """The page on a table, spoiled, as a JPEG file."""
    from PIL import Image

    table = Image.new("RGB", (WIDTH + 160, HEIGHT + 160), TABLE)
    table.paste(page(lines), (80, 80))
    spoiled = KINDS[kind](table, chance)
    quality = 25 if kind in ("hard JPEG", "everything, mildly") else 88
    file = io.BytesIO()
    spoiled.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _turned(picture: Picture, degrees: float) -> Picture:
    from PIL import Image

    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=TABLE)


def _tilted(picture: Picture, chance: random.Random, share: float) -> Picture:
    """Seen from the side: each corner moves inwards by up to `share` of the picture."""
    from PIL import Image

    width, height = picture.size
    near = [(0, 0), (width, 0), (width, height), (0, height)]
    inward = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    far = [
        (x + dx * chance.uniform(0, share) * width, y + dy * chance.uniform(0, share) * height)
        for (x, y), (dx, dy) in zip(near, inward, strict=True)
    ]
    way = _perspective(far, near)
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, way, Image.Resampling.BICUBIC, fillcolor=TABLE
    )


def _perspective(shown: list[tuple[float, float]], drawn: list[tuple[float, float]]) -> list[float]:
    """The eight numbers that take each shown corner back to the drawn one."""
    import numpy

    rows, values = [], []
    for (x, y), (u, v) in zip(shown, drawn, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved: list[float] = numpy.linalg.solve(numpy.array(rows), numpy.array(values)).tolist()
    return solved


def _blurred(picture: Picture, radius: float) -> Picture:
    from PIL import ImageFilter

    return picture.filter(ImageFilter.GaussianBlur(radius))


def _shaken(picture: Picture, pixels: int) -> Picture:
    """The camera moved sideways."""
    from PIL import ImageChops

    steps = [ImageChops.offset(picture, at, at // 3) for at in range(pixels)]
    mixed = steps[0]
    for count, step in enumerate(steps[1:], start=2):
        mixed = ImageChops.blend(mixed, step, 1 / count)
    return mixed


def _noisy(picture: Picture, sigma: float, chance: random.Random) -> Picture:
    import numpy
    from PIL import Image

    dice = numpy.random.default_rng(chance.getrandbits(32))
    grains = dice.normal(0, sigma, (picture.height, picture.width, 3))
    return Image.fromarray(numpy.clip(numpy.asarray(picture) + grains, 0, 255).astype("uint8"))


def _shaded(picture: Picture, chance: random.Random, darkest: float) -> Picture:
    """A shadow falls across the page."""
    from PIL import Image, ImageChops

    slope = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270)))
    shade = slope.point(lambda light: 255 * (darkest + (1 - darkest) * light / 255))
    return ImageChops.multiply(picture, shade.resize(picture.size).convert("RGB"))


def _glared(picture: Picture, chance: random.Random) -> Picture:
    """A lamp shines on the lower half, where the lines are, and takes most of the contrast."""
    from PIL import Image, ImageDraw

    spot = Image.new("L", picture.size, 0)
    x, y = chance.uniform(0.2, 0.8) * picture.width, chance.uniform(0.75, 0.9) * picture.height
    ImageDraw.Draw(spot).ellipse((x - 130, y - 90, x + 130, y + 90), fill=185)
    white = Image.new("RGB", picture.size, "white")
    return Image.composite(white, picture, _blurred(spot, 40))


def _sized(picture: Picture, width: int) -> Picture:
    from PIL import Image

    height = math.ceil(picture.height * width / picture.width)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def _everything(picture: Picture, chance: random.Random) -> Picture:
    turned = _turned(_tilted(picture, chance, 0.04), chance.uniform(-5, 5))
    spoiled = _noisy(_blurred(_shaded(turned, chance, 0.6), 0.8), 8, chance)
    return _sized(spoiled, 1200)


KINDS: dict[str, Callable[[Picture, random.Random], Picture]] = {
    "as drawn": lambda picture, _: picture,
    "camera turned to 4 degrees": lambda p, chance: _turned(p, chance.uniform(-4, 4)),
    "camera turned 8 to 15": lambda p, c: _turned(p, c.choice((-1, 1)) * c.uniform(8, 15)),
    "turned by quarters": lambda p, chance: _turned(p, chance.choice((90, 180, 270))),
    "seen from the side": lambda p, chance: _tilted(p, chance, 0.10),
    "out of focus": lambda p, chance: _blurred(p, chance.uniform(1.2, 2.4)),
    "shaken": lambda p, chance: _shaken(p, chance.randint(4, 8)),
    "noise of a dark room": lambda p, chance: _noisy(_shaded(p, chance, 0.5), 22, chance),
    "shadow": lambda p, chance: _shaded(p, chance, 0.25),
    "glare on the lines": _glared,
    "small: 800 pixels wide": lambda p, _: _sized(p, 800),
    "hard JPEG": lambda p, _: _sized(p, 1000),
    "everything, mildly": _everything,
}
"""What a camera does, by name; each spoils a picture by chance."""

"""Pictures of specimen documents, drawn here: no photo of anybody's is among the tests."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, PITCH, SIZE = 1100, 700, 22, 32


def page(lines: list[str], *, turned: int = 0, slanted: float = 0.0) -> Image.Image:
    """A data page with a heading and a name, and the lines at its foot, one character every 22
    pixels as OCR-B has it. `turned` by quarters, `slanted` by degrees."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#f4f1e8")
    draw = ImageDraw.Draw(picture)
    font: Any = ImageFont.load_default(SIZE)
    draw.text((60, 50), "UTOPIA  PASSPORT", font=font, fill="#222222")
    draw.text((60, 150), "ERIKSSON  ANNA MARIA", font=font, fill="#222222")
    for line, text in enumerate(lines):
        top = HEIGHT - 60 * len(lines) - 40 + 60 * line
        for place, character in enumerate(text):
            at = (60 + place * PITCH + PITCH / 2, top)
            draw.text(at, character, font=font, fill="black", anchor="ma")
    return picture.rotate(90 * turned + slanted, expand=True, fillcolor="#808080")


def encoded(picture: Image.Image, form: str = "JPEG") -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


def bomb() -> bytes:
    """A file of some kilobytes that unpacks to 400 million pixels."""
    return encoded(Image.new("1", (20_000, 20_000)), "PNG")

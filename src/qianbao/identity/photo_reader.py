"""The process that looks at one picture: `python -m qianbao.identity.photo_reader`.

A picture is a stranger's file, and decoding it is where such files bite. So it happens in a process
of its own, which `photo` starts with a limit of time, and which first takes from itself the right
to write files and to more than its share of memory and processor. The picture comes by standard
input; one line of JSON goes out. Needs the extra `photos`.
"""

from __future__ import annotations

import io
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from qianbao.identity.photo_lines import find_zone

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000
"""More than any phone's camera takes; a picture that unpacks to more is not unpacked."""
LONGEST_SIDE = 2_000
"""Pictures are made no larger than this before they are looked at: a line's 44 characters are then
still 20 pixels wide each where the document fills half of it."""
SLIGHTEST_SLANT = 1.0
"""In degrees; less than this no line runs into the next."""
THREADS = 2
MEMORY_BYTES = 4_000_000_000
PROCESSOR_SECONDS = 60

Outcome = Literal["seen", "no_picture", "too_many_pixels"]


class Seen(msgspec.Struct, frozen=True):
    """`lines`: the text in the picture, from its top to its foot; none for other outcomes."""

    outcome: Outcome
    lines: tuple[str, ...] = ()
    pixels: int = 0


def look(content: bytes) -> Seen:
    """What is written in the picture, turned so that a zone is found in it, if there is one."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # told by size, below
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            pixels = picture.width * picture.height
            if pixels > MOST_PIXELS:
                return Seen("too_many_pixels", pixels=pixels)
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError:
        return Seen("too_many_pixels", pixels=2 * MOST_PIXELS)
    except Exception:  # whatever a decoder makes of a stranger's bytes
        return Seen("no_picture")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return Seen("seen", _turned(upright), pixels)


def _turned(picture: Any) -> tuple[str, ...]:
    """The text as it is when the picture is levelled and turned the right way; as it stands, where
    no turn shows a zone."""
    from PIL.Image import Resampling, Transpose
    from rapidocr import RapidOCR

    read = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # it takes fillers for upside-down text, line by line
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    upright, boxes = _text(read, picture)
    if find_zone(upright) is not None or not boxes:
        return upright
    slant, sideways = _lie(boxes)
    level = picture
    if abs(slant) >= SLIGHTEST_SLANT:
        level = picture.rotate(slant, Resampling.BICUBIC, expand=True, fillcolor="#808080")
        if not sideways:
            lines, _ = _text(read, level)
            if find_zone(lines) is not None:
                return lines
    turns = (Transpose.ROTATE_90, Transpose.ROTATE_270) if sideways else (Transpose.ROTATE_180,)
    for turn in turns:
        lines, _ = _text(read, level.transpose(turn))
        if find_zone(lines) is not None:
            return lines
    return upright


Box = list[list[float]]
"""The four corners of a piece of text, each x and y in pixels."""


def _text(read: Any, picture: Any) -> tuple[tuple[str, ...], list[Box]]:
    """The lines of text, and the boxes of their pieces."""
    import numpy

    found = read(numpy.asarray(picture))
    if found.txts is None or found.boxes is None:
        return (), []
    boxes = [box.tolist() for box in found.boxes]
    return tuple(rows(found.txts, boxes)), boxes


def _lie(boxes: Sequence[Box]) -> tuple[float, bool]:
    """By how many degrees the text slants, from -45 to 45 (falling to the right counts up), and
    whether it stands on its side: what most of it does, by length."""
    found = sorted(map(_direction, boxes), key=lambda one: one[0])
    half, passed = sum(length for _, length in found) / 2, 0.0
    sideways = sum(length for angle, length in found if abs(angle) > 45) > half
    slants = sorted(((angle + 45) % 90 - 45, length) for angle, length in found)
    for slant, length in slants:
        passed += length
        if passed >= half:
            return slant, sideways
    return 0.0, sideways


def _direction(box: Box) -> tuple[float, float]:
    """The angle of a box's longer side, from -90 to 90 degrees, and its length."""
    sides = [(box[i + 1][0] - box[i][0], box[i + 1][1] - box[i][1]) for i in (0, 1)]
    x, y = max(sides, key=lambda side: math.hypot(*side))
    angle = math.degrees(math.atan2(y, x))
    return (angle + 90) % 180 - 90, math.hypot(x, y)


def rows(texts: Sequence[str], boxes: Sequence[Box]) -> Iterator[str]:
    """Pieces of text at one height as one line, from left to right, as they stand once their slant
    is taken out."""
    slant = math.radians(_lie(boxes)[0]) if boxes else 0.0
    level = [_rotated(box, -slant) for box in boxes]
    pieces = []
    for text, box in zip(texts, level, strict=True):
        middle = sum(y for _, y in box) / len(box)
        height = max(y for _, y in box) - min(y for _, y in box)
        pieces.append((middle, height, min(x for x, _ in box), text))
    pieces.sort()
    row: list[tuple[float, float, float, str]] = []
    for piece in pieces:
        if row and piece[0] - row[-1][0] > min(piece[1], row[-1][1]) / 2:
            yield "".join(one[3] for one in sorted(row, key=lambda one: one[2]))
            row = []
        row.append(piece)
    if row:
        yield "".join(one[3] for one in sorted(row, key=lambda one: one[2]))


def _rotated(box: Box, radians: float) -> Box:
    cosine, sine = math.cos(radians), math.sin(radians)
    return [[x * cosine - y * sine, x * sine + y * cosine] for x, y in box]


def _confine() -> None:
    """No file can be written, and neither memory nor processor taken without end."""
    import resource  # not on every system, and this module's words are read on all

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))


if __name__ == "__main__":
    _confine()
    sys.stdout.buffer.write(msgspec.json.encode(look(sys.stdin.buffer.read())))

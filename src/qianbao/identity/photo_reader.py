"""The process that looks at one picture: `python -m qianbao.identity.photo_reader`.

A picture is a stranger's file, and decoding it is where such files bite. So it happens in a process
of its own, which `photo` starts with a limit of time, and which first takes from itself the right
to write files and to more than its share of memory and processor. The picture comes by standard
input; one line of JSON goes out. Needs the extra `photos`.
"""

from __future__ import annotations

import io
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
    """The text as it is when the picture is turned the right way; as it stands, where no turn shows
    a zone."""
    from PIL.Image import Transpose
    from rapidocr import RapidOCR

    read = RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    upright, boxes = _text(read, picture)
    if find_zone(upright) is not None or not boxes:
        return upright
    sideways = sum(_height(box) > _width(box) for box in boxes) * 2 > len(boxes)
    turns = (Transpose.ROTATE_90, Transpose.ROTATE_270) if sideways else (Transpose.ROTATE_180,)
    for turn in turns:
        lines, _ = _text(read, picture.transpose(turn))
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
    return tuple(_rows(found.txts, boxes)), boxes


def _width(box: Box) -> float:
    return max(x for x, _ in box) - min(x for x, _ in box)


def _height(box: Box) -> float:
    return max(y for _, y in box) - min(y for _, y in box)


def _rows(texts: Sequence[str], boxes: Sequence[Box]) -> Iterator[str]:
    """Pieces of text at one height as one line, from left to right."""
    pieces = []
    for text, box in zip(texts, boxes, strict=True):
        middle = sum(y for _, y in box) / len(box)
        pieces.append((middle, _height(box), min(x for x, _ in box), text))
    pieces.sort()
    row: list[tuple[float, float, float, str]] = []
    for piece in pieces:
        if row and piece[0] - row[-1][0] > min(piece[1], row[-1][1]) / 2:
            yield "".join(one[3] for one in sorted(row, key=lambda one: one[2]))
            row = []
        row.append(piece)
    if row:
        yield "".join(one[3] for one in sorted(row, key=lambda one: one[2]))


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

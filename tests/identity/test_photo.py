"""Anna photographs her passport instead of typing its lines."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qianbao.identity import photo
from qianbao.identity.mrz import read_mrz
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.photo import read_photo
from qianbao.identity.photo_lines import find_zone
from qianbao.identity.photo_reader import rows
from tests.identity.pictures import bomb, encoded, page
from tests.identity.test_mrz import TD1, TD2, TD3

TODAY = date(2026, 11, 1)
PATIENCE_SECONDS = 120.0
"""Tests may share their core with others."""
extra = pytest.mark.skipif(
    not photo.photos_are_read(), reason="needs the extra: pip install qianbao[photos]"
)


# What was seen, as lines


@pytest.mark.parametrize("zone", [TD1, TD2, TD3])
def test_a_zone_is_found_under_other_text(zone: list[str]) -> None:
    found = find_zone(["UTOPIA PASSPORT", "ERIKSSON", "P<", *(line + " " for line in zone), "|"])
    assert found is not None
    assert (list(found.lines), found.corrections, found.proven) == (zone, (), True)


def test_digits_among_letters_are_letters_and_told() -> None:
    seen = ["P<UT0ER1KSS0N<<ANNA<MAR|A<<<<<<<<<<<<<<<<<<<", TD3[1].replace("UTO", "UT0")]
    found = find_zone(seen)
    assert found is not None
    assert list(found.lines) == TD3
    assert found.corrections == (
        Correction(1, 5, "0", "O"),
        Correction(1, 8, "1", "I"),
        Correction(1, 12, "0", "O"),
        Correction(2, 13, "0", "O"),
    )


@pytest.mark.parametrize(
    "seen",
    [
        [TD3[0][:-5], TD3[1]],
        [TD3[0] + "<<<", TD3[1]],
        [TD3[0], TD3[1].replace("<<<<<", "<<<")],
        [TD3[0].replace("<<", "«"), TD3[1].lower()],
        [" ".join(TD3[0]), TD3[1]],
    ],
)
def test_fillers_that_the_camera_lost_are_put_back(seen: list[str]) -> None:
    found = find_zone(seen)
    assert found is not None
    assert list(found.lines) == TD3


def test_a_slip_stays_where_it_is_to_be_told() -> None:
    found = find_zone([TD3[0], TD3[1].replace("L898902C3", "L898902C4")])
    assert found is not None
    assert not found.proven
    assert found.lines[1].startswith("L898902C4")


def test_the_zone_whose_check_digits_fit_is_taken() -> None:
    found = find_zone([*TD3, "P<UTOSPECIMEN<<NOT<THIS<<<<<<<<<<<<<<<<<<<<<", "1" * 30 + "<" * 14])
    assert found is not None
    assert list(found.lines) == TD3


def test_other_signs_that_a_filler_is_taken_for_are_fillers() -> None:
    found = find_zone([TD3[0].replace("<<<", "くㄑ∠"), TD3[1]])
    assert found is not None
    assert list(found.lines) == TD3


def _box(x: float, y: float, width: float, degrees: float) -> list[list[float]]:
    """A piece of text 20 pixels high, in a picture turned by so many degrees."""
    angle = math.radians(degrees)
    corners = [(x, y), (x + width, y), (x + width, y + 20), (x, y + 20)]
    cos, sin = math.cos(angle), math.sin(angle)
    return [[cx * cos - cy * sin, cx * sin + cy * cos] for cx, cy in corners]


@pytest.mark.parametrize("degrees", [0, 2, -9, 15, -30, 40])
def test_pieces_of_slanted_lines_stay_in_their_line(degrees: float) -> None:
    boxes = [_box(x, y, 300, degrees) for y in (0, 30) for x in (0, 400, 800)]
    assert list(rows("ABCDEF", boxes)) == ["ABC", "DEF"]


@given(st.lists(st.lists(st.floats(-1e4, 1e4), min_size=8, max_size=8), max_size=6))
def test_boxes_of_any_shape_break_nothing(numbers: list[list[float]]) -> None:
    boxes = [[one[at : at + 2] for at in range(0, 8, 2)] for one in numbers]
    assert "".join(sorted("".join(rows("x" * len(boxes), boxes)))) == "x" * len(boxes)


@given(st.lists(st.text(max_size=60), max_size=8))
def test_whatever_is_seen_breaks_nothing(seen: list[str]) -> None:
    found = find_zone(seen)
    assert found is None or len({len(line) for line in found.lines}) == 1


@given(st.sampled_from([TD1, TD2, TD3]), st.data())
def test_a_zone_with_letters_lost_breaks_nothing(zone: list[str], data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(st.integers(0, 44), st.integers(0, 44))))
    line = data.draw(st.integers(0, len(zone) - 1))
    seen = [text[:start] + text[end:] if at == line else text for at, text in enumerate(zone)]
    found = find_zone(seen)
    assert found is None or len({len(one) for one in found.lines}) == 1


# Pictures


@extra
@pytest.mark.parametrize(
    ("picture", "zone"),
    [
        (page(TD3), TD3),
        (page(TD1, slanted=2), TD1),
        (page(TD3, turned=1), TD3),
        (page(TD3, turned=2), TD3),
        (page(TD3, slanted=12), TD3),
        (page(TD1, turned=1, slanted=-10), TD1),
    ],
)
async def test_the_lines_of_a_picture_are_read(picture: Image.Image, zone: list[str]) -> None:
    found = await read_photo(encoded(picture), timeout_seconds=PATIENCE_SECONDS)
    assert found.proven
    assert read_mrz(found.lines, TODAY).name == read_mrz(zone, TODAY).name
    assert read_mrz(found.lines, TODAY).number == read_mrz(zone, TODAY).number


@extra
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "photo_missing"),
        (b"%PDF-1.7 no picture at all", "photo_no_picture"),
        (encoded(page(TD3))[:3000], "photo_no_picture"),
        (encoded(Image.new("RGB", (9, 9)), "GIF"), "photo_no_picture"),
        (bomb(), "photo_too_many_pixels"),
        (bytes(50_000_000), "photo_too_large"),
        (encoded(Image.new("RGB", (640, 480), "white")), "photo_shows_no_mrz"),
        (encoded(page(["JUST A LETTER HOME", "WITH NO LINES"])), "photo_shows_no_mrz"),
    ],
    ids=["empty", "pdf", "cut off", "gif", "bomb", "50 MB", "white", "letter"],
)
async def test_what_is_no_photo_of_a_document_is_refused_by_name(content: bytes, code: str) -> None:
    with pytest.raises(photo.QianbaoError) as refused:
        await read_photo(content, timeout_seconds=PATIENCE_SECONDS)
    assert refused.value.code == code
    assert refused.value.sentence("en") != refused.value.sentence("zh")
    assert refused.value.next_step("en") != refused.value.next_step("zh")


@extra
async def test_a_picture_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(photo.PhotoTooSlow):
        await read_photo(encoded(page(TD3)), timeout_seconds=0.2)


@extra
async def test_of_many_at_once_some_are_told_to_wait() -> None:
    content = encoded(page(TD3))
    answers = await asyncio.gather(*[read_photo(content) for _ in range(4)], return_exceptions=True)
    busy = [one for one in answers if isinstance(one, photo.PhotoReaderBusy)]
    assert len(busy) == 4 - photo.AT_ONCE


async def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "find_spec", lambda name: None)
    with pytest.raises(photo.PhotosUnread) as refused:
        await read_photo(b"")
    assert "Type" in refused.value.next_step("en")


def run(*words: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "qianbao", "mrz", *words],
        input=content, capture_output=True, env=os.environ | {"LC_ALL": "C.UTF-8"}, check=False,
    )  # fmt: skip


@extra
def test_the_command_prints_the_lines_and_what_they_say() -> None:
    done = run("-", content=encoded(page(TD3)))
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode()
    assert said.splitlines()[:2] == TD3
    assert "valid through 2012-04-15" in said
    shown = json.loads(run("--json", "-", content=encoded(page(TD3))).stdout)
    assert (shown["document"]["number"], shown["problem"]) == ("L898902C3", None)


@extra
def test_the_command_refuses_with_code_3() -> None:
    done = run("-", content=b"hello")
    assert done.returncode == 3
    assert b"not a picture" in done.stderr


@pytest.mark.parametrize(
    ("photo", "told"),
    [
        ("/tmp", "/tmp is a folder, not a photo"),
        ("/dev/null", "/dev/null is empty"),
        ("-", "standard input is empty"),
        ("/dev/null/photo.jpg", "cannot be read"),
        ("nowhere.jpg", "there is no file nowhere.jpg"),
    ],
)
def test_the_command_says_what_it_was_given_instead_of_a_photo(photo: str, told: str) -> None:
    done = run(photo)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.decode().replace("│", " ").split())

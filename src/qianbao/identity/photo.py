"""Reading the machine-readable lines from a photo of a document. The photo is never kept.

Here belongs what is refused and how long is waited. The looking happens in a process of its own
(`photo_reader`), which needs the extra `photos`; without it photos are refused and lines are typed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from importlib.util import find_spec

import msgspec

from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.photo_lines import PhotoZone, find_zone
from qianbao.identity.photo_reader import MOST_PIXELS, Seen

PHOTO_BYTES = 10_000_000
"""The largest file that is looked at: more than a phone's camera makes."""
TIMEOUT_SECONDS = 40.0
AT_ONCE = 2
"""So many photos are looked at at the same time; each takes two threads and up to a gigabyte."""

_places = asyncio.Semaphore(AT_ONCE)


class PhotosUnread(QianbaoError):
    code = "photos_unread"
    status = 501
    en = "This wallet does not read photos."
    zh = "本钱包未启用照片识读。"
    next_en = "Type the machine-readable lines from the document instead."
    next_zh = "请改为输入证件上的机读码。"


class PhotoTooLarge(QianbaoError):
    code = "photo_too_large"
    status = 413
    en = "The file is larger than {most_megabytes} MB."
    zh = "文件超过 {most_megabytes} MB。"
    next_en = "Take a photo of the document page alone, or type the lines."
    next_zh = "请只拍摄证件资料页，或直接输入机读码。"


class PhotoMissing(InvalidInput):
    code = "photo_missing"
    en = "No photo was chosen."
    zh = "未选择照片。"
    next_en = "Choose one and send it, or type the lines."
    next_zh = "请选择照片后提交，或直接输入机读码。"


class PhotoNoPicture(InvalidInput):
    code = "photo_no_picture"
    en = "This file is not a picture that can be read: JPEG, PNG or WebP."
    zh = "该文件不是可识读的图片（支持 JPEG、PNG、WebP）。"
    next_en = "Choose a photo, or type the lines."
    next_zh = "请选择照片，或直接输入机读码。"


class PhotoTooManyPixels(InvalidInput):
    code = "photo_too_many_pixels"
    en = "The picture has more than {most_megapixels} million pixels; it was not unpacked."
    zh = "图片超过 {most_pixels_zh}像素，未予解码。"
    next_en = "Choose a photo as a phone takes it, or type the lines."
    next_zh = "请选择手机拍摄的照片，或直接输入机读码。"


class PhotoShowsNoMrz(InvalidInput):
    code = "photo_shows_no_mrz"
    en = "No machine-readable lines were found in this picture."
    zh = "未在图片中找到机读码。"
    next_en = (
        "Photograph the whole page from above, in even light, with the lines at its foot sharp; or "
        "type them."
    )
    next_zh = "请在光线均匀处从正上方拍摄整页，确保底部机读码清晰；或直接输入。"


class PhotoReaderBusy(QianbaoError):
    code = "photo_reader_busy"
    status = 503
    retry = True
    en = "Other photos are being read at the moment."
    zh = "当前正在识读其他照片。"
    next_en = "Try again in a few seconds, or type the lines."
    next_zh = "请几秒后再试，或直接输入机读码。"


class PhotoTooSlow(QianbaoError):
    code = "photo_too_slow"
    status = 503
    retry = True
    en = "Reading this photo took too long, so it was given up."
    zh = "识读该照片用时过长，已放弃。"
    next_en = "Try a smaller photo of the page alone, or type the lines."
    next_zh = "请换一张只含资料页的小图，或直接输入机读码。"


def photos_are_read() -> bool:
    """Whether the extra `photos` is installed."""
    return all(find_spec(name) for name in ("rapidocr", "onnxruntime"))


async def read_photo(content: bytes, *, timeout_seconds: float = TIMEOUT_SECONDS) -> PhotoZone:
    """The machine-readable lines in a picture file. They may still hold slips (`proven` says
    whether check digits vouch for them): `mrz.read_mrz` says where.

    Raises `PhotosUnread`, `PhotoMissing`, `PhotoTooLarge`, `PhotoNoPicture`, `PhotoTooManyPixels`,
    `PhotoShowsNoMrz`, `PhotoReaderBusy`, `PhotoTooSlow`.
    """
    if not photos_are_read():
        raise PhotosUnread()
    if not content:
        raise PhotoMissing()
    check_size(len(content))
    if _places.locked():
        raise PhotoReaderBusy()
    async with _places:
        seen = await _look(content, timeout_seconds)
    if seen.outcome == "no_picture":
        raise PhotoNoPicture()
    if seen.outcome == "too_many_pixels":
        raise PhotoTooManyPixels(
            most_megapixels=MOST_PIXELS // 1_000_000, most_pixels_zh=f"{MOST_PIXELS // 10_000} 万"
        )
    zone = find_zone(seen.lines)
    if zone is None:
        raise PhotoShowsNoMrz()
    return zone


def check_size(size_bytes: int) -> None:
    """Raises `PhotoTooLarge`."""
    if size_bytes > PHOTO_BYTES:
        raise PhotoTooLarge(most_megabytes=PHOTO_BYTES // 1_000_000)


async def _look(content: bytes, timeout_seconds: float) -> Seen:
    """What the process saw; a picture on which it died is none."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", "-m", "qianbao.identity.photo_reader"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # None of our secrets; and numpy sets memory aside for each of its threads.
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(content), timeout_seconds)
    except TimeoutError:
        raise PhotoTooSlow() from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        return msgspec.json.decode(said, type=Seen)
    except msgspec.DecodeError:
        return Seen("no_picture")

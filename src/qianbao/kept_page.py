"""A page that answers a form carries itself along, sealed, in both languages.

Such a page has no address that would show it again: asking for it in the other language would send
the form twice or lose what it says. So its language switch hands the sealed page back, and the
other language is read out of it: nothing is done again, nothing is stored. Here belongs sealing and
reading; the doors draw the pages and have the route that takes them back.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import InvalidTag

from qianbao.errors import InvalidInput, Language
from qianbao.keyring import KeyRing

PURPOSE = "page"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_PLACE = "\ue000the page itself\ue000"
"""Where in a page its sealed self will stand; of characters that nobody types."""

Draw = Callable[[Language, str], str]
"""A page in a language, with what its switch hands back."""


class KeptPageUnreadable(InvalidInput):
    code = "kept_page_unreadable"
    en = "This page cannot be shown in another language any more. Nothing was done."
    zh = "此页面已无法切换语言，未执行任何操作。"
    next_en = "Open the page again."
    next_zh = "请重新打开页面。"


class _Kept(msgspec.Struct, frozen=True):
    reader: str
    pages: Mapping[Language, str]


def sealed(keys: KeyRing, draw: Draw, *, reader: str) -> str:
    """What the switch of the page that `draw` draws hands back: the page in both languages.
    `reader` is whoever it is drawn for (a session's token, "" for a stranger): `in_language` opens
    it for nobody else."""
    return _seal(keys, _Kept(reader, {one: draw(one, _PLACE) for one in LANGUAGES}))


def in_language(keys: KeyRing, kept: str, *, language: Language, reader: str) -> str:
    """The page in that language, ready to be switched back. Raises `KeptPageUnreadable`."""
    try:
        packed = keys.decrypt(base64.b64decode(kept, validate=True), PURPOSE)
        found = msgspec.json.decode(zlib.decompress(base64.b85decode(packed)), type=_Kept)
    except (binascii.Error, InvalidTag, ValueError):
        raise KeptPageUnreadable from None
    if found.reader != reader:
        raise KeptPageUnreadable
    return found.pages[language].replace(_PLACE, _seal(keys, found))


def _seal(keys: KeyRing, kept: _Kept) -> str:
    packed = base64.b85encode(zlib.compress(msgspec.json.encode(kept), 9)).decode()
    return base64.b64encode(keys.encrypt(packed, PURPOSE)).decode()

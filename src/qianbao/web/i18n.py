"""The two languages of the screens.

Here belongs how a language is chosen and how a message is found: gettext catalogues are read from
their `.po` files when the process starts. What a rule, a bank or an error says comes from its room
as a pair `{en, zh}` and is only picked here. Where the words stand: `locale/zh/…/qianbao.po`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po

from qianbao.clock import OPERATOR_ZONE
from qianbao.errors import Language

CATALOGUES = Path(__file__).parent / "locale"
TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}
"""What `<html lang>` says."""
LOCALES: Mapping[Language, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}


class Text(msgspec.Struct, frozen=True):
    """The same words in both languages."""

    en: str
    zh: str


@cache
def messages(language: Language) -> Mapping[str, str]:
    """Chinese by English, from the catalogue; English needs none."""
    path = CATALOGUES / language / "LC_MESSAGES" / "qianbao.po"
    if language == "en" or not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans_CN")
    found: dict[str, str] = {}
    for message in catalogue:
        # A plural's forms are one in Chinese; it is found by its singular.
        key = message.id if isinstance(message.id, str) else message.id[0]
        text = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
        if key and text:
            found[key] = text
    return found


def translate(message: str, language: Language) -> str:
    """The message in that language; the English itself when it has no translation yet."""
    return messages(language).get(message, message)


def choose(asked: str | None, kept: str | None, accepted: str) -> Language:
    """`?lang=` first, then what was kept in the cookie, then the browser's Accept-Language."""
    for wish in (asked, kept, *_accepted(accepted)):
        if wish and wish.lower()[:2] == "zh":
            return "zh"
        if wish and wish.lower()[:2] == "en":
            return "en"
    return "en"


def _accepted(header: str) -> Iterable[str]:
    """Languages of an Accept-Language header, most wanted first."""
    weighed = []
    for part in header[:200].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def pick(text: Any, language: Language) -> str:
    """One of a pair: `{en, zh}` as a mapping or a struct; plain text is itself."""
    if text is None or isinstance(text, str):
        return text or ""
    if isinstance(text, Mapping):
        return str(text.get(language) or text.get("en") or "")
    return str(getattr(text, language, "") or getattr(text, "en", ""))


def show_date(
    day: date | datetime,
    language: Language,
    zone: ZoneInfo = OPERATOR_ZONE,
    *,
    length: Literal["long", "medium"] = "long",
) -> str:
    """ "15 January 2027", "2027年1月15日": a moment's day is the one where the holder lives."""
    if isinstance(day, datetime):
        day = day.astimezone(zone).date()
    return format_date(day, length, locale=LOCALES[language])


def show_moment(moment: datetime, language: Language, zone: ZoneInfo = OPERATOR_ZONE) -> str:
    """The day and the minute, where the holder lives."""
    local = moment.astimezone(zone)
    clock = format_time(local, "HH:mm", tzinfo=zone, locale=LOCALES[language])
    return f"{format_date(local.date(), 'medium', locale=LOCALES[language])} {clock}"

"""Long lists, read a page at a time, the newest first.

A place in such a list is the moment and the id of the last row that was given: it stays where it is
when rows are added before it, and an index on (owner, moment, id) finds it. What a list holds, and
the query that reads it, belong to its room.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from qianbao.db.queries import Connection, Row, fetch_all
from qianbao.errors import InvalidInput

LIMIT = 200
"""Most rows that one page gives."""

Place = tuple[datetime, str]

_ID = re.compile(r"[\x21-\x7e]{1,64}")


class CursorInvalid(InvalidInput):
    code = "cursor_invalid"
    en = "This is not a place in this list."
    zh = "无效的翻页标记。"
    next_en = "Send `next` of the page before as it was given, or start from the first page."
    next_zh = "请原样提交上一页的 next，或从第一页重新开始。"


async def read_page(
    conn: Connection,
    query: bytes,
    parameters: Mapping[str, Any],
    shape: type[Row],
    *,
    place: Callable[[Row], Place],
    limit: int,
    after: str | None,
) -> tuple[tuple[Row, ...], str | None]:
    """Up to `limit` rows (at most `LIMIT`), and what to send as `after` for the next ones; None at
    the end. `query` gives rows whose (moment, id) is less than (`%(after_at)s`, `%(after_id)s`),
    the greatest first, and at most `%(limit)s`; `place` is a row's (moment, id). Raises
    `CursorInvalid`."""
    limit = max(1, min(limit, LIMIT))
    at, last = _read(after) if after else ("infinity", "")
    wanted = {**parameters, "after_at": at, "after_id": last, "limit": limit + 1}
    found = await fetch_all(conn, query, wanted, shape)
    rows = tuple(found[:limit])
    return rows, _write(place(rows[-1])) if len(found) > limit else None


def _write(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read(cursor: str) -> tuple[str, str]:
    """A forged one only moves its reader within the list that is theirs."""
    try:
        at, last = msgspec.json.decode(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True),
            type=Place,
        )
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise CursorInvalid() from None
    if at.tzinfo is None or not _ID.fullmatch(last):
        raise CursorInvalid()
    return at.isoformat(), last

"""What a problem document's `type` leads to: a page for each error, and one that lists them all.

What they say is said by the errors themselves (`errors.TABLE`); nothing is written twice.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response, get
from litestar.response import Template

from qianbao.api.problems import NoSuchRoute
from qianbao.errors import TABLE, QianbaoError

_BLANK = re.compile(r"\{(\w+)(?:![rsa])?(?::[^}]*)?\}")


class Shown(msgspec.Struct, frozen=True):
    """One error as a page shows it: words in both languages, blanks as `[name]`."""

    code: str
    status: int
    status_name: str
    retry: bool
    sentence: dict[str, str]
    next_step: dict[str, str]
    blanks: list[str]


@get("/")
async def every_error() -> Response[Any]:
    """All codes, by name."""
    found = [_shown(error) for _, error in sorted(TABLE.items())]
    return Template("errors.html", context={"errors": found})


@get("/{code:str}")
async def one_error(code: str) -> Response[Any]:
    """What a code means, and what to do next."""
    error = TABLE.get(code)
    if error is None:
        raise NoSuchRoute()
    return Template("error.html", context={"error": _shown(error)})


def _shown(error: type[QianbaoError]) -> Shown:
    texts = (error.en, error.zh, error.next_en, error.next_zh)
    return Shown(
        code=error.code,
        status=error.status,
        status_name=HTTPStatus(error.status).phrase,
        retry=error.retry,
        sentence={"en": _open(error.en), "zh": _open(error.zh)},
        next_step={"en": _open(error.next_en), "zh": _open(error.next_zh)},
        blanks=sorted({name for text in texts for name in _BLANK.findall(text)}),
    )


def _open(text: str) -> str:
    return _BLANK.sub(r"[\1]", text)

"""How the console's pages are drawn: the Jinja environments, their filters, the answer's headers.

One environment a language, so that no template ever asks which. What a page shows is handed in by
its route; nothing here looks anything up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import State

from qianbao import kept_page
from qianbao.clock import OPERATOR_ZONE
from qianbao.console.words import (
    DETAILS,
    LANGUAGE_COOKIE,
    NOBODYS,
    ROOMS,
    TAGS,
    VALUES,
    choose,
    translations,
)
from qianbao.errors import Language
from qianbao.money import show
from qianbao.rollouts.operators import Operator

SESSION_COOKIE = "qianbao_console"
"""Holders' sessions have a cookie of their own: one never opens the other's door."""

Asked = Request[Operator | None, Any, State]

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""No script runs but the console's own file; what it shows is kept by no cache."""

_ID = re.compile(r"^([a-z]{3}_)[0-9a-z]{16}([0-9a-z]{4})$")


@cache
def environment(language: Language) -> Environment:
    """Where templates of that language are compiled; made once."""
    made = Environment(
        loader=PackageLoader("qianbao.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = translations(language)
    made.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "money": show,
        "day": show_day,
        "moment": show_moment,
        "value": lambda value: words.gettext(VALUES[value]) if value in VALUES else value,
        "operator": lambda name: words.gettext(NOBODYS[name]) if name in NOBODYS else name,
        "detail": lambda name: words.gettext(DETAILS[name]) if name in DETAILS else name,
        "rooms": lambda names: ", ".join(
            words.gettext(ROOMS.get(each, each)) for each in names.split(", ")
        ),
        "pick": lambda text: pick(text, language),
        "short_id": short_id,
    }
    made.globals |= {"language": language, "tag": TAGS[language]}
    return made


def language_of(request: Asked) -> Language:
    """What this operator reads."""
    kept = request.cookies.get(LANGUAGE_COOKIE)
    return choose(kept, request.headers.get("accept-language", ""))


def page(request: Asked, template: str, *, status: int = 200, **shown: Any) -> Response[str]:
    """`template` filled with `shown`, in the reader's language."""
    services = request.app.state.services
    given = {
        "operator": request.scope.get("user"),
        "now": services.clock(),
        "path": request.url.path,
        "sandbox": services.settings.sandbox,
        **shown,
    }

    def draw(language: Language, kept: str) -> str:
        return environment(language).get_template(template).render(given, kept=kept)

    kept = ""
    if request.method not in ("GET", "HEAD"):
        reader = request.cookies.get(SESSION_COOKIE, "")
        kept = kept_page.sealed(services.keys, draw, reader=reader)
    return html(draw(language_of(request), kept), status=status)


def html(text: str, *, status: int = 200) -> Response[str]:
    """A page as it is sent."""
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=HEADERS)


def pick(text: Any, language: Language) -> str:
    """One of a pair, given as a mapping or a struct with `en` and `zh`."""
    if isinstance(text, Mapping):
        return str(text[language])
    return str(getattr(text, language))


def show_day(day: date | datetime | None) -> str:
    """ISO, which reads the same in both languages and lines up in a column."""
    if day is None:
        return "–"
    if isinstance(day, datetime):
        day = day.astimezone(OPERATOR_ZONE).date()
    return day.isoformat()


def show_moment(moment: datetime | None) -> str:
    """Day and minute where the operator is."""
    return "–" if moment is None else f"{moment.astimezone(OPERATOR_ZONE):%Y-%m-%d %H:%M}"


def short_id(value: str) -> str:
    """ "wal_…3f9k": an id's kind and its end, for a dense table; anything else as it is."""
    return _ID.sub(r"\1…\2", value)

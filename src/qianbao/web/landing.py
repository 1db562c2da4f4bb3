"""The first page: what this is, and where to go."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get

from qianbao.cast import CAST, PIN
from qianbao.web.drawing import draw
from qianbao.web.visit import Asked, services_of


@get("/")
async def landing(request: Asked) -> Response[Any]:
    """One screen, with or without an account; in the sandbox, who to be."""
    settings = services_of(request).settings
    cast = CAST if settings.sandbox else ()
    pin, banks_url = (PIN, settings.sandbox_url) if cast else ("", "")
    return draw("landing.html", cast=cast, pin=pin, banks_url=banks_url)


SCREENS = Router(path="/", route_handlers=[landing])

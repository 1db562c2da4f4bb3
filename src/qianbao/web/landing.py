"""The first page: what this is, and where to go."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, Router, get

from qianbao.cast import CAST, OPERATOR_PASSWORD, OPERATORS, PIN, SHOPS, Person, Shop
from qianbao.settings import Settings
from qianbao.web.drawing import draw
from qianbao.web.visit import Asked, services_of


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's people, shops and operators, and everything that is needed to be one of them."""

    cast: tuple[Person, ...] = CAST
    pin: str = PIN
    shops: tuple[Shop, ...] = SHOPS
    operators: tuple[str, ...] = OPERATORS
    operator_password: str = OPERATOR_PASSWORD
    banks_url: str


@get("/")
async def landing(request: Asked) -> Response[Any]:
    """One screen, with or without an account; in the sandbox, who to be, and what they carry."""
    return draw("landing.html", demo=demo_of(services_of(request).settings))


def demo_of(settings: Settings) -> Demo | None:
    """What to show of the demo: nothing outside the sandbox."""
    return Demo(banks_url=settings.sandbox_url) if settings.sandbox else None


SCREENS = Router(path="/", route_handlers=[landing])

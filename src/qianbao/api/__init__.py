"""The JSON API under /v1: translate, call one verb, render. Its description: /schema/openapi.json.

Errors are RFC 9457 problem documents (`problems.py`), each explained at /errors; who may call what
is in each route's own signature (`access.py`); what a route says of itself is its docstring
(`described.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Tag
from litestar.types import ControllerRouterHandler

from qianbao.api import (
    access,
    cards,
    documents,
    error_pages,
    holder,
    leave,
    merchant,
    money,
    openapi,
    operator,
    permissions,
    pins,
    step_ups,
    webhook,
)
from qianbao.settings import Settings

BODY_BYTES = 200_000
"""The largest request that is read; a policy is the longest thing anybody sends."""

GROUPS: dict[str, ModuleType] = {
    "Wallet": holder,
    "Documents": documents,
    "Payment PIN": pins,
    "Cards": cards,
    "Money": money,
    "More proof": step_ups,
    "Permissions": permissions,
    "Leaving": leave,
    "Merchant": merchant,
    "Merchant: webhooks": webhook,
    "Operator": operator,
}
"""The routes as an engineer finds them; a module's docstring says what its group is."""

_KEYS: dict[ModuleType, Callable[..., Awaitable[str]]] = {
    documents: access.key_of_holder,
    cards: access.key_of_holder,
    money: access.key_of_holder,
    step_ups: access.key_of_holder,
    permissions: access.key_of_holder,
    merchant: access.key_of_merchant,
    webhook: access.key_of_merchant,
}
"""Whose idempotency key it is, where every route that takes one is asked by the same."""


def routes() -> list[ControllerRouterHandler]:
    """Every route of the API, and the pages about its errors."""
    groups = [
        Router(
            path="/",
            route_handlers=list(module.ROUTES),
            tags=[name],
            dependencies={"key": Provide(_KEYS.get(module, access.key_of_anybody))},
        )
        for name, module in GROUPS.items()
    ]
    api = Router(
        path="/v1",
        route_handlers=groups,
        dependencies={
            "holder": Provide(access.provide_holder),
            "merchant": Provide(access.provide_merchant),
            "operator": Provide(access.provide_operator),
        },
        before_request=access.check_text,
        request_max_body_size=BODY_BYTES,
    )
    pages = Router(
        path="/errors",
        route_handlers=[error_pages.every_error, error_pages.one_error],
        opt={"page": True},
        include_in_schema=False,
    )
    return [api, pages]


def description(settings: Settings) -> OpenAPIConfig:
    """What /schema and /schema/openapi.json show."""
    tags = [Tag(name, (module.__doc__ or "").strip()) for name, module in GROUPS.items()]
    return openapi.config(settings, tags)


def describe(app: Litestar) -> None:
    """Completes the app's description of itself."""
    openapi.complete(app)

"""The JSON API under /v1: translate, call one verb, render. Its description: /schema/openapi.json.

Errors are RFC 9457 problem documents (`problems.py`); who may call what is in each route's own
signature (`access.py`).
"""

from __future__ import annotations

import msgspec
from litestar import Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import (
    Components,
    Contact,
    License,
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    Reference,
    SecurityScheme,
)
from litestar.types import ControllerRouterHandler

from qianbao import __version__
from qianbao.api import (
    access,
    cards,
    holder,
    leave,
    merchant,
    money,
    operator,
    permissions,
    problems,
)
from qianbao.settings import Settings

BODY_BYTES = 200_000
"""The largest request that is read; a policy is the longest thing anybody sends."""


_VENDOR = "/static/vendor"  # nothing is loaded from elsewhere


def routes() -> list[ControllerRouterHandler]:
    """Every route of the API."""
    modules = (holder, cards, money, permissions, leave, merchant, operator)
    return [
        Router(
            path="/v1",
            route_handlers=[handler for module in modules for handler in module.ROUTES],
            dependencies={
                "holder": Provide(access.provide_holder),
                "merchant": Provide(access.provide_merchant),
                "operator": Provide(access.provide_operator),
                "key": Provide(access.provide_key),
            },
            before_request=access.check_text,
            request_max_body_size=BODY_BYTES,
        )
    ]


def openapi(settings: Settings) -> OpenAPIConfig:
    """What /schema and /schema/openapi.json show."""
    return OpenAPIConfig(
        title="Qianbao",
        version=__version__,
        description=__doc__ or "",
        contact=Contact(name="The operator of this wallet", url=settings.base_url),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        path="/schema",
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A holder's or operator's session, or a merchant's API key.",
                )
            }
        ),
        security=[{"bearer": []}],
        render_plugins=[
            SwaggerRenderPlugin(
                js_url=f"{_VENDOR}/swagger-ui-bundle.js",
                css_url=f"{_VENDOR}/swagger-ui.css",
                standalone_preset_js_url=f"{_VENDOR}/swagger-ui-standalone-preset.js",
            )
        ],
    )


def describe_errors(description: OpenAPI) -> None:
    """Says of every operation that whatever is refused is answered by a problem document."""
    _, shapes = msgspec.json.schema_components(
        (problems.Problem,), ref_template="#/components/schemas/{name}"
    )
    description.components.schemas.update(shapes)
    shape = Reference(ref="#/components/schemas/Problem")
    refusal = OpenAPIResponse(
        description="Refused: the code says why, in the words of docs/errors.md (RFC 9457).",
        content={problems.MEDIA_TYPE: OpenAPIMediaType(schema=shape)},
    )
    for item in (description.paths or {}).values():
        for operation in (item.get, item.put, item.post, item.patch, item.delete):
            if operation is not None and operation.responses is not None:
                operation.responses.pop("400", None)  # Litestar's own shape, which is never sent
                operation.responses["default"] = refusal

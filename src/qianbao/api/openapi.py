"""The API's description of itself, /schema/openapi.json.

Made from what is there: signatures and docstrings of the routes, the structs they take and give,
the table of errors, the list of events. Only what a field's name means is written down apart
(`fields.yaml`): a name means one thing wherever it stands.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import (
    Components,
    Contact,
    Example,
    License,
    OpenAPIFormat,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    Schema,
    SecurityScheme,
    Server,
    Tag,
)
from litestar.routes import HTTPRoute

from qianbao import __version__
from qianbao.api import problems, webhook_description
from qianbao.api.described import FILES, REFUSES
from qianbao.errors import TABLE
from qianbao.settings import Settings

_VENDOR = "/static/vendor"  # nothing is loaded from elsewhere
_EVERYWHERE = ("bad_request", "database_away", "unexpected")
_BY_ARGUMENT = {
    "holder": ("token_missing", "not_signed_in"),
    "merchant": ("token_missing", "merchant_key_wrong"),
    "operator": ("token_missing", "operator_not_signed_in"),
    "key": ("idempotency_key_missing",),
    "data": ("body_too_large",),
}
_BY_FIELD = {"pin": ("pin_wrong", "pin_locked", "pin_busy")}
_FAVICON = "<link rel='icon' type='image/svg+xml' href='/static/icon.svg'>"
_STYLE = f"<style>{(resources.files('qianbao.api') / 'schema.css').read_text('utf-8')}</style>"
_TEXT = Schema(type=OpenAPIType.STRING)
_FILE_SHAPES = {"application/pdf": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)}
_WAIT = {
    "Retry-After": OpenAPIHeader(
        schema=Schema(type=OpenAPIType.INTEGER),
        description="Seconds to wait, where that is known.",
    )
}


def config(settings: Settings, tags: Sequence[Tag]) -> OpenAPIConfig:
    """What Litestar describes by itself, and where it is served."""
    return OpenAPIConfig(
        title="Qianbao",
        version=__version__,
        summary="The API of a wallet that tells everybody why, by when, and every way out.",
        description=_text("about.md"),
        contact=Contact(name="The operator of this wallet", url=settings.base_url),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        servers=[Server(url=settings.base_url)],
        path="/schema",
        tags=[*tags, webhook_description.TAG],
        operation_id_creator=lambda handler, *_: _operation_id(handler),
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
        webhooks=webhook_description.webhooks(),
        render_plugins=[
            SwaggerRenderPlugin(
                js_url=f"{_VENDOR}/swagger-ui-bundle.js",
                css_url=f"{_VENDOR}/swagger-ui.css",
                standalone_preset_js_url=f"{_VENDOR}/swagger-ui-standalone-preset.js",
                favicon=_FAVICON,
                style=_STYLE,
            )
        ],
    )


def complete(app: Litestar) -> None:
    """Adds to the app's description what Litestar does not know."""
    description = app.openapi_schema
    structs: dict[str, type] = {}
    for path, method, handler in _handlers(app):
        operation: Operation = getattr((description.paths or {})[path], method)
        _describe(operation, handler)
        structs |= _structs(handler)
    components = description.components
    shapes = _shapes((problems.Problem,)) | webhook_description.shapes()
    components.schemas = {**shapes, **components.schemas}
    components.examples = {code: _example(code) for code in sorted(TABLE)}
    for name, shape in components.schemas.items():
        _describe_shape(name, shape, structs.get(name))


@cache
def fields() -> dict[str, str]:
    """What each field and parameter means, by its name or by `Struct.name`."""
    return msgspec.yaml.decode(_text("fields.yaml"), type=dict[str, str])


def _text(name: str) -> str:
    return resources.files("qianbao.api").joinpath(name).read_text("utf-8")


def _operation_id(handler: HTTPRouteHandler) -> str:
    return f"{handler.fn.__module__.rpartition('.')[2]}_{handler.fn.__name__}"


def _handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """(path, method, handler) of every operation that is described."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if handler.resolve_include_in_schema() and method != "OPTIONS":
                    yield route.path_format, method.lower(), handler


def _describe(operation: Operation, handler: HTTPRouteHandler) -> None:
    told = inspect.getdoc(handler.fn) or ""
    operation.summary, _, rest = told.partition("\n\n")
    operation.description = rest or None
    for parameter in operation.parameters or []:
        if not isinstance(parameter, Reference) and not parameter.description:
            parameter.description = fields().get(parameter.name)
    responses = operation.responses = operation.responses or {}
    responses.pop("400", None)  # Litestar's own shape, which is never sent
    for status, response in list(responses.items()):
        if isinstance(response, OpenAPIResponse):
            responses[status] = _success(handler, response)
    by_status: dict[int, list[str]] = {}
    for code in _codes(handler):
        by_status.setdefault(TABLE[code].status, []).append(code)
    for number, codes in sorted(by_status.items()):
        responses[str(number)] = _refusal(number, codes)
    responses["default"] = _refusal(None, [])


def _codes(handler: HTTPRouteHandler) -> list[str]:
    """What an operation may be refused for: by its signature, and by its verb."""
    arguments = handler.parsed_fn_signature.parameters
    found = [code for name in arguments for code in _BY_ARGUMENT.get(name, ())]
    if "data" in arguments:
        body = arguments["data"].annotation
        members = (field.name for field in msgspec.structs.fields(body))
        found += [code for name in members for code in _BY_FIELD.get(name, ())]
    return list(dict.fromkeys([*found, *handler.opt.get(REFUSES, ()), *_EVERYWHERE]))


def _success(handler: HTTPRouteHandler, response: OpenAPIResponse) -> OpenAPIResponse:
    response.headers = response.headers or None
    given = handler.parsed_fn_signature.return_type
    if FILES in handler.opt:
        response.content = {
            kind: OpenAPIMediaType(schema=_FILE_SHAPES.get(kind, _TEXT))
            for kind in handler.opt[FILES]
        }
        response.description = "The file."
        return response
    shown = given.inner_types[0].annotation if given.inner_types else given.annotation
    about = _about(shown) if _is_struct(shown) else None
    if not response.content:
        response.description = "Done; there is nothing to tell."
    elif about:
        response.description = f"A list. Each: {about}" if given.inner_types else about
    return response


def _refusal(status: int | None, codes: list[str]) -> OpenAPIResponse:
    lines = [f"- `{code}`: {TABLE[code].en}" for code in codes]
    content = OpenAPIMediaType(
        schema=Reference(ref="#/components/schemas/Problem"),
        examples={code: Reference(ref=f"#/components/examples/{code}") for code in codes} or None,
    )
    return OpenAPIResponse(
        description="\n".join(lines) or "Refused for another reason: `code` says which.",
        content={problems.MEDIA_TYPE: content},
        headers=_WAIT if status in (429, 503) else None,  # type: ignore[arg-type]
    )


def _example(code: str) -> Example:
    """A problem document of this code, its values left open."""
    error = TABLE[code]
    return Example(summary=error.en, value=msgspec.to_builtins(problems.unfilled(error)))


def _structs(handler: HTTPRouteHandler) -> dict[str, type]:
    """Every struct that an operation takes or gives, by name."""
    found: dict[str, type] = {}
    signature = handler.parsed_fn_signature
    data = signature.parameters.get("data")
    for annotation in (signature.return_type.annotation, data and data.annotation):
        waiting: list[Any] = [annotation]
        while waiting:
            one = waiting.pop()
            waiting += getattr(one, "__args__", ())
            if _is_struct(one) and one.__name__ not in found:
                found[one.__name__] = one
                waiting += [field.type for field in msgspec.structs.fields(one)]
    return found


def _about(struct: type) -> str:
    """A struct's docstring without the sources that only we can read."""
    return re.sub(r" ?\([^()]*domain\.md[^()]*\)", "", inspect.getdoc(struct) or "")


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _shapes(structs: Sequence[type]) -> dict[str, Any]:
    _, shapes = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    return dict(shapes)


def _describe_shape(name: str, shape: Any, struct: type[msgspec.Struct] | None) -> None:
    """Says what a struct and each of its members is; what they say themselves comes first."""
    if isinstance(shape, dict):
        for member, inner in shape.get("properties", {}).items():
            inner.setdefault("description", _meaning(name, member))
        return
    if struct is not None and not shape.description:
        shape.description = _about(struct)
    if struct is not None and struct.__struct_config__.forbid_unknown_fields:
        shape.additional_properties = False
    for member, inner in (shape.properties or {}).items():
        if not inner.description:
            inner.description = _meaning(name, member)


def _meaning(struct: str, member: str) -> str | None:
    return fields().get(f"{struct}.{member}") or fields().get(member)

"""The app: every door on one server, on Granian."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from granian.constants import Interfaces
from granian.server import Server
from litestar import Litestar, Response, get
from litestar.connection import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import ASGIApp, ExceptionHandler, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from qianbao import advise, api, console, logs, web
from qianbao.api import problems
from qianbao.db.migrate import numbered
from qianbao.services import Services, calm_collector, open_services
from qianbao.settings import Settings, load

log = structlog.get_logger(__name__)


def services_of(request: Request[object, object, State]) -> Services:
    """The process's services, as doors find them."""
    found: Services = request.app.state.services
    return found


@get("/readyz", include_in_schema=False)
async def readyz(request: Request[object, object, State]) -> Response[dict[str, str]]:
    """200 once the database is reached and up to date; 503 before."""
    async with services_of(request).pool.connection() as conn:
        cursor = await conn.execute("SELECT max(number) FROM migrations")
        row = await cursor.fetchone()
    ready = row is not None and row[0] == numbered()[-1][0]
    return Response(
        {"status": "ready" if ready else "migrating"}, status_code=200 if ready else 503
    )


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """200 while the process lives."""
    return {"status": "alive"}


@get("/metrics", include_in_schema=False)
async def metrics() -> Response[bytes]:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def follow_clock(app: ASGIApp) -> ASGIApp:
    """In the sandbox every request first looks where the clock stands: another process may have
    moved it. Static files do not care."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and not scope["path"].startswith("/static/"):
            services: Services = scope["litestar_app"].state.services
            await services.refresh_clock()
        await app(scope, receive, send)

    return middleware


def build(settings: Settings) -> Litestar:
    """The application with all its doors."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_services(settings) as services:
            app.state.services = services
            calm_collector()
            yield

    pages = web.configuration(settings)
    handlers = {kind: _by_address(draw) for kind, draw in pages["exception_handlers"].items()}
    app = Litestar(
        route_handlers=[
            readyz,
            healthz,
            metrics,
            *api.routes(),
            *web.routes(),
            *advise.routes(),
            *console.routes(),
        ],
        lifespan=[lifespan],
        middleware=[follow_clock] if settings.sandbox else [],
        openapi_config=api.description(settings),
        request_max_body_size=2_000_000,
        **pages | {"exception_handlers": handlers},
    )
    api.describe(app)
    return app


def _by_address(draw: ExceptionHandler[Any]) -> ExceptionHandler[Any]:
    """Under /v1 an error is a problem document, elsewhere a page: the console's own where it has
    none."""

    def answer(request: Request[Any, Any, State], error: Any) -> Response[Any]:
        path = request.scope["path"]
        if path == "/v1" or path.startswith("/v1/"):
            return problems.as_response(request, error)
        unrouted = isinstance(error, NotFoundException | MethodNotAllowedException)
        if unrouted and path.startswith("/console/"):
            return console.no_such_page(request)
        return draw(request, error)

    return answer


def create() -> Litestar:
    """What Granian's worker calls: settings come from the environment."""
    logs.set_up()
    return build(load())


def serve(settings: Settings) -> None:
    """Listens until it is told to stop."""
    Server(
        "qianbao.app:create",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        log_access=False,
    ).serve()

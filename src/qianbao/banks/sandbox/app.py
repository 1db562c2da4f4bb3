"""The sandbox's process: routes, its database, and how it is served."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources

import msgspec
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from litestar import Litestar, Request, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send
from psycopg import AsyncConnection
from psycopg.errors import UndefinedTable

from qianbao import logs
from qianbao.banks.sandbox import pages, protocol, seeds
from qianbao.clock import MovableClock
from qianbao.db import clock as sandbox_clock
from qianbao.db.connection_url import database_name, with_database
from qianbao.db.embedded import create_database
from qianbao.db.pool import Pool, open_pool
from qianbao.errors import QianbaoError
from qianbao.keyring import KeyRing
from qianbao.settings import Settings, load

SILENCE_BEYOND_SECONDS = 2.0
"""How much longer than the wallet waits a silent bank says nothing."""
BODY_BYTES = 64 * 1024
CLOCK_POOL = 2
"""Connections to the wallet's database, of which only the demo's clock is read."""
_SCHEMA_LOCK = 0x5A4D  # any number that nobody else locks on


def serve(settings: Settings) -> None:
    """Serves the sandbox until it is told to stop; creates its database when it is not there."""
    _hand_over(settings)
    Granian(
        "qianbao.banks.sandbox.app:create",
        address=settings.host,
        port=settings.sandbox_port or settings.port + 1,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        log_level=LogLevels.warning,
        log_access=False,
    ).serve()


def create() -> Litestar:
    """The app with the settings of the environment: what a worker starts with."""
    logs.set_up()
    return create_app(load())


def create_app(settings: Settings) -> Litestar:
    """The sandbox's routes over the database it opens at start."""
    guarded = Router(
        path="/",
        route_handlers=[*protocol.HANDLERS, *seeds.HANDLERS],
        guards=[_check_token(settings.bank_token)],
    )

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        url = prepare_database(settings)
        await _apply_schema(url)
        app.state.pool = await open_pool(url, size=settings.database_pool_size)
        wallets = settings.database_url
        app.state.wallets_pool = await open_pool(wallets, size=CLOCK_POOL) if wallets else None
        try:
            yield
        finally:
            await app.state.pool.close()
            if app.state.wallets_pool is not None:
                await app.state.wallets_pool.close()

    silence_seconds = settings.bank_timeout_seconds + SILENCE_BEYOND_SECONDS
    return Litestar(
        route_handlers=[guarded, *pages.HANDLERS, ready],
        lifespan=[lifespan],
        middleware=[follow_clock],
        state=State(
            {
                "silence_seconds": silence_seconds,
                "clock": MovableClock(),
                "page_keys": KeyRing(os.urandom(32)),  # for as long as this process runs
            }
        ),
        exception_handlers={QianbaoError: _problem},
        request_max_body_size=BODY_BYTES,
        openapi_config=None,
    )


def follow_clock(app: ASGIApp) -> ASGIApp:
    """Before every request, looks where the demo's clock stands: a phone shows the hour that the
    wallet's pages show. Without the wallet's database the banks keep the machine's time."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            state = scope["litestar_app"].state
            await _refresh(state.wallets_pool, state.clock)
        await app(scope, receive, send)

    return middleware


async def _refresh(wallets: Pool | None, clock: MovableClock) -> None:
    if wallets is None:
        return
    try:
        async with wallets.connection() as conn:
            await sandbox_clock.refresh(conn, clock)
    except UndefinedTable:  # the banks start before the wallet's tables are made
        return


def prepare_database(settings: Settings) -> str:
    """The address of the sandbox's own database, created beside the app's when it has none of its
    own. Raises `ValueError` when neither is set."""
    if settings.sandbox_database_url:
        return settings.sandbox_database_url
    if not settings.database_url:
        raise ValueError("the sandbox needs QIANBAO_SANDBOX_DATABASE_URL or QIANBAO_DATABASE_URL")
    name = f"{database_name(settings.database_url)}_sandbox"
    create_database(settings.database_url, name)
    return with_database(settings.database_url, name)


async def _apply_schema(url: str) -> None:
    text = resources.files("qianbao.banks.sandbox").joinpath("schema.sql").read_text("utf-8")
    async with await AsyncConnection.connect(url) as conn:
        await conn.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
        await conn.execute(text.encode())


@get("/readyz")
async def ready(state: State) -> dict[str, str]:
    async with state.pool.connection() as conn:
        await conn.execute("SELECT 1")
    return {"status": "ready"}


def _check_token(token: str):  # type: ignore[no-untyped-def]
    def guard(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        shown = connection.headers.get("authorization", "")
        if not token or not secrets.compare_digest(shown.encode(), f"Bearer {token}".encode()):
            raise NotAuthorizedException()

    return guard


def _problem(request: Request, error: QianbaoError) -> Response[object]:  # type: ignore[type-arg]
    """Pages get a page, everybody else the code."""
    if pages.is_page(request):
        return pages.problem(request, error)
    body = {"code": error.code, "detail": error.sentence("en")}
    return Response(body, status_code=error.status)


def _hand_over(settings: Settings) -> None:
    """Workers are processes of their own: they read the environment."""
    for field in msgspec.structs.fields(Settings):
        name = f"QIANBAO_{field.name.upper()}"
        os.environ.pop(f"{name}_FILE", None)
        os.environ[name] = str(getattr(settings, field.name))

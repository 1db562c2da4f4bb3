"""Stopping and resuming a policy's enforcement, and the page that rolls a version back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked
from qianbao.console.retirement import back_to, what_ends
from qianbao.rollouts import enforcement, rollback


class ReasonForm(msgspec.Struct):
    reason: str


class RollbackForm(msgspec.Struct):
    """The reason, and the version that the page showed."""

    reason: str
    version: int


ReasonData = Annotated[ReasonForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
RollbackData = Annotated[RollbackForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/policies/{name:str}/rollback")
async def rollback_page(request: Asked, name: FromPath[str]) -> Response[Any]:
    """What rolling back does, before anybody does it."""
    return await what_ends(request, name, "rollback.html")


@post("/policies/{name:str}/rollback")
async def roll_back(request: Asked, name: FromPath[str], data: RollbackData) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await rollback.roll_back(
            conn,
            services.settings,
            policy=name,
            version=data.version,
            reason=data.reason,
            operator=who(request),
            now=services.clock(),
        )
    return back_to(name)


@post("/policies/{name:str}/stop")
async def stop(request: Asked, name: FromPath[str], data: ReasonData) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await enforcement.stop(
            conn, policy=name, reason=data.reason, operator=who(request), now=services.clock()
        )
    return back_to(name)


@post("/policies/{name:str}/resumption")
async def resume(request: Asked, name: FromPath[str]) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await enforcement.resume(conn, policy=name, operator=who(request), now=services.clock())
    return back_to(name)


ROUTES = (rollback_page, roll_back, stop, resume)

"""Stopping and resuming a policy's enforcement, and the page that rolls a version back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked, page
from qianbao.rollouts import enforcement, retire, rollback
from qianbao.rollouts.in_force import versions


class ReasonForm(msgspec.Struct):
    reason: str


ReasonData = Annotated[ReasonForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/policies/{name:str}/rollback")
async def rollback_page(request: Asked, name: FromPath[str]) -> Response[Any]:
    """What rolling back does, before anybody does it."""
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        freed = await retire.freed(conn, policy=name, now=now)
        listed = await versions(conn, now=now, policy=name)
    published = next(each for each in listed if each.stored.state == "published")
    return page(request, "rollback.html", shown=published, freed=freed)


@post("/policies/{name:str}/rollback")
async def roll_back(request: Asked, name: FromPath[str], data: ReasonData) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await rollback.roll_back(
            conn, policy=name, reason=data.reason, operator=who(request), now=services.clock()
        )
    return _back_to(name)


@post("/policies/{name:str}/stop")
async def stop(request: Asked, name: FromPath[str], data: ReasonData) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await enforcement.stop(
            conn, policy=name, reason=data.reason, operator=who(request), now=services.clock()
        )
    return _back_to(name)


@post("/policies/{name:str}/resumption")
async def resume(request: Asked, name: FromPath[str]) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await enforcement.resume(conn, policy=name, operator=who(request), now=services.clock())
    return _back_to(name)


def _back_to(name: str) -> Redirect:
    return Redirect(f"/console/policies/{name}", status_code=303)


ROUTES = (rollback_page, roll_back, stop, resume)

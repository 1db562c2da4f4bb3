"""A policy's end: a page that says what it gives back, and the two operators it takes."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked, page
from qianbao.rollouts import retire
from qianbao.rollouts.in_force import versions


async def what_ends(request: Asked, name: str, template: str) -> Response[Any]:
    """What the end of a published rule gives back, before anybody brings it about."""
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        freed = await retire.freed(conn, policy=name, now=now)
        listed = await versions(conn, now=now, policy=name)
    published = next(each for each in listed if each.stored.state == "published")
    return page(request, template, shown=published, freed=freed)


@get("/policies/{name:str}/retirement")
async def retirement_page(request: Asked, name: FromPath[str]) -> Response[Any]:
    """What retiring does, before anybody proposes it or agrees to it."""
    return await what_ends(request, name, "retirement.html")


@post("/policies/{name:str}/retirement/proposal")
async def propose_retirement(request: Asked, name: FromPath[str]) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await retire.propose(conn, policy=name, operator=who(request), now=services.clock())
    return back_to(name)


@post("/policies/{name:str}/retirement/refusal")
async def keep_policy(request: Asked, name: FromPath[str]) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await retire.keep(conn, policy=name, operator=who(request), now=services.clock())
    return back_to(name)


@post("/policies/{name:str}/retirement")
async def retire_policy(request: Asked, name: FromPath[str]) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await retire.retire(conn, policy=name, operator=who(request), now=services.clock())
    return back_to(name)


def back_to(name: str) -> Redirect:
    """The policy's page, after something was done to it."""
    return Redirect(f"/console/policies/{name}", status_code=303)


ROUTES = (retirement_page, propose_retirement, keep_policy, retire_policy)

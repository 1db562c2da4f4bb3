"""Policies: the list with its dates, one policy with its versions, drafting, trying, publishing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from qianbao.clock import local_date
from qianbao.console.access import who
from qianbao.console.overview import draw
from qianbao.console.render import Asked, environment, language_of, page
from qianbao.console.simulations import pictures
from qianbao.db.queries import Connection
from qianbao.errors import Language, QianbaoError
from qianbao.ids import new_id
from qianbao.policy.policies import load_policy
from qianbao.rollouts import publish
from qianbao.rollouts.enforcement import Enforcement, enforcement_of
from qianbao.rollouts.forecast import compare
from qianbao.rollouts.in_force import ListedVersion, versions
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.simulate import list_simulations, simulate
from qianbao.rollouts.wording import steps_of
from qianbao.settings import Settings

_VERSION = re.compile(r"^version:\s*\d+", re.MULTILINE)

ACTS_MOST = 30
"""How many acts of a policy's life stand on its page; the audit has them all."""


class DraftForm(msgspec.Struct):
    body: str


DraftData = Annotated[DraftForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/policies")
async def policy_list(request: Asked) -> Response[Any]:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        listed = await versions(conn, now=now)
    return page(
        request,
        "policies.html",
        listed=listed,
        picture=draw(_latest(listed), local_date(now), language_of(request)),
    )


@get("/policies/{name:str}")
async def policy_page(
    request: Asked, name: FromPath[str], version: FromQuery[int | None] = None
) -> Response[Any]:
    """One policy; `version` chooses whose text and simulation are shown, else the newest."""
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        listed = await versions(conn, now=now, policy=name)
        runs = await list_simulations(conn, policy=name)
        acts = await list_audit(conn, subject=name, limit=ACTS_MOST)
        shown = next((each for each in listed if version in (None, each.stored.version)), None)
        if shown is None:
            raise publish.PolicyVersionUnknown(policy=name[:60], version=version or 1)
        reached = await _reached(conn, services.settings, shown, now)
        published = any(each.stored.state == "published" for each in listed)
        happened = await compare(conn, policy=name, now=now) if published else None
    run = next((run for run in runs if run.version == shown.stored.version), None)
    return page(
        request,
        "policy.html",
        listed=listed,
        shown=shown,
        run=run,
        segments=pictures(run.result.segments, language_of(request)) if run else [],
        picture=draw([shown], local_date(now), language_of(request)),
        acts=acts,
        reached=reached,
        happened=happened,
        notices=bool(steps_of(shown.policy)),
        own_draft=shown.stored.drafted_by == who(request),
    )


async def _reached(
    conn: Connection, settings: Settings, shown: ListedVersion, now: datetime
) -> Enforcement | None:
    """How far it is enforced; None unless it is published."""
    if shown.stored.state != "published":
        return None
    return await enforcement_of(conn, settings, shown.policy, shown.stops, now)


@get("/policies/new")
async def draft_page(
    request: Asked, basis: Annotated[str, QueryParameter(name="from")] = ""
) -> Response[Any]:
    """A first version to start from, or the next version of the policy named by `from`."""
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        listed = await versions(conn, now=now, policy=basis) if basis else []
    first = first_version(local_date(now), language_of(request))
    body = _next_version(listed) if listed else first
    return page(request, "draft.html", body=body, error=None)


@post("/policies")
async def save_draft(request: Asked, data: DraftData) -> Response[Any]:
    """Stores the draft, or shows it again with what is wrong and where."""
    services = request.app.state.services
    body = data.body.replace("\r\n", "\n")
    try:
        await asyncio.to_thread(load_policy, body)  # nobody else waits; then it is known
        async with services.pool.connection() as conn:
            stored = await publish.draft(
                conn, body=body, operator=who(request), now=services.clock()
            )
    except QianbaoError as error:
        return page(request, "draft.html", status=error.status, body=body, error=error)
    return _back_to(stored.policy, stored.version)


@post("/policies/{name:str}/versions/{version:int}/simulations")
async def run_simulation(request: Asked, name: FromPath[str], version: FromPath[int]) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await simulate(
            conn,
            policy=name,
            version=version,
            operator=who(request),
            simulation_id=new_id("sim", now),
            now=now,
        )
    return _back_to(name, version)


@get("/policies/{name:str}/versions/{version:int}/publication")
async def publication_page(
    request: Asked, name: FromPath[str], version: FromPath[int]
) -> Response[Any]:
    """What publishing does, before anybody does it: it sets off notices."""
    services = request.app.state.services
    async with services.pool.connection() as conn:
        listed = await versions(conn, now=services.clock(), policy=name)
        runs = await list_simulations(conn, policy=name)
    shown = next((each for each in listed if each.stored.version == version), None)
    if shown is None:
        raise publish.PolicyVersionUnknown(policy=name[:60], version=version)
    if shown.stored.state != "draft":
        return _back_to(name, version)
    before = (each.stored.version for each in listed if each.stored.state == "published")
    return page(
        request,
        "publication.html",
        shown=shown,
        run=next((run for run in runs if run.version == version), None),
        replaces=next(before, None),
        notices=bool(steps_of(shown.policy)),
    )


@post("/policies/{name:str}/versions/{version:int}/publication")
async def publish_version(request: Asked, name: FromPath[str], version: FromPath[int]) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await publish.publish(
            conn,
            services.settings,
            policy=name,
            version=version,
            operator=who(request),
            now=services.clock(),
        )
    return _back_to(name, version)


def _latest(listed: Sequence[ListedVersion]) -> list[ListedVersion]:
    """One version of each policy: the published one, else the newest."""
    chosen: dict[str, ListedVersion] = {}
    for each in listed:
        name = each.stored.policy
        if name not in chosen or each.stored.state == "published":
            chosen[name] = each
    return list(chosen.values())


def first_version(today: date, language: Language) -> str:
    """A policy that can be saved as it is, explained line by line; its days leave time to tell."""
    days = {
        name: (today + timedelta(days=later)).isoformat()
        for name, later in (("announce", 7), ("warn", 21), ("enforce", 51))
    }
    return environment(language).get_template("draft.yaml").render(days)


def _next_version(listed: Sequence[ListedVersion]) -> str:
    """The newest version's text, its number raised by one."""
    newest = listed[0].stored
    return _VERSION.sub(f"version: {newest.version + 1}", newest.body, count=1)


def _back_to(name: str, version: int) -> Redirect:
    return Redirect(f"/console/policies/{name}?version={version}", status_code=303)

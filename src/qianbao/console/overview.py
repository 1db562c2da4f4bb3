"""The first page (what there is, what waits, which rules come when) and the audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import Response, get
from litestar.params import FromQuery

from qianbao.clock import local_date
from qianbao.console.pictures import Dates, Timeline, timeline
from qianbao.console.render import Asked, language_of, page
from qianbao.errors import Language
from qianbao.rollouts.in_force import ListedVersion, versions
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.population import population, waiting

AUDIT_PAGE = 50

SHOWN = ("published", "announced", "warning", "enforced", "stopped")
"""The phases that a timeline of what is in force shows."""


@get("/")
async def overview(request: Asked) -> Response[Any]:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        listed = await versions(conn, now=now)
        people = await population(conn)
        waits = await waiting(conn)
        acts = await list_audit(conn, limit=8)
    in_force = [each for each in listed if each.phase in SHOWN]
    return page(
        request,
        "overview.html",
        population=people,
        waiting=waits,
        in_force=in_force,
        next_dates=next_dates(in_force, local_date(now)),
        picture=draw(in_force, local_date(now), language_of(request)),
        acts=acts,
    )


@get("/audit")
async def audit_page(
    request: Asked,
    subject: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[Any]:
    """A page of the audit, the latest first; `subject` and `kind` narrow it."""
    async with request.app.state.services.pool.connection() as conn:
        found = await list_audit(
            conn, subject=subject, kind=kind, before=before, limit=AUDIT_PAGE + 1
        )
    entries = found[:AUDIT_PAGE]
    return page(
        request,
        "audit.html",
        entries=entries,
        subject=subject,
        kind=kind,
        before=before,
        next_before=entries[-1].audit_id if len(found) > AUDIT_PAGE else "",
    )


def draw(listed: Sequence[ListedVersion], today: date, language: Language) -> Timeline:
    """The timeline of these versions, one line each."""
    return timeline([_dates(each, language) for each in listed], today)


def _dates(each: ListedVersion, language: Language) -> Dates:
    dates = each.days
    return Dates(
        key=each.policy.name,
        label=each.policy.title_zh if language == "zh" else each.policy.title_en,
        phase=each.phase,
        announce=dates.announce if dates else None,
        warn=dates.warn if dates else None,
        enforce=dates.enforce if dates else None,
        retire=dates.retire if dates else None,
    )


def next_dates(
    listed: Sequence[ListedVersion], today: date
) -> list[tuple[date, str, ListedVersion]]:
    """(day, what begins, policy) of every date still to come, soonest first."""
    coming = []
    for each in listed:
        dates = each.days
        for phase, day in (
            ("announced", dates and dates.announce),
            ("warning", dates and dates.warn),
            ("enforced", dates and dates.enforce),
            ("retired", dates and dates.retire),
        ):
            if day and day > today:
                coming.append((day, phase, each))
    return sorted(coming, key=lambda one: (one[0], one[2].policy.name))

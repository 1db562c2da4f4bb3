"""How far a published version is enforced, how that compares with its forecast, and stopping it.

A stop blocks nobody from its commit on and is nobody's fault to undo: what the version had reached
it reaches again `RESUME_DAYS` after an operator resumes it, so that holders are told first; what it
had not reached is as much later as the stop lasted. The tripwire, which stops by itself, is
`tripwire`; taking a version back for good, `rollback`.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec

from qianbao.clock import local_date, start_of_day
from qianbao.db.queries import Connection, load
from qianbao.errors import QianbaoError
from qianbao.policy.dates import enforced_from, steps
from qianbao.policy.policies import Policy
from qianbao.policy.reach import percent_at
from qianbao.rollouts.hold_rule import check_still_held
from qianbao.rollouts.in_force import (
    PolicyNotPublished,
    StopRow,
    find_published,
    list_stops,
    read_in_force,
)
from qianbao.rollouts.operators import TRIPWIRE, audit
from qianbao.rollouts.rollback import checked_reason
from qianbao.rollouts.simulate import find_forecast
from qianbao.settings import Settings

SQL = load("qianbao.rollouts")

RESUME_DAYS = 2
"""Whole days between resuming and blocking again: a notice the day before still comes in time."""


class EnforcementNotStopped(QianbaoError):
    code = "enforcement_not_stopped"
    en = "Enforcement of {policy} is not stopped."
    zh = "规则 {policy} 的执行并未停止。"
    next_en = "Its dates say when it reaches whom."
    next_zh = "各步骤的执行日期以规则的时间表为准。"


class NewSimulationNeeded(QianbaoError):
    code = "new_simulation_needed"
    en = (
        "The tripwire stopped {policy} because its forecast was wrong; it has not been tried since."
    )
    zh = "规则 {policy} 因预测有误被自动停止，此后尚未重新模拟。"
    next_en = "Simulate the version again, look at who is reached, then resume it."
    next_zh = "请重新模拟该版本，查看受影响的用户，再恢复执行。"


class RolloutStep(msgspec.Struct, frozen=True):
    """From `begins` on, `percent` of the wallets are reached; None while enforcement is stopped."""

    percent: int
    begins: datetime | None


class Forecast(msgspec.Struct, frozen=True):
    """How many wallets are refused at the version's full percentage: locked out or, of a limit, if
    they move all they have (`simulate.find_forecast`)."""

    simulation_id: str
    as_of: datetime
    created_at: datetime
    wallets: int


class Enforcement(msgspec.Struct, frozen=True, kw_only=True):
    """Where enforcement of the published version stands. `expected`: wallets it should have refused
    at most by the forecast at the present `percent`; `refused`: wallets, of those that the forecast
    could know of, that it has refused since it began, was resumed, or was forecast if later;
    `trips_beyond`: how many of those stop it (None: no forecast, or nothing is enforced, so nothing
    is watched). `watched_until`: when the tripwire stops looking."""

    policy: str
    version: int
    percent: int
    steps: tuple[RolloutStep, ...]
    forecast: Forecast | None
    expected: int | None
    refused: int
    trips_beyond: int | None
    watched_until: datetime | None
    stops: tuple[StopRow, ...]


async def enforcement(
    conn: Connection, settings: Settings, *, policy: str, now: datetime
) -> Enforcement:
    """Of the published version. Raises `PolicyNotPublished`."""
    _, in_force = await read_in_force(conn)
    published = next((each for each in in_force if each.name == policy), None)
    if published is None:
        raise PolicyNotPublished(policy=policy)
    stops = [one for one in await list_stops(conn, policy=policy)
             if one.version == published.version]  # fmt: skip
    return await enforcement_of(conn, settings, published, tuple(stops), now)


async def enforcement_of(
    conn: Connection,
    settings: Settings,
    policy: Policy,
    stops: tuple[StopRow, ...],
    now: datetime,
) -> Enforcement:
    """Of a policy that is in force."""
    began = enforced_from(policy)
    forecast = await _forecast(conn, policy.name, policy.version, min(began, now))
    percent = percent_at(policy, now)
    expected = math.ceil(forecast.wallets * percent / 100) if forecast and percent else None
    stopped = bool(policy.stops) and policy.stops[-1].resumes_at is None
    until = None if stopped else _watched_until(policy, settings)
    watched = expected is not None and until is not None and now < until
    return Enforcement(
        policy=policy.name,
        version=policy.version,
        percent=percent,
        steps=tuple(
            RolloutStep(share, None if stopped else begins) for share, begins in steps(policy)
        ),
        forecast=forecast,
        expected=expected,
        refused=await _refused(conn, policy, now, forecast.created_at if forecast else now),
        trips_beyond=_beyond(expected, settings) if expected is not None and watched else None,
        watched_until=until if forecast is not None else None,
        stops=stops,
    )


async def stop(
    conn: Connection, *, policy: str, reason: str, operator: str, now: datetime
) -> StopRow:
    """Stops enforcement at once, for everybody; stopped already, nothing changes. Raises
    `ReasonNeeded`, `PolicyNotPublished` or `LegalHoldsStand`."""
    return await put_stop(conn, policy=policy, reason=checked_reason(reason), by=operator, now=now)


async def put_stop(
    conn: Connection,
    *,
    policy: str,
    reason: str,
    by: str,
    now: datetime,
    refused: int | None = None,
    forecast: int | None = None,
) -> StopRow:
    """As `stop`, with what the tripwire saw."""
    await conn.execute(SQL.lock_revision)
    version, standing = await _standing(conn, policy)
    if standing is not None:
        return standing
    _, in_force = await read_in_force(conn)
    published = next(each for each in in_force if each.name == policy)
    await check_still_held(conn, published, None)
    seen = {"refused": refused, "forecast": forecast}
    act = {"policy": policy, "version": version, "reason": reason, "operator": by, "now": now}
    await conn.execute(SQL.add_stop, act | seen)
    await conn.execute(SQL.raise_revision)
    known = {name: value for name, value in seen.items() if value is not None}
    await audit(
        conn, operator=by, action="policy.stop", subject=policy, now=now,
        detail={"version": version, "reason": reason} | known,
    )  # fmt: skip
    _, standing = await _standing(conn, policy)
    assert standing is not None, "it was put there"
    return standing


async def resume(conn: Connection, *, policy: str, operator: str, now: datetime) -> StopRow:
    """Lets enforcement go on, from a day on which holders have been told. Raises
    `PolicyNotPublished`, `EnforcementNotStopped` or, where the tripwire stopped it,
    `NewSimulationNeeded`."""
    await conn.execute(SQL.lock_revision)
    version, standing = await _standing(conn, policy)
    if standing is None:
        raise EnforcementNotStopped(policy=policy)
    key = {"policy": policy, "version": version}
    forecast = await _forecast(conn, policy, version, now)
    fresh = forecast is not None and forecast.created_at > standing.stopped_at
    if standing.stopped_by == TRIPWIRE and not fresh:
        raise NewSimulationNeeded(policy=policy)
    resumes_at = start_of_day(local_date(now) + timedelta(days=RESUME_DAYS))
    act = {**key, "operator": operator, "now": now, "resumes_at": resumes_at}
    await conn.execute(SQL.resume, act)
    await conn.execute(SQL.raise_revision)
    await audit(
        conn, operator=operator, action="policy.resume", subject=policy, now=now,
        detail={"version": version, "resumes": local_date(resumes_at).isoformat()},
    )  # fmt: skip
    found = [one for one in await list_stops(conn, policy=policy) if one.version == version]
    return found[-1]


async def _standing(conn: Connection, policy: str) -> tuple[int, StopRow | None]:
    """The published version, and its stop that nobody has resumed."""
    version = (await find_published(conn, policy)).version
    for one in await list_stops(conn, policy=policy):
        if one.version == version and one.resumed_at is None:
            return version, one
    return version, None


async def _forecast(
    conn: Connection, policy: str, version: int, began: datetime
) -> Forecast | None:
    run = await find_forecast(conn, policy=policy, version=version, began=began)
    if run is None:
        return None
    return Forecast(run.simulation_id, run.as_of, run.created_at, run.result.refused)


async def _refused(conn: Connection, policy: Policy, now: datetime, known: datetime) -> int:
    """Wallets, of those there were at `known`, refused since enforcement began or was resumed, or
    since `known` where that is later; while it is stopped, all since it began."""
    began = enforced_from(policy)
    since = policy_began(policy) if began > now else max(began, known)
    key = {"policy": policy.name, "version": policy.version, "since": since, "known": known}
    cursor = await conn.execute(SQL.count_refused, key)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def policy_began(policy: Policy) -> datetime:
    """When it was to begin before anything stopped it."""
    return enforced_from(msgspec.structs.replace(policy, stops=()))


def _watched_until(policy: Policy, settings: Settings) -> datetime | None:
    """None for a rule without dates, which was never rolled out."""
    if policy.timeline is None:
        return None
    return steps(policy)[-1][1] + timedelta(days=settings.tripwire_days)


def _beyond(expected: int, settings: Settings) -> int:
    return max(settings.tripwire_least_wallets, expected * settings.tripwire_percent // 100)

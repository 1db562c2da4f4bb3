"""Telling holders what is coming to them: at announcement, at warning, a week and a day before
their own deadline, and when they are blocked. By a job, in batches over the population.

Whom a policy will not let go on is found by SQL, at the moments at which it matters; what each of
them is told follows from their own facts (`wording`). Each step is told once; after an outage only
the latest is. Whoever has done what was needed is told that it is over, and then nothing more until
it comes upon them again.

The same sweep remembers since when a wallet has not met a policy, so that later acts neither begin
its own days anew nor take away what could have been done before.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import msgspec
from psycopg.rows import tuple_row

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.policy.dates import steps
from qianbao.policy.facts import Situation
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR, Policy, load_policy, locked_out_sql
from qianbao.policy.spells import (
    as_it_blocks,
    beyond_any,
    fell_out_at,
    is_told_by_amount,
    limits_what_comes_in,
    reads_use,
)
from qianbao.rollouts.apart import apart, record_failure
from qianbao.rollouts.in_force import read_in_force
from qianbao.rollouts.told import is_told, key_of, settle, tell_steps
from qianbao.rollouts.wording import STEPS, Step, over
from qianbao.settings import Settings
from qianbao.wallets.situation import read_situations

SQL = load("qianbao.rollouts")

SWEEP_EVERY = timedelta(minutes=45)
"""How long after its beginning a finished sweep begins again; less than the job's hour."""

UNWATCHED_AFTER = timedelta(days=1)
"""Who acted so long after the last sweep is not remembered any more: they may have met the policy
meanwhile."""


class _Sweep(msgspec.Struct, frozen=True):
    after: str
    began_at: datetime
    finished_at: datetime | None
    other_since: bool


class _Gone(msgspec.Struct, frozen=True):
    wallet_id: str
    policy: str
    body: str


class CountedStep(msgspec.Struct, frozen=True):
    """How many wallets were told a step."""

    step: Step
    wallets: int


async def tell_holders(
    conn: Connection, settings: Settings, *, now: datetime, limit: int = 100
) -> int:
    """One batch: looks at up to `limit` wallets that a published policy will block or blocks, tells
    those who are due, and remembers how far it came; gives how many it looked at, and 0 when every
    sweep is done for now. Call it until then, each time in a transaction of its own: what a crash
    interrupts is begun again where it was."""
    policies = await _as_they_block(conn)
    for policy in policies:
        if not is_told(policy, now) and not policy.grace_days:
            continue
        batch = partial(_tell_batch, conn, policies, policy, settings, now=now, limit=limit)
        looked = await apart(conn, batch, policy.name)
        if looked is None:
            await _give_up(conn, policy, now)
        elif looked:
            return looked
    return await _tell_gone(conn, policies, now, limit=limit)


async def _tell_batch(
    conn: Connection,
    policies: tuple[Policy, ...],
    policy: Policy,
    settings: Settings,
    *,
    now: datetime,
    limit: int,
) -> int:
    """The next batch of one policy's sweep; gives how many it looked at."""
    after = await _place(conn, policy, now)
    if after is None:
        return 0
    search = partial(_affected, conn, policy, now, after=after, limit=limit)
    found = await apart(conn, search, policy.name)
    if found is None:
        found = await _everybody(conn, after=after, limit=limit)
    last = found[-1] if len(found) == limit else None
    look = partial(_look_at, conn, policies, policy, settings, now)
    if await apart(conn, partial(look, found, after, last), policy.name) is None:
        failed = []
        before = after
        for number, wallet_id in enumerate(found, 1):
            until = last if number == len(found) else wallet_id
            if await apart(conn, partial(look, [wallet_id], before, until), wallet_id) is None:
                failed.append(wallet_id)
            before = wallet_id
        if failed:
            await record_failure(
                conn, policy=policy.name, version=policy.version, wallet_ids=tuple(failed), now=now
            )
    place = {"after": found[-1] if found else after, "finished_at": None if last else now}
    await conn.execute(SQL.move_sweep, key_of(policy) | place)
    return len(found)


async def _look_at(
    conn: Connection,
    policies: tuple[Policy, ...],
    policy: Policy,
    settings: Settings,
    now: datetime,
    wallet_ids: list[str],
    after: str,
    last: str | None,
) -> bool:
    """Tells those of `wallet_ids` who are due; they are all that the sweep found after `after` and
    up to `last`."""
    free_minor = settings.withdrawal_free_minor
    situations = await read_situations(conn, wallet_ids, now, free_minor=free_minor)
    situations = await _remember(conn, policy, situations, now, after=after, last=last)
    return await tell_steps(conn, policies, policy, settings, situations, now)


async def _give_up(conn: Connection, policy: Policy, now: datetime) -> None:
    """Ends a sweep that failed as a whole; the next one tries again."""
    await record_failure(conn, policy=policy.name, version=policy.version, now=now)
    await conn.execute(SQL.begin_sweep, {**key_of(policy), "now": now})
    await conn.execute(SQL.move_sweep, key_of(policy) | {"after": "", "finished_at": now})


async def _everybody(conn: Connection, *, after: str, limit: int) -> list[str]:
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(SQL.open_after, {"after": after, "limit": limit})
        return [wallet_id for (wallet_id,) in await cursor.fetchall()]


async def tell_wallet(
    conn: Connection, settings: Settings, *, wallet_id: str, now: datetime
) -> None:
    """The job behind an act of a holder: tells them at once what it changed."""
    policies = await _as_they_block(conn)
    free_minor = settings.withdrawal_free_minor
    situations = await read_situations(conn, [wallet_id], now, free_minor=free_minor)
    for policy in policies:
        if not is_told(policy, now):
            continue
        tell = partial(tell_steps, conn, policies, policy, settings, situations, now)
        if await apart(conn, tell, wallet_id) is None:
            await record_failure(
                conn, policy=policy.name, version=policy.version, wallet_ids=(wallet_id,), now=now
            )


async def _as_they_block(conn: Connection) -> tuple[Policy, ...]:
    _, policies = await read_in_force(conn)
    return tuple(map(as_it_blocks, policies))


async def told(conn: Connection, *, policy: str, version: int) -> list[CountedStep]:
    """How many were told what, in the order of the steps."""
    key = {"policy": policy, "version": version}
    found = await fetch_all(conn, SQL.count_told, key, CountedStep)
    return sorted(found, key=lambda one: STEPS.index(one.step))


async def _place(conn: Connection, policy: Policy, now: datetime) -> str | None:
    """After which wallet the present sweep goes on; None while the last one is fresh."""
    found = await fetch_one(conn, SQL.find_sweep, key_of(policy), _Sweep)
    if found is not None and found.finished_at is None:
        return found.after
    if found is not None and now - found.began_at < SWEEP_EVERY:
        return None
    # What another version remembers is about another requirement.
    known_until = None
    if found is not None and not found.other_since:
        known_until = found.began_at + UNWATCHED_AFTER
    act = {"policy": policy.name, "known_until": known_until, "by_use": reads_use(policy)}
    await conn.execute(SQL.forget_unwatched, act)
    await conn.execute(SQL.begin_sweep, {**key_of(policy), "now": now})
    return ""


async def _affected(
    conn: Connection, policy: Policy, now: datetime, *, after: str, limit: int
) -> list[str]:
    """Wallets that do not meet the policy at one of the moments that matter: now, in a day, in a
    week, and as each step of its rollout begins; and those who were told and not yet that it is
    over. In the order of their ids."""
    moments = [now, now + timedelta(days=1), now + timedelta(days=7)]
    if not policy.stops or policy.stops[-1].resumes_at is not None:
        moments += [begin for _, begin in steps(policy) if begin > now]
    template = SQL.affected_at.decode().format(
        situations=SQL.situations.decode(), locked_out=locked_out_sql(policy)
    )
    if is_told_by_amount(policy):  # as `held_against_minor`
        available = "greatest(1, balance_minor - held_minor)"
        amount = str(beyond_any(policy)) if limits_what_comes_in(policy) else available
        template = template.replace("%(amount_minor)s", f"({amount})::bigint")
    parts = [template.replace("%(now)s", f"%(moment_{number})s") for number in range(len(moments))]
    parts.append(SQL.told_standing.decode())
    statement = SQL.affected.decode().format(parts="\nUNION ALL\n".join(parts))
    values = {f"moment_{number}": moment for number, moment in enumerate(moments)}
    place: dict[str, object] = {"after": after, "limit": limit, "policy": policy.name}
    place["amount_minor"] = SMALLEST_AMOUNT_MINOR
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement.encode(), values | place)
        return [wallet_id for (wallet_id,) in await cursor.fetchall()]


async def _tell_gone(
    conn: Connection, policies: tuple[Policy, ...], now: datetime, *, limit: int
) -> int:
    """One batch of those who were told of policies that have gone; gives how many."""
    names = [policy.name for policy in policies if is_told(policy, now)]
    act = {"names": names, "limit": limit}
    found = await fetch_all(conn, SQL.standing_of_gone, act, _Gone)
    gone = {one.body: load_policy(one.body) for one in found}
    free_minor = 0  # of no interest to what is over
    wallet_ids = [one.wallet_id for one in found]
    situations = await read_situations(conn, wallet_ids, now, free_minor=free_minor)
    for one in found:
        situation = situations.get(one.wallet_id)
        is_open = situation is not None and situation.status == "open"
        said = over(gone[one.body], None, now) if is_open else None
        await settle(conn, one.wallet_id, one.policy, said, now)
    return len(found)


async def _remember(
    conn: Connection,
    policy: Policy,
    situations: dict[str, Situation],
    now: datetime,
    *,
    after: str,
    last: str | None,
) -> dict[str, Situation]:
    """Keeps since when the wallets of this batch have not met `policy`, and forgets those between
    `after` and `last` that do; gives `situations` with what is now known."""
    out = {
        wallet_id: since
        for wallet_id, one in situations.items()
        if one.status == "open"
        and (since := fell_out_at(policy, one, now, SMALLEST_AMOUNT_MINOR)) is not None
    }
    act = {"policy": policy.name, "wallet_ids": list(out), "sinces": list(out.values())}
    await conn.execute(SQL.remember_fallen, act)
    await conn.execute(SQL.forget_fallen, act | {"after": after, "last": last})
    return {
        wallet_id: _fallen(one, policy.name, out.get(wallet_id))
        for wallet_id, one in situations.items()
    }


def _fallen(situation: Situation, policy: str, since: datetime | None) -> Situation:
    others = tuple(one for one in situation.fallen_out if one[0] != policy)
    own = ((policy, since),) if since is not None else ()
    return msgspec.structs.replace(situation, fallen_out=(*others, *own))

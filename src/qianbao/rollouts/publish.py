"""A policy's life: drafted, tried, published by a second operator, replaced.

A stored version never changes: other words need another version. Dates and percentages are the
policy's own (`policy.phase` reads them), so between publishing and retiring nobody has to act.
Counting who a draft would reach is `simulate`; what is in force now, `in_force`; its end, `retire`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg import Rollback

from qianbao.clock import local_date
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import NotFound, QianbaoError
from qianbao.policy.dates import phase
from qianbao.policy.policies import Policy, Words, load_pack, load_policy, load_written
from qianbao.remedies.lint import lint
from qianbao.rollouts.hold_rule import check_still_held
from qianbao.rollouts.in_force import PolicyVersion, read_in_force
from qianbao.rollouts.losses import surprised, told_from
from qianbao.rollouts.operators import SHIPPED, audit
from qianbao.settings import Settings

SQL = load("qianbao.rollouts")

_Key = dict[str, str | int | None]
_Rules = tuple[tuple[str, int], ...]

SIMULATION_DAYS = 7
"""How long a simulation is good for: the tripwire goes by it once the version blocks."""

LOOKS_MOST = 3
"""How often a version is looked at again because other rules came into force meanwhile."""


class PolicyVersionExists(QianbaoError):
    code = "policy_version_exists"
    en = "Version {version} of {policy} exists with other text; a stored version never changes."
    zh = "{policy} 的第 {version} 版已存在且内容不同；已保存的版本不可更改。"
    next_en = "Raise the version number and save it again."
    next_zh = "请提高版本号后重新保存。"


class PolicyVersionUnknown(NotFound):
    code = "policy_version_unknown"
    en = "There is no version {version} of a policy {policy}."
    zh = "不存在规则 {policy} 的第 {version} 版。"
    next_en = "Look in the list of policies."
    next_zh = "请在规则列表中查找。"


class PolicyNotADraft(QianbaoError):
    code = "policy_not_a_draft"
    en = "Version {version} of {policy} is {state}; only a draft can be published."
    zh = "{policy} 的第 {version} 版已不是草稿；只有草稿可以发布。"
    next_en = "Draft a new version."
    next_zh = "请起草新版本。"


class PolicyOver(QianbaoError):
    code = "policy_over"
    en = (
        "Version {version} of {policy} ends on {retire}: published now, it would never do anything."
    )
    zh = "{policy} 的第 {version} 版于 {retire} 失效，现在发布不会产生任何作用。"
    next_en = "Draft a version with a later day to retire, or without one."
    next_zh = "请起草失效日更晚或不设失效日的版本。"


class SimulationNeeded(QianbaoError):
    code = "simulation_needed"
    en = (
        "Version {version} of {policy} has not been tried on the wallets there are in the last "
        "{days} days."
    )
    zh = "{policy} 的第 {version} 版最近 {days} 天内未在现有钱包上模拟。"
    next_en = "Run the simulation, look at who is reached, then publish."
    next_zh = "请先运行模拟，查看受影响的用户，再发布。"


class SecondOperatorNeeded(QianbaoError):
    code = "second_operator_needed"
    status = 403
    en = "{operator} drafted this version; somebody else has to publish it."
    zh = "此版本由 {operator} 起草，须由另一位操作员发布。"
    next_en = "Ask another operator to look at it and publish it."
    next_zh = "请另一位操作员审阅并发布。"


class PolicyNotToldInTime(QianbaoError):
    code = "policy_not_told_in_time"
    en = (
        "Version {version} of {policy} could block holders who were not told {notice_days} days "
        "before; wallets that lose by it as it begins: {wallets}."
    )
    zh = (
        "{policy} 的第 {version} 版可能使未提前 {notice_days} 天获知的用户受限；"
        "生效时将受限的钱包数：{wallets}。"
    )
    next_en = (
        "Draft a version whose timeline announces it on {announce} or later, and enforces it on "
        "{enforce} or later, {notice_days} days after its announcement."
    )
    next_zh = (
        "请起草新版本：公告日不早于 {announce}，执行日不早于 {enforce}，"
        "且在公告 {notice_days} 天之后。"
    )


class PolicyDoesNotLint(QianbaoError):
    code = "policy_does_not_lint"
    en = "Version {version} of {policy} cannot join the rules in force. {finding_en}"
    zh = "{policy} 的第 {version} 版不能与现行规则一同生效。{finding_zh}"
    next_en = "Draft a version without it; `qianbao policy lint` tells all there is, with lines."
    next_zh = "请起草没有该问题的版本；`qianbao policy lint` 会列出全部问题及行号。"


class RulesChanged(QianbaoError):
    code = "rules_changed"
    retry = True
    en = "Other rules came into force each time that {policy} was looked at beside them."
    zh = "审核规则 {policy} 期间，其他现行规则一再变更。"
    next_en = "Publish it again in a minute; nothing has changed."
    next_zh = "请稍后重新发布；目前未作任何更改。"


async def draft(conn: Connection, *, body: str, operator: str, now: datetime) -> PolicyVersion:
    """Stores `body` (YAML) as a draft. The same text again gives the first draft; raises what
    `load_written` raises, with line and column, or `PolicyVersionExists`."""
    read = load_written(body)
    key = {"policy": read.name, "version": read.version}
    cursor = await conn.execute(
        SQL.add_version, {**key, "body": body, "operator": operator, "now": now}
    )
    stored = await find_version(conn, policy=read.name, version=read.version)
    if stored.body != body:
        raise PolicyVersionExists(**key)
    if cursor.rowcount:
        await audit(
            conn, operator=operator, action="policy.draft", subject=read.name, now=now,
            detail={"version": read.version},
        )  # fmt: skip
    return stored


async def find_version(conn: Connection, *, policy: str, version: int) -> PolicyVersion:
    """Raises `PolicyVersionUnknown`."""
    key = {"policy": policy, "version": version}
    found = await fetch_one(conn, SQL.find_version, key, PolicyVersion)
    if found is None:
        raise PolicyVersionUnknown(**key)
    return found


async def publish(
    conn: Connection,
    settings: Settings,
    *,
    policy: str,
    version: int,
    operator: str,
    now: datetime,
) -> PolicyVersion:
    """Puts a draft in the place of the version published before. From the commit on, its own dates
    say what it does; published already by the same operator, that stays. Nobody is blocked by it
    who was not told before (`losses.surprised`). Looking at the rules takes long and is done
    without the lock on them, so that a stop never waits for it. Raises `PolicyVersionUnknown`,
    `PolicyNotADraft`, `PolicyOver`, `SimulationNeeded`, `SecondOperatorNeeded`,
    `PolicyNotToldInTime`, `LegalHoldsStand`, `PolicyDoesNotLint` or `RulesChanged`."""
    linted: _Rules | None = None
    for _ in range(LOOKS_MOST):
        found = await find_version(conn, policy=policy, version=version)
        if found.state == "published" and found.published_by == operator:
            return found
        read = load_policy(found.body)
        await _check_may_publish(conn, found, read, operator, now)
        revision, in_force = await read_in_force(conn)
        replaced = next((one for one in in_force if one.name == policy), None)
        await _check_told_in_time(conn, settings, read, in_force, now)
        if replaced is not None:
            await check_still_held(conn, replaced, read)
        if linted != _rules(in_force):
            await _check_lints(read, in_force, now)
            linted = _rules(in_force)
        if await _put_in_force(conn, found, replaced, revision, operator, now):
            return await find_version(conn, policy=policy, version=version)
    raise RulesChanged(policy=policy)


async def _check_may_publish(
    conn: Connection, found: PolicyVersion, read: Policy, operator: str, now: datetime
) -> None:
    key: _Key = {"policy": found.policy, "version": found.version}
    if found.state != "draft":
        raise PolicyNotADraft(**key, state=found.state)
    dates = read.timeline
    if dates is not None and dates.retire is not None and phase(read, now) == "retired":
        raise PolicyOver(**key, retire=dates.retire.isoformat())
    if not await _is_simulated(conn, key, now):
        raise SimulationNeeded(**key, days=SIMULATION_DAYS)
    if found.drafted_by == operator:
        raise SecondOperatorNeeded(operator=operator)


def _rules(in_force: Sequence[Policy]) -> _Rules:
    """What a lint looks at; whether a rule is stopped makes no difference to it."""
    return tuple((one.name, one.version) for one in in_force)


async def _check_told_in_time(
    conn: Connection, settings: Settings, read: Policy, in_force: Sequence[Policy], now: datetime
) -> None:
    """Raises `PolicyNotToldInTime`, after counting again: since the simulation, wallets may have
    come within the rule's reach."""
    least = settings.notice_days
    wallets = await surprised(conn, read, in_force=in_force, notice_days=least, now=now)
    if wallets is not None:
        announce, enforce = told_from(read, local_date(now), least)
        raise PolicyNotToldInTime(
            policy=read.name, version=read.version, notice_days=least, wallets=wallets,
            announce=announce.isoformat(), enforce=enforce.isoformat(),
        )  # fmt: skip


async def _check_lints(read: Policy, in_force: Sequence[Policy], now: datetime) -> None:
    """Raises `PolicyDoesNotLint` when, beside the other rules in force, `read` would trap money,
    leave somebody without a way out, or have no meaning. What is wrong without it is no reason."""
    others = [one for one in in_force if one.name != read.name and phase(one, now) != "retired"]
    found = await asyncio.to_thread(lint, (*others, read))
    for finding in found:
        if finding.severity == "error" and read.name in finding.policies:
            story = finding.story or Words("", "")
            raise PolicyDoesNotLint(
                policy=read.name,
                version=read.version,
                finding_en=f"{finding.message.en} {story.en}".rstrip(),
                finding_zh=f"{finding.message.zh}{story.zh}",
            )


async def _is_simulated(conn: Connection, key: _Key, now: datetime) -> bool:
    since = now - timedelta(days=SIMULATION_DAYS)
    cursor = await conn.execute(SQL.is_simulated, {**key, "since": since})
    return await cursor.fetchone() is not None


async def _put_in_force(
    conn: Connection,
    found: PolicyVersion,
    replaced: Policy | None,
    revision: int,
    operator: str,
    now: datetime,
) -> bool:
    """Publishes a draft that was looked at beside the rules of `revision`; False, with nothing
    locked or changed, when others are in force since."""
    async with conn.transaction() as attempt:  # a savepoint: what it locks is let go with it
        cursor = await conn.execute(SQL.lock_revision)
        row = await cursor.fetchone()
        is_same = row is not None and int(row[0]) == revision
        if not is_same:
            raise Rollback(attempt)
        if replaced is not None:
            await check_still_held(conn, replaced, load_policy(found.body))
        replaces = {"replaces": replaced.version} if replaced else {}
        key: _Key = {"policy": found.policy, "version": found.version, "replaces": None}
        await conn.execute(SQL.replace_published, key)
        await conn.execute(SQL.set_published, {**key, **replaces, "operator": operator, "now": now})
        await conn.execute(SQL.raise_revision)
        detail: dict[str, object] = {"version": found.version, "drafted_by": found.drafted_by}
        await audit(
            conn, operator=operator, action="policy.publish", subject=found.policy, now=now,
            detail=detail | replaces,
        )  # fmt: skip
    return is_same


async def install_pack(conn: Connection, *, now: datetime) -> int:
    """Puts the shipped pack in force where no policy was ever stored; gives how many policies.
    Safe to call at every start."""
    await conn.execute(SQL.lock_revision)
    cursor = await conn.execute(SQL.count_policies)
    row = await cursor.fetchone()
    if row is None or row[0]:
        return 0
    pack = load_pack()
    for policy in pack:
        key = {"policy": policy.name, "version": policy.version}
        body = {"body": policy.text, "replaces": None}
        stored = {**key, **body, "operator": SHIPPED, "now": now}
        await conn.execute(SQL.add_version, stored)
        await conn.execute(SQL.set_published, stored)
        await audit(
            conn, operator=SHIPPED, action="policy.publish", subject=policy.name, now=now,
            detail={"version": policy.version},
        )  # fmt: skip
    await conn.execute(SQL.raise_revision)
    return len(pack)

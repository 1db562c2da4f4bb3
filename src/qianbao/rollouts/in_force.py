"""The policies in force, as every decision reads them, and all versions, as the console lists them.

"In force" means published and not replaced, retired or rolled back; what a policy does today
follows from its own dates (`policy.phase`), and from where its enforcement was stopped. Changing
what is in force is `publish`, `rollback`, `retire`; stopping it, `enforcement`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from psycopg.rows import tuple_row

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.db.statements import Answer, Statements
from qianbao.errors import QianbaoError
from qianbao.policy.dates import Days, days_of, phase
from qianbao.policy.policies import Policy, Stop, load_policy
from qianbao.policy.reach import percent_at

SQL = load("qianbao.rollouts")


class PoliciesInForce:
    """One process's copy of the policies in force; every reading compares the revision, so a
    publication counts from its commit on, for all processes. Concurrent tasks may share it."""

    def __init__(self) -> None:
        self._revision = -1
        self._policies: tuple[Policy, ...] = ()

    async def current(self, conn: Connection) -> tuple[Policy, ...]:
        """The policies in force in `conn`'s transaction, by name. Cheap unless they changed."""
        statements = Statements(conn)
        given = self.ask(statements)
        await statements.answered()
        return await given(conn)

    def ask(self, statements: Statements) -> Callable[[Connection], Awaitable[tuple[Policy, ...]]]:
        """Asks among other statements; once they are answered, gives what `current` does."""
        asked: Answer[tuple[int]] = statements.ask(SQL.revision)
        return lambda conn: self._at(conn, asked)

    async def _at(self, conn: Connection, asked: Answer[tuple[int]]) -> tuple[Policy, ...]:
        if asked.first is not None and asked.first[0] == self._revision:
            return self._policies
        revision, policies = await read_in_force(conn)
        # Two tasks may read at once: the later revision stays, whoever finishes last.
        if revision > self._revision:
            self._revision, self._policies = revision, policies
        return policies


async def read_in_force(conn: Connection) -> tuple[int, tuple[Policy, ...]]:
    """The revision and its policies, read in one statement."""
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(SQL.in_force)
        rows = await cursor.fetchall()
    policies = tuple(
        msgspec.structs.replace(load_policy(body), stops=msgspec.convert(stops, tuple[Stop, ...]))
        for _, name, body, stops in rows
        if name is not None
    )
    return int(rows[0][0]), policies


class StopRow(msgspec.Struct, frozen=True):
    """A row of `policy_stops`: who stopped enforcement of a version when and why, and who resumed
    it from when on (None: nobody yet). `refused` wallets of `forecast`, where the tripwire did."""

    policy: str
    version: int
    stopped_at: datetime
    stopped_by: str
    reason: str
    refused: int | None
    forecast: int | None
    resumed_by: str | None
    resumed_at: datetime | None
    resumes_at: datetime | None


async def list_stops(conn: Connection, *, policy: str = "") -> list[StopRow]:
    """Of every version of every policy, or of one; the earliest first."""
    return await fetch_all(conn, SQL.list_stops, {"policy": policy}, StopRow)


class PolicyVersion(msgspec.Struct, frozen=True):
    """A row of `policies`; operators by name. `replaces`: the version in whose place it came."""

    policy: str
    version: int
    body: str
    state: str
    drafted_by: str
    drafted_at: datetime
    published_by: str | None
    published_at: datetime | None
    retire_proposed_by: str | None
    retire_proposed_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None
    replaces: int | None
    rolled_back_by: str | None
    rolled_back_at: datetime | None
    rollback_reason: str | None


class PolicyNotPublished(QianbaoError):
    code = "policy_not_published"
    en = "No version of {policy} is published."
    zh = "规则 {policy} 没有已发布的版本。"
    next_en = "Look in the list of policies."
    next_zh = "请在规则列表中查找。"


class ListedVersion(msgspec.Struct, frozen=True):
    """A stored version, read, with where it stands at the moment asked about. `phase` is that of
    its dates once they began (announced, warning, enforced, retired), `stopped` while enforcement
    is, and its state otherwise (draft, published, replaced, retired, rolled_back; `simulated` for
    a draft that was). `percent` of
    wallets are reached. `stops`, the earliest first."""

    stored: PolicyVersion
    policy: Policy
    phase: str
    percent: int
    stops: tuple[StopRow, ...]

    @property
    def days(self) -> Days | None:
        """Those of its timeline, as stops have moved them."""
        return days_of(self.policy)

    @property
    def stop(self) -> StopRow | None:
        """The stop that nobody has resumed."""
        last = self.stops[-1] if self.stops else None
        return last if last is not None and last.resumed_at is None else None


async def versions(conn: Connection, *, now: datetime, policy: str = "") -> list[ListedVersion]:
    """Every version of every policy, or of one; by name, the newest version first."""
    stored = await fetch_all(conn, SQL.list_versions, {"policy": policy}, PolicyVersion)
    stops: dict[tuple[str, int], list[StopRow]] = {}
    for stop in await list_stops(conn, policy=policy):
        stops.setdefault((stop.policy, stop.version), []).append(stop)
    cursor = await conn.execute(SQL.simulated_drafts, {"policy": policy})
    tried = {(name, version) for name, version in await cursor.fetchall()}
    listed = []
    for one in stored:
        key = (one.policy, one.version)
        found = _listed(one, tuple(stops.get(key, ())), now)
        listed.append(msgspec.structs.replace(found, phase="simulated") if key in tried else found)
    return listed


async def find_published(conn: Connection, policy: str) -> PolicyVersion:
    """The version that is published. Raises `PolicyNotPublished`."""
    found = await fetch_one(conn, SQL.find_published, {"policy": policy}, PolicyVersion)
    if found is None:
        raise PolicyNotPublished(policy=policy)
    return found


def _listed(stored: PolicyVersion, stops: tuple[StopRow, ...], now: datetime) -> ListedVersion:
    spans = tuple(Stop(stop.stopped_at, stop.resumes_at) for stop in stops)
    read = msgspec.structs.replace(load_policy(stored.body), stops=spans)
    if stored.state != "published":
        return ListedVersion(stored, read, stored.state, 0, stops)
    by_dates: str = phase(read, now)
    if by_dates == "draft":  # published ahead of its own announcement
        by_dates = "published"
    if by_dates != "retired" and stops and stops[-1].resumed_at is None:
        by_dates = "stopped"
    return ListedVersion(stored, read, by_dates, percent_at(read, now), stops)

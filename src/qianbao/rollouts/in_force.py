"""The policies in force, as every decision reads them, and all versions, as the console lists them.

"In force" means published and not replaced or retired; what a policy does today follows from its
own dates (`policy.phase`). Changing what is in force is `publish`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from psycopg.rows import tuple_row

from qianbao.db.queries import Connection, fetch_all, load
from qianbao.db.statements import Answer, Statements
from qianbao.policy.policies import Policy, load_policy, phase

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
    policies = tuple(load_policy(body) for _, name, body in rows if name is not None)
    return int(rows[0][0]), policies


class PolicyVersion(msgspec.Struct, frozen=True):
    """A row of `policies`; operators by name."""

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


class ListedVersion(msgspec.Struct, frozen=True):
    """A stored version, read, with where it stands at the moment asked about. `phase` is that of
    its dates once they began (announced, warning, enforced, retired), and its state otherwise
    (draft, published, replaced, retired)."""

    stored: PolicyVersion
    policy: Policy
    phase: str


async def versions(conn: Connection, *, now: datetime, policy: str = "") -> list[ListedVersion]:
    """Every version of every policy, or of one; by name, the newest version first."""
    stored = await fetch_all(conn, SQL.list_versions, {"policy": policy}, PolicyVersion)
    return [_listed(version, now) for version in stored]


def _listed(stored: PolicyVersion, now: datetime) -> ListedVersion:
    read = load_policy(stored.body)
    if stored.state != "published":
        return ListedVersion(stored, read, stored.state)
    by_dates = phase(read, now)
    # Published ahead of its own announcement: its dates alone would still call it a draft.
    return ListedVersion(stored, read, "published" if by_dates == "draft" else by_dates)

"""What one process remembers of wallets between batches, and how a batch finds it still true.

Reading a wallet whole, and working out what the rules leave open to it, costs more than the payment
itself. Both last until somebody's act, a midnight or a new rule changes them. So the clearing loop
reads the version of a wallet's rows, and a wallet whole only when its version is new; what money
has moved is its account's, which is locked. The database stays the one that knows: nothing here is
believed without its version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from qianbao.clock import local_date, start_of_day
from qianbao.db.arrays import texts
from qianbao.db.queries import Connection
from qianbao.db.statements import Answer, Statements
from qianbao.policy.facts import Facts, Situation, facts_at
from qianbao.policy.permits import Permit, permit
from qianbao.policy.policies import Policy
from qianbao.wallets.situation import SQL, read_situations

Version = tuple[bytes, bytes | None, bool]
_DAY = timedelta(days=1)


class Versions(msgspec.Struct, frozen=True):
    """The versions of everything about a wallet that no payment of its own changes, and what the
    person's other wallets have moved (minor units): today, this year, out and in for life, and
    whether one of them is held (0 or 1)."""

    wallet_id: str
    wallet_version: bytes
    person_version: bytes | None
    elsewhere: list[int] | None

    @property
    def version(self) -> Version:
        """All of them together."""
        held = self.elsewhere is not None and self.elsewhere[4]
        return (self.wallet_version, self.person_version, bool(held))


class Known(msgspec.Struct):
    """A wallet as read whole, its facts on `day` (from `day_begins` until `day_ends`), and the
    permits worked out under `policies`. What payments change is out of date in
    `situation` and `facts`: that is the account's."""

    version: Version
    situation: Situation
    day: date
    day_begins: datetime
    day_ends: datetime
    facts: Facts
    policies: tuple[Policy, ...]
    permits: dict[str, Permit]

    def days_since(self, at: datetime) -> int:
        """Midnights between `at` and now, where the holder lives; less than 0 when it is ahead."""
        if self.day_begins <= at < self.day_ends:
            return 0
        return (self.day - local_date(at, ZoneInfo(self.situation.time_zone))).days

    def permit(self, capability: str, now: datetime) -> Permit:
        """What is left open of `capability`. Raises `CapabilityUnknown`."""
        found = self.permits.get(capability)
        if found is None or now >= found.until:
            made = permit(self.policies, capability, self.facts, now, self.situation)
            found = self.permits[capability] = made
        return found


class KnownWallets:
    """One process's memory of at most `most` wallets, or of one batch's when that is more; when it
    is full it begins again."""

    def __init__(self, most: int, free_minor: int) -> None:
        self._most = most
        self._free_minor = free_minor
        self._known: dict[str, Known] = {}

    async def know(
        self,
        conn: Connection,
        versions: Sequence[Versions],
        policies: tuple[Policy, ...],
        now: datetime,
    ) -> list[Known]:
        """Each of these wallets as it is now: as remembered, or read again."""
        if len(self._known) + len(versions) > self._most:
            self._make_room(versions)
        missing = [
            one.wallet_id
            for one in versions
            if (known := self._known.get(one.wallet_id)) is None or known.version != one.version
        ]
        found: dict[str, Situation] = {}
        if missing:
            found = await read_situations(conn, missing, now, free_minor=self._free_minor)
        days: dict[str, date] = {}
        return [
            self._as_now(one, found.get(one.wallet_id), policies, now, days) for one in versions
        ]

    def _make_room(self, versions: Sequence[Versions]) -> None:
        new = sum(one.wallet_id not in self._known for one in versions)
        if len(self._known) + new > self._most:
            self._known.clear()

    def _as_now(
        self,
        versions: Versions,
        found: Situation | None,
        policies: tuple[Policy, ...],
        now: datetime,
        days: dict[str, date],
    ) -> Known:
        """`found` when it was read again. `days`: today's date by time zone, filled here."""
        known = self._known.get(versions.wallet_id)
        situation = found if found is not None else known.situation if known is not None else None
        assert situation is not None
        day = days.get(situation.time_zone)
        if day is None:
            day = days[situation.time_zone] = local_date(now, ZoneInfo(situation.time_zone))
        if found is None and known is not None and known.day == day:
            if known.policies is not policies:
                known.policies, known.permits = policies, {}
            return known
        known = _known_on(day, versions.version, situation, policies, now)
        self._known[versions.wallet_id] = known
        return known


def _known_on(
    day: date,
    version: Version,
    situation: Situation,
    policies: tuple[Policy, ...],
    now: datetime,
) -> Known:
    zone = ZoneInfo(situation.time_zone)
    begins, ends = start_of_day(day, zone), start_of_day(day + _DAY, zone)
    return Known(version, situation, day, begins, ends, facts_at(situation, now), policies, {})


def ask_versions(
    statements: Statements, wallet_ids: Iterable[str], now: datetime
) -> Answer[Versions]:
    """The versions of each wallet that exists, and what the person's others have moved."""
    wanted = {"wallet_ids": texts(list(wallet_ids)), "now": now}
    return statements.ask(SQL.read_versions, wanted, Versions)

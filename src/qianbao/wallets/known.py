"""What one process remembers of wallets between batches, and how a batch finds it still true.

Reading a wallet whole, and working out what the rules leave open to it, costs more than the payment
itself. Both last until somebody's act, a midnight or a new rule changes them. So the clearing loop
reads the version of a wallet's rows and what money has moved, and a wallet whole only when its
version is new. The database stays the one that knows: nothing here is believed without its version.
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


class Moved(msgspec.Struct, frozen=True):
    """What changes with every payment (minor units), and the version of all the rest. Today's sum
    and this year's are those of `day` and `year`; `elsewhere` are the sums of the person's other
    wallets, in the same order, and whether one of them is held (0 or 1)."""

    wallet_id: str
    wallet_version: bytes
    person_version: bytes | None
    day: date
    year: int
    last_used_at: datetime | None
    paid_today_minor: int
    paid_this_year_minor: int
    moved_for_life_minor: int
    received_for_life_minor: int
    elsewhere: list[int] | None

    @property
    def version(self) -> Version:
        """Of everything that no payment changes."""
        held = self.elsewhere is not None and self.elsewhere[4]
        return (self.wallet_version, self.person_version, bool(held))

    def paid_minor(self, today: date) -> tuple[int, int]:
        """What the person has paid on this day, and in its year. A day that is past counts no more;
        one ahead does: another process's clock has reached it."""
        of_day = self.paid_today_minor if self.day >= today else 0
        of_year = self.paid_this_year_minor if self.year >= today.year else 0
        if self.elsewhere is None:
            return of_day, of_year
        return of_day + self.elsewhere[0], of_year + self.elsewhere[1]

    @property
    def for_life_minor(self) -> tuple[int, int]:
        """What has gone out of the person's wallets, and come in."""
        if self.elsewhere is None:
            return self.moved_for_life_minor, self.received_for_life_minor
        return (
            self.moved_for_life_minor + self.elsewhere[2],
            self.received_for_life_minor + self.elsewhere[3],
        )


class Known(msgspec.Struct):
    """A wallet as read whole, its facts on `day` (from `day_begins` until `day_ends`), and the
    permits worked out under `policies`. What `Moved` holds is out of date in `situation` and
    `facts`."""

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
        moved: Sequence[Moved],
        policies: tuple[Policy, ...],
        now: datetime,
    ) -> list[Known]:
        """Each of these wallets as it is now: as remembered, or read again."""
        if len(self._known) + len(moved) > self._most:
            self._make_room(moved)
        missing = [
            one.wallet_id
            for one in moved
            if (known := self._known.get(one.wallet_id)) is None or known.version != one.version
        ]
        found: dict[str, Situation] = {}
        if missing:
            found = await read_situations(conn, missing, now, free_minor=self._free_minor)
        days: dict[str, date] = {}
        return [self._as_now(one, found.get(one.wallet_id), policies, now, days) for one in moved]

    def _make_room(self, moved: Sequence[Moved]) -> None:
        if len(self._known) + sum(one.wallet_id not in self._known for one in moved) > self._most:
            self._known.clear()

    def _as_now(
        self,
        moved: Moved,
        found: Situation | None,
        policies: tuple[Policy, ...],
        now: datetime,
        days: dict[str, date],
    ) -> Known:
        """`found` when it was read again. `days`: today's date by time zone, filled here."""
        known = self._known.get(moved.wallet_id)
        situation = found if found is not None else known.situation if known is not None else None
        assert situation is not None
        day = days.get(situation.time_zone)
        if day is None:
            day = days[situation.time_zone] = local_date(now, ZoneInfo(situation.time_zone))
        if found is None and known is not None and known.day == day:
            if known.policies is not policies:
                known.policies, known.permits = policies, {}
            return known
        known = _known_on(day, moved.version, situation, policies, now)
        self._known[moved.wallet_id] = known
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


def ask_moved(statements: Statements, wallet_ids: Iterable[str], now: datetime) -> Answer[Moved]:
    """What money has moved, of each wallet that exists."""
    wanted = {"wallet_ids": texts(list(wallet_ids)), "now": now}
    return statements.ask(SQL.read_moved, wanted, Moved)

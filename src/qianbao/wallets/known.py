"""What one process remembers of wallets between batches, and how a batch finds it still true.

Reading a wallet whole, and working out what the rules leave open to it, costs more than the payment
itself. Both last until somebody's act, a midnight or a new rule changes them. So the clearing loop
reads the version of a wallet's rows and what money has moved, and a wallet whole only when its
version is new. The database stays the one that knows: nothing here is believed without its version.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from psycopg import AsyncCursor

from qianbao.clock import local_date
from qianbao.db.arrays import texts
from qianbao.db.queries import Connection, ask
from qianbao.policy.facts import Facts, Situation, facts_at
from qianbao.policy.permits import Permit, permit
from qianbao.policy.policies import Policy
from qianbao.wallets.situation import SQL, read_situations


class Moved(msgspec.Struct, frozen=True):
    """What changes with every payment (minor units), and the version of all the rest."""

    wallet_id: str
    version: str
    last_used_at: datetime | None
    paid_today_minor: int
    paid_this_year_minor: int
    moved_for_life_minor: int
    received_for_life_minor: int


class Known(msgspec.Struct):
    """A wallet as read whole, its facts on `day`, and the permits worked out under `policies`. What
    `Moved` holds is out of date in `situation` and `facts`."""

    version: str
    situation: Situation
    day: date
    facts: Facts
    policies: tuple[Policy, ...]
    permits: dict[str, Permit]

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

    async def read(
        self, conn: Connection, moved: dict[str, Moved], now: datetime
    ) -> dict[str, Situation]:
        """The situations of those wallets that are not known, or not as they are now."""
        if len(self._known) + sum(one not in self._known for one in moved) > self._most:
            self._known.clear()
        missing = [
            wallet_id
            for wallet_id, one in moved.items()
            if (known := self._known.get(wallet_id)) is None or known.version != one.version
        ]
        if not missing:
            return {}
        return await read_situations(conn, missing, now, free_minor=self._free_minor)

    def remember(
        self,
        moved: Moved,
        found: Situation | None,
        policies: tuple[Policy, ...],
        now: datetime,
    ) -> Known:
        """The wallet as it is now: `found` when it was read again, and else as remembered."""
        known = self._known.get(moved.wallet_id)
        situation = found if found is not None else known.situation if known is not None else None
        assert situation is not None
        day = local_date(now, ZoneInfo(situation.time_zone))
        if found is None and known is not None and known.day == day:
            if known.policies is not policies:
                known.policies, known.permits = policies, {}
            return known
        facts = facts_at(situation, now)
        known = Known(moved.version, situation, day, facts, policies, {})
        self._known[moved.wallet_id] = known
        return known


async def ask_moved(
    conn: Connection, wallet_ids: Iterable[str], now: datetime
) -> AsyncCursor[Moved]:
    """What money has moved, of each wallet that exists."""
    wanted = {"wallet_ids": texts(list(wallet_ids)), "now": now}
    return await ask(conn, SQL.read_moved, wanted, Moved)

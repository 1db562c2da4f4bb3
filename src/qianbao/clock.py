"""The one source of "now".

Verbs never read a clock: they take `now`. A door reads it from the `Clock` it was given. The
sandbox's clock runs at the usual speed from another starting point, so that a demo can walk past
the day a policy bites; its offset is kept in the database (`db.clock`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present moment, always with a time zone, always UTC."""

OPERATOR_ZONE = ZoneInfo("Asia/Shanghai")
"""Policies' dates, mandate hours and new wallets' days are counted here."""


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class MovableClock:
    """The machine's clock plus an offset: the sandbox's clock."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


def local_date(moment: datetime, zone: ZoneInfo = OPERATOR_ZONE) -> date:
    """The calendar day of `moment` where the holder lives."""
    return moment.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo = OPERATOR_ZONE) -> datetime:
    """Midnight at the start of `day` in `zone`, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

"""The one source of "now".

Verbs never read a clock: they take `now`. A door reads it from the `Clock` it was given. The
sandbox's clock runs at the usual speed from another starting point, so that a demo can walk past
the day a policy bites; its offset is kept in the database (`db.clock`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from qianbao.errors import Language

Clock = Callable[[], datetime]
"""Gives the present moment, always with a time zone, always UTC."""

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip

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


def show_day(day: date, language: Language) -> str:
    """ "15 January 2027", "2027年1月15日", in the sentences of rules and errors."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def show_minute(moment: datetime, language: Language, zone: ZoneInfo = OPERATOR_ZONE) -> str:
    """ "15 January 2027, 09:15", "2027年1月15日 09:15", where the holder lives."""
    gap = " " if language == "zh" else ", "
    local = moment.astimezone(zone)
    return f"{show_day(local.date(), language)}{gap}{local:%H:%M}"

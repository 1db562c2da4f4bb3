"""What only the sandbox has: a clock that can be moved, and a shop's till to pay at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import segno
from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.cast import LONG_AGO, SHOPS
from qianbao.clock import MovableClock, local_date, start_of_day
from qianbao.db.clock import move
from qianbao.db.jobs import tell_what_today_brings
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.ids import check_id, new_id
from qianbao.money import Money
from qianbao.payments.merchants import ask_payment, find_merchant, find_payment
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import field
from qianbao.web.real_name import DateMissing, DateUnreadable
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import Asked, of, own_path, services_of

AFTER_TWO_BANKS = date(2027, 1, 15)
TEA_MINOR = 28_00
LAST_YEAR = 2199
"""Nobody comes back from later: the clock only moves on, and dates end with the year 9999."""
MORNING = timedelta(hours=9)
"""A day that the clock is moved to begins at nine."""


class OnlyInSandbox(NotFound):
    code = "only_in_sandbox"
    en = "This page belongs to the sandbox only."
    zh = "该页面仅供演示环境使用。"
    next_en = "Go back to the wallet."
    next_zh = "请返回钱包。"


class ClockTooFar(InvalidInput):
    code = "clock_too_far"
    en = "The demo's clock goes no further than the year {last_year}."
    zh = "演示时钟最远只能调到 {last_year} 年。"
    next_en = "Choose an earlier day."
    next_zh = "请选择更早的日期。"


@get("/sandbox/clock")
async def clock(request: Asked) -> Response[Any]:
    """Today in the demo, and other days."""
    _movable(request)
    return await _page(request, request.query_params.get("back", ""))


@post("/sandbox/clock")
async def move_clock(request: Asked) -> Response[Any]:
    """Moves the demo to the morning of another day, for every process, and goes back to the page
    that it was left for."""
    form, movable = await forms.read(request), _movable(request)
    typed = field(form, "day")
    try:
        day = local_date(movable()) + timedelta(days=1) if typed == "next" else _read(typed)
        async with services_of(request).pool.connection() as conn:
            await move(conn, movable, start_of_day(day) + MORNING)
            await tell_what_today_brings(conn)
    except QianbaoError as refusal:
        return await _page(request, field(form, "back"), refusal)
    back = field(form, "back")
    return Redirect(own_path(back) if back else "/sandbox/clock", status_code=303)


def _movable(request: Asked) -> MovableClock:
    services = services_of(request)
    if not services.settings.sandbox or not isinstance(services.clock, MovableClock):
        raise OnlyInSandbox()
    return services.clock


def _read(typed: str) -> date:
    """Raises `DateMissing`, `DateUnreadable` or `ClockTooFar`. A day of long before the demo is
    taken for its first one, which `move` refuses as well: not every day has a moment in UTC."""
    if not typed:
        raise DateMissing
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise DateUnreadable(typed=typed[:20]) from None
    if day.year > LAST_YEAR:
        raise ClockTooFar(last_year=LAST_YEAR)
    return max(day, LONG_AGO.date())


async def _page(request: Asked, back: str, refusal: QianbaoError | None = None) -> Response[Any]:
    today = local_date(of(request).now)
    return draw(
        "clock.html",
        status=status_of(refusal),
        today=today,
        after=AFTER_TWO_BANKS if today < AFTER_TWO_BANKS else None,
        left=own_path(back) if back else "",
        refusal=shown(refusal),
    )


@get("/sandbox/till")
async def till(request: Asked) -> Response[Any]:
    """The demo's shops, each with something to pay for."""
    _movable(request)
    return draw(
        "till.html", shops=SHOPS, price_minor=TEA_MINOR, payment_id=new_id("pay", of(request).now)
    )


@post("/sandbox/till")
async def ring_up(request: Asked) -> Response[Any]:
    """The shop asks to be paid, as its own system would over the API."""
    _movable(request)
    form, services = await forms.read(request), services_of(request)
    async with services.pool.connection() as conn:
        asked = await ask_payment(
            conn,
            merchant_id=field(form, "merchant_id"),
            payment_id=check_id(field(form, "payment_id"), "pay"),
            amount=Money(TEA_MINOR),
            merchant_reference=field(form, "payment_id"),
            description="Till 1 · 1 号收银台",
            now=of(request).now,
        )
    return Redirect(f"/sandbox/till{asked.path.removeprefix('/pay')}", status_code=303)


@get("/sandbox/till/{merchant_id:str}/{payment_id:str}")
async def till_code(
    request: Asked, merchant_id: FromPath[str], payment_id: FromPath[str]
) -> Response[Any]:
    """The QR code on the till."""
    _movable(request)
    services = services_of(request)
    async with services.pool.connection() as conn:
        merchant = await find_merchant(conn, merchant_id=merchant_id)
        found = await find_payment(conn, merchant_id=merchant_id, payment_id=payment_id)
    link = services.settings.base_url + found.path
    code = segno.make(link, error="m").svg_data_uri(scale=6, border=2)
    return draw("till_code.html", merchant=merchant, payment=found, code=code)


SCREENS = Router(path="/", route_handlers=[clock, move_clock, till, ring_up, till_code])

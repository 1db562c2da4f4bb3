"""What only the sandbox has: the clock that can be moved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao.clock import MovableClock, local_date, start_of_day
from qianbao.db.clock import move
from qianbao.errors import NotFound, QianbaoError
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import field
from qianbao.web.real_name import DateUnreadable
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import Asked, of, services_of

AFTER_TWO_BANKS = date(2027, 1, 15)
MORNING = timedelta(hours=9)
"""A day that the clock is moved to begins at nine."""


class OnlyInSandbox(NotFound):
    code = "only_in_sandbox"
    en = "Only the sandbox has a clock that can be moved."
    zh = "只有演示环境可以调整时间。"
    next_en = "Wait."
    next_zh = "请等待。"


@get("/sandbox/clock")
async def clock(request: Asked) -> Response[Any]:
    """Today in the demo, and other days."""
    _movable(request)
    return await _page(request, request.query_params.get("back", ""))


@post("/sandbox/clock")
async def move_clock(request: Asked) -> Response[Any]:
    """Moves the demo to the morning of another day, for every process."""
    form, movable = await forms.read(request), _movable(request)
    typed = field(form, "day")
    try:
        day = local_date(movable()) + timedelta(days=1) if typed == "next" else _read(typed)
        async with services_of(request).pool.connection() as conn:
            await move(conn, movable, start_of_day(day) + MORNING)
    except QianbaoError as refusal:
        return await _page(request, field(form, "back"), refusal)
    return Redirect(forms.address("/sandbox/clock", back=field(form, "back")), status_code=303)


def _movable(request: Asked) -> MovableClock:
    services = services_of(request)
    if not services.settings.sandbox or not isinstance(services.clock, MovableClock):
        raise OnlyInSandbox()
    return services.clock


def _read(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise DateUnreadable(typed=typed[:20]) from None


async def _page(request: Asked, back: str, refusal: QianbaoError | None = None) -> Response[Any]:
    today = local_date(of(request).now)
    return draw(
        "clock.html",
        status=status_of(refusal),
        today=today,
        after=AFTER_TWO_BANKS if today < AFTER_TWO_BANKS else None,
        back=back if back.startswith("/") and not back.startswith("//") else "/me/pay",
        refusal=shown(refusal),
    )


SCREENS = Router(path="/", route_handlers=[clock, move_clock])

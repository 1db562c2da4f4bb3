"""Payment Management: the list, auto-deduction, Pay Score."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.identity.identity_data import identity_data
from qianbao.mandates.end import EndMode, end
from qianbao.mandates.lists import get_mandate, list_mandates
from qianbao.payscore.lists import list_orders
from qianbao.payscore.orders import confirm_order, decline_order
from qianbao.payscore.score import score
from qianbao.payscore.switch import disable, enable, pay_score
from qianbao.wallets.profile import wallet
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import field
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import Asked, holder, of, services_of

ORDER_STATES = {
    "created": {"en": "Waiting for you", "zh": "待您确认"},
    "doing": {"en": "Running", "zh": "进行中"},
    "done": {"en": "Completed", "zh": "已完成"},
    "revoked": {"en": "Cancelled", "zh": "已取消"},
    "expired": {"en": "Expired", "zh": "已过期"},
}


@get("/me/pay/manage")
async def manage(request: Asked) -> Response[Any]:
    """Payment Management (支付管理)."""
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        mandates = await list_mandates(conn, wallet_id=wallet_id)
        switched = await pay_score(conn, wallet_id=wallet_id)
        data = await identity_data(conn, services_of(request).keys, wallet_id=wallet_id)
    return draw(
        "manage.html",
        incomplete=data is not None and bool(data.missing),
        verified=profile.verified_at is not None,
        mandates=sum(mandate.state == "active" for mandate in mandates),
        pay_score_on=switched is not None and switched.disabled_at is None,
    )


@get("/me/pay/manage/auto-deduction")
async def mandates(request: Asked) -> Response[Any]:
    """Who may charge the wallet."""
    async with services_of(request).pool.connection() as conn:
        found = await list_mandates(conn, wallet_id=holder(request))
    active = [mandate for mandate in found if mandate.state == "active"]
    ended = [mandate for mandate in found if mandate.state == "ended"]
    return draw("mandates.html", active=active, ended=ended)


@get("/me/pay/manage/auto-deduction/{mandate_id:str}")
async def mandate(request: Asked, mandate_id: FromPath[str]) -> Response[Any]:
    """One of them, with the button that ends it at the bottom."""
    return await _mandate(request, mandate_id)


@post("/me/pay/manage/auto-deduction/{mandate_id:str}")
async def end_mandate(request: Asked, mandate_id: FromPath[str]) -> Response[Any]:
    """关闭扣费服务."""
    try:
        async with services_of(request).pool.connection() as conn:
            await end(
                conn,
                wallet_id=holder(request),
                mandate_id=mandate_id,
                mode=EndMode.HOLDER,
                now=of(request).now,
            )
    except QianbaoError as refusal:
        return await _mandate(request, mandate_id, refusal)
    return Redirect(f"/me/pay/manage/auto-deduction/{mandate_id}", status_code=303)


@get("/me/pay/manage/pay-score")
async def show_pay_score(request: Asked) -> Response[Any]:
    """The score, what it is made of, and the service orders."""
    return await _pay_score(request)


@post("/me/pay/manage/pay-score")
async def switch_pay_score(request: Asked) -> Response[Any]:
    """Turns Pay Score on or off."""
    form, wallet_id, now = await forms.read(request), holder(request), of(request).now
    on = field(form, "switch") == "on"
    try:
        async with services_of(request).pool.connection() as conn:
            await (enable if on else disable)(conn, wallet_id=wallet_id, now=now)
    except QianbaoError as refusal:
        return await _pay_score(request, refusal)
    return Redirect("/me/pay/manage/pay-score", status_code=303)


@get("/me/pay/manage/pay-score/settings")
async def pay_score_settings(request: Asked) -> Response[Any]:
    """Behind ⋯: turning it off."""
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        switched = await pay_score(conn, wallet_id=wallet_id)
        orders = await list_orders(conn, wallet_id=wallet_id, open_only=True)
    on = switched is not None and switched.disabled_at is None
    return draw("pay_score_settings.html", on=on, open_orders=orders)


@get("/me/pay/manage/pay-score/orders/{score_order_id:str}")
async def score_order() -> Response[Any]:
    """An order stands on the page of them all."""
    return Redirect("/me/pay/manage/pay-score", status_code=303)


@post("/me/pay/manage/pay-score/orders/{score_order_id:str}")
async def answer_order(request: Asked, score_order_id: FromPath[str]) -> Response[Any]:
    """Confirms or declines a service order."""
    form, wallet_id, now = await forms.read(request), holder(request), of(request).now
    answer = confirm_order if field(form, "answer") == "confirm" else decline_order
    try:
        async with services_of(request).pool.connection() as conn:
            await answer(conn, wallet_id=wallet_id, score_order_id=score_order_id, now=now)
    except QianbaoError as refusal:
        return await _pay_score(request, refusal)
    return Redirect("/me/pay/manage/pay-score", status_code=303)


async def _mandate(
    request: Asked, mandate_id: str, refusal: QianbaoError | None = None
) -> Response[Any]:
    async with services_of(request).pool.connection() as conn:
        found = await get_mandate(conn, wallet_id=holder(request), mandate_id=mandate_id)
    return draw("mandate.html", status=status_of(refusal), mandate=found, refusal=shown(refusal))


async def _pay_score(request: Asked, refusal: QianbaoError | None = None) -> Response[Any]:
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        switched = await pay_score(conn, wallet_id=wallet_id)
        points = await score(conn, wallet_id=wallet_id, now=of(request).now)
        orders = await list_orders(conn, wallet_id=wallet_id)
    return draw(
        "pay_score.html",
        status=status_of(refusal),
        on=switched is not None and switched.disabled_at is None,
        score=points,
        orders=orders,
        order_states=ORDER_STATES,
        refusal=shown(refusal),
    )


SCREENS = Router(
    path="/",
    route_handlers=[
        manage,
        mandates,
        mandate,
        end_mandate,
        show_pay_score,
        switch_pay_score,
        pay_score_settings,
        score_order,
        answer_order,
    ],
)

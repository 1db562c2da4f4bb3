"""Cancel Qianbao Pay (注销): what stands in the way, closing, and what is left in hand."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.leaving.close import blockers, close, find_closure
from qianbao.wallets.pin import check_pin
from qianbao.wallets.profile import wallet
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.i18n import Text
from qianbao.web.records import FORMATS
from qianbao.web.refused_form import back_to, refused
from qianbao.web.standing import shown, standing_of, status_of
from qianbao.web.visit import Asked, holder, of, services_of

CURES = {
    "contact_operator": Text("Ask the operator about the hold", "向平台咨询冻结事宜"),
    "withdraw_all": Text("Withdraw it to your card", "提现到本人银行卡"),
    "await_bank": Text("Wait for the bank's answer", "等待银行答复"),
    "terminate_mandate": Text("End each auto-deduction service", "逐项关闭扣费服务"),
    "settle_score_orders": Text("Settle or decline them", "完结或拒绝这些订单"),
    "disable_pay_score": Text("Turn it off behind ⋯", "点击右上角 ⋯ 关闭"),
    "unlink_cards": Text("Unlink each card, once the money is out", "提现完成后逐张解绑"),
}
"""What to do about each, by the cure's code; a test holds it against the actions."""


@get("/me/pay/manage/cancel")
async def cancel(request: Asked) -> Response[Any]:
    """All blockers at once, or the way to close, or how it was closed."""
    return await _page(request, *refused(request))


@post("/me/pay/manage/cancel")
async def close_wallet(request: Asked) -> Response[Any]:
    """Closes the wallet for good."""
    form, services, wallet_id = await forms.read(request), services_of(request), holder(request)
    try:
        await check_pin(
            services.pool,
            services.settings,
            wallet_id=wallet_id,
            pin=field(form, "pin"),
            now=of(request).now,
        )
        async with services.pool.connection() as conn:
            await close(
                conn,
                wallet_id=wallet_id,
                reason=field(form, "reason"),
                now=of(request).now,
                free_minor=services.settings.withdrawal_free_minor,
            )
    except QianbaoError as refusal:
        again = back_to(request, request.url.path, form, refusal)
        return again or await _page(request, form, refusal)
    return Redirect("/me/pay/manage/cancel", status_code=303)


async def _page(request: Asked, form: Form, refusal: QianbaoError | None = None) -> Response[Any]:
    services, wallet_id = services_of(request), holder(request)
    async with services.pool.connection() as conn:
        closure = await find_closure(conn, wallet_id=wallet_id)
        profile = await wallet(conn, wallet_id)
        if closure is not None:
            return draw("closed.html", closure=closure, wallet=profile, formats=FORMATS)
        found = await blockers(
            conn,
            wallet_id=wallet_id,
            now=of(request).now,
            free_minor=services.settings.withdrawal_free_minor,
        )
    return draw(
        "cancel.html",
        status=status_of(refusal),
        blockers=found,
        cures={one.cure: CURES[one.cure] for one in found},
        held=(await standing_of(request)).held if found else None,
        wallet=profile,
        formats=FORMATS,
        typed=forms.kept(form),
        refusal=shown(refusal),
    )


SCREENS = Router(path="/", route_handlers=[cancel, close_wallet])

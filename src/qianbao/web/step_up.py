"""The page where the code for one payment is entered: the payment goes on where it was left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.web import forms, pay, transfer, wallet
from qianbao.web.code_asked import PAGE, PURPOSE, code_page, send_code, typed_before
from qianbao.web.forms import Form, field
from qianbao.web.sealed import unseal
from qianbao.web.visit import Asked

_GOES_ON: Mapping[str, Callable[[Asked, Form], Awaitable[Redirect]]] = {
    "transfer": transfer.send_as_typed,
    "pay": pay.pay_as_typed,
    "top_up": wallet.top_up_as_typed,
    "withdraw": wallet.withdraw_as_typed,
}


@get([PAGE, f"{PAGE}/again"])
async def ask(request: Asked) -> Response[Any]:
    """Where the code is entered, also when the page of a new code is loaded again; without a wish,
    or with one grown old, back to the start. Nothing is sent."""
    found = _wish(request)
    return code_page(request, *found) if found is not None else _start()


@post(PAGE)
async def prove(request: Asked) -> Response[Any]:
    """Goes on with what was asked for, the code in hand."""
    found, form = _wish(request), await forms.read(request)
    if found is None:
        return _start()
    wish, words = found
    typed = {**typed_before(words), "code": field(form, "code")}
    try:
        return await _GOES_ON[words["what"]](request, typed)
    except QianbaoError as refusal:
        return code_page(request, wish, words, form, refusal)


@post(f"{PAGE}/again")
async def another_code(request: Asked) -> Response[Any]:
    """Sends a new code for the same payment."""
    found, form = _wish(request), await forms.read(request)
    if found is None:
        return _start()
    wish, words = found
    try:
        sent = await send_code(request, words["step_up_id"], field(form, "again_id"))
    except QianbaoError as refusal:
        return code_page(request, wish, words, form, refusal)
    after = forms.address(PAGE, wish=wish, tail=sent.phone_tail, sent="again")
    return Redirect(after, status_code=303)


def _wish(request: Asked) -> tuple[str, Mapping[str, str]] | None:
    """As sealed, and what it says."""
    wish = request.query_params.get("wish", "")
    words = unseal(request, wish, PURPOSE)
    return (wish, words) if words is not None else None


def _start() -> Redirect:
    return Redirect("/me/pay", status_code=303)


SCREENS = Router(path="/", route_handlers=[ask, prove, another_code])

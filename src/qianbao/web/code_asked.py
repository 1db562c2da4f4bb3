"""A form that moves money was refused for more proof: the code is sent, and its page comes next.

Here belongs the way there, for every form that moves money; the page itself, and what goes on once
the code is right, is `step_up`. What was typed waits sealed in that page's address, the PIN apart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from litestar import Response
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.payments.errors import StepUpRequired
from qianbao.payments.step_up import CodeSent, send_step_up_code
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.refused_form import back_to
from qianbao.web.sealed import seal
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import Asked, asked_from, holder, of, services_of

What = Literal["transfer", "pay", "top_up", "withdraw"]
PAGE = "/me/pay/step-up"
PURPOSE = "step_up"

_OWN = ("what", "step_up_id", "why_en", "why_zh", "amount_minor_asked", "currency_asked")
"""What is sealed besides the form."""


async def move(
    request: Asked,
    form: Form,
    what: What,
    go_on: Callable[[Asked, Form], Awaitable[Redirect]],
    page: Callable[[Form, QianbaoError], Awaitable[Response[Any]]],
) -> Response[Any]:
    """Goes on with the form, or asks for a code before; a refusal is told at the form's own address
    or, where it does not fit into one, on the `page` that answers it."""
    try:
        return await go_on(request, form)
    except StepUpRequired as asked:
        return await ask_code(request, form, what, asked)
    except QianbaoError as refusal:
        again = back_to(request, request.url.path, form, refusal)
        return again or await page(form, refusal)


async def ask_code(request: Asked, form: Form, what: What, asked: StepUpRequired) -> Response[Any]:
    """Sends the code, once for this request, and goes on to where it is entered."""
    words = dict(forms.kept(form)) | {
        "what": what,
        "step_up_id": asked.step_up_id,
        "why_en": asked.detail["reasons_en"],
        "why_zh": asked.detail["reasons_zh"],
        "amount_minor_asked": str(asked.amount_minor),
        "currency_asked": asked.situation.currency,
    }
    wish = seal(request, words, PURPOSE)
    signup_id = id_from_key("sig", holder(request), asked.step_up_id)
    try:
        sent = await send_code(request, asked.step_up_id, signup_id)
    except QianbaoError as refusal:
        return code_page(request, wish, words, refusal=refusal)
    return Redirect(forms.address(PAGE, wish=wish, tail=sent.phone_tail), status_code=303)


async def send_code(request: Asked, step_up_id: str, signup_id: str) -> CodeSent:
    """To the phone of whoever is signed in. Raises what `send_step_up_code` raises."""
    services = services_of(request)
    return await send_step_up_code(
        services.pool,
        services.keys,
        services.settings,
        wallet_id=holder(request),
        step_up_id=step_up_id,
        signup_id=signup_id,
        address=asked_from(request),
        now=of(request).now,
    )


def typed_before(words: Mapping[str, str]) -> Form:
    """The form as it was first sent, the PIN apart."""
    return {name: value for name, value in words.items() if name not in _OWN}


def code_page(
    request: Asked,
    wish: str,
    words: Mapping[str, str],
    form: Form | None = None,
    refusal: QianbaoError | None = None,
) -> Response[Any]:
    """Why a code is asked for, of what, and where it is entered."""
    query = request.query_params
    return draw(
        "step_up.html",
        status=status_of(refusal),
        wish=wish,
        back=came_from(words),
        amount_minor=int(field(words, "amount_minor_asked") or 0),
        currency=field(words, "currency_asked"),
        what=field(words, "what"),
        why={"en": field(words, "why_en"), "zh": field(words, "why_zh")},
        tail=forms.tail_of(query),
        sent_again=query.get("sent") == "again",
        again_id=forms.own_id(request, "sig", form or {}, "again_id", refusal),
        wait_seconds=services_of(request).settings.code_wait_seconds,
        refusal=shown(refusal),
    )


def came_from(words: Mapping[str, str]) -> str:
    """The page on which the form stood."""
    pages = {
        "transfer": "/me/pay/transfer",
        "top_up": "/me/pay/wallet/top-up",
        "withdraw": "/me/pay/wallet/withdraw",
        "pay": f"/pay/{field(words, 'merchant_id')}/{field(words, 'payment_id')}",
    }
    return pages[words["what"]]

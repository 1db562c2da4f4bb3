"""The payment PIN: asked for with a form, changed, and chosen anew when it is forgotten."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.banks.cards import list_cards
from qianbao.errors import QianbaoError
from qianbao.payments.authorize import Authorized, authorize
from qianbao.wallets.codes import (
    CodeAttemptsUsedUp,
    CodeExpired,
    CodeFormat,
    CodeUsed,
    CodeWrong,
    SignupUnknown,
    start_signup,
)
from qianbao.wallets.pin import change_pin, typed_twice
from qianbao.wallets.pin_reset import reset_pin, reset_pin_by_card
from qianbao.wallets.profile import phone_of
from qianbao.web import forms, sealed
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.signup import (
    CODE_COOKIE,
    code_kept,
    code_sent,
    new_code,
    phone_sent,
    safe_next,
    sent_before,
    session_cookie,
    to_code,
)
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import SESSION_COOKIE, Asked, asked_from, holder, of, services_of

FORGOT = "/pin/forgot"
OF_THE_CODE = (CodeAttemptsUsedUp, CodeExpired, CodeFormat, CodeUsed, CodeWrong, SignupUnknown)
"""Refusals after which another code has to be entered."""


async def authorize_form(request: Asked, form: Form, wish: Any) -> Authorized:
    """That the form brings the PIN for `wish`, or the code that was sent for it since (the PIN was
    given on the page before), as `payments.authorize`."""
    own, now = services_of(request), of(request).now
    code = field(form, "code")
    return await authorize(
        own.pool,
        own.keys,
        own.settings,
        own.clearing,
        wish,
        pin=None if code else field(form, "pin"),
        code=code,
        now=now,
    )


@get("/me/pin")
async def pin(request: Asked) -> Response[Any]:
    """Changing it, for whoever knows the old one."""
    return _change_page(done=request.query_params.get("done") == "1")


@post("/me/pin")
async def change(request: Asked) -> Response[Any]:
    """Changes it; all other sessions end."""
    form, services = await forms.read(request), services_of(request)
    try:
        await change_pin(
            services.pool,
            services.settings,
            wallet_id=holder(request),
            pin=field(form, "pin"),
            new_pin=_new_pin(form),
            token=_token(request),
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return _change_page(refusal)
    return Redirect("/me/pin?done=1", status_code=303)


@get("/me/pin/card")
async def card_page(request: Asked) -> Response[Any]:
    """A linked card instead of a text message: for whoever is abroad."""
    return await _card_page(request, {})


@post("/me/pin/card")
async def by_card(request: Asked) -> Response[Any]:
    """Sets the new PIN."""
    form, services = await forms.read(request), services_of(request)
    try:
        await reset_pin_by_card(
            services.pool,
            services.keys,
            services.settings,
            wallet_id=holder(request),
            token=_token(request),
            card_number=field(form, "card_number"),
            document_number=field(form, "document_number"),
            new_pin=_new_pin(form),
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return await _card_page(request, form, refusal)
    return Redirect(safe_next(form) or "/me/pin?done=1", status_code=303)


@get("/pin/forgot")
async def forgot(request: Asked) -> Response[Any]:
    """Where a code is asked for; whoever is signed in need not type the phone."""
    return await _phone_page(request, request.query_params)


@post("/pin/forgot")
async def send_code(request: Asked) -> Response[Any]:
    """Sends the code, and goes on to where it is entered."""
    form, services, visit = await forms.read(request), services_of(request), of(request)
    phone = await _own_phone(request) or field(form, "phone")
    try:
        signup = await start_signup(
            services.pool,
            services.keys,
            services.settings,
            signup_id=field(form, "signup_id"),
            phone=phone,
            language=visit.language,
            address=asked_from(request),
            purpose="pin_reset",
            now=visit.now,
        )
    except QianbaoError as refusal:
        before = sent_before(request, phone, refusal)
        if before:
            return to_code(request, FORGOT, before, phone, form, sent="before")
        return await _phone_page(request, form, refusal)
    return to_code(request, FORGOT, signup.signup_id, phone, form)


@get("/pin/forgot/{signup_id:str}")
async def ask_proof(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """Code, document number, and the new PIN twice."""
    kept = code_kept(request) is not None
    return _proof_page(request, signup_id, request.query_params, code_is_kept=kept)


@post("/pin/forgot/{signup_id:str}")
async def set_new(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """Sets it, and signs in. A code that was not what was wrong is kept."""
    form, services = await forms.read(request), services_of(request)
    code = field(form, "code") or field(code_kept(request) or {}, "code")
    try:
        signed_in = await reset_pin(
            services.pool,
            services.keys,
            services.settings,
            signup_id=signup_id,
            code=code,
            document_number=field(form, "document_number"),
            new_pin=_new_pin(form),
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return _refused(request, signup_id, form, code, refusal)
    response = Redirect(safe_next(form) or "/me/pin?done=1", status_code=303)
    response.set_cookie(session_cookie(request, signed_in.token))
    response.delete_cookie(CODE_COOKIE, path=f"/pin/forgot/{signup_id}")
    return response


def _refused(
    request: Asked, signup_id: str, form: Form, code: str, refusal: QianbaoError
) -> Response[Any]:
    here, good = f"/pin/forgot/{signup_id}", bool(code) and not isinstance(refusal, OF_THE_CODE)
    response = _proof_page(request, signup_id, form, refusal, code_is_kept=good)
    if good:
        words = {"code": code}
        response.set_cookie(sealed.cookie(request, CODE_COOKIE, words, purpose="code", path=here))
    else:
        response.delete_cookie(CODE_COOKIE, path=here)
    return response


@get("/pin/forgot/{signup_id:str}/again")
async def before_another_code(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """Reloaded: nothing is sent."""
    return _proof_page(request, signup_id, request.query_params)


@post("/pin/forgot/{signup_id:str}/again")
async def another_code(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """Sends a new code to the same phone."""
    form = await forms.read(request)
    try:
        signup = await new_code(request, signup_id, form, purpose="pin_reset")
    except QianbaoError as refusal:
        return _proof_page(request, signup_id, form, refusal)
    return to_code(request, FORGOT, signup.signup_id, phone_sent(request), form, sent="again")


def _new_pin(form: Form) -> str:
    return typed_twice(field(form, "new_pin"), field(form, "new_pin_again"))


def _token(request: Asked) -> str:
    return request.cookies.get(SESSION_COOKIE, "")


async def _own_phone(request: Asked) -> str:
    """The phone of whoever is signed in to an open wallet, or ""."""
    visit, services = of(request), services_of(request)
    if visit.wallet_id is None or not visit.wallet_open:
        return ""
    async with services.pool.connection() as conn:
        return await phone_of(conn, services.keys, visit.wallet_id)


def _change_page(refusal: QianbaoError | None = None, *, done: bool = False) -> Response[Any]:
    return draw("pin.html", status=status_of(refusal), done=done, refusal=shown(refusal))


async def _card_page(
    request: Asked, form: Form, refusal: QianbaoError | None = None
) -> Response[Any]:
    async with services_of(request).pool.connection() as conn:
        cards = await list_cards(conn, holder(request))
    return draw(
        "pin_card.html",
        status=status_of(refusal),
        cards=sum(card.state == "linked" for card in cards),
        typed=forms.kept(form),
        refusal=shown(refusal),
    )


async def _phone_page(
    request: Asked, form: Form, refusal: QianbaoError | None = None
) -> Response[Any]:
    return draw(
        "pin_forgot.html",
        status=status_of(refusal),
        own_tail=(await _own_phone(request))[-4:],
        typed=forms.kept(form),
        next=safe_next(form),
        signup_id=forms.own_id(request, "sig", form, "signup_id", refusal),
        refusal=shown(refusal),
    )


def _proof_page(
    request: Asked,
    signup_id: str,
    form: Form,
    refusal: QianbaoError | None = None,
    *,
    code_is_kept: bool = False,
) -> Response[Any]:
    return draw(
        "pin_proof.html",
        status=status_of(refusal),
        code_is_kept=code_is_kept,
        typed=forms.kept(form),
        refusal=shown(refusal),
        **code_sent(request, signup_id, form, refusal),
    )


SCREENS = Router(
    path="/",
    route_handlers=[
        pin,
        change,
        card_page,
        by_card,
        forgot,
        send_code,
        ask_proof,
        set_new,
        before_another_code,
        another_code,
    ],
)

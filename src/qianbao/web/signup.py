"""Signing up and signing in: phone, code, PIN. Reading a closed wallet's records, from the code on,
is `closed`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.wallets.codes import CodeTooSoon, Purpose, Signup, send_again, start_signup
from qianbao.wallets.phones import read_phone, tail
from qianbao.wallets.pin import typed_twice
from qianbao.wallets.sessions import end_session
from qianbao.wallets.signup import PinNeeded, SignedIn, WalletPinNeeded, confirm_signup
from qianbao.web import forms, sealed
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import (
    A_YEAR_SECONDS,
    SESSION_COOKIE,
    Asked,
    asked_from,
    is_secure,
    of,
    services_of,
)

CODE_COOKIE = "qianbao_code"
SENT_COOKIE = "qianbao_sent"
"""Which sign-up this browser asked a code for last, and for which phone."""


@get("/signup")
async def ask_phone(request: Asked) -> Response[Any]:
    """The first step, for newcomers and for those who come again."""
    return _phone_page(request, request.query_params)


@post("/signup")
async def send_code(request: Asked) -> Response[Any]:
    """Sends the code, and goes on to where it is entered."""
    form, services, visit = await forms.read(request), services_of(request), of(request)
    phone = field(form, "phone")
    try:
        signup = await start_signup(
            services.pool,
            services.keys,
            services.settings,
            signup_id=field(form, "signup_id"),
            phone=phone,
            language=visit.language,
            address=asked_from(request),
            now=visit.now,
        )
    except QianbaoError as refusal:
        before = sent_before(request, phone, refusal)
        if before:
            return to_code(request, "/signup", before, phone, form, sent="before")
        return _phone_page(request, form, refusal)
    return to_code(request, "/signup", signup.signup_id, phone, form)


@get("/signup/{signup_id:str}")
async def ask_code(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """The second step."""
    return code_page(request, signup_id, request.query_params)


@post("/signup/{signup_id:str}")
async def check_code(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """A right code leads to the PIN: a new one, or the one that the phone's wallet has."""
    form = await forms.read(request)
    try:
        await _confirm(request, signup_id, form, pin=None)
    except (PinNeeded, WalletPinNeeded) as needed:
        return _to_pin(request, signup_id, form, new=isinstance(needed, PinNeeded))
    except QianbaoError as refusal:
        return code_page(request, signup_id, form, refusal)
    raise AssertionError("nobody signs in without a PIN")


@get("/signup/{signup_id:str}/again")
async def before_another_code(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """Reloaded: nothing is sent."""
    return code_page(request, signup_id, request.query_params)


async def new_code(
    request: Asked, signup_id: str, form: Form, purpose: Purpose = "sign_in"
) -> Signup:
    """Another code to the phone of `signup_id`: a sign-in's, or that of a PIN reset. Raises what
    `send_again` raises."""
    services = services_of(request)
    return await send_again(
        services.pool,
        services.keys,
        services.settings,
        signup_id=signup_id,
        again_id=field(form, "again_id"),
        purpose=purpose,
        address=asked_from(request),
        now=of(request).now,
    )


@post("/signup/{signup_id:str}/again")
async def another_code(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """Sends a new code to the same phone."""
    form = await forms.read(request)
    try:
        signup = await new_code(request, signup_id, form)
    except QianbaoError as refusal:
        return code_page(request, signup_id, form, refusal)
    return to_code(request, "/signup", signup.signup_id, phone_sent(request), form, sent="again")


@get("/signup/{signup_id:str}/pin")
async def ask_pin(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """The third step, while this browser keeps the code; without it the code is asked for."""
    known = code_kept(request)
    if known is None:
        return code_page(request, signup_id, request.query_params)
    return _pin_page(signup_id, request.query_params, new=field(known, "new") == "1")


@post("/signup/{signup_id:str}/pin")
async def check_pin(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """The last step: opens the wallet, or signs in to it."""
    form, known = await forms.read(request), code_kept(request)
    if known is None:
        return code_page(request, signup_id, form)
    new = field(known, "new") == "1"
    try:
        pin = field(form, "pin")
        if new:
            typed_twice(pin, field(form, "pin_again"))
        signed_in = await _confirm(request, signup_id, known, pin=pin)
    except QianbaoError as refusal:
        return _pin_page(signup_id, form, new=new, refusal=refusal)
    default = "/me/pay/manage/real-name" if signed_in.created else "/me/pay/wallet"
    response = Redirect(safe_next(form) or default, status_code=303)
    response.set_cookie(session_cookie(request, signed_in.token))
    response.delete_cookie(CODE_COOKIE, path=f"/signup/{signup_id}")
    return response


@post("/signout")
async def sign_out(request: Asked) -> Response[Any]:
    """Ends the session here."""
    services, token = services_of(request), request.cookies.get(SESSION_COOKIE)
    if token:
        async with services.pool.connection() as conn:
            await end_session(conn, token=token, now=of(request).now)
    response = Redirect("/", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def to_code(
    request: Asked, place: str, signup_id: str, phone: str, form: Form, *, sent: str = ""
) -> Redirect:
    """On to where the code is entered, below `place`. This browser remembers which code it asked
    for: whoever closes the page and comes back within the minute finds it again."""
    number = read_phone(phone) if phone else ""
    ending = tail(number) if number else forms.tail_of(form)
    after = forms.address(f"{place}/{signup_id}", tail=ending, next=safe_next(form), sent=sent)
    response = Redirect(after, status_code=303)
    words = {"signup_id": signup_id, "phone": number}
    response.set_cookie(sealed.cookie(request, SENT_COOKIE, words, purpose="code", path=place))
    return response


def phone_sent(request: Asked) -> str:
    """The phone that this browser asked the last code for, or ""."""
    return field(_sent(request), "phone")


def sent_before(request: Asked, phone: str, refusal: QianbaoError) -> str:
    """The sign-up to go on with where the same browser asked for the same phone's code less than a
    minute ago; else ""."""
    words = _sent(request)
    if not words or not isinstance(refusal, CodeTooSoon):
        return ""
    return words["signup_id"] if words["phone"] == read_phone(phone) else ""


def _sent(request: Asked) -> Mapping[str, str]:
    return sealed.unseal(request, request.cookies.get(SENT_COOKIE, ""), "code") or {}


async def _confirm(request: Asked, signup_id: str, form: Form, pin: str | None) -> SignedIn:
    services = services_of(request)
    return await confirm_signup(
        services.pool,
        services.keys,
        services.settings,
        signup_id=signup_id,
        code=field(form, "code"),
        pin=pin,
        wallet_id=field(form, "wallet_id"),
        now=of(request).now,
    )


def _to_pin(request: Asked, signup_id: str, form: Form, *, new: bool) -> Redirect:
    """On to the PIN; the code that was right waits sealed in a cookie of this browser."""
    words = {
        "code": field(form, "code"),
        "wallet_id": field(form, "wallet_id"),
        "new": "1" if new else "",
    }
    here = f"/signup/{signup_id}"
    after = forms.address(f"{here}/pin", tail=forms.tail_of(form), next=safe_next(form))
    response = Redirect(after, status_code=303)
    response.set_cookie(sealed.cookie(request, CODE_COOKIE, words, purpose="code", path=here))
    return response


def code_kept(request: Asked) -> Mapping[str, str] | None:
    """What `_to_pin` kept for this sign-in: the cookie goes to its addresses alone."""
    return sealed.unseal(request, request.cookies.get(CODE_COOKIE, ""), "code")


def _phone_page(request: Asked, form: Form, refusal: QianbaoError | None = None) -> Response[Any]:
    return draw(
        "signup.html",
        status=status_of(refusal),
        signed_out=field(form, "ended") == "1",
        session_days=services_of(request).settings.session_days,
        typed=forms.kept(form),
        next=safe_next(form),
        signup_id=forms.own_id(request, "sig", form, "signup_id", refusal),
        refusal=shown(refusal),
    )


def code_page(
    request: Asked, signup_id: str, form: Form, refusal: QianbaoError | None = None
) -> Response[Any]:
    """Where the code is entered."""
    return draw(
        "signup_code.html",
        status=status_of(refusal),
        refusal=shown(refusal),
        **code_sent(request, signup_id, form, refusal),
    )


def code_sent(
    request: Asked, signup_id: str, form: Form, refusal: QianbaoError | None
) -> dict[str, Any]:
    """What a page that asks for a code says of it: where it went, and how to have another. This
    browser remembers where, whichever address it came back by."""
    sent = _sent(request)
    number = field(sent, "phone") if field(sent, "signup_id") == signup_id else ""
    return {
        "signup_id": signup_id[:40],
        "tail": forms.tail_of(form) or (tail(number) if number else ""),
        "next": safe_next(form),
        "again_id": forms.own_id(request, "sig", form, "again_id", refusal),
        "sent": field(form, "sent"),
        "wait_seconds": services_of(request).settings.code_wait_seconds,
    }


def _pin_page(
    signup_id: str, form: Form, *, new: bool, refusal: QianbaoError | None = None
) -> Response[Any]:
    return draw(
        "signup_pin.html",
        status=status_of(refusal),
        signup_id=signup_id[:40],
        tail=forms.tail_of(form),
        next=safe_next(form),
        new=new,
        refusal=shown(refusal),
    )


def safe_next(form: Form) -> str:
    """Where to go afterwards: a path of ours, never another site."""
    wish = form.get("next", "")
    ours = wish.startswith(("/me", "/pay/")) and "\\" not in wish
    return wish if ours else ""


def session_cookie(request: Asked, token: str) -> Cookie:
    """What keeps somebody signed in here, for as long as the session is good; whoever brings one
    that has ended is told so."""
    settings = services_of(request).settings
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        max_age=A_YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
    )


SCREENS = Router(
    path="/",
    route_handlers=[
        ask_phone,
        send_code,
        ask_code,
        check_code,
        before_another_code,
        another_code,
        ask_pin,
        check_pin,
        sign_out,
    ],
)

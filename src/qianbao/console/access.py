"""Who may enter the console: the operator's session, our own pages' forms, sign-in and out.

Every route stands behind `operator_only`, apart from the few marked `opt={"open": True}` here.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import Body
from litestar.response import Redirect

from qianbao import kept_page
from qianbao.console.render import SESSION_COOKIE, Asked, html, page
from qianbao.console.words import LANGUAGE_COOKIE
from qianbao.errors import InvalidInput, Language, QianbaoError
from qianbao.rollouts import operators
from qianbao.rollouts.operators import Operator, OperatorNotSignedIn

A_YEAR_SECONDS = 31_536_000


class FormFromElsewhere(QianbaoError):
    code = "form_from_elsewhere"
    status = 403
    en = "This form was not sent from a page of this console, so nothing was done."
    zh = "该表单不是从本控制台页面提交的，未执行任何操作。"
    next_en = "Open the page here and send it again."
    next_zh = "请在本控制台打开页面后重新提交。"


class ConsoleAddressUnreadable(InvalidInput):
    code = "console_address_unreadable"
    status = 400
    en = "There is a character in this address that is no text."
    zh = "网址中含有无法识别的字符。"
    next_en = "Go back and open the page again."
    next_zh = "请返回并重新打开页面。"


class SignInForm(msgspec.Struct):
    name: str
    password: str


class LanguageForm(msgspec.Struct):
    language: str
    back: str = "/console"
    page: str = ""


SignInData = Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
LanguageData = Annotated[LanguageForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


async def operator_only(
    connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler
) -> None:
    """A guard: puts the signed-in operator where `who` finds it. Raises `OperatorNotSignedIn`."""
    if route.opt.get("open"):
        return
    token = connection.cookies.get(SESSION_COOKIE)
    if not token:
        raise OperatorNotSignedIn
    services = connection.app.state.services
    async with services.pool.connection() as conn:
        connection.scope["user"] = await operators.find_session(
            conn, token=token, now=services.clock()
        )


async def same_origin_only(
    connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler
) -> None:
    """A guard: a form must come from this very host. Browsers name the origin with every POST, so
    one without it is refused as well. Raises `FormFromElsewhere`."""
    if connection.scope.get("method") in ("GET", "HEAD"):
        return
    origin = _place(connection.headers.get("origin", ""))
    public = _place(connection.app.state.services.settings.base_url)
    if origin and origin in (connection.headers.get("host"), public):
        return
    raise FormFromElsewhere


def _place(address: str) -> str:
    """Host and port of an address; "" when it is none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


async def text_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: an address is of characters that a database can be asked for. Raises
    `ConsoleAddressUnreadable`."""
    if "\x00" in connection.scope["path"] + "".join(connection.query_params.values()):
        raise ConsoleAddressUnreadable


def who(request: Asked) -> str:
    """The name of the operator whose request this is."""
    operator = request.user
    assert isinstance(operator, Operator), "a page outside the guard"
    return operator.name


def own_path(path: str) -> str:
    """`path` when it is a page of this console, else the overview: a link from elsewhere cannot
    send an operator away."""
    inside = path == "/console" or path.startswith(("/console/", "/console?"))
    return path if inside else "/console"


@get("/sign-in", opt={"open": True})
async def sign_in_page(request: Asked) -> Response[str]:
    return page(request, "sign_in.html", error=None, name="")


@post("/sign-in", opt={"open": True})
async def sign_in(request: Asked, data: SignInData) -> Response[Any]:
    services = request.app.state.services
    try:
        token = await operators.sign_in(
            services.pool,
            name=data.name,
            password=data.password,
            now=services.clock(),
            attempts=services.settings.pin_attempts,
            lock_minutes=services.settings.pin_lock_minutes,
        )
    except operators.SignInRefused as error:
        return page(request, "sign_in.html", status=error.status, error=error, name=data.name)
    return Redirect("/console", status_code=303, cookies=[_session_cookie(request, token)])


@post("/sign-out")
async def sign_out(request: Asked) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await operators.sign_out(conn, token=request.cookies[SESSION_COOKIE], now=services.clock())
    return Redirect("/console/sign-in", status_code=303, cookies=[_session_cookie(request, "")])


@get("/language", opt={"open": True})
async def after_language() -> Redirect:
    """Opened by its address: there is no page to show."""
    return Redirect("/console", status_code=303)


@post("/language", opt={"open": True})
async def choose_language(request: Asked, data: LanguageData) -> Response[Any]:
    """Keeps the language and shows the page again: by its address, or the very page where it
    answered a form."""
    language: Language = "zh" if data.language == "zh" else "en"
    if data.page:
        reader = request.cookies.get(SESSION_COOKIE, "")
        keys = request.app.state.services.keys
        text = kept_page.in_language(keys, data.page, language=language, reader=reader)
        answer: Response[Any] = html(text)
    else:
        answer = Redirect(own_path(data.back), status_code=303)
    answer.set_cookie(_language_cookie(request, language))
    return answer


def _language_cookie(request: Asked, language: Language) -> Cookie:
    return Cookie(
        key=LANGUAGE_COOKIE,
        value=language,
        max_age=A_YEAR_SECONDS,
        samesite="lax",
        httponly=True,
        secure=_is_secure(request),
    )


def _session_cookie(request: Asked, token: str) -> Cookie:
    """An empty token takes the cookie back."""
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        max_age=None if token else 0,
        path="/console",
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )


def _is_secure(request: Asked) -> bool:
    return bool(request.app.state.services.settings.base_url.startswith("https:"))

"""Who looks at a page, in which language, at what moment; and what every page is sent with.

Here belongs what happens before any screen's handler (session, language, origin) and after it
(security headers, the language kept). Not here: what a screen shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.response import Redirect
from litestar.types import Message, Scope

from qianbao.client_address import client_address
from qianbao.errors import Language, QianbaoError
from qianbao.services import Services
from qianbao.settings import Settings
from qianbao.wallets.profile import set_language
from qianbao.wallets.sessions import NotSignedIn, Session, find_session
from qianbao.web.i18n import choose

LANGUAGE_COOKIE = "qianbao_language"
CARE_COOKIE = "qianbao_care"
SESSION_COOKIE = "qianbao_session"
CLOSED_PAGE = "/me/pay/manage/cancel"
A_YEAR_SECONDS = 31_536_000

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every page. `same-origin` keeps our addresses from others yet lets a form's POST name
its origin, which `from_elsewhere` checks."""

Asked = Request[Any, Any, Any]


class CrossSite(QianbaoError):
    code = "cross_site_form"
    status = 403
    en = "This form was sent from another site, so nothing was done."
    zh = "该表单来自其他网站，未执行任何操作。"
    next_en = "Open the page here and send it again."
    next_zh = "请在本站打开页面后重新提交。"


class FormUnreadable(QianbaoError):
    code = "form_unreadable"
    status = 400
    en = "This form or address could not be read."
    zh = "无法识别该表单或网址。"
    next_en = "Open the page again."
    next_zh = "请重新打开页面。"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request's circumstances; `wallet_id` is None for somebody who is not signed in,
    `pin_locked_until` where the PIN can be tried."""

    now: datetime
    language: Language
    care: bool
    wallet_id: str | None
    wallet_open: bool
    pin_locked_until: datetime | None
    path: str
    query: tuple[tuple[str, str], ...]
    sandbox: bool
    phone_url: str

    @property
    def other_language_url(self) -> str:
        """This page in the other language."""
        kept = [pair for pair in self.query if pair[0] != "lang"]
        other = "en" if self.language == "zh" else "zh"
        return f"{own_path(self.path)}?{urlencode([*kept, ('lang', other)])}"


def own_path(path: str) -> str:
    """`path` as an address that stays on this site: two slashes in front, or what a browser takes
    for them, would lead to another."""
    return "/" + quote(path.lstrip("/\\\t\r\n "))


def of(request: Asked) -> Visit:
    """The visit of a request; `enter` has put it there."""
    visit: Visit = request.state.visit
    return visit


def asked_from(request: Asked) -> str:
    """The network that asks; empty when that is not known."""
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_address(peer, forwarded, services_of(request).settings.proxies)


def services_of(request: Asked) -> Services:
    """What this process works with."""
    services: Services = request.app.state.services
    return services


def holder(request: Asked) -> str:
    """The wallet of whoever is signed in; `enter` lets nobody else reach a page under /me."""
    wallet_id = of(request).wallet_id
    assert wallet_id is not None, "a page under /me without a session"
    return wallet_id


async def enter(request: Asked) -> Response[Any] | None:
    """Runs before every page: refuses forms from elsewhere, finds the session, and sends whoever
    has none from /me to /signup."""
    if not is_page(request.scope):
        return None
    visit = request.state.visit = await look(request)
    if not _is_text(request):
        raise FormUnreadable()
    if request.method == "POST" and from_elsewhere(request):
        raise CrossSite()
    if visit.wallet_id is None and (visit.path == "/me" or visit.path.startswith("/me/")):
        ended = "&ended=1" if SESSION_COOKIE in request.cookies else ""
        return Redirect(f"/signup?next={quote(visit.path)}{ended}", status_code=303)
    if visit.wallet_id and not visit.wallet_open and _only_for_open(visit.path):
        return Redirect(CLOSED_PAGE, status_code=303)
    return None


def _is_text(request: Asked) -> bool:
    """Whether the address is of characters that a database can be asked for."""
    words = request.url.path + "".join(request.query_params.values())
    return "\x00" not in words and not any("\ud800" <= letter <= "\udfff" for letter in words)


def _only_for_open(path: str) -> bool:
    """Whether a screen is of no use once the wallet is closed: of Pay, the records stay."""
    kept = (CLOSED_PAGE, "/me/pay/transactions", "/me/pay/statements")
    return path.startswith("/me/pay") and not path.startswith(kept)


async def look(request: Asked) -> Visit:
    """The circumstances of a request, read from its cookies and address. A language asked for is
    kept with the wallet, too: notices and text messages follow it."""
    services = services_of(request)
    asked, now = request.query_params.get("lang"), services.clock()
    session = await _session(services, request.cookies.get(SESSION_COOKIE), asked, now)
    if session is None:
        return stranger(request)
    kept = request.cookies.get(LANGUAGE_COOKIE) or session.language
    return msgspec.structs.replace(
        stranger(request),
        language=choose(asked, kept, ""),
        wallet_id=session.wallet_id,
        wallet_open=session.status == "open",
        pin_locked_until=session.pin_locked_until,
    )


def stranger(request: Asked) -> Visit:
    """The circumstances of a request as far as they are known without looking for a session."""
    services = services_of(request)
    kept = request.cookies.get(LANGUAGE_COOKIE)
    accepted = request.headers.get("accept-language", "")
    return Visit(
        now=services.clock(),
        language=choose(request.query_params.get("lang"), kept, accepted),
        care=request.cookies.get(CARE_COOKIE) == "1",
        wallet_id=None,
        wallet_open=False,
        pin_locked_until=None,
        path=request.url.path,
        query=tuple((key, value) for key, value in request.query_params.multi_items()),
        sandbox=services.settings.sandbox,
        phone_url=f"{services.settings.sandbox_url}/phone/",
    )


async def _session(
    services: Services, token: str | None, asked: str | None, now: datetime
) -> Session | None:
    if not token:
        return None
    try:
        session = await find_session(
            services.look_ups.find, token=token, now=now, settings=services.settings
        )
    except NotSignedIn:
        return None
    if asked in ("en", "zh") and asked != session.language:
        language = choose(asked, None, "")
        async with services.pool.connection() as conn:
            await set_language(conn, wallet_id=session.wallet_id, language=language)
    return session


def from_elsewhere(request: Asked) -> bool:
    """Whether a form was sent by another site: browsers say so themselves, older ones by Origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin") or request.headers.get("referer")
    try:
        return origin is None or urlsplit(origin).netloc != request.headers.get("host")
    except ValueError:  # no address at all
        return True


async def dress(message: Message, scope: Scope) -> None:
    """Litestar's `before_send`: gives a page the security headers, keeps it out of caches, and
    remembers a language asked for by `?lang=`."""
    if message["type"] != "http.response.start" or not is_page(scope):
        return
    headers = MutableScopeHeaders(message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[0]
    if asked in ("en", "zh"):
        settings = scope["litestar_app"].state.services.settings
        headers.add("Set-Cookie", preference(LANGUAGE_COOKIE, asked, settings).to_header(header=""))


def is_page(scope: Scope) -> bool:
    """Whether the handler calls itself a page (`opt={"page": True}`), or there is none."""
    handler = scope.get("route_handler")
    return handler is None or bool(handler.opt.get("page"))


def preference(name: str, value: str, settings: Settings) -> Cookie:
    """A cookie that keeps how somebody likes the pages; it says nothing about who they are."""
    return Cookie(
        key=name,
        value=value,
        max_age=A_YEAR_SECONDS,
        samesite="lax",
        secure=is_secure(settings),
        httponly=True,
    )


def is_secure(settings: Settings) -> bool:
    """Whether holders reach us over HTTPS only."""
    return settings.base_url.startswith("https:")

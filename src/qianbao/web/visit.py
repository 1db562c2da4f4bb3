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
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from qianbao.errors import Language, QianbaoError
from qianbao.web.i18n import choose

LANGUAGE_COOKIE = "qianbao_language"
CARE_COOKIE = "qianbao_care"
SESSION_COOKIE = "qianbao_session"
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


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request's circumstances; `wallet_id` is None for somebody who is not signed in."""

    now: datetime
    language: Language
    care: bool
    wallet_id: str | None
    path: str
    query: tuple[tuple[str, str], ...]
    sandbox: bool
    phone_url: str

    @property
    def other_language_url(self) -> str:
        """This page in the other language."""
        kept = [pair for pair in self.query if pair[0] != "lang"]
        other = "en" if self.language == "zh" else "zh"
        return f"{self.path}?{urlencode([*kept, ('lang', other)])}"


def of(request: Asked) -> Visit:
    """The visit of a request; `enter` has put it there."""
    visit: Visit = request.state.visit
    return visit


def holder(request: Asked) -> str:
    """The wallet of whoever is signed in; `enter` lets nobody else reach a page under /me."""
    wallet_id = of(request).wallet_id
    assert wallet_id is not None, "a page under /me without a session"
    return wallet_id


async def enter(request: Asked) -> Response[Any] | None:
    """Runs before every page: refuses forms from elsewhere, finds the session, and sends whoever
    has none from /me to /signup."""
    if request.method == "POST" and from_elsewhere(request):
        raise CrossSite()
    visit = await look(request)
    request.state.visit = visit
    if visit.wallet_id is None and (visit.path == "/me" or visit.path.startswith("/me/")):
        return Redirect(f"/signup?next={quote(visit.path)}", status_code=303)
    return None


async def look(request: Asked) -> Visit:
    """The circumstances of a request, read from its cookies and address."""
    services = request.app.state.services
    token = request.cookies.get(SESSION_COOKIE)
    return Visit(
        now=services.clock(),
        language=choose(
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        ),
        care=request.cookies.get(CARE_COOKIE) == "1",
        wallet_id=await session_wallet(services, token) if token else None,
        path=request.url.path,
        query=tuple((key, value) for key, value in request.query_params.multi_items()),
        sandbox=services.settings.sandbox,
        phone_url=f"{services.settings.sandbox_url}/phone/",
    )


async def session_wallet(services: Any, token: str) -> str | None:
    """The wallet that a session's token opens, or None."""
    raise NotImplementedError


def from_elsewhere(request: Asked) -> bool:
    """Whether a form was sent by another site: browsers say so themselves, older ones by Origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin") or request.headers.get("referer")
    return origin is None or urlsplit(origin).netloc != request.headers.get("host")


def dress(app: ASGIApp) -> ASGIApp:
    """A page's ASGI middleware: adds the security headers, keeps nothing private in a cache, and
    remembers a language asked for by `?lang=`."""

    async def dressed(scope: Scope, receive: Receive, send: Send) -> None:
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[0]

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders(message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if asked in ("en", "zh"):
                    secure = scope["litestar_app"].state.services.settings.base_url[:6] == "https:"
                    cookie = preference(LANGUAGE_COOKIE, asked, secure=secure)
                    headers.add("Set-Cookie", cookie.to_header(header=""))
            await send(message)

        await app(scope, receive, send_dressed)

    return dressed


def preference(name: str, value: str, *, secure: bool) -> Cookie:
    """A cookie that keeps how somebody likes the pages; it says nothing about who they are."""
    return Cookie(
        key=name, value=value, max_age=A_YEAR_SECONDS, samesite="lax", secure=secure, httponly=True
    )

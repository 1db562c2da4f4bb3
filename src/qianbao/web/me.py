"""Me: the profile, the inbox, help, and how somebody likes the pages."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.identity.documents import current_document
from qianbao.names import display
from qianbao.notices.inbox import count_unread, list_notices, mark_read
from qianbao.wallets.cases import in_words, list_cases, open_case
from qianbao.wallets.profile import wallet
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import CARE_COOKIE, Asked, holder, of, preference, services_of
from qianbao.web.ways import ways

PAGE = 20


@get("/me")
async def me(request: Asked) -> Response[Any]:
    """The first page of whoever is signed in."""
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        document = await current_document(conn, wallet_id)
        unread = await count_unread(conn, wallet_id=wallet_id)
    name = display(document.legal_name) if document else ""
    return draw("me.html", wallet=profile, name=name, unread=unread)


@get("/me/notices")
async def notices(request: Asked) -> Response[Any]:
    """The inbox. What is shown counts as read from the next visit on."""
    wallet_id, now = holder(request), of(request).now
    after = request.query_params.get("after", "")[:40]
    async with services_of(request).pool.connection() as conn:
        found = await list_notices(conn, wallet_id=wallet_id, limit=PAGE, after=after)
        for notice in found:
            if notice.read_at is None:
                await mark_read(conn, wallet_id=wallet_id, notice_id=notice.notice_id, now=now)
    return draw(
        "notices.html",
        notices=[(notice, ways(notice.ways_out)) for notice in found],
        older=found[-1].notice_id if len(found) == PAGE else "",
    )


@get("/me/help")
async def help_page(request: Asked) -> Response[Any]:
    """Cases, and the form for a new one."""
    return await _help(request, {}, sent=request.query_params.get("sent") == "1")


@post("/me/help")
async def open_a_case(request: Asked) -> Response[Any]:
    """Opens a case for a person to read."""
    form = await forms.read(request, longest=4000)
    try:
        async with services_of(request).pool.connection() as conn:
            await open_case(
                conn,
                wallet_id=holder(request),
                case_id=field(form, "case_id"),
                subject=field(form, "subject"),
                body=field(form, "body"),
                now=of(request).now,
            )
    except QianbaoError as refusal:
        return await _help(request, form, refusal=refusal)
    return Redirect("/me/help?sent=1", status_code=303)


@get("/me/pay/manage/cases")
async def cases() -> Response[Any]:
    """Where a step of a way out sends somebody whom only the operator can help."""
    return Redirect("/me/help", status_code=303)


@post("/me/care")
async def care(request: Asked) -> Response[Any]:
    """Larger type on or off."""
    form = await forms.read(request)
    response = Redirect("/me", status_code=303)
    value = "1" if field(form, "care") else "0"
    response.set_cookie(preference(CARE_COOKIE, value, services_of(request).settings))
    return response


async def _help(
    request: Asked, form: Form, *, sent: bool = False, refusal: QianbaoError | None = None
) -> Response[Any]:
    async with services_of(request).pool.connection() as conn:
        cases = await list_cases(conn, holder(request))
    return draw(
        "help.html",
        status=status_of(refusal),
        typed=forms.kept(form),
        cases=[in_words(case, of(request).language) for case in cases],
        case_id=forms.own_id(request, "cas", form, "case_id", refusal),
        sent=sent,
        refusal=shown(refusal),
    )


SCREENS = Router(path="/", route_handlers=[me, notices, help_page, open_a_case, cases, care])

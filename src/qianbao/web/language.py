"""The other language of a page that answers a form; all other pages switch at their own address.

Here belongs the route alone: how a page carries itself along is `kept_page`'s.
"""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Response, Router, get, post
from litestar.response import Redirect

from qianbao import kept_page
from qianbao.web import forms
from qianbao.web.forms import field
from qianbao.web.visit import SESSION_COOKIE, Asked, of, services_of


@get("/language")
async def start_again() -> Response[Any]:
    """Opened by its address: there is no page to show."""
    return Redirect("/", status_code=303)


@post("/language", status_code=200)
async def switch(request: Asked) -> Response[Any]:
    """The very page in the language that `?lang=` names; `enter` and `dress` remember it."""
    form = await forms.read(request, longest=forms.BODY_BYTES)
    page = kept_page.in_language(
        services_of(request).keys,
        field(form, "page"),
        language=of(request).language,
        reader=request.cookies.get(SESSION_COOKIE, ""),
    )
    return Response(page, media_type=MediaType.HTML)


SCREENS = Router(path="/", route_handlers=[start_again, switch])

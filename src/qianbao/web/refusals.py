"""A refusal as a page: what is wrong, what to do next, and for a rule's refusal every way out.

Here belongs turning an error into a page when no form can be shown again. Forms show their own
refusals in place (`standing.html`, macro `refused`).
"""

from __future__ import annotations

from typing import Any

import structlog
from litestar import MediaType, Response
from litestar.exceptions import HTTPException, NotAuthorizedException

from qianbao.errors import NotFound, QianbaoError
from qianbao.web.drawing import draw
from qianbao.web.standing import Refused, refused
from qianbao.web.visit import Asked, FormUnreadable, stranger

log = structlog.get_logger(__name__)


class PageUnknown(NotFound):
    code = "page_unknown"
    en = "There is no such page."
    zh = "没有这个页面。"
    next_en = "Go back to the start."
    next_zh = "请返回首页。"


class OurFault(QianbaoError):
    code = "our_fault"
    status = 500
    retry = True
    en = "Something went wrong on our side."
    zh = "系统出现错误。"
    next_en = "Try again in a moment. Whatever was sent twice is done once."
    next_zh = "请稍后再试；重复提交的请求只会执行一次。"


def by_error(request: Asked, refusal: QianbaoError) -> Response[Any]:
    """Litestar's handler for `QianbaoError`."""
    return _page(request, refused(refusal), refusal.status)


def by_http(request: Asked, error: HTTPException) -> Response[Any]:
    """Litestar's handler for what its router or parser refuses."""
    if error.status_code in (404, 405):
        refusal: QianbaoError = PageUnknown()
    elif error.status_code < 500 and not isinstance(error, NotAuthorizedException):
        refusal = FormUnreadable()
    else:
        refusal = OurFault()
    return _page(request, refused(refusal), error.status_code)


def by_accident(request: Asked, error: Exception) -> Response[Any]:
    """Litestar's handler for what nobody expected: logged, and said so without details."""
    log.error("page failed", path=request.url.path, exc_info=error)
    return _page(request, refused(OurFault()), 500)


def _page(request: Asked, refusal: Refused, status: int) -> Response[Any]:
    """HTML for whoever reads pages; a line of JSON for whoever does not."""
    if not hasattr(request.state, "visit"):
        if "text/html" not in request.headers.get("accept", ""):
            body = {
                "code": refusal.code,
                "sentence": refusal.sentence,
                "next_step": refusal.next_step,
            }
            return Response(body, status_code=status, media_type=MediaType.JSON)
        request.state.visit = stranger(request)
    return draw("refusal.html", status=status, refusal=refusal)

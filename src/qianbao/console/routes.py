"""All routes of the console, behind their guards, and how a refusal is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Response, Router
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from psycopg import DataError

from qianbao.console import (
    access,
    cases,
    exemptions,
    holds,
    name_changes,
    notices,
    overview,
    policies,
    retirement,
    rollouts,
    set_aside,
    wallets,
)
from qianbao.console.render import Asked, page
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.rollouts.operators import OperatorNotSignedIn

BODY_BYTES = 200_000
"""The largest form that is read; a policy is the longest thing anybody types."""

STATIC = Path(__file__).parent / "static"


class ConsoleFormIncomplete(InvalidInput):
    code = "console_form_incomplete"
    en = "Something is missing in this form or address, or has the wrong shape."
    zh = "表单或网址缺少内容，或格式不正确。"
    next_en = "Go back and fill in every field."
    next_zh = "请返回并填写所有字段。"


class ConsolePageUnknown(NotFound):
    code = "console_page_unknown"
    en = "The console has no such page."
    zh = "控制台没有这个页面。"
    next_en = "Go back to where you were, or to the overview."
    next_zh = "请返回之前的页面或总览。"


def routes() -> list[Router]:
    """What the app mounts. The style sheet alone is open to everybody."""
    pages = Router(
        path="/console",
        route_handlers=[
            access.sign_in_page,
            access.sign_in,
            access.sign_out,
            access.after_language,
            access.choose_language,
            overview.overview,
            overview.audit_page,
            policies.policy_list,
            policies.policy_page,
            policies.draft_page,
            policies.save_draft,
            policies.run_simulation,
            policies.publication_page,
            policies.publish_version,
            *retirement.ROUTES,
            *rollouts.ROUTES,
            *notices.ROUTES,
            wallets.wallet_search,
            wallets.find_wallet,
            wallets.find_document,
            wallets.wallet_page,
            wallets.decision_page,
            *holds.ROUTES,
            *exemptions.ROUTES,
            *name_changes.ROUTES,
            *set_aside.ROUTES,
            cases.case_list,
            cases.answer_case,
        ],
        guards=[access.text_only, access.same_origin_only, access.operator_only],
        exception_handlers={
            OperatorNotSignedIn: _to_sign_in,
            QianbaoError: _show_refusal,
            HTTPException: _show_bad_request,
            UnicodeDecodeError: _show_bad_request,
            DataError: _show_bad_request,
        },
        request_max_body_size=BODY_BYTES,
        include_in_schema=False,
    )
    static = create_static_files_router(
        path="/console/static", directories=[STATIC], include_in_schema=False
    )
    return [pages, static]


def _to_sign_in(_: Asked, __: Exception) -> Response[Any]:
    return Redirect("/console/sign-in", status_code=303)


def _show_refusal(request: Asked, error: QianbaoError) -> Response[Any]:
    return page(request, "error.html", status=error.status, error=error, back=_page_before(request))


def no_such_page(request: Asked) -> Response[Any]:
    """For an address under the console's that no route of it has: the app asks, which alone knows.
    Who is signed in nobody has looked up there."""
    return _show_refusal(request, ConsolePageUnknown())


def _show_bad_request(request: Asked, _: Exception) -> Response[Any]:
    """What was typed misses something, or holds what is no text or too large a number."""
    return _show_refusal(request, ConsoleFormIncomplete())


def _page_before(request: Asked) -> str:
    """Where the form was: browsers tell our own pages the whole address."""
    before = request.headers.get("referer", "")
    return access.own_path("/" + before.split("/", 3)[-1]) if before.count("/") >= 3 else "/console"

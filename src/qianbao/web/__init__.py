"""The phone-sized app for holders: every screen is an address, in English and in Chinese.

Here belongs drawing: a handler reads a form, calls one verb, and draws a page from `templates/`.
Rules, SQL and arithmetic on money belong to the rooms. Another door's handlers become pages of the
same kind, with session, language and security headers, by `opt={"page": True}`; their templates
extend `base.html`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Router
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from qianbao.errors import QianbaoError
from qianbao.settings import Settings
from qianbao.web import (
    cancel,
    cards,
    closed,
    forms,
    identity_data,
    landing,
    language,
    manage,
    me,
    pay,
    pins,
    real_name,
    records,
    refusals,
    sandbox,
    signup,
    step_up,
    transfer,
    visit,
    wallet,
)
from qianbao.web.drawing import template_config

STATIC = Path(__file__).parent / "static"
ADVISOR_TEMPLATES = Path(__file__).parent.parent / "advise" / "templates"
API_TEMPLATES = Path(__file__).parent.parent / "api" / "templates"

SCREENS = (
    landing, signup, closed, pins, me, pay, transfer, wallet, step_up, cards, manage, real_name,
    identity_data, records, cancel, sandbox, language,
)  # fmt: skip


def routes() -> list[Router]:
    """Every screen, and the files they load."""
    pages = Router(
        path="/",
        route_handlers=[module.SCREENS for module in SCREENS],
        opt={"page": True},
        include_in_schema=False,
        request_max_body_size=forms.BODY_BYTES,
    )
    files = create_static_files_router(
        path="/static", directories=[STATIC], include_in_schema=False
    )
    return [pages, files]


def configuration(settings: Settings) -> dict[str, Any]:
    """What the app hands to Litestar for pages, ours and other doors' alike."""
    del settings  # asked for so that what pages need of it can be added here
    return {
        "template_config": template_config(ADVISOR_TEMPLATES, API_TEMPLATES),
        "before_request": visit.enter,
        "before_send": [visit.dress],
        "exception_handlers": {
            QianbaoError: refusals.by_error,
            HTTPException: refusals.by_http,
            Exception: refusals.by_accident,
        },
    }

"""Reading the records of a closed wallet: what is asked for besides the code, and which wallet.

The code that was right waits where `signup` put it. What is read then are `records`' screens.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.wallets.records import OpenedRecords, open_records
from qianbao.web import forms, sealed
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.signup import code_kept, code_page, session_cookie
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import CLOSED_PAGE, Asked, of, services_of

WHICH_COOKIE = "qianbao_closed"


@get("/signup/{signup_id:str}/closed")
async def ask_proof(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """The closed wallet's PIN or document number, while this browser keeps the code."""
    if code_kept(request) is None:
        return code_page(request, signup_id, request.query_params)
    return _proof_page(signup_id, request.query_params)


@post("/signup/{signup_id:str}/closed")
async def check_proof(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """On to the records, or to the choice between those of several wallets."""
    form, known, services = await forms.read(request), code_kept(request), services_of(request)
    if known is None:
        return code_page(request, signup_id, form)
    try:
        opened = await open_records(
            services.pool,
            services.keys,
            services.settings,
            signup_id=signup_id,
            code=field(known, "code"),
            pin=field(form, "pin"),
            document_number=field(form, "document_number"),
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return _proof_page(signup_id, form, refusal)
    if len(opened) == 1:
        return _read(request, opened[0])
    here = f"/signup/{signup_id}/closed/which"
    response = Redirect(here, status_code=303)
    words = {"opened": msgspec.json.encode(opened).decode()}
    response.set_cookie(sealed.cookie(request, WHICH_COOKIE, words, purpose="code", path=here))
    return response


@get("/signup/{signup_id:str}/closed/which")
async def ask_which(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """Each of the closed wallets that the proof fits."""
    opened = _opened(request)
    if not opened:
        return Redirect(CLOSED_PAGE, status_code=303)  # chosen before, or too long ago
    return draw("closed_which.html", signup_id=signup_id[:40], opened=opened)


@post("/signup/{signup_id:str}/closed/which")
async def choose(request: Asked, signup_id: FromPath[str]) -> Response[Any]:
    """On to the records of one of them."""
    wallet_id = field(await forms.read(request), "wallet_id")
    chosen = [one for one in _opened(request) if one.wallet_id == wallet_id]
    if not chosen:
        return Redirect(f"/signup/{signup_id[:40]}/closed/which", status_code=303)
    return _read(request, chosen[0])


def _opened(request: Asked) -> tuple[OpenedRecords, ...]:
    words = sealed.unseal(request, request.cookies.get(WHICH_COOKIE, ""), "code")
    if words is None:
        return ()
    return msgspec.json.decode(words["opened"], type=tuple[OpenedRecords, ...])


def _read(request: Asked, opened: OpenedRecords) -> Redirect:
    response = Redirect(CLOSED_PAGE, status_code=303)
    response.set_cookie(session_cookie(request, opened.token))
    return response


def _proof_page(signup_id: str, form: Form, refusal: QianbaoError | None = None) -> Response[Any]:
    return draw(
        "closed_proof.html",
        status=status_of(refusal),
        signup_id=signup_id[:40],
        tail=forms.tail_of(form),
        typed=forms.kept(form),
        refusal=shown(refusal),
    )


SCREENS = Router(path="/", route_handlers=[ask_proof, check_proof, ask_which, choose])

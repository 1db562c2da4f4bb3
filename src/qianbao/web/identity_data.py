"""What has to be known of a holder beside the document: looked through, completed, confirmed."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao.errors import QianbaoError
from qianbao.identity.documents import current_document
from qianbao.identity.identity_data import (
    GivenData,
    IdentityDataUnreadable,
    confirm_data,
    identity_data,
)
from qianbao.names import display
from qianbao.policy.facts import IDENTITY_DATA
from qianbao.wallets.pin import check_pin
from qianbao.wallets.profile import wallet
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.i18n import Text
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import Asked, holder, of, services_of

DATA = "/me/pay/manage/data"
SEXES = (("F", Text("female", "女")), ("M", Text("male", "男")), ("X", Text("other", "其他")))
MISSING = {name: Text(*words) for name, words in IDENTITY_DATA.items()}


def given_in(form: Form) -> GivenData:
    """What a form states of its holder. Raises `IdentityDataUnreadable`."""
    stated = {name: field(form, name) for name in IDENTITY_DATA}
    try:
        return msgspec.convert(stated, GivenData)
    except msgspec.ValidationError:
        field_en, field_zh = IDENTITY_DATA["sex"]
        raise IdentityDataUnreadable(field_en=field_en, field_zh=field_zh, most=1) from None


@get(DATA)
async def show(request: Asked) -> Response[Any]:
    """What is known, with what is missing to be filled in."""
    return await _page(request, {})


@post(DATA)
async def confirm(request: Asked) -> Response[Any]:
    """Takes in what was filled in; the holder stands by all of it with the PIN."""
    form, services, wallet_id = await forms.read(request), services_of(request), holder(request)
    now = of(request).now
    try:
        given = given_in(form)
        await check_pin(
            services.pool, services.settings, wallet_id=wallet_id, pin=field(form, "pin"), now=now
        )
        async with services.pool.connection() as conn:
            await confirm_data(conn, services.keys, wallet_id=wallet_id, given=given, now=now)
    except QianbaoError as refusal:
        return await _page(request, form, refusal)
    return Redirect(f"{DATA}?done=1", status_code=303)


async def _page(request: Asked, form: Form, refusal: QianbaoError | None = None) -> Response[Any]:
    services, wallet_id = services_of(request), holder(request)
    async with services.pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        document = await current_document(conn, wallet_id)
        data = await identity_data(conn, services.keys, wallet_id=wallet_id)
    return draw(
        "identity_data.html",
        status=status_of(refusal),
        wallet=profile,
        document=document,
        name=display(document.legal_name) if document else "",
        data=data,
        missing=[MISSING[name] for name in data.missing] if data else [],
        sexes=SEXES,
        typed=forms.kept(form),
        done=request.query_params.get("done") == "1" and refusal is None,
        refusal=shown(refusal),
    )


SCREENS = Router(path="/", route_handlers=[show, confirm])

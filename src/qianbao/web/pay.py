"""Pay: the page everything starts from, paying a code, being paid."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import segno
from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.banks.cards import list_cards
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.ids import check_id
from qianbao.money import Money
from qianbao.payments.merchants import find_merchant, find_payment
from qianbao.payments.pay import Pay
from qianbao.payments.pay import pay as pay_now
from qianbao.wallets.profile import phone_of, wallet
from qianbao.web import forms
from qianbao.web.blocked import blocked, told
from qianbao.web.code_asked import move
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.pins import authorize_form
from qianbao.web.refused_form import refused
from qianbao.web.standing import shown, standing_of, status_of
from qianbao.web.visit import Asked, holder, of, services_of

_MERCHANT_CODE = re.compile(r"(mch_[0-9a-z]{20}).+?(pay_[0-9a-z]{20})", re.ASCII | re.DOTALL)
_MINOR = re.compile(r"[0-9]{1,14}", re.ASCII)
_TRANSFER_PAGE = re.compile(r"(?:https?://[^/?#]+)?/me/pay/transfer\?")
_PERSON_CODE = re.compile(r"[?&]to=(?:%2B|\+)?([0-9]{5,15})(?:$|&)", re.ASCII)


class CodeUnreadable(InvalidInput):
    code = "pay_code_unreadable"
    en = "This is not a code that this wallet can pay."
    zh = "无法识别该付款码。"
    next_en = "Paste the whole address behind the QR code, or type its two numbers."
    next_zh = "请粘贴二维码对应的完整网址，或输入其中的两个编号。"


@get("/me/pay")
async def pay_page(request: Asked) -> Response[Any]:
    """The page everything starts from."""
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        cards = await list_cards(conn, wallet_id)
    return draw(
        "pay.html",
        wallet=profile,
        cards=sum(card.state == "linked" for card in cards),
        standing=await standing_of(request),
    )


@get("/me/pay/scan")
async def scan() -> Response[Any]:
    """Where a code is pasted or typed."""
    return draw("scan.html", refusal=None)


@post("/me/pay/scan")
async def read_code(request: Asked) -> Response[Any]:
    """Goes where the code leads."""
    text = field(await forms.read(request, longest=500), "code_text")
    merchant, person = _MERCHANT_CODE.search(text), _PERSON_CODE.search(text)
    if merchant:
        return Redirect(f"/pay/{merchant[1]}/{merchant[2]}", status_code=303)
    if person and _TRANSFER_PAGE.match(text):
        return Redirect(f"/me/pay/transfer?to={person[1]}", status_code=303)
    refusal = CodeUnreadable()
    return draw("scan.html", status=refusal.status, refusal=shown(refusal))


@get("/me/pay/code")
async def own_code(request: Asked) -> Response[Any]:
    """The code others scan to send money to this wallet."""
    services, wallet_id = services_of(request), holder(request)
    async with services.pool.connection() as conn:
        phone = await phone_of(conn, services.keys, wallet_id)
    link = f"{services.settings.base_url}/me/pay/transfer?to={phone.lstrip('+')}"
    code = segno.make(link, error="m").svg_data_uri(scale=6, border=2)
    return draw(
        "code.html", code=code, phone_tail=phone[-4:], blocked=await blocked(request, "receive")
    )


@get("/pay/{merchant_id:str}/{payment_id:str}")
async def payment(
    request: Asked, merchant_id: FromPath[str], payment_id: FromPath[str]
) -> Response[Any]:
    """What a merchant's QR code leads to: who is paid how much, and the PIN."""
    return await _payment(request, merchant_id, payment_id, *refused(request))


@post("/pay/{merchant_id:str}/{payment_id:str}")
async def pay_payment(
    request: Asked, merchant_id: FromPath[str], payment_id: FromPath[str]
) -> Response[Any]:
    """Pays it, or asks for a code before."""
    form, here = await forms.read(request), f"/pay/{merchant_id}/{payment_id}"
    if of(request).wallet_id is None:
        return Redirect(forms.address("/signup", next=here), status_code=303)
    form = {**form, "merchant_id": merchant_id, "payment_id": payment_id}
    page = partial(_payment, request, merchant_id, payment_id)
    return await move(request, form, "pay", pay_as_typed, page)


async def pay_as_typed(request: Asked, form: Form) -> Redirect:
    """Pays what the form says, with the PIN or the code in it, and leads to the payment's page.
    Raises what `authorize` and `payments.pay` raise."""
    merchant_id, payment_id = field(form, "merchant_id"), field(form, "payment_id")
    key = check_id(field(form, "key"), "key")
    wish = Pay(holder(request), key, merchant_id, payment_id, _seen(form))
    authorized = await authorize_form(request, form, wish)
    await pay_now(services_of(request).clearing, authorized.wish)
    return Redirect(f"/pay/{merchant_id}/{payment_id}", status_code=303)


def _seen(form: Form) -> Money:
    """The amount that the page showed, sent back with the PIN; 0 when it was tampered with."""
    typed = field(form, "amount_minor")
    amount_minor = int(typed) if _MINOR.fullmatch(typed) else 0
    return Money(amount_minor, field(form, "currency"))


async def _payment(
    request: Asked,
    merchant_id: str,
    payment_id: str,
    form: Form,
    refusal: QianbaoError | None = None,
) -> Response[Any]:
    async with services_of(request).pool.connection() as conn:
        merchant = await find_merchant(conn, merchant_id=merchant_id)
        found = await find_payment(conn, merchant_id=merchant_id, payment_id=payment_id)
    return draw(
        "payment.html",
        status=status_of(refusal),
        merchant=merchant,
        payment=found,
        key=forms.own_id(request, "key", form, "key", refusal),
        refusal=await told(request, refusal),
        blocked=await blocked(request, "pay") if of(request).wallet_id and not refusal else None,
    )


SCREENS = Router(
    path="/",
    route_handlers=[
        pay_page,
        scan,
        read_code,
        own_code,
        payment,
        pay_payment,
    ],
)

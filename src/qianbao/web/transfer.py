"""Sending money to a person: to whom and how much, then whom exactly, and the PIN."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao import money
from qianbao.errors import QianbaoError
from qianbao.ids import check_id
from qianbao.money import Money
from qianbao.payments.errors import StepUpRequired, check_note
from qianbao.payments.transfer import NoWalletAtPhone, SendMoney, send, to_phone
from qianbao.wallets.profile import Wallet, wallet
from qianbao.wallets.receivers import Receiver, check_seal, look_up
from qianbao.web import forms
from qianbao.web.blocked import blocked, told
from qianbao.web.code_asked import ask_code
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.pins import authorize_form
from qianbao.web.sealed import seal, unseal
from qianbao.web.standing import status_of, too_much
from qianbao.web.visit import Asked, holder, of, services_of


@get("/me/pay/transfer")
async def transfer(request: Asked) -> Response[Any]:
    """Money to a person, by their phone."""
    to = request.query_params.get("to", "")[:20]
    return await _form_page(request, {"phone": f"+{to}"} if to.isdigit() else {})


@post("/me/pay/transfer")
async def review(request: Asked) -> Response[Any]:
    """Goes on to whom the money would go to, and keeps the phone out of the address."""
    form = await forms.read(request)
    words = {name: field(form, name) for name in ("key", "phone", "amount", "note")}
    after = forms.address("/me/pay/transfer/confirm", wish=seal(request, words, "transfer"))
    return Redirect(after, status_code=303)


@get("/me/pay/transfer/confirm")
async def confirm(request: Asked) -> Response[Any]:
    """Shows whom the money would go to, before the PIN is asked for; without a wish, or with one
    grown old, asks for it again. Nothing is sent."""
    wish = unseal(request, request.query_params.get("wish", ""), "transfer")
    if wish is None:
        return Redirect("/me/pay/transfer", status_code=303)
    try:
        return await _confirm_page(request, wish, check_id(field(wish, "key"), "key"))
    except QianbaoError as refusal:
        return await _form_page(request, wish, refusal)


@post("/me/pay/transfer/confirm")
async def send_money(request: Asked) -> Response[Any]:
    """Sends it to whom the page has shown, or asks for a code before."""
    form = await forms.read(request)
    try:
        return await send_as_typed(request, form)
    except StepUpRequired as asked:
        return await ask_code(request, form, "transfer", asked)
    except QianbaoError as refusal:
        if too_much(refusal):  # the amount is on the page before
            return await _form_page(request, form, refusal)
        key = forms.own_id(request, "key", form, "key", refusal)
        try:
            return await _confirm_page(request, form, key, refusal)
        except QianbaoError as nobody:
            return await _form_page(request, form, nobody)


async def send_as_typed(request: Asked, form: Form) -> Redirect:
    """Sends what the form says, with the PIN or the code in it, and leads to what became of it.
    Raises what `authorize` and `send` raise."""
    wish = await _wish(request, form)
    authorized = await authorize_form(request, form, wish)
    if authorized.is_new:
        _check_receiver(request, form, wish)
    sent = await send(services_of(request).clearing, authorized.wish)
    return Redirect(f"/me/pay/transactions/{sent.transfer_id}?sent=1", status_code=303)


async def _wish(request: Asked, form: Form) -> SendMoney:
    services, wallet_id = services_of(request), holder(request)
    async with services.pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        return await to_phone(
            conn,
            services.keys,
            wallet_id=wallet_id,
            key=check_id(field(form, "key"), "key"),
            phone=field(form, "phone"),
            amount=_amount(form, profile),
            note=field(form, "note"),
        )


def _check_receiver(request: Asked, form: Form, wish: SendMoney) -> None:
    """That the receiver is who was shown."""
    check_seal(
        services_of(request).keys,
        wallet_id=wish.wallet_id,
        to_wallet_id=wish.to_wallet_id,
        seal=field(form, "seal"),
    )


def _amount(form: Form, profile: Wallet) -> Money:
    return money.read_to_move(field(form, "amount"), profile.currency)


async def _form_page(
    request: Asked, form: Form, refusal: QianbaoError | None = None
) -> Response[Any]:
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, holder(request))
    return draw(
        "transfer.html",
        status=status_of(refusal),
        wallet=profile,
        typed=forms.kept(form),
        key=forms.own_id(request, "key", form, "key", refusal),
        refusal=await told(request, refusal),
        blocked=await blocked(request, "transfer"),
    )


async def _confirm_page(
    request: Asked, form: Form, key: str, refusal: QianbaoError | None = None
) -> Response[Any]:
    """Raises what the form's own page has to say: an amount, a note, a phone that is none."""
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, holder(request))
    amount = _amount(form, profile)
    check_note(field(form, "note"))
    receiver = await _receiver(request, form)
    return draw(
        "transfer_confirm.html",
        status=status_of(refusal),
        receiver=receiver,
        amount=amount,
        left_minor=profile.available_minor - amount.amount_minor,
        typed=forms.kept(form),
        key=key,
        refusal=await told(request, refusal),
        blocked=None if refusal else await blocked(request, "transfer"),
    )


async def _receiver(request: Asked, form: Form) -> Receiver:
    services = services_of(request)
    found = await look_up(
        services.pool,
        services.keys,
        services.settings,
        wallet_id=holder(request),
        phone=field(form, "phone"),
        now=of(request).now,
    )
    if found is None:
        raise NoWalletAtPhone()
    return found


SCREENS = Router(path="/", route_handlers=[transfer, review, confirm, send_money])

"""Bank cards: the list, linking one, unlinking one.

Between its two pages of linking, the card number waits sealed in a cookie of this browser: it is
never in a page, an address or the database.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao.banks.cards import (
    check_number,
    confirm_card,
    dismiss_refused,
    get_card,
    link_card,
    list_cards,
    list_refused,
    name_forms,
    send_code_again,
    unlink_card,
    unlink_preview,
)
from qianbao.banks.cards.forms import NameFormClose
from qianbao.banks.cards.refused import SHOWN_FOR, refusal_of
from qianbao.banks.directory import find_bank, get_bank
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.documents import current_document
from qianbao.wallets.profile import phone_of
from qianbao.wallets.unlinking import after_unlinking
from qianbao.web import forms, sealed
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.i18n import Text
from qianbao.web.sealed import unseal
from qianbao.web.standing import coming_block, read_standing, refused, shown, status_of
from qianbao.web.visit import Asked, holder, of, services_of
from qianbao.web.wallet import bank_name

CARD_COOKIE = "qianbao_card"


class SpellingMissing(InvalidInput):
    code = "spelling_missing"
    en = "No spelling was typed; nothing was sent to the bank."
    zh = "未填写姓名写法，尚未发送给银行。"
    next_en = "Type your name as the bank prints it, or choose one of the spellings shown."
    next_zh = "请按银行的登记写法填写姓名，或从所列写法中选择。"


class SpellingUndecided(InvalidInput):
    code = "spelling_undecided"
    en = "You typed “{typed}”, and “{chosen}” is chosen. Nothing was sent to the bank."
    zh = "您填写了“{typed}”，但选中的是“{chosen}”，尚未发送给银行。"
    next_en = "Which of the two does your bank print? Choose it below and send the form again."
    next_zh = "银行登记的是哪一个？请在下方选定后重新发送。"


@get("/me/pay/cards")
async def cards(request: Asked) -> Response[Any]:
    """The linked cards, those not finished, and what banks refused lately."""
    async with services_of(request).pool.connection() as conn:
        found = await list_cards(conn, holder(request))
        turned_down = await list_refused(conn, wallet_id=holder(request), now=of(request).now)
    linked = {card.bank for card in found if card.state == "linked"}
    several = sum(card.state == "linked" for card in found) > 1
    return draw(
        "cards.html",
        cards=[(card, bank_name(card)) for card in found],
        kept_days=SHOWN_FOR.days,
        turned_down=[(one.card, bank_name(one.card), refused(one.reason)) for one in turned_down],
        same_bank=_text(linked.pop()) if several and len(linked) == 1 else None,
    )


@get("/me/pay/cards/add")
async def add(request: Asked) -> Response[Any]:
    """The number first: it says which bank."""
    return await _number_page(request)


@post("/me/pay/cards/add")
async def take_number(request: Asked) -> Response[Any]:
    """Finds the bank; nothing is sent to it."""
    form, services = await forms.read(request), services_of(request)
    try:
        async with services.pool.connection() as conn:
            number = await check_number(
                conn,
                services.keys,
                wallet_id=holder(request),
                card_number=field(form, "card_number"),
            )
    except QianbaoError as refusal:
        return await _number_page(request, refusal)
    response = Redirect("/me/pay/cards/add/name", status_code=303)
    words = {"card_number": number}
    response.set_cookie(
        sealed.cookie(request, CARD_COOKIE, words, purpose="card", path="/me/pay/cards")
    )
    return response


@get("/me/pay/cards/add/name")
async def name_page(request: Asked) -> Response[Any]:
    """How this bank would print the name, before anything is sent."""
    return await _name_page(request, {})


@post("/me/pay/cards/add/name")
async def link(request: Asked) -> Response[Any]:
    """Has the bank check the four elements; on a match it has sent its code."""
    form, services, number = await forms.read(request), services_of(request), _opened(request)
    if number is None:
        return Redirect("/me/pay/cards/add", status_code=303)
    try:
        card = await link_card(
            services.pool,
            services.gateway,
            services.keys,
            services.settings,
            wallet_id=holder(request),
            card_id=field(form, "card_id"),
            card_number=number,
            phone=field(form, "phone"),
            name_form=_spelling(form),
            confirmed_close=field(form, "confirmed_close"),
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return await _name_page(request, form, refusal)
    response = Redirect(f"/me/pay/cards/{card.card_id}", status_code=303)
    response.delete_cookie(CARD_COOKIE, path="/me/pay/cards")
    return response


def _spelling(form: Form) -> str | None:
    """The spelling chosen or typed; None: a form without the choice. A text that was typed since
    the form was shown, beside another choice, is asked about: it is easy to type one and forget the
    choice, and a check of the card would go for it. Raises `SpellingMissing`, `SpellingUndecided`.
    """
    if "name_form" not in form:
        return None
    chosen, typed = field(form, "name_form"), field(form, "name_typed")
    if not (chosen or typed).strip():
        raise SpellingMissing()
    if chosen and typed not in ("", chosen, field(form, "name_shown")):
        raise SpellingUndecided(typed=typed, chosen=chosen)
    return chosen or typed


@get("/me/pay/cards/{card_id:str}")
async def card_page(request: Asked, card_id: FromPath[str]) -> Response[Any]:
    """A card; while the bank's code is awaited, where it is entered."""
    return await _card_page(request, card_id)


@post("/me/pay/cards/{card_id:str}")
async def confirm(request: Asked, card_id: FromPath[str]) -> Response[Any]:
    """Hands in the bank's code."""
    form, services = await forms.read(request), services_of(request)
    try:
        await confirm_card(
            services.pool,
            services.gateway,
            services.keys,
            wallet_id=holder(request),
            card_id=card_id,
            code=field(form, "code"),
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return await _card_page(request, card_id, refusal)
    return Redirect(f"/me/pay/cards/{card_id}?linked=1", status_code=303)


@get(["/me/pay/cards/{card_id:str}/code", "/me/pay/cards/{card_id:str}/discard"])
async def back_to_card(card_id: FromPath[str]) -> Response[Any]:
    """Reloaded: nothing is done."""
    return Redirect(f"/me/pay/cards/{quote(card_id, safe='')}", status_code=303)


@post("/me/pay/cards/{card_id:str}/code")
async def another_code(request: Asked, card_id: FromPath[str]) -> Response[Any]:
    """Has the bank send a new code."""
    services = services_of(request)
    try:
        await send_code_again(
            services.pool,
            services.gateway,
            services.settings,
            wallet_id=holder(request),
            card_id=card_id,
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return await _card_page(request, card_id, refusal)
    return Redirect(f"/me/pay/cards/{card_id}?sent=again", status_code=303)


@post("/me/pay/cards/{card_id:str}/discard")
async def discard(request: Asked, card_id: FromPath[str]) -> Response[Any]:
    """Gives an attempt up that is not finished."""
    services, wallet_id = services_of(request), holder(request)
    async with services.pool.connection() as conn:
        card = await get_card(conn, wallet_id, card_id)
    if card.pending:
        await unlink_card(
            services.pool,
            services.gateway,
            services.keys,
            wallet_id=wallet_id,
            card_id=card_id,
            now=of(request).now,
        )
    return Redirect("/me/pay/cards", status_code=303)


@get("/me/pay/cards/{card_id:str}/dismiss")
async def back_to_cards(card_id: FromPath[str]) -> Response[Any]:
    """Reloaded: nothing is done."""
    del card_id
    return Redirect("/me/pay/cards", status_code=303)


@post("/me/pay/cards/{card_id:str}/dismiss")
async def dismiss(request: Asked, card_id: FromPath[str]) -> Response[Any]:
    """Puts a refusal away."""
    async with services_of(request).pool.connection() as conn:
        await dismiss_refused(conn, wallet_id=holder(request), card_id=card_id, now=of(request).now)
    return Redirect("/me/pay/cards", status_code=303)


@get("/me/pay/cards/{card_id:str}/unlink")
async def before_unlinking(request: Asked, card_id: FromPath[str]) -> Response[Any]:
    """What unlinking would change."""
    return await _unlink_page(request, card_id)


@post("/me/pay/cards/{card_id:str}/unlink")
async def unlink(request: Asked, card_id: FromPath[str]) -> Response[Any]:
    """Unlinks it."""
    services = services_of(request)
    try:
        await unlink_card(
            services.pool,
            services.gateway,
            services.keys,
            wallet_id=holder(request),
            card_id=card_id,
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return await _unlink_page(request, card_id, refusal)
    return Redirect("/me/pay/cards", status_code=303)


async def _number_page(request: Asked, refusal: QianbaoError | None = None) -> Response[Any]:
    async with services_of(request).pool.connection() as conn:
        document = await current_document(conn, holder(request))
    return draw(
        "card_add.html",
        status=status_of(refusal),
        has_document=document is not None,
        refusal=shown(refusal),
    )


async def _name_page(
    request: Asked, form: Form, refusal: QianbaoError | None = None
) -> Response[Any]:
    services, wallet_id, number = services_of(request), holder(request), _opened(request)
    if number is None:
        return Redirect("/me/pay/cards/add", status_code=303)
    async with services.pool.connection() as conn:
        found = await name_forms(conn, wallet_id=wallet_id, bank=find_bank(number).code)
        document = await current_document(conn, wallet_id)
        phone = await phone_of(conn, services.keys, wallet_id)
    assert document is not None
    return draw(
        "card_name.html",
        status=status_of(refusal),
        bank=found.bank,
        forms=found.forms,
        last_four=number[-4:],
        document_tail=document.number_tail,
        phone=phone,
        typed=forms.kept(form),
        chosen=_chosen(form, found.forms[0].text),
        close=refusal.detail["name_form"] if isinstance(refusal, NameFormClose) else "",
        card_id=forms.own_id(request, "crd", form, "card_id", refusal),
        refusal=shown(refusal),
    )


def _chosen(form: Form, first: str) -> str:
    """The choice shown: as it was, but for a text that was typed since, which stands for itself."""
    if field(form, "name_typed") not in ("", field(form, "name_shown")):
        return ""
    return form.get("name_form", first)


async def _card_page(
    request: Asked, card_id: str, refusal: QianbaoError | None = None
) -> Response[Any]:
    services = services_of(request)
    async with services.pool.connection() as conn:
        card = await get_card(conn, holder(request), card_id)
        why = await refusal_of(conn, card) if card.state == "refused" else None
    return draw(
        "card.html",
        status=status_of(refusal),
        card=card,
        bank=bank_name(card),
        just_linked=request.query_params.get("linked") == "1",
        sent=request.query_params.get("sent", ""),
        wait_seconds=services.settings.code_wait_seconds,
        refusal=shown(refusal or why),
    )


async def _unlink_page(
    request: Asked, card_id: str, refusal: QianbaoError | None = None
) -> Response[Any]:
    services, now = services_of(request), of(request).now
    async with services.pool.connection() as conn:
        preview = await unlink_preview(conn, wallet_id=holder(request), card_id=card_id)
        then = await after_unlinking(
            conn,
            await services.policies.current(conn),
            services.settings,
            wallet_id=holder(request),
            bank=preview.card.bank,
            now=now,
        )
    balance = (await read_standing(request, "withdraw")).balance
    return draw(
        "card_unlink.html",
        status=status_of(refusal),
        preview=preview,
        bank=bank_name(preview.card),
        left=[_text(bank) for bank in preview.banks_after],
        at_once=[coming_block(one, balance.currency, now) for one in then.blocks if one.at <= now],
        later=[coming_block(one, balance.currency, now) for one in then.blocks if one.at > now],
        limits=[coming_block(one, balance.currency, now) for one in then.limits],
        loses_exit=balance if balance.amount_minor and not preview.banks_after else None,
        refusal=shown(refusal),
    )


def _opened(request: Asked) -> str | None:
    """The sealed card number, if it is this holder's and fresh."""
    words = unseal(request, request.cookies.get(CARD_COOKIE, ""), "card")
    return words["card_number"] if words else None


def _text(bank: str) -> Text:
    found = get_bank(bank)
    return Text(found.en, found.zh)


SCREENS = Router(
    path="/",
    route_handlers=[
        cards,
        add,
        take_number,
        name_page,
        link,
        card_page,
        confirm,
        back_to_card,
        another_code,
        discard,
        back_to_cards,
        dismiss,
        before_unlinking,
        unlink,
    ],
)

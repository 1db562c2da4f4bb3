"""The wallet: its balance and standing, topping up, withdrawing, and what became of an order."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from qianbao import money
from qianbao.banks.cards import Card, list_cards
from qianbao.banks.directory import get_bank
from qianbao.errors import QianbaoError
from qianbao.ids import check_id
from qianbao.leaving.reopen import earlier_wallets, reopen
from qianbao.payments.bank_orders import BankOrder, find_order
from qianbao.payments.top_up import TopUp
from qianbao.payments.top_up import top_up as top_up_now
from qianbao.payments.withdraw import Withdraw
from qianbao.payments.withdraw import withdraw as withdraw_now
from qianbao.payscore.switch import pay_score
from qianbao.wallets.profile import wallet
from qianbao.web import forms
from qianbao.web.blocked import blocked, told, withdrawing_less
from qianbao.web.code_asked import move
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.i18n import Text
from qianbao.web.pins import authorize_form
from qianbao.web.refused_form import refused
from qianbao.web.standing import standing_of, status_of
from qianbao.web.visit import Asked, holder, of, services_of


class CardChoice(msgspec.Struct, frozen=True):
    """A linked card as one of several to choose from."""

    card_id: str
    last_four: str
    bank_name: Text


@get("/me/pay/wallet")
async def wallet_page(request: Asked) -> Response[Any]:
    """Balance, standing with every way out, and what was found of an earlier wallet."""
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        cards = await list_cards(conn, wallet_id)
        switched = await pay_score(conn, wallet_id=wallet_id)
        earlier = await earlier_wallets(conn, wallet_id=wallet_id)
    return draw(
        "wallet.html",
        wallet=profile,
        cards=sum(card.state == "linked" for card in cards),
        pay_score_on=switched is not None and switched.disabled_at is None,
        earlier=[one for one in earlier if one.reopened_at is None],
        standing=await standing_of(request),
    )


@get("/me/pay/wallet/balance")
async def balance(request: Asked) -> Response[Any]:
    """The balance alone, for a page that keeps itself up to date."""
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, holder(request))
    return draw("wallet_balance.html", wallet=profile)


@post("/me/pay/wallet/history")
async def bring_back(request: Asked) -> Response[Any]:
    """Brings the history of closed wallets into this one."""
    async with services_of(request).pool.connection() as conn:
        await reopen(conn, wallet_id=holder(request), now=of(request).now)
    return Redirect("/me/pay/transactions", status_code=303)


@get("/me/pay/wallet/top-up")
async def top_up(request: Asked) -> Response[Any]:
    """Money from a card."""
    return await _top_up(request, *refused(request))


@post("/me/pay/wallet/top-up")
async def ask_top_up(request: Asked) -> Response[Any]:
    """Records the order, or asks for a code before; the bank is asked by a job."""
    form = await forms.read(request)
    return await move(request, form, "top_up", top_up_as_typed, partial(_top_up, request))


async def top_up_as_typed(request: Asked, form: Form) -> Redirect:
    """Records the order that the form asks for, with the PIN or the code in it, and leads to it.
    Raises what `authorize` and `payments.top_up` raise."""
    services, wallet_id = services_of(request), holder(request)
    async with services.pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
    amount = money.read_to_move(field(form, "amount"), profile.currency)
    order_id = check_id(field(form, "order_id"), "ord")
    wish = TopUp(wallet_id, order_id, order_id, field(form, "card_id"), amount)
    authorized = await authorize_form(request, form, wish)
    order = await top_up_now(services.clearing, authorized.wish)
    return Redirect(f"/me/pay/wallet/orders/{order.order_id}", status_code=303)


@get("/me/pay/wallet/withdraw")
async def withdraw(request: Asked) -> Response[Any]:
    """Money to a card."""
    return await _withdraw(request, *refused(request))


@post("/me/pay/wallet/withdraw")
async def ask_withdrawal(request: Asked) -> Response[Any]:
    """Holds the money and records the order, or asks for a code before; the bank is asked by a
    job."""
    form = await forms.read(request)
    return await move(request, form, "withdraw", withdraw_as_typed, partial(_withdraw, request))


async def withdraw_as_typed(request: Asked, form: Form) -> Redirect:
    """Records the order that the form asks for, with the PIN or the code in it, and leads to it.
    Raises what `authorize` and `payments.withdraw` raise."""
    services, wallet_id = services_of(request), holder(request)
    async with services.pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
    everything, typed = field(form, "all") == "1", field(form, "amount")
    amount = None if everything else money.read_to_move(typed, profile.currency)
    order_id, card_id = check_id(field(form, "order_id"), "ord"), field(form, "card_id")
    wish = Withdraw(wallet_id, order_id, order_id, card_id, amount, profile.currency)
    authorized = await authorize_form(request, form, wish)
    order = await withdraw_now(services.clearing, authorized.wish)
    return Redirect(f"/me/pay/wallet/orders/{order.order_id}", status_code=303)


@get("/me/pay/wallet/orders/{order_id:str}")
async def order_page(request: Asked, order_id: FromPath[str]) -> Response[Any]:
    """What became of a top-up or a withdrawal."""
    return await _order(request, order_id, "order.html")


@get("/me/pay/wallet/orders/{order_id:str}/state")
async def order_state(request: Asked, order_id: FromPath[str]) -> Response[Any]:
    """The same alone, for a page that keeps itself up to date."""
    return await _order(request, order_id, "order_state.html")


async def _top_up(request: Asked, form: Form, refusal: QianbaoError | None = None) -> Response[Any]:
    async with services_of(request).pool.connection() as conn:
        cards = await list_cards(conn, holder(request))
    return draw(
        "top_up.html",
        status=status_of(refusal),
        cards=_choices(cards),
        typed=forms.kept(form),
        order_id=forms.own_id(request, "ord", form, "order_id", refusal),
        refusal=await told(request, refusal),
        blocked=None if refusal else await blocked(request, "top_up"),
    )


async def _withdraw(
    request: Asked, form: Form, refusal: QianbaoError | None = None
) -> Response[Any]:
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        cards = await list_cards(conn, wallet_id)
    withdrawable = (await standing_of(request)).withdrawable
    return draw(
        "withdraw.html",
        status=status_of(refusal),
        wallet=profile,
        cards=_choices(cards),
        withdrawable=withdrawable,
        typed=forms.kept(form),
        order_id=forms.own_id(request, "ord", form, "order_id", refusal),
        refusal=withdrawing_less(refusal, withdrawable) or await told(request, refusal),
        blocked=None if refusal else await blocked(request, "withdraw"),
    )


async def _order(request: Asked, order_id: str, template: str) -> Response[Any]:
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        found: BankOrder = await find_order(conn, wallet_id=wallet_id, order_id=order_id)
        cards = {card.card_id: card for card in await list_cards(conn, wallet_id)}
    bank = get_bank(found.bank)
    return draw(
        template, order=found, bank_name=Text(bank.en, bank.zh), card=cards.get(found.card_id)
    )


def _choices(cards: tuple[Card, ...]) -> list[CardChoice]:
    linked = [card for card in cards if card.state == "linked"]
    return [CardChoice(card.card_id, card.last_four, bank_name(card)) for card in linked]


def bank_name(card: Card) -> Text:
    """The bank of a card, in both languages."""
    bank = get_bank(card.bank)
    return Text(bank.en, bank.zh)


SCREENS = Router(
    path="/",
    route_handlers=[
        wallet_page,
        balance,
        bring_back,
        top_up,
        ask_top_up,
        withdraw,
        ask_withdrawal,
        order_page,
        order_state,
    ],
)

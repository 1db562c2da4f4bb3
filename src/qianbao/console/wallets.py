"""A wallet looked up by phone, everything an operator may know about it, and legal holds.

Numbers of documents, cards and phones are shown by their tails only; every look is recorded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect

from qianbao.banks.cards import list_cards
from qianbao.banks.directory import get_bank
from qianbao.console.access import who
from qianbao.console.render import Asked, language_of, page
from qianbao.db.queries import Connection
from qianbao.errors import Language, QianbaoError
from qianbao.identity.documents import Document, list_documents
from qianbao.ids import new_id
from qianbao.leaving.counterparties import kind_words
from qianbao.leaving.history import transactions
from qianbao.names import display
from qianbao.policy.facts import FACTS, Fact, Situation, facts_at
from qianbao.policy.sentences import show_value
from qianbao.rollouts import oversight
from qianbao.rollouts.population import holds_to_approve
from qianbao.wallets.cases import list_cases
from qianbao.wallets.holds import list_legal_holds
from qianbao.wallets.profile import Wallet
from qianbao.wallets.situation import read_situation
from qianbao.wallets.standing import standing

HISTORY_ROWS = 25


class HoldForm(msgspec.Struct):
    reference: str


HoldData = Annotated[HoldForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/wallets")
async def wallet_search(request: Asked, phone: FromQuery[str] = "") -> Response[Any]:
    """The search, or the latest wallet of `phone`: the address then names the wallet, not the
    phone, so that neither logs nor the browser keep the number."""
    services = request.app.state.services
    error: QianbaoError | None = None
    async with services.pool.connection() as conn:
        try:
            found = await _find(request, conn, phone) if phone else []
        except QianbaoError as refused:
            error, found = refused, []
        if found:
            return Redirect(f"/console/wallets/{found[0].wallet_id}", status_code=303)
        waiting = await holds_to_approve(conn)
    status = error.status if error else 200
    return page(request, "wallets.html", status=status, phone=phone, error=error, holds=waiting)


@get("/wallets/{wallet_id:str}")
async def wallet_page(request: Asked, wallet_id: FromPath[str]) -> Response[Any]:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        wallet = await oversight.look_at(conn, wallet_id=wallet_id, operator=who(request), now=now)
        free_minor = services.settings.withdrawal_free_minor
        situation = await read_situation(conn, wallet_id=wallet_id, now=now, free_minor=free_minor)
        policies = await services.policies.current(conn)
        stands = await standing(conn, policies, services.settings, wallet_id=wallet_id, now=now)
        documents = await list_documents(conn, wallet_id)
        cards = await list_cards(conn, wallet_id)
        history = await transactions(conn, wallet_id=wallet_id, limit=HISTORY_ROWS)
        cases = await list_cases(conn, wallet_id)
        legal_holds = await list_legal_holds(conn, wallet_id)
    return page(
        request,
        "wallet.html",
        wallet=wallet,
        name=_holder_name(documents),
        standing=stands,
        facts=list(shown_facts(situation, now, language_of(request))),
        documents=documents,
        cards=[(card, get_bank(card.bank)) for card in cards],
        transactions=[(each, kind_words(each.kind)) for each in history.items],
        cases=cases,
        holds=legal_holds,
    )


@post("/wallets/{wallet_id:str}/legal-holds")
async def enter_hold(request: Asked, wallet_id: FromPath[str], data: HoldData) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await oversight.enter_hold(
            conn,
            wallet_id=wallet_id,
            legal_hold_id=new_id("leg", now),
            reference=data.reference,
            operator=who(request),
            now=now,
        )
    return _back_to(wallet_id)


@post("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/approval")
async def approve_hold(
    request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]
) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await oversight.approve_hold(
            conn, wallet_id=wallet_id, legal_hold_id=hold_id, operator=who(request), now=now
        )
    return _back_to(wallet_id)


@post("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/lifting")
async def lift_hold(request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await oversight.lift_hold(
            conn, wallet_id=wallet_id, legal_hold_id=hold_id, operator=who(request), now=now
        )
    return _back_to(wallet_id)


def shown_facts(situation: Situation, now: datetime, language: Language) -> list[tuple[Fact, str]]:
    """Each fact that rules may read, with its value in words."""
    facts = facts_at(situation, now)
    return [
        (fact, show_value(facts[name], fact.unit, currency=situation.currency, language=language))
        for name, fact in FACTS.items()
        if fact.changes != "request"
    ]


async def _find(request: Asked, conn: Connection, phone: str) -> list[Wallet]:
    services = request.app.state.services
    return await oversight.find_wallets(
        conn, services.keys, phone=phone, operator=who(request), now=services.clock()
    )


def _holder_name(documents: list[Document]) -> str:
    return display(documents[0].legal_name) if documents else ""


def _back_to(wallet_id: str) -> Redirect:
    return Redirect(f"/console/wallets/{wallet_id}#holds", status_code=303)

"""A wallet looked up by phone, and everything an operator may know about it.

Numbers of documents, cards and phones are shown by their tails only; every look is recorded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.banks.cards import Card, list_cards, list_refused
from qianbao.banks.directory import Bank, get_bank
from qianbao.console.access import who
from qianbao.console.render import Asked, language_of, page
from qianbao.errors import Language, QianbaoError
from qianbao.identity.documents import Document, list_documents
from qianbao.leaving.counterparties import kind_words
from qianbao.leaving.history import transactions
from qianbao.names import display
from qianbao.names.reasons import REASONS, Reason, ReasonCode
from qianbao.payments.decisions import list_decisions
from qianbao.policy.facts import FACTS, Fact, Situation, facts_at
from qianbao.policy.reach import can_be_exempted
from qianbao.policy.sentences import show_value
from qianbao.rollouts import oversight
from qianbao.rollouts.exemptions import exemptions_waiting, list_exemptions
from qianbao.rollouts.name_changes import list_name_changes, name_changes_waiting
from qianbao.rollouts.population import holds_waiting
from qianbao.rollouts.set_aside import can_be_set_aside
from qianbao.wallets.cases import list_cases
from qianbao.wallets.holds import list_legal_holds
from qianbao.wallets.profile import Wallet
from qianbao.wallets.situation import read_situation
from qianbao.wallets.standing import standing

HISTORY_ROWS = 25


class SearchForm(msgspec.Struct):
    phone: str


SearchData = Annotated[SearchForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


class DocumentSearchForm(msgspec.Struct):
    number: str


DocumentSearchData = Annotated[DocumentSearchForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/wallets")
async def wallet_search(request: Asked) -> Response[Any]:
    """The search, and the legal holds that wait for a second operator."""
    return await _search(request, phone="", found=[], error=None)


@post("/wallets", status_code=200)
async def find_wallet(request: Asked, data: SearchData) -> Response[Any]:
    """The wallet of a phone, or a choice when it has had several. The phone is in the form and not
    in the address, so that neither logs nor the browser keep the number."""
    services = request.app.state.services
    try:
        async with services.pool.connection() as conn:
            found = await oversight.find_wallets(
                conn,
                services.keys,
                phone=data.phone,
                operator=who(request),
                now=services.clock(),
            )
    except QianbaoError as refused:
        return await _search(request, phone=data.phone, found=[], error=refused)
    if len(found) == 1:
        return Redirect(f"/console/wallets/{found[0].wallet_id}", status_code=303)
    return await _search(request, phone=data.phone, found=found, error=None)


@post("/documents", status_code=200)
async def find_document(request: Asked, data: DocumentSearchData) -> Response[Any]:
    """The wallets that show a document of that number now; like a phone, it is in the form."""
    services = request.app.state.services
    async with services.pool.connection() as conn:
        found = await oversight.find_wallets_showing(
            conn,
            services.keys,
            number=data.number,
            operator=who(request),
            now=services.clock(),
        )
    if len(found) == 1:
        address = f"/console/wallets/{found[0].wallet_id}#documents"
        return Redirect(address, status_code=303)
    return await _search(request, phone="", found=found, error=None, shown_nowhere=not found)


async def _search(
    request: Asked,
    *,
    phone: str,
    found: list[Wallet],
    error: QianbaoError | None,
    shown_nowhere: bool = False,
) -> Response[Any]:
    async with request.app.state.services.pool.connection() as conn:
        holds = await holds_waiting(conn)
        exemptions = await exemptions_waiting(conn)
        name_changes = await name_changes_waiting(conn)
    return page(
        request,
        "wallets.html",
        status=error.status if error else 200,
        phone=phone,
        found=found,
        shown_nowhere=shown_nowhere,
        error=error,
        holds=holds,
        exemptions=exemptions,
        name_changes=name_changes,
    )


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
        turned_down = await list_refused(conn, wallet_id=wallet_id, now=now)
        history = await transactions(conn, wallet_id=wallet_id, limit=HISTORY_ROWS)
        cases = await list_cases(conn, wallet_id)
        legal_holds = await list_legal_holds(conn, wallet_id)
        exemptions = await list_exemptions(conn, wallet_id)
        name_changes = await list_name_changes(conn, wallet_id)
        decisions = await list_decisions(conn, wallet_id=wallet_id)
        can_set_aside = await can_be_set_aside(conn, wallet_id)
    return page(
        request,
        "wallet.html",
        wallet=wallet,
        name=_holder_name(documents),
        standing=stands,
        facts=list(shown_facts(situation, now, language_of(request))),
        can_set_aside=can_set_aside,
        documents=[(document, display(document.legal_name)) for document in documents],
        cards=[_card(card) for card in (*cards, *(one.card for one in turned_down))],
        transactions=[(each, kind_words(each.kind)) for each in history.items],
        cases=cases,
        holds=legal_holds,
        exemptions=exemptions,
        name_changes=name_changes,
        exemptible=[policy for policy in policies if can_be_exempted(policy)],
        decisions=decisions,
    )


@get("/decisions/{decision_id:str}")
async def decision_page(request: Asked, decision_id: FromPath[str]) -> Response[Any]:
    """One logged decision, and what comes out when it is taken again."""
    services = request.app.state.services
    async with services.pool.connection() as conn:
        found = await oversight.look_at_decision(
            conn, decision_id=decision_id, operator=who(request), now=services.clock()
        )
    return page(request, "decision.html", logged=found.logged, replayed=found.replayed, known=FACTS)


def shown_facts(situation: Situation, now: datetime, language: Language) -> list[tuple[Fact, str]]:
    """Each fact that rules may read, with its value in words."""
    facts = facts_at(situation, now)
    return [
        (fact, show_value(facts[name], fact.unit, currency=situation.currency, language=language))
        for name, fact in FACTS.items()
        if fact.changes != "request"
    ]


def _card(card: Card) -> tuple[Card, Bank, Reason | None]:
    """The card, its bank, and how a spelling that was typed compared with the document's name."""
    return card, get_bank(card.bank), REASONS.get(cast(ReasonCode, card.name_reason))


def _holder_name(documents: list[Document]) -> str:
    """Of the document that counts now; "" where none does."""
    return next((display(one.legal_name) for one in documents if not one.superseded_at), "")

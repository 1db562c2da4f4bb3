"""Banks, how they print a name, and the holder's cards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import LINKING, refuses
from qianbao.banks import directory
from qianbao.banks.cards import (
    Card,
    bank_was_shown,
    confirm_card,
    link_card,
    list_cards,
    name_forms,
    send_code_again,
    unlink_card,
    unlink_preview,
)
from qianbao.ids import id_from_key
from qianbao.names import NameForm, NameProfile
from qianbao.policy.decide import Coming
from qianbao.wallets.sessions import Session
from qianbao.wallets.unlinking import after_unlinking


class BankView(msgspec.Struct):
    """A bank of the directory, and how it writes names, as far as is known."""

    bank: str
    name_en: str
    name_zh: str
    name_profile: NameProfile


class NameFormsView(msgspec.Struct):
    """How a bank would print the holder's name, the likeliest first. Shown, never tried out."""

    bank: BankView
    forms: list[NameForm]


class LinkCard(msgspec.Struct, forbid_unknown_fields=True):
    """The four elements: name and document are the wallet's; card number and the phone the bank
    knows come here. The number goes to the bank and is kept nowhere. `name_form` is the bank's own
    spelling, when the holder knows it; one that is only close to the name on the document is asked
    about first (`name_form_close`), and sent with that spelling as `confirmed_close`, too."""

    card_number: Annotated[str, Meta(min_length=1, max_length=32)]
    phone: Annotated[str, Meta(min_length=3, max_length=32)]
    name_form: Annotated[str, Meta(max_length=200)] | None = None
    confirmed_close: Annotated[str, Meta(max_length=200)] = ""


class ConfirmCard(msgspec.Struct, forbid_unknown_fields=True):
    """The code that the bank sent by text message."""

    code: Annotated[str, Meta(min_length=1, max_length=12)]


class CardView(msgspec.Struct):
    """A card: the bank, the last four digits, and the spelling that the bank was asked with."""

    card_id: str
    bank: str
    bank_en: str
    bank_zh: str
    last_four: str
    state: str
    result: str
    name_form: str
    name_verdict: str
    name_reason: str
    name_confirmed: bool
    phone_tail: str
    created_at: datetime
    linked_at: datetime | None
    unlinked_at: datetime | None


class UnlinkView(msgspec.Struct):
    """What unlinking would change: the banks that confirm the holder, before and after, and which
    rules would then block what, and from when, and which limits then apply."""

    card: CardView
    banks_before: list[str]
    banks_after: list[str]
    only_card_of_bank: bool
    then_blocked: list[Coming]
    then_limited: list[Coming]


def _bank(found: directory.Bank) -> BankView:
    return BankView(found.code, found.en, found.zh, found.name)


def _card(card: Card) -> CardView:
    bank = directory.get_bank(card.bank)
    return CardView(
        card_id=card.card_id,
        bank=card.bank,
        bank_en=bank.en,
        bank_zh=bank.zh,
        last_four=card.last_four,
        state=card.state,
        result=card.result,
        name_form=card.name_form,
        name_verdict=card.name_verdict,
        name_reason=card.name_reason,
        name_confirmed=card.name_confirmed,
        phone_tail=card.phone_tail,
        created_at=card.created_at,
        linked_at=card.linked_at,
        unlinked_at=card.unlinked_at,
    )


@get("/banks", security=[{}])
async def list_banks() -> list[BankView]:
    """List banks

    The banks whose cards can be linked, and how each is known to print names.
    """
    return [_bank(bank) for bank in directory.directory().banks]


@get("/banks/{bank:str}/name-forms", opt=refuses("bank_unknown", "document_needed"))
async def show_name_forms(request: Asked, holder: Session, bank: str) -> NameFormsView:
    """Show how a bank would print the name

    The likeliest first, each with how sure that is. Nothing is tried out at the bank.
    """
    async with services(request).pool.connection() as conn:
        found = await name_forms(conn, wallet_id=holder.wallet_id, bank=bank)
    return NameFormsView(_bank(found.bank), list(found.forms))


@post("/banks/{bank:str}/document-updates", status_code=204, opt=refuses("bank_unknown"))
async def bank_updated(request: Asked, holder: Session, bank: str) -> None:
    """Say that a bank has the present document

    After it was shown there: the bank is no longer one of those that hold an older number. If it
    still is, its next refusal says so.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        await bank_was_shown(conn, holder.wallet_id, bank, own.now())


@post("/cards", status_code=201, opt=refuses("wallet_closed", *LINKING))
async def link(request: Asked, holder: Session, key: str, data: LinkCard) -> CardView:
    """Link a card

    Has the bank compare the four elements: card number, phone, and the wallet's own name and
    document. On a match the bank texts a code to that phone; hand it in to link the card. Banks
    count checks, so no spelling is ever tried out.
    """
    own = services(request)
    card = await link_card(
        own.pool,
        own.gateway,
        own.keys,
        own.settings,
        wallet_id=holder.wallet_id,
        card_id=id_from_key("crd", holder.wallet_id, key),
        card_number=data.card_number,
        phone=data.phone,
        name_form=data.name_form,
        confirmed_close=data.confirmed_close,
        now=own.now(),
    )
    return _card(card)


@post(
    "/cards/{card_id:str}/confirm",
    status_code=200,
    opt=refuses(
        "card_unknown",
        "card_code_unreadable",
        "card_for_no_wallet",
        "card_not_awaiting_code",
        "card_code_wrong",
        "card_code_tries",
        "card_code_expired",
        "card_of_earlier_document",
        "document_needed",
        "document_expired",
        "document_of_another_person",
        "card_already_linked",
        "too_many_cards",
        "bank_silent",
        "bank_unreachable",
        "bank_misunderstood",
        "wallet_closed",
    ),
)
async def confirm(request: Asked, holder: Session, card_id: str, data: ConfirmCard) -> CardView:
    """Hand in the bank's code

    Links the card. When the bank does not answer, hand in the same code again.
    """
    own = services(request)
    card = await confirm_card(
        own.pool,
        own.gateway,
        own.keys,
        wallet_id=holder.wallet_id,
        card_id=card_id,
        code=data.code,
        now=own.now(),
    )
    return _card(card)


@post(
    "/cards/{card_id:str}/code",
    status_code=200,
    opt=refuses(
        "card_unknown",
        "card_for_no_wallet",
        "card_not_awaiting_code",
        "card_code_too_soon",
        "card_codes_used_up",
        "card_code_tries",
        "card_code_expired",
        "bank_silent",
        "bank_unreachable",
        "bank_misunderstood",
    ),
)
async def send_code(request: Asked, holder: Session, card_id: str) -> CardView:
    """Have the bank send a new code

    The code before it is void. That is no new check of the card; how often, and how soon after the
    last, is bounded.
    """
    own = services(request)
    card = await send_code_again(
        own.pool,
        own.gateway,
        own.settings,
        wallet_id=holder.wallet_id,
        card_id=card_id,
        now=own.now(),
    )
    return _card(card)


@get("/cards")
async def cards(request: Asked, holder: Session) -> list[CardView]:
    """List cards

    Linked cards, and those being linked.
    """
    async with services(request).pool.connection() as conn:
        return [_card(card) for card in await list_cards(conn, holder.wallet_id)]


@get("/cards/{card_id:str}/unlink-preview", opt=refuses("card_unknown", "card_link_missing"))
async def preview(request: Asked, holder: Session, card_id: str) -> UnlinkView:
    """Show what unlinking would change

    The banks that confirm the holder, before and after, every rule that would block something
    because of it, at once or later, and the limits that would apply; nothing is done.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        found = await unlink_preview(conn, wallet_id=holder.wallet_id, card_id=card_id)
        then = await after_unlinking(
            conn,
            await own.policies.current(conn),
            own.settings,
            wallet_id=holder.wallet_id,
            bank=found.card.bank,
            now=own.now(),
        )
    return UnlinkView(
        _card(found.card),
        list(found.banks_before),
        list(found.banks_after),
        found.only_card_of_bank,
        list(then.blocks),
        list(then.limits),
    )


@delete(
    "/cards/{card_id:str}",
    status_code=200,
    opt=refuses("card_unknown", "card_for_no_wallet", "card_link_missing", "bank_order_in_flight"),
)
async def unlink(request: Asked, holder: Session, card_id: str) -> CardView:
    """Unlink a card

    Ends the bank's agreement, too. Linking that is not finished is given up. Sent again, nothing
    more happens.
    """
    own = services(request)
    card = await unlink_card(
        own.pool,
        own.gateway,
        own.keys,
        wallet_id=holder.wallet_id,
        card_id=card_id,
        now=own.now(),
    )
    return _card(card)


ROUTES = (
    list_banks, show_name_forms, bank_updated, link, confirm, send_code, cards, preview, unlink
)  # fmt: skip

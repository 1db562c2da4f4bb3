"""Seeding the demo: the cast walks the real verbs, at the dates on which it would have.

Nothing is written that a person could not have done through the screens, but for the shops, the
operators and the sandbox banks' own books. Seeding twice does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from qianbao.banks.cards import confirm_card, link_card
from qianbao.cast import (
    CAST,
    LONG_AGO,
    OPERATOR_PASSWORD,
    OPERATORS,
    PIN,
    SHOPS,
    TODAY,
    BankCard,
    Passport,
    Person,
    Shop,
)
from qianbao.clock import MovableClock
from qianbao.db import clock as sandbox_clock
from qianbao.db.jobs import tell_what_today_brings
from qianbao.http_client import HttpTrouble
from qianbao.identity.documents import DocumentSubmission, add_document
from qianbao.identity.identity_data import GivenData
from qianbao.ids import id_from_key
from qianbao.installation import prepare
from qianbao.mandates import approve_plan, sign
from qianbao.money import Money
from qianbao.payments.ask_bank import ask_bank
from qianbao.payments.merchants import add_merchant, ask_payment
from qianbao.payments.pay import Pay, pay
from qianbao.payments.top_up import TopUp, top_up
from qianbao.payscore import enable
from qianbao.rollouts.operators import DEMO, create_operator
from qianbao.services import Services, open_services
from qianbao.settings import Settings
from qianbao.wallets.codes import start_signup
from qianbao.wallets.signup import confirm_signup
from qianbao.worker import drain

Progress = Callable[[str], None]


class SandboxSilent(RuntimeError):
    """The sandbox banks did not take what the seed needs them to know."""


async def seed(settings: Settings, progress: Progress = lambda _: None) -> bool:
    """Seeds the demo. False when it had been seeded before."""
    async with open_services(settings) as services:
        clock = services.clock
        if not isinstance(clock, MovableClock):
            raise ValueError("only the sandbox is seeded")
        async with services.pool.connection() as conn:
            cursor = await conn.execute("SELECT 1 FROM operators LIMIT 1")
            if await cursor.fetchone() is not None:
                return False
            await sandbox_clock.start_at(conn, clock, LONG_AGO)
        progress("Policies, banks and shops")
        async with services.pool.connection() as conn:
            await prepare(conn, now=services.now())
        for shop in SHOPS:
            await _open_shop(services, shop)
        for person in CAST:
            progress(f"{person.name} signs up and links cards")
            await _move_in(services, person)
        async with services.pool.connection() as conn:
            await sandbox_clock.move(conn, clock, TODAY)
        for person in CAST:
            if person.earlier_passport is not None:
                await _renew(services, person)
        async with services.pool.connection() as conn:
            for name in OPERATORS:
                await create_operator(
                    conn, operator_id=id_from_key("opr", "seed", name), name=name,
                    password=OPERATOR_PASSWORD, by=DEMO, now=services.now(),
                )  # fmt: skip
            await tell_what_today_brings(conn)
        await drain(services)
    return True


async def _open_shop(services: Services, shop: Shop) -> None:
    now = services.now()
    async with services.pool.connection() as conn:
        await add_merchant(
            conn, merchant_id=shop.merchant_id, name_en=shop.name_en,
            name_zh=shop.name_zh, api_key=shop.api_key, now=now,
        )  # fmt: skip
        if shop.per_charge_minor:
            await approve_plan(
                conn, merchant_id=shop.merchant_id, plan_id=shop.plan_id, title_en=shop.plan_en,
                title_zh=shop.plan_zh, per_charge=Money(shop.per_charge_minor),
                most_minor=services.settings.mandate_per_charge_minor, now=now,
            )  # fmt: skip


async def _move_in(services: Services, person: Person) -> None:
    await tell_sandbox(services, person)
    wallet_id = await _sign_up(services, person)
    await _show(services, wallet_id, person, person.earlier_passport or person.passport)
    linked = [card for card in person.cards if card.linked]
    for card in linked:
        await _link(services, wallet_id, person, card)
    if person.top_up_minor:
        await _fill(services, wallet_id, linked[0], person)
    async with services.pool.connection() as conn:
        for shop in [shop for shop in SHOPS if shop.per_charge_minor][: person.mandates]:
            mandate_id = id_from_key("man", wallet_id, shop.merchant_id)
            await sign(
                conn, wallet_id=wallet_id, mandate_id=mandate_id, merchant_id=shop.merchant_id,
                plan_id=shop.plan_id, now=services.now(),
            )  # fmt: skip
        if person.pay_score:
            await enable(conn, wallet_id=wallet_id, now=services.now())


async def tell_sandbox(services: Services, person: Person) -> None:
    """The banks and registers of the sandbox learn about this person."""
    shown = person.earlier_passport or person.passport
    await _tell_registers(services, person, shown)
    for bank in dict.fromkeys(card.bank for card in person.cards):
        cards = [card for card in person.cards if card.bank == bank]
        await _post(services, "/sandbox/customers", {
            "bank": bank, "printed_name": person.printed_name(bank), "document_kind": "passport",
            "document_number": shown.number, "phone": person.phone,
            "balance_minor": sum(card.balance_minor for card in cards),
            "cards": [card.number for card in cards],
        })  # fmt: skip


async def _tell_registers(services: Services, person: Person, passport: Passport) -> None:
    known = {"document_number": passport.number, "names": [passport.name_in_registers]}
    await _post(services, "/sandbox/registers/immigration", {"document_kind": "passport", **known})
    await _post(services, "/sandbox/registers/mobile", {"phone": person.phone, **known})


async def _post(services: Services, path: str, body: dict[str, Any]) -> None:
    try:
        await services.gateway_http.ask("POST", path, msgspec.Raw, body)
    except HttpTrouble as trouble:
        raise SandboxSilent(f"{path}: {trouble!r}") from trouble


async def _last_code(services: Services, phone: str) -> str:
    """The six digits of the newest message on the sandbox's phone."""
    path = f"/sandbox/phones/{phone}/messages"
    messages = await services.gateway_http.ask("GET", path, list[dict[str, Any]])
    text: str = messages[0]["text"]
    return next(word for word in _words(text) if len(word) == 6 and word.isdigit())


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isdigit() else " " for letter in text).split()


async def _sign_up(services: Services, person: Person) -> str:
    now = services.now()
    signup_id = id_from_key("sig", "seed", person.phone)
    await start_signup(
        services.pool, services.keys, services.settings, signup_id=signup_id, phone=person.phone,
        language="en", now=now,
    )  # fmt: skip
    await drain(services)
    signed_in = await confirm_signup(
        services.pool, services.keys, services.settings, signup_id=signup_id,
        code=await _last_code(services, person.phone), pin=PIN,
        wallet_id=id_from_key("wal", "seed", person.phone), now=services.now(),
    )  # fmt: skip
    return signed_in.wallet_id


async def _show(services: Services, wallet_id: str, person: Person, passport: Passport) -> None:
    async with services.pool.connection() as conn:
        await add_document(
            conn, services.keys, wallet_id=wallet_id,
            document_id=id_from_key("doc", wallet_id, passport.number),
            submission=DocumentSubmission(kind="passport", mrz=passport.mrz),
            given=GivenData(occupation=person.occupation, address=person.address),
            now=services.now(),
        )  # fmt: skip
    await drain(services)


async def _link(services: Services, wallet_id: str, person: Person, card: BankCard) -> None:
    card_id = id_from_key("crd", wallet_id, card.number)
    await link_card(
        services.pool, services.gateway, services.keys, services.settings, wallet_id=wallet_id,
        card_id=card_id, card_number=card.number, phone=person.phone, name_form=None,
        now=services.now(),
    )  # fmt: skip
    await confirm_card(
        services.pool, services.gateway, services.keys, wallet_id=wallet_id, card_id=card_id,
        code=await _last_code(services, person.phone), now=services.now(),
    )  # fmt: skip


async def _fill(services: Services, wallet_id: str, card: BankCard, person: Person) -> None:
    """Tops up, and spends a little at the tea house, so that there is a history to keep."""
    tea_minor = 2_800
    order_id = id_from_key("ord", wallet_id, "seed")
    await top_up(services.clearing, TopUp(
        wallet_id=wallet_id, key="seed", order_id=order_id,
        card_id=id_from_key("crd", wallet_id, card.number),
        amount=Money(person.top_up_minor + tea_minor),
    ))  # fmt: skip
    await ask_bank(
        services.pool, services.clearing, services.gateway, services.keys, wallet_id=wallet_id,
        order_id=order_id, now=services.now(),
    )  # fmt: skip
    shop = SHOPS[-1]
    payment_id = id_from_key("pay", wallet_id, "tea")
    async with services.pool.connection() as conn:
        await ask_payment(
            conn, merchant_id=shop.merchant_id, payment_id=payment_id, amount=Money(tea_minor),
            merchant_reference=f"table {person.phone[-1]}", description="Green tea · 绿茶",
            now=services.now(),
        )  # fmt: skip
    await pay(services.clearing, Pay(
        wallet_id=wallet_id, key="seed-tea", merchant_id=shop.merchant_id, payment_id=payment_id,
        amount=Money(tea_minor),
    ))  # fmt: skip


async def _renew(services: Services, person: Person) -> None:
    """The new passport, shown here and at the banks that were told of it."""
    await _tell_registers(services, person, person.passport)
    wallet_id = id_from_key("wal", "seed", person.phone)
    await _show(services, wallet_id, person, person.passport)
    for card in person.cards:
        if card.document_number == person.passport.number:
            await _post(services, "/sandbox/counter", {
                "bank": card.bank, "card_number": card.number,
                "document_number": person.passport.number,
            })  # fmt: skip

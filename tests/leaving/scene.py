"""What the stories of leaving start from: a wallet whose holder has shown a document and linked a
card, bank orders, and money that came and went."""

from __future__ import annotations

from datetime import datetime

from qianbao.ids import new_id
from tests.mandates.scene import (
    ANNA,
    BANK,
    KEYS,
    NOW,
    Connection,
    a_wallet,
    move,
)


async def verify(
    conn: Connection, wallet_id: str, person_id: str, now: datetime = NOW, bank: str = "ICBC"
) -> str:
    """The holder's passport was seen and a card of `bank` linked; gives the card's id."""
    card_id, document_id = new_id("crd", now), new_id("doc", now)
    await conn.execute(
        "INSERT INTO people (person_id, created_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (person_id, now),
    )
    await conn.execute(
        "INSERT INTO documents (wallet_id, document_id, person_id, kind, country, residency, "
        "number_cipher, number_index, number_tail, surname, given, created_at) VALUES "
        "(%s, %s, %s, 'passport', 'DEU', 'foreign', '', '', '1234', 'MÜLLER', 'ANNA', %s)",
        (wallet_id, document_id, person_id, now),
    )
    await conn.execute(
        "INSERT INTO cards (wallet_id, card_id, bank, last_four, fingerprint, name_form, "
        "phone_tail, document_id, state, created_at, linked_at) VALUES "
        "(%s, %s, %s, '6789', %s, 'MUELLER ANNA', '8001', %s, 'linked', %s, %s)",
        (wallet_id, card_id, bank, KEYS.index(card_id, "card"), document_id, now, now),
    )
    await conn.execute(
        "UPDATE wallets SET person_id = %s, residency = 'foreign', document_kind = 'passport', "
        "verified_at = %s, card_banks = ARRAY[%s] WHERE wallet_id = %s",
        (person_id, now, bank, wallet_id),
    )
    return card_id


async def unlink(conn: Connection, wallet_id: str) -> None:
    """No card is linked any more."""
    await conn.execute("UPDATE wallets SET card_banks = '{}' WHERE wallet_id = %s", (wallet_id,))


async def an_order_at_the_bank(
    conn: Connection,
    wallet_id: str,
    card_id: str,
    kind: str,
    amount_minor: int,
    now: datetime = NOW,
    *,
    fee_minor: int = 0,
    state: str = "settled",
) -> str:
    """A top-up or withdrawal as `payments` leaves it; a settled one has moved the money."""
    order_id = new_id("ord", now)
    await conn.execute(
        "INSERT INTO bank_orders (wallet_id, order_id, kind, card_id, bank, amount_minor, "
        "fee_minor, currency, state, created_at) VALUES (%s, %s, %s, %s, 'ICBC', %s, %s, 'CNY', "
        "%s, %s)",
        (wallet_id, order_id, kind, card_id, amount_minor, fee_minor, state, now),
    )
    if state == "settled" and kind == "top_up":
        await move(conn, "top_up", BANK, wallet_id, amount_minor, now, reference=order_id)
    elif state == "settled":
        await move(conn, "withdrawal", wallet_id, BANK, amount_minor, now, reference=order_id)
        if fee_minor:
            await move(
                conn, "withdrawal_fee", wallet_id, "operator:fees", fee_minor, now,
                reference=order_id,
            )  # fmt: skip
    return order_id


async def a_verified_wallet(
    conn: Connection, person_id: str, phone: str = ANNA, now: datetime = NOW
) -> tuple[str, str]:
    """(wallet, card)."""
    wallet_id = await a_wallet(conn, phone, now)
    return wallet_id, await verify(conn, wallet_id, person_id, now)
